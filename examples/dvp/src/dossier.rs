// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dossiers: sealed, under a key for each Persoon, in SQLite or PostgreSQL. What is kept has its source and context
//! with it (core.dossier.102), also when the Persoon takes it along.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use medmij_dvp::{
    dossier::{ConfirmedDeletion, Context, DossierError, Dossiers, Origin, StoredEntry},
    journal::JournaledVault,
    person::PersonId,
};
use medmij_fhir::{Report, ResourceId};
use medmij_oauth::{journal::Journal, seal::LocalKeyRing};
use medmij_types::{Aanbiedernaam, Entropy as _, GegevensdienstId, OsEntropy, Tijdstempel, Weergavenaam};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::store::Store;

/// All dossiers.
pub(crate) struct Dossier {
    dossiers: Dossiers<Arc<JournaledVault<Store>>>,
    vault: Arc<JournaledVault<Store>>,
}

/// The dossier of one Persoon.
pub(crate) type OneDossier<'a> = medmij_dvp::dossier::Dossier<'a, Arc<JournaledVault<Store>>>;

/// How much was kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// Resources, each counted once.
    pub(crate) resources: usize,
    /// Documents.
    pub(crate) documents: usize,
    /// Of both together: what was not there yet.
    pub(crate) new: usize,
}

/// Where something came from.
pub(crate) struct Source<'a> {
    pub(crate) aanbieder: &'a Aanbiedernaam,
    pub(crate) gegevensdienst: &'a GegevensdienstId,
    /// Its name in the Gegevensdienstnamenlijst.
    pub(crate) name: &'a str,
}

impl Dossier {
    /// The dossiers in that folder, or in that database. The journal of what was deleted lies there too, where no other folder
    /// is named.
    pub(crate) async fn open(
        folder: &Path,
        (database_url, journal): (Option<&str>, Option<&Path>),
        ring: Arc<LocalKeyRing>,
    ) -> Result<Self, DossierOpenError> {
        let store = Store::open(&folder.join("dossier.db"), database_url).await?;
        let journal = journal.map_or_else(|| folder.join("journaal"), Path::to_owned);
        let journal = Journal::open(journal, "dvp").map_err(|error| DossierOpenError::Store(error.into()))?;
        let vault = Arc::new(JournaledVault::new(store, journal));
        Ok(Self {
            dossiers: Dossiers::new(Arc::clone(&vault), ring, Arc::new(OsEntropy)),
            vault,
        })
    }

    /// What a probe of readiness looks at.
    pub(crate) fn vault(&self) -> &Arc<JournaledVault<Store>> {
        &self.vault
    }

