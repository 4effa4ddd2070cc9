// SPDX-License-Identifier: AGPL-3.0-or-later
//! The source systems behind the DVZA: the dossiers of invented persons, from a folder.
//!
//! A folder holds `index.json` and below it `<aanbieder>/<persoon>/<gegevensdienst>/*.json` with FHIR resources. The
//! index says what each Aanbieder keeps them in: files as they are, a database, or a FHIR server of its own.

mod fhir_server;
mod news;
mod received;

use crate::abonneren::SqlFeed;
use fhir_server::FhirServer;
use medmij_dvza::SourceBirthDate;
use medmij_fhir::{
    FhirVersion, Gegevensdienst, ServiceFunction,
    server::{
        self, Bronsystemen, Context, FhirBronsysteem, FolderBronsysteem, ResourceSet, ResourceSetError, SqlStatements,
        SqliteBronsysteem,
    },
};
use medmij_types::{Aanbiedernaam, Bsn, GegevensdienstId, ValueError};
use received::Received;
use rusqlite::{Connection, params};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

/// All dossiers, each in the source system of its Aanbieder.
pub(crate) struct Bronsysteem {
    personen: Arc<Vec<Persoon>>,
    sources: BTreeMap<(Aanbiedernaam, GegevensdienstId), Bronsystemen>,
    dossiers: BTreeSet<(Aanbiedernaam, usize, GegevensdienstId)>,
    /// Where each Aanbieder keeps what, and what it is kept in.
    places: Vec<Place>,
}

/// The source system of an Aanbieder.
struct Place {
    aanbieder: Aanbiedernaam,
    kind: Kind,
    root: PathBuf,
    database: PathBuf,
    /// What it keeps itself: not what is in a FHIR server, nor what Personen share.
    gegevensdiensten: Vec<GegevensdienstId>,
}

