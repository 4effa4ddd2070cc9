// SPDX-License-Identifier: AGPL-3.0-or-later
//! A checkpoint: the heads of all chains at one moment. It is signed, and kept outside the database too, so that whoever can
//! write in the database cannot write another past.

use std::fmt::Write as _;

use super::{AuditHead, EntryHash, KeptEntries};

/// The heads of all chains, and the hash of the checkpoint before.
///
/// ```
/// use medmij_dvza::store::{AuditHead, Checkpoint};
///
/// let checkpoint = Checkpoint::new(1, 1_764_535_505_123_456, Default::default(), vec![AuditHead::empty(1)]);
/// let read = Checkpoint::parse(&checkpoint.text());
/// assert_eq!(read, Some(checkpoint));
/// assert_eq!(Checkpoint::parse("medmij audit checkpoint 2\n"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Its number, from 1.
    pub number: u64,
    /// When it was made, in microseconds since 1970.
    pub micros: u64,
    /// The hash of the text of the checkpoint before; of the first one, zeros.
    pub previous: EntryHash,
    /// The chains, by number.
    pub heads: Vec<AuditHead>,
}

impl Checkpoint {
    /// A checkpoint.
    #[must_use]
    pub fn new(number: u64, micros: u64, previous: EntryHash, heads: Vec<AuditHead>) -> Self {
        Self {
            number,
            micros,
            previous,
            heads,
        }
    }

    /// The head of a chain.
    #[must_use]
    pub fn head(&self, chain: u32) -> Option<&AuditHead> {
        self.heads.iter().find(|head| head.chain == chain)
    }

    /// The lines that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // writing into a String cannot fail
        let _ = writeln!(text, "{TITLE}");
        let _ = writeln!(
            text,
            "number {}\nmicros {}\nprevious {}",
            self.number, self.micros, self.previous
        );
        for head in &self.heads {
            let _ = writeln!(
                text,
                "chain {} cut {} {} kept {} {} head {} {}",
                head.chain, head.cut, head.base, head.kept.count, head.kept.digest, head.position, head.hash
            );
        }
        text
    }

    /// Reads the lines. `None` where they are not those of a checkpoint of this version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != TITLE {
            return None;
        }
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let (number, micros) = (value("number")?.parse().ok()?, value("micros")?.parse().ok()?);
        let previous = EntryHash::parse(value("previous")?)?;
        let heads = lines.map(head).collect::<Option<Vec<_>>>()?;
        let read = Self::new(number, micros, previous, heads);
        // one way to write it
        (read.text() == text).then_some(read)
    }

    /// The hash of the text, which the next checkpoint names.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        EntryHash::of(&[self.text().as_bytes()])
    }
}

fn head(line: &str) -> Option<AuditHead> {
    let mut words = line.split(' ');
    let mut word = |name: Option<&str>| {
        let word = words.next()?;
        name.is_none_or(|name| name == word).then_some(word)
    };
    word(Some("chain"))?;
    let head = AuditHead::empty(word(None)?.parse().ok()?);
    word(Some("cut"))?;
    let (cut, base) = (word(None)?.parse().ok()?, EntryHash::parse(word(None)?)?);
    word(Some("kept"))?;
    let kept = KeptEntries::new(word(None)?.parse().ok()?, EntryHash::parse(word(None)?)?);
    word(Some("head"))?;
    let (position, hash) = (word(None)?.parse().ok()?, EntryHash::parse(word(None)?)?);
    words
        .next()
        .is_none()
        .then(|| head.cut_at(cut, base, kept).at(position, hash))
}

/// A checkpoint with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedCheckpoint {
    /// Its number.
    pub number: u64,
    /// [`Checkpoint::text`].
    pub text: String,
    /// The name of the key that signed it.
    pub key: String,
    /// The signature over the text.
    pub signature: Vec<u8>,
}

impl SignedCheckpoint {
    /// A checkpoint with its signature.
    #[must_use]
    pub fn new(number: u64, text: impl Into<String>, key: impl Into<String>, signature: Vec<u8>) -> Self {
        Self {
            number,
            text: text.into(),
            key: key.into(),
            signature,
        }
    }

    /// What it says; whether its signature is right is another question.
    #[must_use]
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        Checkpoint::parse(&self.text).filter(|read| read.number == self.number)
    }
}

const TITLE: &str = "medmij audit checkpoint 1";
