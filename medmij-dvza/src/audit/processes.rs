// SPDX-License-Identifier: AGPL-3.0-or-later
//! The processes that wrote access entries: which numbers of each are in the log, and how many it took in.

use std::collections::{BTreeMap, HashMap};

use crate::store::{AuditEntry, AuditKind};

/// By the name of the process.
#[derive(Debug, Default)]
pub(super) struct Processes(HashMap<String, Process>);

#[derive(Debug, Default)]
struct Process {
    started: bool,
    /// How many it took in, once that is known.
    taken: Option<u64>,
    stopped: bool,
    cut_off: bool,
    written: Numbers,
}

/// What is said of them in the report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) lost: u64,
    pub(super) not_stopped: u64,
    pub(super) cut_off: u64,
    pub(super) uncounted: u64,
}

impl Processes {
    /// Takes note of an entry.
    pub(super) fn add(&mut self, entry: &AuditEntry) {
        let own = [
            AuditKind::Accessed,
            AuditKind::Started,
            AuditKind::Stopped,
            AuditKind::CutOff,
        ];
        let Some((name, number)) = entry.texts.rsplit_once('/').filter(|_| own.contains(&entry.kind)) else {
            return;
        };
        let process = self.0.entry(name.to_owned()).or_default();
        let number: Option<u64> = number.parse().ok();
        match entry.kind {
            AuditKind::Started => process.started = true,
            AuditKind::Accessed => number.into_iter().for_each(|number| process.written.add(number)),
            kind => {
                process.taken = process.taken.max(number);
                process.stopped |= kind == AuditKind::Stopped;
                process.cut_off |= kind == AuditKind::CutOff;
            }
        }
    }

    pub(super) fn counted(&self) -> Counted {
        let mut counted = Counted::default();
        for process in self.0.values() {
            counted.cut_off += u64::from(process.cut_off && !process.stopped);
            if !process.stopped && !process.cut_off {
                counted.not_stopped += u64::from(process.started);
                continue;
            }
            match process.lost() {
                Some(lost) => counted.lost += lost,
                None => counted.uncounted += 1,
            }
        }
        counted
    }
}

impl Process {
    /// How many were taken in and are not in the log. `None` where that is not known: the count did not reach the disk.
    fn lost(&self) -> Option<u64> {
        let (taken, last) = (self.taken?, self.written.last());
        let beyond = taken.checked_sub(last)?;
        match (self.started, last) {
            (true, _) => Some(taken - self.written.count()),
            // its first entries were destroyed after their term, and all of them, it may be
            (false, 0) => Some(0),
            (false, _) => Some(beyond),
        }
    }
}

/// Numbers, mostly in a row: from each first to its last.
#[derive(Debug, Default)]
struct Numbers(BTreeMap<u64, u64>);

impl Numbers {
    fn add(&mut self, number: u64) {
        let before = self.0.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| last >= number) {
            return;
        }
        let first = match before {
            Some((first, last)) if last + 1 == number => first,
            _ => number,
        };
        let after = number.checked_add(1).and_then(|next| self.0.remove(&next));
        self.0.insert(first, after.unwrap_or(number));
    }

    fn last(&self) -> u64 {
        self.0.values().next_back().copied().unwrap_or_default()
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Acting, Actor, AuditObject};

    fn entry(kind: AuditKind, texts: &str) -> AuditEntry {
        let mut entry = AuditEntry::of(kind, AuditObject::AuditLog, Acting::new(Actor::System));
        entry.texts = texts.to_owned();
        entry
    }

    fn counted(entries: &[(AuditKind, &str)]) -> (u64, u64, u64, u64) {
        let mut processes = Processes::default();
        entries
            .iter()
            .for_each(|(kind, texts)| processes.add(&entry(*kind, texts)));
        let counted = processes.counted();
        (counted.lost, counted.not_stopped, counted.cut_off, counted.uncounted)
    }

    #[test]
    fn what_was_taken_in_and_not_written_is_counted_to_the_entry() {
        use AuditKind::{Accessed, Consented, CutOff, Started, Stopped};
        for (entries, expected) in [
            (
                &[(Started, "a/0"), (Accessed, "a/1"), (Stopped, "a/1")][..],
                (0, 0, 0, 0),
            ),
            (&[(Started, "a/0"), (Accessed, "a/1")], (0, 1, 0, 0)),
            (&[(Started, "a/0"), (Accessed, "a/1"), (CutOff, "a/9")], (8, 0, 1, 0)),
            // in any order, one of them twice, one in the middle missing
            (
                &[
                    (CutOff, "a/5"),
                    (Accessed, "a/4"),
                    (Accessed, "a/2"),
                    (Accessed, "a/1"),
                    (Started, "a/0"),
                    (Accessed, "a/2"),
                ],
                (2, 0, 1, 0),
            ),
            // nothing was written
            (&[(Started, "a/0"), (CutOff, "a/3")], (3, 0, 1, 0)),
            // another process has numbers of its own
            (
                &[
                    (Started, "a/0"),
                    (Started, "b/0"),
                    (Accessed, "a/1"),
                    (Accessed, "b/1"),
                    (CutOff, "a/2"),
                    (Stopped, "b/1"),
                ],
                (1, 0, 1, 0),
            ),
            // stopped in order, and the file that said so stayed
            (
                &[(Started, "a/0"), (Accessed, "a/1"), (Stopped, "a/1"), (CutOff, "a/1")],
                (0, 0, 0, 0),
            ),
            // the machine lost power: the count is older than what was written, or is none
            (
                &[(Started, "a/0"), (Accessed, "a/1"), (Accessed, "a/2"), (CutOff, "a/1")],
                (0, 0, 1, 1),
            ),
            (&[(Started, "a/0"), (CutOff, "a/?")], (0, 0, 1, 1)),
            // destroyed after their term: from the start to some place, or all of them
            (&[(Accessed, "a/7"), (CutOff, "a/9")], (2, 0, 1, 0)),
            (&[(CutOff, "a/9")], (0, 0, 1, 0)),
            // the texts of a screen are no process
            (&[(Consented, "a/9"), (Started, ""), (Accessed, "")], (0, 0, 0, 0)),
        ] {
            assert_eq!(counted(entries), expected, "{entries:?}");
        }
    }

    #[test]
    fn numbers_in_a_row_take_one_place_whatever_their_order() {
        let mut numbers = Numbers::default();
        (1..=1_000).filter(|n| n % 2 == 0).for_each(|n| numbers.add(n));
        (1..=1_000).rev().filter(|n| n % 2 == 1).for_each(|n| numbers.add(n));
        numbers.add(500);
        numbers.add(u64::MAX);
        assert_eq!((numbers.0.len(), numbers.0.get(&1)), (2, Some(&1_000)));
        assert_eq!((numbers.count(), numbers.last()), (1_001, u64::MAX));
    }
}