    /// The dossier of a Persoon, opened with its key.
    pub(crate) async fn of(&self, person: PersonId) -> Result<OneDossier<'_>, DossierError> {
        self.dossiers.open(person).await
    }

    /// Erases the dossier of a Persoon with its key, after the Persoon read what goes (core.dossier.106).
    pub(crate) async fn erase(&self, person: PersonId, deletion: ConfirmedDeletion) -> Result<usize, DossierError> {
        self.dossiers.open(person).await?.delete(deletion).await
    }

    /// Keeps everything of a report in the dossier of a Persoon. What is there already from the same source, byte for byte,
    /// is not kept again.
    pub(crate) async fn keep(
        &self,
        person: PersonId,
        source: &Source<'_>,
        report: &Report,
        now: SystemTime,
    ) -> Result<Counted, DossierError> {
        let name = Weergavenaam::parse(source.name).or_else(|_| Weergavenaam::parse("Gegevensdienst"));
        let Ok(name) = name else { return Err(DossierError::Gone) };
        let context = Context::new(source.gegevensdienst.clone(), name);
        let collected =
            |bytes: Vec<u8>| StoredEntry::collected(bytes, source.aanbieder.clone(), context.clone(), now, []);
        let (mut names, mut entries) = (BTreeSet::new(), Vec::new());
        // whole or not, which the page says; a part is kept as what came
        for (number, each) in report.verdict().resources().enumerate() {
            let resource = &each.resource;
            let id = resource
                .id()
                .map_or_else(|| number.to_string(), |id| id.as_str().to_owned());
            if names.insert(format!("{}/{id}", resource.resource_type())) {
                entries.push(collected(resource.as_bytes().to_vec()));
            }
        }
        let resources = entries.len();
        let documents = report.documents().iter();
        for (report, binary) in documents.filter_map(|report| Some((report, report.binary.as_ref()?))) {
            // by this the letter finds its document again
            let id = report
                .target
                .as_ref()
                .and_then(|target| target.as_str().rsplit('/').next());
            let document = Document {
                resource_type: "Binary",
                id: id.filter(|id| ResourceId::parse(id).is_ok()),
                content_type: binary.content_type(),
                data: STANDARD.encode(binary.content()),
            };
            entries.push(collected(serde_json::to_vec(&document).unwrap_or_default()));
        }
        let documents = entries.len() - resources;
        let dossier = self.dossiers.open(person).await?;
        let known: BTreeSet<_> = dossier
            .items()
            .await?
            .iter()
            .filter_map(|item| came(&item.entry))
            .collect();
        entries.retain(|entry| came(entry).is_none_or(|came| !known.contains(&came)));
        let new = entries.len();
        if new > 0 {
            dossier.keep(&entries).await?;
        }
        Ok(Counted {
            resources,
            documents,
            new,
        })
    }

    /// Everything in the dossier of a Persoon, to take along: one line of JSON each, with where it came from.
    pub(crate) async fn download(&self, person: PersonId) -> Result<Vec<u8>, DossierError> {
        let mut lines = Vec::new();
        for item in self.dossiers.open(person).await?.items().await? {
            let (from, unchanged) = match item.entry.origin() {
                Origin::Unchanged(from) => (Some(from), true),
                Origin::Changed(from) => (Some(from), false),
                _ => (None, false),
            };
            let Ok(content) = serde_json::from_slice::<&RawValue>(item.entry.bytes()) else {
                continue;
            };
            let line = Line {
                aanbieder: from.map(|from| from.source().as_str()),
                gegevensdienst: from.map(|from| from.context().id().as_str()),
                name: from.map(|from| from.context().name().as_str()),
                collected_at: from
                    .and_then(|from| Some(Tijdstempel::from_system_time(from.collected_at()).ok()?.to_string())),
                unchanged,
                content,
            };
            lines.extend(serde_json::to_vec(&line).unwrap_or_default());
            lines.push(b'\n');
        }
        Ok(lines)
    }
}

/// From whom, by which gegevensdienst, and a digest of what came; also of what the Persoon changed since.
fn came(kept: &StoredEntry) -> Option<(String, String, Vec<u8>)> {
    let (Origin::Unchanged(from) | Origin::Changed(from)) = kept.origin() else {
        return None;
    };
    let digest = from.digest().as_bytes().to_vec();
    Some((from.source().to_string(), from.context().id().to_string(), digest))
}

/// A document as FHIR writes it, so that it travels with its kind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    resource_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    content_type: &'a str,
    data: String,
}

#[derive(Serialize)]
struct Line<'a> {
    aanbieder: Option<&'a str>,
    gegevensdienst: Option<&'a str>,
    name: Option<&'a str>,
    collected_at: Option<String>,
    unchanged: bool,
    content: &'a RawValue,
}

/// The key ring that wraps the keys of all Personen: a key file in the folder, made where there is none. In production it
/// lies elsewhere than what it opens.
pub(crate) fn key_ring(folder: &Path) -> Result<Arc<LocalKeyRing>, DossierOpenError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| DossierOpenError::Io { path, source }
    };
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let keys = folder.join("keys.txt");
    if !keys.try_exists().map_err(io(&keys))? {
        write_keys(&keys).map_err(io(&keys))?;
    }
    let text = std::fs::read_to_string(&keys).map_err(io(&keys))?;
    let ring = LocalKeyRing::from_text(&text).map_err(|error| DossierOpenError::Keys(Box::new(error)))?;
    Ok(Arc::new(ring))
}

/// New keys, in a file that only its owner reads.
fn write_keys(path: &Path) -> std::io::Result<()> {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut text = String::new();
    for kind in ["seal", "index"] {
        let mut key = [0; 32];
        OsEntropy.fill(&mut key).map_err(std::io::Error::other)?;
        text.push_str(&format!("{kind} 1 {}\n", URL_SAFE_NO_PAD.encode(key)));
    }
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut file = open.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Why the dossiers cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DossierOpenError {
    /// The folder or the key file.
    #[error("{path}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The key file.
    #[error("key file of the dossiers")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file or database.
    #[error("store of the dossiers")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}
