// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a [`ListSupply`] does with its [`ListStorage`](crate::supply::ListStorage): remember, store, journal, follow an operator (L9,
//! L12, R3, R4).

use std::{sync::Arc, time::SystemTime};

use medmij_types::{Tijdstempel, Volgnummer};

use super::{ListSupply, content_of};
use crate::{
    List, Snapshot,
    read::beside,
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

    /// Stores the copy, which alone has to be done before the list is in force: at a restart a copy above the memory raises
    /// it ([`restore`](Self::restore)), so nothing is rolled back by a crash before the rest is done. Gives the checksum of its
    /// content, or `None` where it could not be stored: such a list is neither journalled nor remembered, or else the next
    /// start would refuse the previous copy and have no list at all; the next refresh tries again.
    pub(super) fn store(
        &mut self,
        snapshot: &Snapshot<L>,
        at: SystemTime,
        events: &mut Vec<SupplyEvent>,
    ) -> Option<Sha256Sum> {
        let mut copy = CopyToStore::new(&[], snapshot.header().volgnummer(), at);
        copy.bytes = snapshot.bytes();
        copy.sha256 = Sha256Sum::new(snapshot.digest());
        // the disk is waited for, so the checksum costs no time
        let (stored, content) = beside(
            copy.bytes.len(),
            || self.storage.store(&self.key, &copy),
            || content_of(snapshot),
        );
        self.stored = stored.is_ok();
        match stored {
            Ok(()) => Some(content),
            Err(error) => {
                events.push(self.storage_failed(StorageStep::Copy, error));
                None
            }
        }
    }

    /// Journals and remembers, in this order: at each moment between them a restart finds a copy that is not below the memory.
    pub(super) fn journal_and_remember(
        &mut self,
        (volgnummer, tijdstempel, sha256): (Volgnummer, Tijdstempel, Sha256Sum),
        content: Sha256Sum,
        at: SystemTime,
        events: &mut Vec<SupplyEvent>,
    ) {
        let accepted = Journalled::Accepted {
            volgnummer,
            tijdstempel,
            sha256,
        };
        self.note(at, accepted, events);
        self.remember(volgnummer, content, events);
    }

    pub(super) fn confirmed(&mut self, now: SystemTime, events: &mut Vec<SupplyEvent>) {
        let Some(current) = self.cache.last_known() else { return };
        if !self.stored {
            if let Some(content) = self.store(&current, now, events) {
                let header = current.header();
                let said = (header.volgnummer(), header.tijdstempel().clone());
                let sha256 = Sha256Sum::new(current.digest());
                self.journal_and_remember((said.0, said.1, sha256), content, now, events);
            }
            return;
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
