// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys beside their numbers, in the order of their hashes, without gaps: a look-up touches one place in memory.

use super::{hash::KeyHasher, spread};

/// Bytes of a record before the text: number of the entry (4), length of the text (2).
pub(super) const HEAD: usize = 6;

/// On average so many records have the same place.
const TOGETHER: usize = 2;

#[derive(Clone)]
pub(super) struct Packed {
    /// Where the records of each place end.
    ends: Vec<u32>,
    records: Vec<u8>,
}

/// Adds a record; `false` if it is beyond what a record can hold.
#[inline]
pub(super) fn push(records: &mut Vec<u8>, key: &str, entry: u32) -> bool {
    let Ok(length) = u16::try_from(key.len()) else {
        return false;
    };
    if u32::try_from(records.len() + HEAD + key.len()).is_err() {
        return false;
    }
    records.extend_from_slice(&entry.to_le_bytes());
    records.extend_from_slice(&length.to_le_bytes());
    records.extend_from_slice(key.as_bytes());
    true
}

impl Packed {
    /// Counts, then puts each record where it belongs.
    pub(super) fn new(from: &[u8], count: usize, hasher: &KeyHasher) -> Self {
        let places = count / TOGETHER + 1;
        let mut ends = vec![0_u32; places];
        for record in Records(from) {
            // the begin of the next place
            if let Some(end) = ends.get_mut(spread(hasher.hash(record.text), places) + 1) {
                *end += record.size();
            }
        }
        let mut begin = 0;
        for end in &mut ends {
            begin += *end;
            *end = begin;
        }
        let mut records = vec![0; from.len()];
        for record in Records(from) {
            let Some(at) = ends.get_mut(spread(hasher.hash(record.text), places)) else {
                continue;
            };
            let start = *at as usize;
            *at += record.size();
            if let Some(home) = records.get_mut(start..*at as usize) {
                home.copy_from_slice(record.whole);
            }
        }
        Self { ends, records }
    }

    #[inline]
    pub(super) fn find(&self, hash: u32, key: &[u8]) -> Option<u32> {
        let place = spread(hash, self.ends.len());
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = *self.ends.get(place)?;
        let records = self.records.get(start.unwrap_or(0) as usize..end as usize)?;
        Records(records)
            .find(|record| record.text == key)
            .map(|record| record.entry)
    }
}

struct Record<'a> {
    entry: u32,
    text: &'a [u8],
    whole: &'a [u8],
}

impl Record<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "a text has at most 65,535 bytes")]
    const fn size(&self) -> u32 {
        self.whole.len() as u32
    }
}

struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        let (head, _) = self.0.split_first_chunk::<HEAD>()?;
        let [a, b, c, d, e, f] = *head;
        let (whole, rest) = self
            .0
            .split_at_checked(HEAD + usize::from(u16::from_le_bytes([e, f])))?;
        self.0 = rest;
        Some(Record {
            entry: u32::from_le_bytes([a, b, c, d]),
            text: whole.get(HEAD..)?,
            whole,
        })
    }
}
