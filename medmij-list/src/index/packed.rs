// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys beside their numbers, in lines of the size of those of a processor's cache, each where its hash says: a look-up
//! mostly touches one line.

use std::collections::HashMap;

use super::{hash::KeyHasher, spread};

/// Bytes of a line.
const LINE: usize = 64;

/// Bytes of a record before the text: number of the entry (4), length of the text (1).
const HEAD: usize = 5;

/// The longest text that fits in a line beside the byte that says how full it is.
const LONGEST: usize = LINE - 1 - HEAD;

/// A record that finds no room where its hash says goes to the next line, so many times.
const TRIES: usize = 8;

/// What a line has room for, in shares of 12, and how many of them are planned for a line.
const WHOLE: usize = 12;
const PLANNED: usize = 8;

/// The keys as they come in.
#[derive(Clone, Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    shares: usize,
}

impl Records {
    /// Adds a record; `false` if it is beyond what a record can hold.
    #[inline]
    pub(super) fn push(&mut self, key: &str, entry: u32) -> bool {
        let Ok(length) = u16::try_from(key.len()) else {
            return false;
        };
        self.bytes.extend_from_slice(&entry.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(key.as_bytes());
        self.shares += match key.len() + HEAD {
            ..=15 => WHOLE / 4,
            16..=21 => WHOLE / 3,
            22..=31 => WHOLE / 2,
            _ => WHOLE,
        };
        true
    }

    /// Makes room for so many keys in all, with texts of about this many bytes together.
    pub(super) fn reserve(&mut self, keys: usize, bytes: usize) {
        self.bytes.reserve((bytes + keys * 6).saturating_sub(self.bytes.len()));
    }

    /// Bytes that they take, with those of the lines to come.
    #[inline]
    pub(super) const fn cost(&self) -> usize {
        self.bytes.len() + self.lines() * LINE
    }

    const fn lines(&self) -> usize {
        self.shares / PLANNED + 1
    }

    fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (head, after) = rest.split_first_chunk::<6>()?;
            let [a, b, c, d, e, f] = *head;
            let (text, after) = after.split_at_checked(u16::from_le_bytes([e, f]).into())?;
            rest = after;
            Some((u32::from_le_bytes([a, b, c, d]), text))
        })
    }
}

/// A byte that says how many bytes of records follow, its highest bit that one went on to the next line; the records.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u8; LINE]);

const WENT_ON: u8 = 0x80;

#[derive(Clone)]
pub(super) struct Packed {
    lines: Vec<Line>,
    /// The few that are too long for a line, or found no room.
    others: HashMap<Box<[u8]>, u32>,
}

impl Packed {
    pub(super) fn new(records: &Records, hasher: &KeyHasher) -> Self {
        let mut packed = Self {
            lines: vec![Line([0; LINE]); records.lines()],
            others: HashMap::new(),
        };
        for (entry, text) in records.iter() {
            if text.len() > LONGEST || !packed.place(hasher.hash(text), entry, text) {
                packed.others.insert(text.into(), entry);
            }
        }
        packed
    }

    fn place(&mut self, hash: u32, entry: u32, text: &[u8]) -> bool {
        let home = spread(hash, self.lines.len());
        for line in self.lines.iter_mut().skip(home).take(TRIES) {
            if line.push(entry, text) {
                return true;
            }
        }
        false
    }

    #[inline]
    pub(super) fn find(&self, hash: u32, key: &[u8]) -> Option<u32> {
        if key.len() <= LONGEST {
            let home = spread(hash, self.lines.len());
            for line in self.lines.get(home..)?.iter().take(TRIES) {
                if let Some(entry) = line.find(key) {
                    return Some(entry);
                }
                if !line.went_on() {
                    return None;
                }
            }
        }
        self.others.get(key).copied()
    }
}

impl Line {
    #[inline]
    const fn went_on(&self) -> bool {
        let [full, ..] = self.0;
        full & WENT_ON != 0
    }

    /// Adds a record, or marks that it went on.
    fn push(&mut self, entry: u32, text: &[u8]) -> bool {
        let [full, records @ ..] = &mut self.0;
        let used = usize::from(*full & !WENT_ON);
        let size = HEAD + text.len();
        let Some(room) = records.get_mut(used..used + size) else {
            *full |= WENT_ON;
            return false;
        };
        if let Some((head, body)) = room.split_first_chunk_mut::<HEAD>() {
            let [a, b, c, d] = entry.to_le_bytes();
            *head = [a, b, c, d, u8::try_from(text.len()).unwrap_or(0)];
            body.copy_from_slice(text);
        }
        *full = (*full & WENT_ON) | u8::try_from(used + size).unwrap_or(0);
        true
    }

    #[inline]
    fn find(&self, key: &[u8]) -> Option<u32> {
        let [full, records @ ..] = &self.0;
        let mut rest = records.get(..usize::from(full & !WENT_ON))?;
        while let Some(([a, b, c, d, length], after)) = rest.split_first_chunk::<HEAD>() {
            let (text, after) = after.split_at_checked(usize::from(*length))?;
            if text == key {
                return Some(u32::from_le_bytes([*a, *b, *c, *d]));
            }
            rest = after;
        }
        None
    }
}
