// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, NEN 7513 — a checkpoint of the audit log every hour and at the end, in a folder outside the database.

use crate::{
    StartError,
    storage::{StorageConfig, new_file},
};
use medmij_dvza::{
    audit::{self, AuditError, AuditKey, CheckpointFolder},
    store::{SignedCheckpoint, Store},
};
use medmij_types::{Clock as _, OsEntropy, SystemClock};
use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// How often.
pub(crate) const HOURLY: Duration = Duration::from_secs(3600);

/// The key and the folder.
pub(crate) struct Checkpoints {
    key: AuditKey,
    outside: CheckpointFolder,
}

impl Checkpoints {
    /// The key of the configuration, or the one of the folder, which is made at the first start; its public half lies beside
    /// it, for `medmij audit verify`.
    pub(crate) fn open(folder: &Path, config: &StorageConfig) -> Result<Self, StartError> {
        let key = match &config.signing_key {
            Some(path) => read(path)?,
            None => read_or_make(&folder.join("audit.sleutel"), &folder.join("audit.publiek"))?,
        };
        let outside = config.checkpoints.clone();
        let outside = outside.unwrap_or_else(|| folder.join("controlepunten"));
        Ok(Self {
            key,
            outside: CheckpointFolder::open(outside)?,
        })
    }

    /// Makes one now.
    pub(crate) async fn make<S: Store>(&self, store: &S) -> Result<SignedCheckpoint, AuditError> {
        audit::checkpoint(store, &self.key, &self.outside, SystemClock::default().now()).await
    }

    /// Makes one now and each time so much has passed, until it is aborted.
    pub(crate) async fn run<S: Store>(self: Arc<Self>, store: Arc<S>, every: Duration) {
        loop {
            self.make_or_tell(&*store).await;
            tokio::time::sleep(every).await;
        }
    }

    /// Makes one now; a failure is for an operator.
    pub(crate) async fn make_or_tell<S: Store>(&self, store: &S) {
        if let Err(error) = self.make(store).await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "no checkpoint of the audit log: what is written now can be changed unseen");
        }
    }
}

fn read(path: &Path) -> Result<AuditKey, StartError> {
    Ok(AuditKey::from_text(
        fs::read_to_string(path).map_err(StartError::Keys)?.trim(),
    )?)
}

fn read_or_make(path: &Path, public: &Path) -> Result<AuditKey, StartError> {
    let make = || -> Result<AuditKey, StartError> {
        let key = AuditKey::random(&OsEntropy)?;
        let mut file = new_file(path).map_err(StartError::Keys)?;
        file.write_all(key.to_text().as_bytes()).map_err(StartError::Keys)?;
        file.sync_all().map_err(StartError::Keys)?;
        fs::write(public, key.public().to_string()).map_err(StartError::Keys)?;
        Ok(key)
    };
    match read(path) {
        Err(StartError::Keys(error)) if error.kind() == ErrorKind::NotFound => make(),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_dvza::{
        audit::AuditPublicKeys,
        store::{Acting, AuditEntry, AuditKind, AuditObject, MemoryStore},
    };

    #[tokio::test]
    async fn core_logging_100_checkpoints_are_made_again_and_again_and_prove_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let config = StorageConfig::default();
        let checkpoints = Arc::new(Checkpoints::open(folder.path(), &config).unwrap());
        let store = Arc::new(MemoryStore::default());
        let entry = AuditEntry::of(AuditKind::Accessed, AuditObject::HealthData, Acting::system());
        store.audit(vec![entry]).await.unwrap();
        let running = tokio::spawn(Arc::clone(&checkpoints).run(Arc::clone(&store), Duration::ZERO));
        while store
            .last_checkpoint()
            .await
            .unwrap()
            .is_none_or(|last| last.number < 3)
        {
            tokio::task::yield_now().await;
        }
        running.abort();
        let _ = running.await;
        // with the key that was made, read again, and its public half
        let again = Checkpoints::open(folder.path(), &config).unwrap();
        let last = again.make(&*store).await.unwrap();
        assert!(last.number > 3);
        let public = fs::read_to_string(folder.path().join("audit.publiek")).unwrap();
        let public = AuditPublicKeys::from_text(&public).unwrap();
        let report = audit::verify(&*store, &again.outside, &public).await.unwrap();
        assert_eq!((report.faults, report.after_checkpoint), (vec![], 0));
        assert_eq!(report.checkpoints, last.number);
        let outside = fs::read_dir(folder.path().join("controlepunten")).unwrap();
        assert_eq!(outside.count() as u64, last.number);
    }
}
