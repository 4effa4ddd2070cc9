// SPDX-License-Identifier: AGPL-3.0-or-later
//! The chain: each entry has the hash of all that came before it, so that none can be changed, added or taken away unseen.
//!
//! What is hashed is every field of the entry but the Persoon, and for the Persoon a commitment: the hash of a random salt and
//! the keyed hash. Salt and keyed hash are beside the chain, so that both can be erased, and the keyed hash can come under
//! another key, while the chain stays as it is.

use std::{
    fmt::{self, Write as _},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medmij_oauth::seal::PersoonIndex;
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Hostname};
use sha2::{Digest as _, Sha256};

use super::{super::GrantId, AuditEntry};

/// A hash of SHA-256.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryHash([u8; 32]);

impl EntryHash {
    /// From its bytes, as a store keeps them.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the 64 hexadecimal digits that it is shown as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The hash of these parts, one after the other.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        Self(hash.finalize().into())
    }

    /// What is in the chain for a Persoon.
    #[must_use]
    pub fn commitment(salt: &[u8; 16], persoon: &PersoonIndex) -> Self {
        Self::of(&[salt, persoon.as_bytes()])
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryHash({self})")
    }
}

/// An entry as it is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditRecord {
    /// Its number in the store; what is written later has a higher one.
    pub number: u64,
    /// Which chain it is in.
    pub chain: u32,
    /// Its place in the chain, from 1.
    pub position: u64,
    /// When it happened, in microseconds since 1970, by the wall clock.
    pub micros: u64,
    /// The entry; its own `at` is `None`.
    pub entry: AuditEntry,
    /// What is in the chain for the Persoon; it stays when the Persoon is erased.
    pub commitment: Option<EntryHash>,
    /// What the commitment was made with; it goes with the Persoon.
    pub salt: Option<[u8; 16]>,
    /// The hash of this entry and all before it.
    pub hash: EntryHash,
}

impl AuditRecord {
    /// A record, as a store reads it.
    #[must_use]
    pub fn new(
        (number, chain, position): (u64, u32, u64),
        micros: u64,
        entry: AuditEntry,
        (commitment, salt): (Option<EntryHash>, Option<[u8; 16]>),
        hash: EntryHash,
    ) -> Self {
        Self {
            number,
            chain,
            position,
            micros,
            entry,
            commitment,
            salt,
            hash,
        }
    }

    /// A new entry after the one that had the hash `previous`; `now` is the moment where the entry does not say one.
    #[must_use]
    pub fn chained(
        entry: &AuditEntry,
        (number, chain, position): (u64, u32, u64),
        previous: &EntryHash,
        now: u64,
        salt: [u8; 16],
    ) -> Self {
        let salt = entry.persoon.map(|_| salt);
        let commitment = match (&salt, &entry.persoon) {
            (Some(salt), Some(persoon)) => Some(EntryHash::commitment(salt, persoon)),
            _ => None,
        };
        let micros = entry.at.map_or(now, micros);
        let entry = AuditEntry {
            at: None,
            ..entry.clone()
        };
        let place = (number, chain, position);
        let mut record = Self::new(place, micros, entry, (commitment, salt), EntryHash::default());
        record.hash = record.hash_after(previous);
        record
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.micros)
    }

    /// What the chain covers: each field with its length before it, one that is not there as `-`. Stores that hash in the
    /// database make the same text.
    #[must_use]
    pub fn text(&self) -> String {
        let entry = &self.entry;
        let (number, micros) = (self.position.to_string(), self.micros.to_string());
        let ids = joined(&entry.gegevensdiensten);
        let commitment = self.commitment.map(|hash| hash.to_string());
        let mut text = String::with_capacity(400);
        for field in [
            Some("1"),
            Some(self.chain.to_string().as_str()),
            Some(&number),
            Some(&micros),
            Some(entry.kind.as_str()),
            Some(entry.by.actor.kind()),
            entry.by.actor.id(),
            entry.aanbieder.as_ref().map(Aanbiedernaam::as_str),
            Some(&ids),
            entry.client_id.as_ref().map(AsRef::as_ref),
            Some(&entry.scope),
            Some(entry.outcome.as_str()),
            entry.by.trace_id.as_ref().map(CorrelationId::as_str),
            Some(entry.object.as_str()),
            entry.by.source.as_ref().map(Hostname::as_str),
            entry.grant.as_ref().map(GrantId::as_str),
            Some(&entry.texts),
            commitment.as_deref(),
        ] {
            // writing into a String cannot fail
            let _ = match field {
                Some(field) => write!(text, "{}:{field}", field.len()),
                None => text.write_char('-'),
            };
        }
        text
    }

    /// The hash that this entry has after the one with the hash `previous`.
    #[must_use]
    pub fn hash_after(&self, previous: &EntryHash) -> EntryHash {
        EntryHash::of(&[previous.as_bytes(), self.text().as_bytes()])
    }

    /// Whether the Persoon beside the chain is the one that the chain commits to. `None` where that cannot be seen: there is
    /// none, or it was erased, or it came under another index key since.
    #[must_use]
    pub fn is_of_persoon(&self) -> Option<bool> {
        let (salt, persoon) = (self.salt.as_ref()?, self.entry.persoon.as_ref()?);
        Some(self.commitment == Some(EntryHash::commitment(salt, persoon)))
    }
}

/// Microseconds since 1970.
pub(crate) fn micros(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Gegevensdiensten in one column; an id holds no space.
fn joined(ids: &[GegevensdienstId]) -> String {
    let ids: Vec<&str> = ids.iter().map(GegevensdienstId::as_str).collect();
    ids.join(" ")
}
