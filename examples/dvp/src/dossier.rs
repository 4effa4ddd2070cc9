// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dossier: collected resources as files, `<aanbieder>/<gegevensdienst>/<type>-<id>.json`, documents beside them.

use medmij_fhir::Report;
use medmij_types::{Aanbiedernaam, GegevensdienstId};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A folder of collected resources.
pub(crate) struct Dossier(PathBuf);

/// How much was kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// Resources, each counted once.
    pub(crate) resources: usize,
    /// Documents.
    pub(crate) documents: usize,
}

impl Dossier {
    /// A dossier in that folder, which is made when the first resource comes.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Keeps everything of a report. What was there from an earlier time is replaced file by file.
    pub(crate) fn keep(
        &self,
        aanbieder: &Aanbiedernaam,
        gegevensdienst: &GegevensdienstId,
        report: &Report,
    ) -> std::io::Result<Kept> {
        let folder = self.0.join(aanbieder.short()).join(gegevensdienst.as_str());
        std::fs::create_dir_all(&folder)?;
        let mut names = BTreeSet::new();
        // whole or not, which the page says; a part is kept as what came
        for (number, collected) in report.verdict().resources().enumerate() {
            let resource = &collected.resource;
            // type and id are checked names: no separators, no dots alone
            let id = resource
                .id()
                .map_or_else(|| format!("zonder-id-{number}"), |id| id.as_str().to_owned());
            let name = format!("{}-{id}.json", resource.resource_type());
            if names.insert(name.clone()) {
                std::fs::write(folder.join(name), resource.as_bytes())?;
            }
        }
        let mut kept = Kept {
            resources: names.len(),
            documents: 0,
        };
        for document in report.documents() {
            if let Some(binary) = &document.binary {
                kept.documents += 1;
                let id = document
                    .document_reference
                    .as_ref()
                    .map_or("zonder-id", |id| id.as_str());
                let extension = if binary.content_type().starts_with("application/pdf") {
                    "pdf"
                } else {
                    "bin"
                };
                std::fs::write(
                    folder.join(format!("document-{id}-{}.{extension}", kept.documents)),
                    binary.content(),
                )?;
            }
        }
        Ok(kept)
    }
}