/// An invented person.
pub(crate) struct Persoon {
    /// What a login stub shows.
    pub(crate) name: String,
    /// A number that passes the elfproef and belongs to nobody.
    pub(crate) bsn: Bsn,
    /// As `YYYY-MM-DD`.
    pub(crate) geboortedatum: String,
    /// What the source systems call this person, who is no BSN to them.
    map: String,
    /// Who represents this person, by parental authority.
    ouders: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    aanbieders: Vec<IndexAanbieder>,
    personen: Vec<IndexPersoon>,
    /// Whom a parent represents.
    #[serde(default)]
    kinderen: Vec<IndexPersoon>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexAanbieder {
    map: String,
    bronsysteem: Kind,
    gegevensdiensten: Vec<GegevensdienstId>,
    /// Gegevensdiensten that are in a FHIR server of the Aanbieder.
    #[serde(default)]
    fhir: Vec<GegevensdienstId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Files,
    Sql,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexPersoon {
    map: String,
    name: String,
    geboortedatum: String,
    test_bsn: String,
    #[serde(default)]
    ouders: Vec<String>,
}

impl Bronsysteem {
    /// Reads a folder; the database of an Aanbieder is made anew from it, in `databases`.
    ///
    /// # Errors
    ///
    /// [`BronsysteemError`], where a file cannot be read, is no FHIR, or a database cannot be made.
    pub(crate) fn open(folder: &Path, databases: &Path) -> Result<Self, BronsysteemError> {
        std::fs::create_dir_all(databases).map_err(|source| BronsysteemError::Read {
            path: databases.to_owned(),
            source,
        })?;
        let path = folder.join("index.json");
        let index: Index =
            serde_json::from_slice(&read(&path)?).map_err(|source| BronsysteemError::Index { path, source })?;
        let personen = index.personen.into_iter().chain(index.kinderen).map(|persoon| {
            Ok(Persoon {
                name: persoon.name,
                bsn: Bsn::parse(&persoon.test_bsn)?,
                geboortedatum: persoon.geboortedatum,
                map: persoon.map,
                ouders: persoon.ouders,
            })
        });
        let personen: Arc<Vec<Persoon>> = Arc::new(personen.collect::<Result<_, ValueError>>()?);
        let (mut sources, mut dossiers, mut places) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for aanbieder in &index.aanbieders {
            let name =
                Aanbiedernaam::parse(&aanbieder.map).map_err(|_| BronsysteemError::Name(aanbieder.map.clone()))?;
            let root = folder.join(&aanbieder.map);
            for (number, persoon) in personen.iter().enumerate() {
                for id in &aanbieder.gegevensdiensten {
                    if root.join(&persoon.map).join(id.as_str()).is_dir() {
                        dossiers.insert((name.clone(), number, id.clone()));
                    }
                }
            }
            let database = databases.join(format!("{}.bron.db", aanbieder.map));
            if aanbieder.bronsysteem == Kind::Sql {
                export(&database, &root, &personen, &aanbieder.gegevensdiensten)?;
            }
            let own = |id: &&GegevensdienstId| !is_shared(id) && !aanbieder.fhir.contains(id);
            places.push(Place {
                aanbieder: name.clone(),
                kind: aanbieder.bronsysteem,
                root: root.clone(),
                database: database.clone(),
                gegevensdiensten: aanbieder.gegevensdiensten.iter().filter(own).cloned().collect(),
            });
            for id in &aanbieder.gegevensdiensten {
                let version = Gegevensdienst::lookup(id).map_or(FhirVersion::Stu3, Gegevensdienst::version);
                let bronsysteem = Bronsystemen::new();
                let bronsysteem = if is_shared(id) {
                    let knows = (0..personen.len()).filter(|number| knows(&dossiers, &name, *number));
                    let known = knows
                        .filter_map(|number| personen.get(number))
                        .map(|persoon| persoon.map.clone());
                    let place = databases.join("ontvangen").join(&aanbieder.map);
                    bronsysteem.with(Received::new(place, known.collect(), key(&personen)))
                } else if aanbieder.fhir.contains(id) {
                    let server = FhirServer::load(&root, &personen, id)?;
                    bronsysteem.with(FhirBronsysteem::new(server, fhir_server::BASE, version)?)
                } else if aanbieder.bronsysteem == Kind::Sql {
                    let key = key(&personen);
                    bronsysteem.with(SqliteBronsysteem::open(&database, SqlStatements::default(), key)?)
                } else {
                    let (key, root) = (key(&personen), root.clone());
                    let place = move |context: &Context| {
                        Some(root.join(key(context)?).join(context.gegevensdienst()?.as_str()))
                    };
                    bronsysteem.with(FolderBronsysteem::new(version, place))
                };
                sources.insert((name.clone(), id.clone()), bronsysteem);
            }
        }
        Ok(Self {
            personen,
            sources,
            dossiers,
            places,
        })
    }

    /// The persons who log in for themselves, for a login stub, with their numbers.
    pub(crate) fn personen(&self) -> impl Iterator<Item = (usize, &Persoon)> {
        let all = self.personen.iter().enumerate();
        all.filter(|(_, persoon)| persoon.ouders.is_empty())
    }

    /// Each parent with a child, with the number of the child.
    pub(crate) fn ouders(&self) -> impl Iterator<Item = (&Persoon, usize, &Persoon)> {
        let children = self.personen.iter().enumerate();
        children.flat_map(|(number, child)| {
            let parents = self.personen.iter().filter(|parent| child.ouders.contains(&parent.map));
            parents.map(move |parent| (parent, number, child))
        })
    }

    /// A person by number.
    pub(crate) fn persoon(&self, number: usize) -> Option<&Persoon> {
        self.personen.get(number)
    }

    /// Whether somebody has parental authority over a person.
    pub(crate) fn is_represented(&self, bsn: &Bsn) -> bool {
        let found = self.personen.iter().find(|persoon| persoon.bsn == *bsn);
        found.is_some_and(|persoon| !persoon.ouders.is_empty())
    }

    /// When a person was born; in the index as `YYYY-MM-DD`.
    pub(crate) fn born(&self, bsn: &Bsn) -> Option<SourceBirthDate> {
        let persoon = self.personen.iter().find(|persoon| persoon.bsn == *bsn)?;
        SourceBirthDate::parse(&persoon.geboortedatum.replace('-', "")).ok()
    }

    /// The source system of an Aanbieder for a gegevensdienst.
    pub(crate) fn bronsysteem(
        &self,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
    ) -> Option<&Bronsystemen> {
        self.sources.get(&(aanbieder.clone(), gegevensdienst.clone()))
    }

    /// Whether an Aanbieder has something of a person for a gegevensdienst, or takes it (Delen).
    pub(crate) fn has(&self, aanbieder: &Aanbiedernaam, bsn: &Bsn, gegevensdienst: &GegevensdienstId) -> bool {
        let number = self.personen.iter().position(|persoon| persoon.bsn == *bsn);
        number.is_some_and(|number| {
            if is_shared(gegevensdienst) {
                return knows(&self.dossiers, aanbieder, number);
            }
            self.dossiers
                .contains(&(aanbieder.clone(), number, gegevensdienst.clone()))
        })
    }
}

/// Whether it is of the functie Delen.
fn is_shared(id: &GegevensdienstId) -> bool {
    Gegevensdienst::lookup(id).is_some_and(|service| service.function() == ServiceFunction::Delen)
}

/// The Ontvankelijkheidstoets: an Aanbieder takes data of whom it has a dossier.
fn knows(
    dossiers: &BTreeSet<(Aanbiedernaam, usize, GegevensdienstId)>,
    aanbieder: &Aanbiedernaam,
    persoon: usize,
) -> bool {
    dossiers
        .iter()
        .any(|(of, number, _)| of == aanbieder && *number == persoon)
}

/// What the source systems call the person of a token.
fn key(personen: &Arc<Vec<Persoon>>) -> impl Fn(&Context) -> Option<String> + Send + Sync + use<> {
    let personen = Arc::clone(personen);
    move |context| {
        let bsn = context.persoon()?;
        let persoon = personen.iter().find(|persoon| persoon.bsn == *bsn)?;
        Some(persoon.map.clone())
    }
}

/// Writes the files of an Aanbieder into a database, as an export job of its record system would.
fn export(path: &Path, root: &Path, personen: &[Persoon], ids: &[GegevensdienstId]) -> Result<(), BronsysteemError> {
    let made = |source| BronsysteemError::Database {
        path: path.to_owned(),
        source,
    };
    let mut connection = Connection::open(path).map_err(made)?;
    connection.execute_batch(SqlStatements::SCHEMA).map_err(made)?;
    connection.execute_batch(SqlFeed::SCHEMA).map_err(made)?;
    let transaction = connection.transaction().map_err(made)?;
    transaction.execute("DELETE FROM fhir_resource", []).map_err(made)?;
    for persoon in personen {
        for id in ids {
            let folder = root.join(&persoon.map).join(id.as_str());
            if !folder.is_dir() {
                continue;
            }
            for resource in resources(&folder)?.iter() {
                let row = params![
                    persoon.map,
                    id.as_str(),
                    resource.resource_type().as_str(),
                    resource.id().map(medmij_fhir::ResourceId::as_str),
                    resource.as_str()
                ];
                let sql = "INSERT INTO fhir_resource VALUES (?1, ?2, ?3, ?4, ?5)";
                transaction.execute(sql, row).map_err(made)?;
            }
        }
    }
    transaction.commit().map_err(made)?;
    // what the export writes is no news
    connection.execute_batch(SqlFeed::START).map_err(made)
}

fn resources(folder: &Path) -> Result<ResourceSet, BronsysteemError> {
    let listed = |source| BronsysteemError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<PathBuf>, _>>()
        })
        .map_err(listed)?;
    paths.sort();
    let mut set = ResourceSet::new();
    for path in paths {
        let bytes = read(&path)?;
        set.insert_json(&bytes)
            .map_err(|source| BronsysteemError::Resource { path, source })?;
    }
    Ok(set)
}

fn read(path: &Path) -> Result<Vec<u8>, BronsysteemError> {
    std::fs::read(path).map_err(|source| BronsysteemError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Why a folder is no source of data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BronsysteemError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The index does not fit.
    #[error("{path}: {source}", path = path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A folder is not named after an Aanbieder.
    #[error("{0} is no Aanbiedernaam")]
    Name(String),
    /// A file is no resource that may be served.
    #[error("{path}: {source}", path = path.display())]
    Resource {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ResourceSetError,
    },
    /// The database of an Aanbieder cannot be made.
    #[error("{path}: {source}", path = path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A source system does not open.
    #[error(transparent)]
    Bronsysteem(#[from] server::BronsysteemError),
    /// A person's number is none.
    #[error("testBsn of a person: {0}")]
    Bsn(#[from] ValueError),
}
