// SPDX-License-Identifier: AGPL-3.0-or-later
//! The catalogue of gegevensdiensten as data: one readable file, `catalogue/medmij.toml`, which a
//! supplier overrides or extends by a file of the same form, or in Rust.

mod file;

use std::sync::LazyLock;

use medmij_types::GegevensdienstId;

use crate::gegevensdienst::Gegevensdienst;

/// Gegevensdiensten by key, in the order of their file.
///
/// ```
/// use medmij_fhir::{Catalogue, Choices};
///
/// // a supplier's file: one service with another search tag, and one of its own
/// let own = r#"
/// [[gegevensdienst]]
/// key = "U:Aanbiedertaken"
/// id = "1.2.3"
/// search_tag = "http://medmij.nl/fhir/CodeSystem/DataService|urn:oid:2.16.528.1.1023.5.8"
///
/// [[gegevensdienst]]
/// id = "900000999"
/// name = "Proef"
/// function = "verzamelen"
/// fhir = "4.0"
/// query = [{ label = "Alles", target = "Goal" }]
/// "#;
/// let catalogue = Catalogue::builtin().clone().extended(own)?;
/// assert_eq!(catalogue.all().count(), Catalogue::builtin().all().count() + 1);
/// let tasks = catalogue.find("U:Aanbiedertaken").next().unwrap();
/// assert_eq!(tasks.id().unwrap().as_str(), "1.2.3");
/// assert!(tasks.requests(&Choices::default())?[0].to_string().contains("5.8&_include=Task:based-on"));
///
/// assert!(Catalogue::builtin().clone().extended("[[gegevensdienst]]\nid = \"1\"").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    /// The fields as the file has them, so that another file can change some.
    table: toml::Table,
    service: Gegevensdienst,
}

/// Why a catalogue file is refused. It names the entry and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("catalogue: {place}: {what}")]
#[non_exhaustive]
pub struct CatalogueError {
    /// The entry: its key, or its number when it has none.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl Catalogue {
    /// The catalogue of this crate.
    ///
    /// Every service that was found, with its source; what is not known is absent.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            // the file is part of the crate, and a test reads it
            Catalogue::parse(include_str!("catalogue/medmij.toml")).unwrap_or(Catalogue { entries: Vec::new() })
        });
        &BUILTIN
    }

    /// Reads a catalogue that stands alone.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        Self { entries: Vec::new() }.extended(text)
    }

    /// Applies a file: an entry with a key that is known changes the fields that it names (a list of queries
    /// as a whole); any other is added.
    ///
    /// # Errors
    /// [`CatalogueError`]; the catalogue is then gone, so clone it first where it is needed.
    pub fn extended(mut self, text: &str) -> Result<Self, CatalogueError> {
        for (index, table) in file::tables(text)?.into_iter().enumerate() {
            let place = file::place(&table, index);
            let known = self
                .entries
                .iter()
                .position(|entry| file::is_same(&entry.table, &table));
            let table = match known.and_then(|at| self.entries.get(at)) {
                Some(entry) => {
                    let mut merged = entry.table.clone();
                    merged.extend(table);
                    merged
                }
                None => table,
            };
            let service = file::read(&table, &place)?;
            let entry = Entry { table, service };
            match known.and_then(|at| self.entries.get_mut(at)) {
                Some(place) => *place = entry,
                None => self.entries.push(entry),
            }
        }
        self.share_queries()?;
        Ok(self)
    }

    /// Adds a service, or puts it in place of the one with its key and block.
    pub fn insert(&mut self, service: Gegevensdienst) {
        let entry = Entry {
            table: toml::Table::new(),
            service,
        };
        let same = |other: &Entry| other.service.key == entry.service.key && other.service.block == entry.service.block;
        match self
            .entries
            .iter()
            .position(same)
            .and_then(|at| self.entries.get_mut(at))
        {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
    }

    /// The service with this id.
    #[must_use]
    pub fn lookup(&self, id: &GegevensdienstId) -> Option<&Gegevensdienst> {
        self.all().find(|service| service.id.as_ref() == Some(id))
    }

    /// The services with this key: one, or all blocks that share it. `key/block` names one block.
    pub fn find<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Gegevensdienst> {
        let (head, block) = key
            .rsplit_once('/')
            .map_or((key, None), |(head, block)| (head, Some(block)));
        self.all().filter(move |service| {
            service.key == key || (block.is_some() && service.key == head && service.block.as_deref() == block)
        })
    }

    /// Every service, in order.
    pub fn all(&self) -> impl Iterator<Item = &Gegevensdienst> {
        self.entries.iter().map(|entry| &entry.service)
    }

    /// Fills in the queries that stand at another service.
    fn share_queries(&mut self) -> Result<(), CatalogueError> {
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get(index) else { break };
            let Some(of) = file::queries_of(&entry.table).filter(|_| !entry.table.contains_key("query")) else {
                continue;
            };
            let Some(source) = self.entries.iter().find(|entry| entry.service.key == of) else {
                return Err(CatalogueError {
                    place: entry.service.key.clone(),
                    what: "queries_of names no service".to_owned(),
                });
            };
            let queries = source.service.queries.clone();
            if let Some(entry) = self.entries.get_mut(index) {
                entry.service.queries = queries;
            }
        }
        Ok(())
    }
}

impl Gegevensdienst {
    /// The gegevensdienst with this id in the [built-in catalogue](Catalogue::builtin).
    #[must_use]
    pub fn lookup(id: &GegevensdienstId) -> Option<&'static Self> {
        Catalogue::builtin().lookup(id)
    }

    /// All gegevensdiensten of the [built-in catalogue](Catalogue::builtin).
    pub fn all() -> impl Iterator<Item = &'static Self> {
        Catalogue::builtin().all()
    }
}

#[cfg(test)]
mod tests;
