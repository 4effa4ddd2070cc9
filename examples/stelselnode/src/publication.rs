// SPDX-License-Identifier: AGPL-3.0-or-later
//! One list in a folder: judged before it is published, and never replaced by a worse one.

use medmij_list::{List, ListCache, ListError, ReadOptions, RefreshPolicy, Rejected, Snapshot};
use medmij_types::Clock;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// A list and the file that it comes from.
pub struct Publication<L: List> {
    path: PathBuf,
    cache: Arc<ListCache<L>>,
    /// When the file that was read last had been changed.
    read: Mutex<Option<SystemTime>>,
    danger_any_volgnummer: bool,
}

impl<L: List> Publication<L> {
    /// Reads the list from its official file name in the folder. With `danger_any_volgnummer` a changed file is published
    /// whatever its number, to see what others do with that.
    ///
    /// # Errors
    ///
    /// [`PublishError`], where there is no such file, or it is no list to publish.
    pub fn open(folder: &Path, clock: impl Clock + 'static, danger_any_volgnummer: bool) -> Result<Self, PublishError> {
        // a publisher's own list does not grow old
        let mut policy = RefreshPolicy::default();
        policy.hard_limit = Duration::MAX;
        let cache = Arc::new(ListCache::new(policy, clock));
        let publication = Self {
            path: folder.join(L::KIND.file_name()),
            cache,
            read: Mutex::new(None),
            danger_any_volgnummer,
        };
        publication.read()?;
        Ok(publication)
    }

    /// The list that is published.
    pub fn cache(&self) -> &Arc<ListCache<L>> {
        &self.cache
    }

    /// Takes over the file if it was changed; if it is no good, the last list stays and the log says why.
    pub fn refresh(&self) {
        if let Err(error) = self.read() {
            tracing::warn!(%error, "the changed list is not published");
        }
    }

    fn read(&self) -> Result<(), PublishError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |source| PublishError::Read {
            path: self.path.clone(),
            source,
        };
        let changed = std::fs::metadata(&self.path)
            .and_then(|m| m.modified())
            .map_err(failed)?;
        if *read == Some(changed) {
            return Ok(());
        }
        *read = Some(changed);
        let bytes = std::fs::read(&self.path).map_err(failed)?;
        let invalid = |source| PublishError::Invalid {
            path: self.path.clone(),
            source: Box::new(source),
        };
        let snapshot = Snapshot::<L>::read(bytes, &ReadOptions::files()).map_err(invalid)?;
        if self.danger_any_volgnummer {
            self.cache.danger_forget_volgnummer();
        }
        self.cache.offer(snapshot).map_err(|source| PublishError::Rejected {
            path: self.path.clone(),
            source,
        })?;
        Ok(())
    }
}

/// Why a file is not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no valid list.
    #[error("{path}:{source}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<ListError>,
    },
    /// It must not replace the list that is published.
    #[error("{path}: {source}", path = path.display())]
    Rejected {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Rejected,
    },
}
