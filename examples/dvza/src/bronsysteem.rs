// SPDX-License-Identifier: AGPL-3.0-or-later
//! The source system behind the DVZA: the dossiers of invented persons, from a folder.
//!
//! A folder holds `index.json` and below it `<aanbieder>/<persoon>/<gegevensdienst>/*.json` with FHIR resources.

use medmij_dvza::SourceBirthDate;
use medmij_fhir::server::{ResourceSet, ResourceSetError};
use medmij_types::{Aanbiedernaam, Bsn, BsnError, GegevensdienstId};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// All dossiers, in memory.
pub(crate) struct Bronsysteem {
    personen: Vec<Persoon>,
    dossiers: BTreeMap<(Aanbiedernaam, usize, GegevensdienstId), ResourceSet>,
}

/// An invented person.
pub(crate) struct Persoon {
    /// What a login stub shows.
    pub(crate) naam: String,
    /// A number that passes the elfproef and belongs to nobody.
    pub(crate) bsn: Bsn,
    /// As `YYYY-MM-DD`.
    pub(crate) geboortedatum: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    aanbieders: Vec<IndexAanbieder>,
    personen: Vec<IndexPersoon>,
}

#[derive(Deserialize)]
struct IndexAanbieder {
    map: String,
    gegevensdiensten: Vec<GegevensdienstId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexPersoon {
    map: String,
    naam: String,
    geboortedatum: String,
    test_bsn: String,
}

impl Bronsysteem {
    /// Reads a folder.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, is no FHIR, or holds a BSN.
    pub(crate) fn open(folder: &Path) -> Result<Self, BronError> {
        let path = folder.join("index.json");
        let index: Index = serde_json::from_slice(&read(&path)?).map_err(|source| BronError::Index { path, source })?;
        let mut dossiers = BTreeMap::new();
        for aanbieder in &index.aanbieders {
            let naam = Aanbiedernaam::parse(&aanbieder.map).map_err(|_| BronError::Naam(aanbieder.map.clone()))?;
            for (number, persoon) in index.personen.iter().enumerate() {
                for gegevensdienst in &aanbieder.gegevensdiensten {
                    let files = folder
                        .join(&aanbieder.map)
                        .join(&persoon.map)
                        .join(gegevensdienst.as_str());
                    if files.is_dir() {
                        dossiers.insert((naam.clone(), number, gegevensdienst.clone()), resources(&files)?);
                    }
                }
            }
        }
        let personen = index
            .personen
            .into_iter()
            .map(|p| {
                Ok(Persoon {
                    naam: p.naam,
                    bsn: Bsn::parse(&p.test_bsn)?,
                    geboortedatum: p.geboortedatum,
                })
            })
            .collect::<Result<_, BsnError>>()?;
        Ok(Self { personen, dossiers })
    }

    /// The persons, for a login stub.
    pub(crate) fn personen(&self) -> &[Persoon] {
        &self.personen
    }

    /// When a person was born; in the index as `YYYY-MM-DD`.
    pub(crate) fn geboren(&self, bsn: &Bsn) -> Option<SourceBirthDate> {
        let persoon = self.personen.iter().find(|persoon| persoon.bsn == *bsn)?;
        SourceBirthDate::parse(&persoon.geboortedatum.replace('-', "")).ok()
    }

    /// What an Aanbieder has of a person for a gegevensdienst.
    pub(crate) fn dossier(
        &self,
        aanbieder: &Aanbiedernaam,
        bsn: &Bsn,
        gegevensdienst: &GegevensdienstId,
    ) -> Option<&ResourceSet> {
        let number = self.personen.iter().position(|persoon| persoon.bsn == *bsn)?;
        self.dossiers.get(&(aanbieder.clone(), number, gegevensdienst.clone()))
    }
}

fn resources(folder: &Path) -> Result<ResourceSet, BronError> {
    let listed = |source| BronError::Read {
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
            .map_err(|source| BronError::Resource { path, source })?;
    }
    Ok(set)
}

fn read(path: &Path) -> Result<Vec<u8>, BronError> {
    std::fs::read(path).map_err(|source| BronError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Why a folder is no source of data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BronError {
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
    Naam(String),
    /// A file is no resource that may be served.
    #[error("{path}: {source}", path = path.display())]
    Resource {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ResourceSetError,
    },
    /// A person's number is none.
    #[error("testBsn of a person: {0}")]
    Bsn(#[from] BsnError),
}
