// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a [`ListSupply`] does with its [`ListStorage`](crate::supply::ListStorage): remember, store, journal, follow an operator (L9,
//! L12, R3, R4).

use std::{sync::Arc, time::SystemTime};

use medmij_types::Volgnummer;

use super::{ListSupply, content_of};
use crate::{
    List, Snapshot,
    supply::{
        CopyToStore, JournalEntry, Journalled, RollbackMemory, Sha256Sum, StorageError, StorageStep, SupplyEvent,
    },
};

impl<L: List> ListSupply<L> {
    /// Takes over the memory as it stands: an operator may have lowered it from outside the process, and another process on
    /// the same storage may have seen more.
    pub(super) fn follow_memory(&mut self, events: &mut Vec<SupplyEvent>) {
        match self.storage.memory(&self.key) {
            Ok(memory) => {
                if self.lowered.is_some_and(|known| known != memory.lowered) {
                    events.push(self.follow_lowering(&memory));
                }
                self.lowered = Some(memory.lowered);
                if let Some(floor) = memory.volgnummer {
                    self.cache.remember(floor, memory.content.map(|sum| *sum.as_bytes()));
                }
            }
            Err(error) => events.push(self.storage_failed(StorageStep::Memory, error)),
        }
    }

    pub(super) fn follow_lowering(&mut self, memory: &RollbackMemory) -> SupplyEvent {
        self.lowered = Some(memory.lowered);
        self.stored = false;
        let from = self.cache.floor();
        self.cache.danger_forget_volgnummer();
        if let Some(floor) = memory.volgnummer {
            self.cache.raise_floor(floor);
        }
        SupplyEvent::MemoryLowered {
            list: L::KIND,
            from,
            to: memory.volgnummer,
        }
    }

    /// Stores, journals and remembers, in this order: at each moment between them a restart finds a copy that is not
    /// below the memory. A list that could not be stored is neither journalled nor remembered, or else the next start would
    /// refuse the previous copy and have no list at all; the next refresh tries again.
    pub(super) fn persist(&mut self, snapshot: &Snapshot<L>, at: SystemTime, events: &mut Vec<SupplyEvent>) {
        let volgnummer = snapshot.header().volgnummer();
        let mut copy = CopyToStore::new(&[], volgnummer, at);
        copy.bytes = snapshot.bytes();
        copy.sha256 = Sha256Sum::new(snapshot.digest());
        let stored = self.storage.store(&self.key, &copy);
        self.stored = stored.is_ok();
        if let Err(error) = stored {
            return events.push(self.storage_failed(StorageStep::Copy, error));
        }
        let tijdstempel = snapshot.header().tijdstempel().clone();
        self.note(
            at,
            Journalled::Accepted {
                volgnummer,
                tijdstempel,
                sha256: copy.sha256,
            },
            events,
        );
        self.remember(volgnummer, content_of(snapshot), events);
    }

    pub(super) fn confirmed(&mut self, now: SystemTime, events: &mut Vec<SupplyEvent>) {
        let Some(current) = self.cache.last_known() else { return };
        if !self.stored {
            return self.persist(&current, now, events);
        }
        if let Err(error) = self.storage.confirm(&self.key, &Sha256Sum::new(current.digest()), now) {
            events.push(self.storage_failed(StorageStep::Confirmation, error));
        }
    }

    pub(super) fn note(&mut self, at: SystemTime, what: Journalled, events: &mut Vec<SupplyEvent>) {
        if let Err(error) = self.storage.record(&JournalEntry::new(at, self.key.clone(), what)) {
            self.stored = false;
            events.push(self.storage_failed(StorageStep::Journal, error));
        }
    }

    pub(super) fn remember(&mut self, volgnummer: Volgnummer, content: Sha256Sum, events: &mut Vec<SupplyEvent>) {
        if let Err(error) = self.storage.remember(&self.key, volgnummer, content) {
            self.stored = false;
            events.push(self.storage_failed(StorageStep::Memory, error));
        }
    }

    pub(super) fn storage_failed(&self, step: StorageStep, error: StorageError) -> SupplyEvent {
        SupplyEvent::StorageFailed {
            list: self.key.list(),
            step,
            error: Arc::new(error),
        }
    }
}
