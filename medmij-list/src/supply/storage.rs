// SPDX-License-Identifier: AGPL-3.0-or-later
//! What must outlive a process (security L9, L12, section 1.3): the last good copy of a list, the rollback memory, and
//! the journal of what was accepted.

mod key;
mod sum;

use std::{error::Error, fmt, time::SystemTime};

use medmij_types::{Tijdstempel, Volgnummer};

pub use self::{
    key::{SourceName, SourceNameError, StorageKey},
    sum::Sha256Sum,
};

/// A place that outlives the process. `FileStorage` (feature `files`) is one; a supplier with a shared store writes another.
///
/// The methods block: the loop of feature `tokio` calls them on a thread for blocking work.
///
/// # Contract
///
/// * Each call is atomic: after a crash at any moment its effect is there as a whole or not at all.
/// * When a call has returned `Ok`, its effect survives a loss of power.
/// * [`remember`](Self::remember) never lowers; only [`danger_lower`](Self::danger_lower) does.
/// * [`load`](Self::load) never hands out a copy whose bytes differ from those that were stored.
/// * The memory survives the loss of the copy.
pub trait ListStorage: Send + Sync {
    /// The memory and the last good copy.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot be read at all. A damaged copy is no error but one of [`StoredList::troubles`].
    fn load(&self, key: &StorageKey) -> Result<StoredList, StorageError>;

    /// The rollback memory alone: what is asked at each refresh, because an operator may have lowered it.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the storage cannot be read.
    fn memory(&self, key: &StorageKey) -> Result<RollbackMemory, StorageError>;

    /// Replaces the last good copy.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it could not be stored; the previous copy is still whole then.
    fn store(&self, key: &StorageKey, copy: &CopyToStore<'_>) -> Result<(), StorageError>;

    /// Notes that the copy with this checksum was confirmed by a fetch at this moment.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it could not be noted.
    fn confirm(&self, key: &StorageKey, sha256: &Sha256Sum, at: SystemTime) -> Result<(), StorageError>;

    /// Notes that a process saw this moment, so that a clock set back is noticed at the next start. Called at most once a
    /// minute while fetches fail; a fetch that confirms the list notes it by itself.
    ///
    /// The default does nothing: then only the moment of the last confirmation protects.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it could not be noted.
    fn seen(&self, key: &StorageKey, at: SystemTime) -> Result<(), StorageError> {
        let _ = (key, at);
        Ok(())
    }

    /// Remembers that a list with this number and content was accepted; gives the memory that is now. A lower
    /// number than the remembered one changes nothing.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it could not be stored.
    fn remember(
        &self,
        key: &StorageKey,
        volgnummer: Volgnummer,
        content: Sha256Sum,
    ) -> Result<RollbackMemory, StorageError>;

    /// The operator's way back after a wrong publication: lowers the memory, writes that into the journal, and puts
    /// away copies with a higher number.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it could not be stored.
    fn danger_lower(&self, key: &StorageKey, lowering: &Lowering) -> Result<RollbackMemory, StorageError>;

    /// Adds a line to the journal, which only grows.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it could not be added.
    fn record(&self, entry: &JournalEntry) -> Result<(), StorageError>;

    /// The journal, oldest first. Lines that a crash left unfinished are left out.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where it cannot be read.
    fn journal(&self) -> Result<Vec<JournalEntry>, StorageError>;
}

/// What [`ListStorage::load`] found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoredList {
    /// The rollback memory; empty where nothing was ever accepted.
    pub memory: RollbackMemory,
    /// The last good copy.
    pub copy: Option<StoredCopy>,
    /// What was found damaged, for the log.
    pub troubles: Vec<String>,
    /// The last moment that a process saw, where it is known.
    pub seen: Option<SystemTime>,
    /// The highest number that the journal has accepted since the last lowering, where that is known.
    pub journalled: Option<Volgnummer>,
}

/// The highest Volgnummer that was accepted, and what it said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "files", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RollbackMemory {
    /// No list below this number is accepted; `None` where there is nothing to remember.
    pub volgnummer: Option<Volgnummer>,
    /// SHA-256 of the content of that list, without its Tijdstempel; `None` where it is not known.
    pub content: Option<Sha256Sum>,
    /// How often an operator has lowered the memory: a change tells a running process.
    pub lowered: u32,
}

impl RollbackMemory {
    /// This memory after a list with this number and content was accepted. Never lower than before.
    #[must_use]
    pub fn after(self, volgnummer: Volgnummer, content: Sha256Sum) -> Self {
        if self.volgnummer.is_some_and(|known| known > volgnummer) {
            return self;
        }
        Self {
            volgnummer: Some(volgnummer),
            content: Some(content),
            ..self
        }
    }

