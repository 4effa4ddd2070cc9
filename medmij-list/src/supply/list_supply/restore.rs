// SPDX-License-Identifier: AGPL-3.0-or-later
//! L12, R1, R3 — what a run takes over from the one before it.

use std::time::{Duration, SystemTime};

use super::{ListSupply, content_of, log};
use crate::{
    Accepted, List, Snapshot,
    supply::{CopyFault, Journalled, Origin, RollbackMemory, Sha256Sum, StorageStep, SupplyEvent},
};

impl<L: List> ListSupply<L> {
    /// Takes over what a run before has left: the rollback memory, and the last good copy if it is whole, valid and not
    /// below the memory. Its age counts from the last fetch that confirmed it.
    pub fn restore(&mut self) -> Vec<SupplyEvent> {
        let mut events = Vec::new();
        match self.storage.load(&self.key) {
            Ok(stored) => {
                for fault in stored.troubles {
                    events.push(self.not_used(CopyFault::Damaged(fault)));
                }
                self.lowered = Some(stored.memory.lowered);
                if let Some(floor) = stored.memory.volgnummer {
                    self.cache
                        .remember(floor, stored.memory.content.map(|sum| *sum.as_bytes()));
                    self.header = Some((floor, None));
                }
                let copy = stored.copy.map(|copy| {
                    let latest = stored
                        .seen
                        .map_or(copy.confirmed_at, |seen| seen.max(copy.confirmed_at));
                    let hard_limit = self.cache.policy().hard_limit;
                    let age = age_of(copy.confirmed_at, latest, self.clock.now(), hard_limit);
                    let read = Snapshot::<L>::read(copy.bytes, &self.options);
                    (read.map(|snapshot| snapshot.fetched(copy.confirmed_at)), age)
                });
                let number = copy
                    .as_ref()
                    .and_then(|(read, _)| Some(read.as_ref().ok()?.header().volgnummer()));
                events.extend(self.put_back(stored.memory.volgnummer.max(number), stored.journalled));
                match copy {
                    Some((Ok(snapshot), age)) => self.restored(snapshot, age, &stored.memory, &mut events),
                    Some((Err(error), _)) => events.push(self.not_used(CopyFault::Invalid(error))),
                    None => {}
                }
            }
            Err(error) => events.push(self.storage_failed(StorageStep::Load, error)),
        }
        events.extend(self.late());
        log(events)
    }

    fn restored(
        &mut self,
        snapshot: Snapshot<L>,
        age: Duration,
        memory: &RollbackMemory,
        events: &mut Vec<SupplyEvent>,
    ) {
        let (volgnummer, sha256) = (snapshot.header().volgnummer(), Sha256Sum::new(snapshot.digest()));
        let tijdstempel = snapshot.header().tijdstempel().clone();
        let content = content_of(&snapshot);
        let at = snapshot.fetched_at().unwrap_or_else(|| self.clock.now());
        let previous = match self.cache.restore(snapshot, age) {
            Ok(Accepted::New { previous }) => previous,
            Ok(Accepted::Confirmed) => Some(volgnummer),
            Err(why) => return events.push(self.not_used(CopyFault::Rejected(why))),
        };
        self.header = Some((volgnummer, Some(tijdstempel.clone())));
        // A crash came between storing and remembering.
        if memory.volgnummer != Some(volgnummer) {
            let accepted = Journalled::Accepted {
                volgnummer,
                tijdstempel,
                sha256,
            };
            self.note(at, accepted, events);
        }
        if memory.content != Some(content) {
            self.remember(volgnummer, content, events);
        }
        events.push(SupplyEvent::Accepted {
            list: L::KIND,
            volgnummer,
            previous,
            sha256,
            origin: Origin::StoredList,
        });
    }
}

/// The age of a copy by the wall clock. A clock behind the latest moment that was seen says that one of the two was wrong:
/// the age is not known then, and the copy counts as expired until a fetch confirms it.
fn age_of(confirmed_at: SystemTime, latest: SystemTime, now: SystemTime, hard_limit: Duration) -> Duration {
    match latest.duration_since(now) {
        Ok(behind) if behind > CLOCKS_DIFFER => hard_limit,
        _ => now.max(latest).duration_since(confirmed_at).unwrap_or_default(),
    }
}

/// How far the clocks of two runs can differ and count as the same.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);
