// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.201, core.ocl.201, core.gnl.201, core.whl.302 — a list is fetched at least every 900 seconds, judged
//! (core.alst.202, core.ocl.202, core.gnl.202, core.whl.304), kept through restarts, and never replaced by a worse one.
//!
//! The lists carry no signature. What protects against an old list that is offered as a new one is a memory of the
//! highest Volgnummer that was accepted, kept apart from the list itself and longer than any process lives.
//!
//! The parts, from the inside out:
//!
//! * [`ListStorage`] is where the last good copy, the rollback memory and the journal of accepted lists outlive the process.
//!   `FileStorage` (feature `files`) keeps them in a folder, [`MemoryStorage`] in memory.
//! * [`ListSupply`] joins a `ListStorage`, a [`ListCache`](crate::ListCache) and the schedule of fetches: bytes go in, what to do next and
//!   events come out. It does no IO of its own: the clock and the chance are arguments.
//! * `ListSupply::spawn` (feature `tokio`) drives it with a [`Source`](crate::Source) in the background.
//!
//! # What is promised
//!
//! * A list that is in force has been stored, journalled and remembered before: after a crash at any moment a restart
//!   never serves an older one. Where storing fails (disk full, read-only), the list goes into force all the same,
//!   [`SupplyEvent::StorageFailed`] says so, and each refresh tries again. Until then neither journal nor memory count it: the
//!   next start has the previous list, and not none.
//! * A copy that is read back is judged by the same reader as a fetched one, against its checksum and against the
//!   memory. Its age goes on counting from the last fetch that confirmed it, also over the time the process was down.
//! * The age never shrinks by a clock that was set back while the process was down: the last moment that a process saw is
//!   kept, and with a clock behind it the copy counts as expired until a fetch confirms it.
//! * A copy below the memory is not used, even if it is the only one there is. A memory below the journal is reported, and
//!   the number of the journal counts.

mod event;
#[cfg(feature = "files")]
pub(crate) mod files;
mod list_supply;
mod memory_storage;
mod refresher;
#[cfg(feature = "tokio")]
mod running;
mod storage;

#[cfg(feature = "files")]
pub use self::files::{FileLayer, FileStorage, LayerFile, OsFiles};
#[cfg(feature = "tokio")]
pub use self::running::{RunningSupply, SupplyEvents};
pub use self::{
    event::{CopyFault, HeaderOddity, Origin, StorageStep, SupplyError, SupplyEvent},
    list_supply::{FetchOutcome, ListSupply},
    memory_storage::MemoryStorage,
    refresher::{FetchTicket, Step},
    storage::{
        CopyToStore, JournalEntry, Journalled, ListStorage, Lowering, RollbackMemory, Sha256Sum, SourceName,
        SourceNameError, StorageError, StorageKey, StoredCopy, StoredList,
    },
};
