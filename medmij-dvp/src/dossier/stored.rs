// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.101, core.dossier.102, core.dossier.104 — a kept resource: its bytes and where they came from, as one
//! value.

use std::{fmt, time::SystemTime};

use medmij_types::Aanbiedernaam;
use serde::{Deserialize, Serialize};

use super::{Context, Digest, Provenance};

/// What the Persoon is told about a kept resource (core.dossier.104).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin<'a> {
    /// It came over MedMij and is unchanged since.
    Unchanged(&'a Provenance),
    /// It came over MedMij and was changed since.
    Changed(&'a Provenance),
    /// The Persoon made it.
    Own,
    /// It was imported and nothing proves where it came from.
    NotProven,
}

/// A resource that a DVP keeps for a Persoon.
///
/// ```
/// use medmij_dvp::dossier::{Context, StoredEntry, Origin};
/// use std::time::SystemTime;
///
/// let context = Context::new("48".parse()?, "Basisgegevens Zorg".parse()?);
/// let kept = StoredEntry::collected(
///     br#"{"resourceType":"Condition"}"#.to_vec(),
///     "huisartsvoorbeeld@medmij".parse()?,
///     context,
///     SystemTime::UNIX_EPOCH,
///     [],
/// );
/// assert!(matches!(kept.origin(), Origin::Unchanged(from) if from.source().as_str() == "huisartsvoorbeeld@medmij"));
/// let edited = kept.edit(br#"{"resourceType":"Condition","note":[]}"#.to_vec());
/// assert!(matches!(edited.origin(), Origin::Changed(from) if from.context().id().as_str() == "48"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    bytes: Vec<u8>,
    from: Came,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    MedMij(Provenance),
    Own,
    NotProven(Option<Provenance>),
}

/// A stored or exported resource cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredEntryError {
    /// The export is larger than 64 MiB.
    #[error("export of a resource is larger than 64 MiB")]
    TooLarge,
    /// It has another form.
    #[error("stored resource has another form")]
    Form,
}

/// What travels to another Aanbieder when a kept resource is shared (core.dossier.102): the bytes, and source and
/// context where it came over MedMij.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedEntry<'a> {
    /// The bytes as they are kept; the wire form, without id, is made of them.
    pub bytes: &'a [u8],
    /// Source and context; `None` for what the Persoon made or what proves nothing.
    pub origin: Option<(&'a Aanbiedernaam, &'a Context)>,
    /// Whether it is as it was collected.
    pub unchanged: bool,
}

impl StoredEntry {
    /// What was collected over MedMij: the bytes after redaction, its source and context, the moment, and the paths at
    /// which something was taken out.
    #[must_use]
    pub fn collected<'a>(
        bytes: Vec<u8>,
        source: Aanbiedernaam,
        context: Context,
        at: SystemTime,
        redacted: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let redacted = redacted.into_iter().map(Box::from).collect();
        let provenance = Provenance::new(source, context, at, &bytes, redacted);
        Self {
            bytes,
            from: Came::MedMij(provenance),
        }
    }

    /// What the Persoon made.
    #[must_use]
    pub const fn own(bytes: Vec<u8>) -> Self {
        Self { bytes, from: Came::Own }
    }

    /// The bytes, to look at.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where it came from and whether it is unchanged, by the digest and not by a flag.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        match &self.from {
            Came::Own => Origin::Own,
            Came::NotProven(_) => Origin::NotProven,
            Came::MedMij(from) if *from.digest() == Digest::of(&self.bytes) => Origin::Unchanged(from),
            Came::MedMij(from) => Origin::Changed(from),
        }
    }

    /// Other bytes in place of these. Where it came from stays; put back as it was collected, it is unchanged again.
    #[must_use]
    pub fn edit(self, bytes: Vec<u8>) -> Self {
        Self { bytes, from: self.from }
    }

    /// What travels along at Delen.
    #[must_use]
    pub fn share(&self) -> SharedEntry<'_> {
        let (origin, unchanged) = match self.origin() {
            Origin::Unchanged(from) => (Some((from.source(), from.context())), true),
            Origin::Changed(from) => (Some((from.source(), from.context())), false),
            Origin::Own | Origin::NotProven => (None, false),
        };
        SharedEntry {
            bytes: &self.bytes,
            origin,
            unchanged,
        }
    }

    /// For a store: bytes and origin in one piece.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        serde_json::to_vec(&Stored::of(self)).unwrap_or_default()
    }

    /// From a store of one's own, whose bytes are sealed.
    ///
    /// # Errors
    /// [`StoredEntryError::Form`], also for what another version of the program wrote: leave it where it is.
    pub fn from_stored(stored: &[u8]) -> Result<Self, StoredEntryError> {
        let stored: Stored = serde_json::from_slice(stored).map_err(|_| StoredEntryError::Form)?;
        if stored.version != VERSION {
            return Err(StoredEntryError::Form);
        }
        Ok(stored.into_stored())
    }

    /// The same, without what it claims to be of: nothing proves it. What is of the Persoon's own stays.
    pub(super) fn into_not_proven(self) -> Self {
        let from = match self.from {
            Came::MedMij(claimed) => Came::NotProven(Some(claimed)),
            from => from,
        };
        Self { from, ..self }
    }

    /// What was claimed of an imported resource that nothing proves, for the eyes of the Persoon.
    #[must_use]
    pub fn claimed(&self) -> Option<&Provenance> {
        match &self.from {
            Came::NotProven(claimed) => claimed.as_ref(),
            _ => None,
        }
    }

    pub(super) fn is_consistent(&self) -> bool {
        matches!(self.origin(), Origin::Unchanged(_))
    }

    pub(super) fn signed_text(&self) -> Vec<u8> {
        let mut text = match &self.from {
            Came::MedMij(from) => from.signed_text(),
            Came::Own => b"own".to_vec(),
            Came::NotProven(_) => b"not proven".to_vec(),
        };
        text.extend_from_slice(Digest::of(&self.bytes).as_bytes());
        text
    }
}

impl fmt::Debug for StoredEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredEntry({} bytes)", self.bytes.len())
    }
}

/// The version of the stored form: it goes up with every change that another program would misread.
const VERSION: u32 = 1;

/// The stored form: bytes that are text stand as text, so that no digit of a number is lost or rewritten.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "v")]
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    bytes: Option<Vec<u8>>,
    from: Came,
}

impl Stored {
    fn of(entry: &StoredEntry) -> Self {
        let (text, bytes) = match std::str::from_utf8(&entry.bytes) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(entry.bytes.clone())),
        };
        Self {
            version: VERSION,
            text,
            bytes,
            from: entry.from.clone(),
        }
    }

    fn into_stored(self) -> StoredEntry {
        let bytes = self
            .bytes
            .or_else(|| self.text.map(String::into_bytes))
            .unwrap_or_default();
        StoredEntry { bytes, from: self.from }
    }
}

#[cfg(test)]
mod tests;
