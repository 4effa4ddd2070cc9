// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the file is and how it is used.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use medmij_types::{Clock, SystemClock};

/// How a [`SqliteStore`](crate::SqliteStore) is opened. Only the path must be given.
///
/// ```
/// use medmij_store_sqlite::SqliteOptions;
///
/// let options = SqliteOptions::new("/var/lib/dvza/store.db").max_flows(50_000);
/// assert_eq!(options.path().file_name().unwrap(), "store.db");
/// ```
#[derive(Clone)]
#[must_use]
pub struct SqliteOptions {
    pub(crate) path: PathBuf,
    pub(crate) readers: usize,
    pub(crate) queue: usize,
    pub(crate) busy: Duration,
    pub(crate) max_flows: u32,
    pub(crate) clock: Arc<dyn Clock>,
}

impl SqliteOptions {
    /// A store in this file. It is made, readable for its owner only, where it is not there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 2,
            queue: 4096,
            busy: Duration::from_secs(5),
            max_flows: 10_000,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Threads that read, each with its own connection; 2 by default, at least 1.
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// How many operations may wait; beyond it callers get `Unavailable` at once. 4,096 by default, at least 1.
    pub fn queue(mut self, queue: usize) -> Self {
        self.queue = queue.max(1);
        self
    }

    /// How long to wait for another process that writes to the file; beyond it callers get `Unavailable`. 5 s by default.
    pub fn busy(mut self, busy: Duration) -> Self {
        self.busy = busy;
        self
    }

    /// Open flows; beyond it the oldest flow of a Persoon who is not authenticated goes (O13). 10,000 by default. Counted
    /// now and then, so that there may be up to a 64th more.
    pub fn max_flows(mut self, max_flows: u32) -> Self {
        self.max_flows = max_flows.max(1);
        self
    }

    /// The clock of the machine; the system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("path", &self.path)
            .field("readers", &self.readers)
            .field("queue", &self.queue)
            .field("busy", &self.busy)
            .field("max_flows", &self.max_flows)
            .finish_non_exhaustive()
    }
}
