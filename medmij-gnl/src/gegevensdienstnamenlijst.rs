// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gnl.100 — the list itself: an id and a name per Gegevensdienst.

use std::sync::Arc;

use medmij_list::{
    BuiltInDialects, Collector, Dialect, DialectError, Document, Header, KeyIndex, List, ListKind, ListWriter,
    ValueRange,
};
use medmij_types::{GegevensdienstId, ValueError, Weergavenaam};

/// The Gegevensdienstnamenlijst. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct Gegevensdienstnamenlijst {
    document: Document,
    entries: Vec<Entry>,
    index: KeyIndex,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    id: ValueRange,
    name: ValueRange,
}

impl Gegevensdienstnamenlijst {
    /// The name to show for a Gegevensdienst.
    #[must_use]
    pub fn weergavenaam(&self, id: &GegevensdienstId) -> Option<&str> {
        let entry = |at: u32| self.entries.get(at as usize);
        let at = self.index.find(id.as_str(), |at| self.document.text(entry(at)?.id))?;
        let entry = entry(at)?;
        self.document.text(entry.name)
    }

    /// The entries, in the order of the document.
    pub fn gegevensdiensten(&self) -> impl ExactSizeIterator<Item = NamedGegevensdienst<'_>> {
        self.entries.iter().map(|entry| NamedGegevensdienst {
            id: self.document.text(entry.id).unwrap_or_default(),
            name: self.document.text(entry.name).unwrap_or_default(),
        })
    }

    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.document.header()
    }

    /// The list as the framework publishes it, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write(self.header(), self.gegevensdiensten().map(|g| (g.id, g.name)))
    }
}

pub(crate) fn write<'a>(header: &Header, entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let namespace = "xmlns://afsprakenstelsel.medmij.nl/gegevensdienstnamenlijst/release1/";
    let mut writer = ListWriter::new("Gegevensdienstnamenlijst", namespace);
    writer.header(header);
    writer.open("Gegevensdiensten");
    for (id, name) in entries {
        writer.open("Gegevensdienst");
        writer.value("GegevensdienstId", id);
        writer.value("Weergavenaam", name);
        writer.close();
    }
    writer.finish()
}

impl PartialEq for Gegevensdienstnamenlijst {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.gegevensdiensten().eq(other.gegevensdiensten())
    }
}

impl Eq for Gegevensdienstnamenlijst {}

/// An entry of the Gegevensdienstnamenlijst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedGegevensdienst<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> NamedGegevensdienst<'a> {
    /// The id as it is in the list.
    #[must_use]
    pub const fn id_str(self) -> &'a str {
        self.id
    }

    /// The id for use.
    ///
    /// # Errors
    ///
    /// [`ValueError`] says why the id cannot be used: the schema lets more pass than can occur in a scope.
    pub fn id(self) -> Result<GegevensdienstId, ValueError> {
        GegevensdienstId::parse(self.id)
    }

    /// The name as it is in the list.
    #[must_use]
    pub const fn weergavenaam_str(self) -> &'a str {
        self.name
    }

    /// The name for use.
    ///
    /// # Errors
    ///
    /// [`ValueError`] says why the name cannot be used.
    pub fn weergavenaam(self) -> Result<Weergavenaam, ValueError> {
        Weergavenaam::parse(self.name)
    }
}

impl List for Gegevensdienstnamenlijst {
    const KIND: ListKind = ListKind::Gegevensdienstnamenlijst;
    type Collector = GegevensdienstnamenlijstCollector;

    fn dialects() -> Result<&'static [Arc<Dialect>], &'static DialectError> {
        static DIALECTS: BuiltInDialects =
            BuiltInDialects::new(&[include_str!("../dialects/release1-file-version-7.dialect")]);
        DIALECTS.all()
    }

    fn document(&self) -> &Document {
        &self.document
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Makes a [`Gegevensdienstnamenlijst`] of validated values.
#[derive(Debug, Default)]
pub struct GegevensdienstnamenlijstCollector {
    entries: Vec<Entry>,
}

const ENTRY: usize = 0;
const ID: usize = 1;
const NAME: usize = 2;

impl Collector for GegevensdienstnamenlijstCollector {
    type List = Gegevensdienstnamenlijst;
    const SLOTS: &'static [(&'static str, &'static str)] = &[
        ("Gegevensdiensten", "Gegevensdienst"),
        ("Gegevensdienst", "GegevensdienstId"),
        ("Gegevensdienst", "Weergavenaam"),
        ("Gegevensdienstnamenlijst", "Gegevensdiensten"),
        ("", "Gegevensdienstnamenlijst"),
    ];
    const KEYS: &'static [usize] = &[ID];

    fn open(&mut self, slot: usize) {
        if slot == ENTRY {
            self.entries.push(Entry::default());
        }
    }

    fn value(&mut self, slot: usize, value: ValueRange) {
        let Some(entry) = self.entries.last_mut() else { return };
        match slot {
            ID => entry.id = value,
            NAME => entry.name = value,
            _ => {}
        }
    }

    fn close(&mut self, _slot: usize) {}

    fn entry(&self) -> u32 {
        u32::try_from(self.entries.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn key(&self, entry: u32) -> ValueRange {
        self.entries
            .get(entry as usize)
            .map_or(ValueRange::ABSENT, |entry| entry.id)
    }

    fn finish(mut self, document: Document, index: KeyIndex) -> Gegevensdienstnamenlijst {
        self.entries.shrink_to_fit();
        Gegevensdienstnamenlijst {
            document,
            entries: self.entries,
            index,
        }
    }
}