    /// This memory after an operator lowered it. It never rises by that.
    #[must_use]
    pub fn after_lowering(self, to: Option<Volgnummer>) -> Self {
        Self {
            volgnummer: self.volgnummer.min(to),
            content: None,
            lowered: self.lowered.saturating_add(1),
        }
    }
}

/// A copy as it comes back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCopy {
    /// The bytes, equal to those that were stored.
    pub bytes: Vec<u8>,
    /// When a fetch last confirmed them.
    pub confirmed_at: SystemTime,
}

impl StoredCopy {
    /// A copy.
    #[must_use]
    pub const fn new(bytes: Vec<u8>, confirmed_at: SystemTime) -> Self {
        Self { bytes, confirmed_at }
    }
}

impl fmt::Debug for StoredCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCopy")
            .field("bytes", &self.bytes.len())
            .field("confirmed_at", &self.confirmed_at)
            .finish()
    }
}

/// A copy as it goes in.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct CopyToStore<'a> {
    /// The exact bytes that were fetched.
    pub bytes: &'a [u8],
    /// Their checksum.
    pub sha256: Sha256Sum,
    /// The number of the list.
    pub volgnummer: Volgnummer,
    /// When it was fetched.
    pub at: SystemTime,
}

impl<'a> CopyToStore<'a> {
    /// A copy that was fetched at this moment; the checksum is worked out here.
    #[must_use]
    pub fn new(bytes: &'a [u8], volgnummer: Volgnummer, at: SystemTime) -> Self {
        Self {
            bytes,
            sha256: Sha256Sum::of(bytes),
            volgnummer,
            at,
        }
    }
}

impl fmt::Debug for CopyToStore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyToStore")
            .field("bytes", &self.bytes.len())
            .field("sha256", &self.sha256)
            .field("volgnummer", &self.volgnummer)
            .field("at", &self.at)
            .finish()
    }
}

/// An operator's decision to lower the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lowering {
    /// The lowest number that is accepted from now on; `None` forgets everything.
    ///
    /// A publisher that repeats a number with other content needs one lower than that number.
    pub to: Option<Volgnummer>,
    /// Why, and by whom: it goes into the journal.
    pub reason: String,
    /// When.
    pub at: SystemTime,
}

impl Lowering {
    /// A decision of this moment.
    pub fn new(to: Option<Volgnummer>, reason: impl Into<String>, at: SystemTime) -> Self {
        Self {
            to,
            reason: reason.into(),
            at,
        }
    }
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "files", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct JournalEntry {
    /// When.
    #[cfg_attr(feature = "files", serde(with = "super::files::record::moment"))]
    pub at: SystemTime,
    /// Which list, from where.
    pub key: StorageKey,
    /// What.
    pub what: Journalled,
}

impl JournalEntry {
    /// A line.
    #[must_use]
    pub const fn new(at: SystemTime, key: StorageKey, what: Journalled) -> Self {
        Self { at, key, what }
    }
}

/// What the journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "files", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "files", serde(tag = "event", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Journalled {
    /// A list was accepted.
    Accepted {
        /// Its number.
        volgnummer: Volgnummer,
        /// Its stamp.
        tijdstempel: Tijdstempel,
        /// The checksum of its bytes.
        sha256: Sha256Sum,
    },
    /// An operator lowered the memory.
    MemoryLowered {
        /// From this number.
        from: Option<Volgnummer>,
        /// To this number.
        to: Option<Volgnummer>,
        /// Why.
        reason: String,
    },
}

/// The place for what must outlive the process failed.
pub struct StorageError {
    what: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl StorageError {
    /// An error that says what could not be done, and why.
    pub fn new(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            what: what.into(),
            cause: Some(cause.into()),
        }
    }

    /// An error without a deeper cause.
    pub fn plain(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
        }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{}: {cause}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl fmt::Debug for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorageError({self})")
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().and_then(|cause| cause.source())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: u64) -> Volgnummer {
        Volgnummer::new(value).unwrap()
    }

    #[test]
    fn l9_the_memory_rises_and_never_falls_by_itself() {
        let (a, b) = (Sha256Sum::of(b"a"), Sha256Sum::of(b"b"));
        let memory = RollbackMemory::default().after(number(5), a);
        assert_eq!((memory.volgnummer, memory.content), (Some(number(5)), Some(a)));
        assert_eq!(memory.after(number(4), b), memory);
        assert_eq!(memory.after(number(6), b).volgnummer, Some(number(6)));
    }

    #[test]
    fn l9_an_operator_lowers_it_and_cannot_raise_it_that_way() {
        let memory = RollbackMemory::default().after(number(900), Sha256Sum::of(b"a"));
        for (to, stands) in [
            (Some(number(12)), Some(number(12))),
            (None, None),
            (Some(number(1000)), Some(number(900))),
        ] {
            let lowered = memory.after_lowering(to);
            assert_eq!(
                (lowered.volgnummer, lowered.content, lowered.lowered),
                (stands, None, 1)
            );
        }
    }
}
