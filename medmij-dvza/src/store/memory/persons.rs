// SPDX-License-Identifier: AGPL-3.0-or-later
//! The grants of each Persoon, oldest first: a ring through the rows themselves, and one slot a Persoon to begin at.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::{HashTable, hash_table::Entry};
use medmij_oauth::seal::PersoonIndex;

use super::{
    rows::GrantRow,
    table::{Slot, Table},
};

#[derive(Debug, Default)]
pub(super) struct Persons {
    oldest: HashTable<Slot>,
    hasher: RandomState,
}

impl Persons {
    /// The grants of a Persoon.
    pub(super) fn of(&self, persoon: &PersoonIndex, grants: &Table<GrantRow>) -> Vec<Slot> {
        let is = |slot: &Slot| grants.at(*slot).is_some_and(|row| row.persoon == *persoon);
        let mut slots = Vec::new();
        let mut next = self.oldest.find(self.hasher.hash_one(persoon), is).copied();
        while let Some(slot) = next {
            slots.push(slot);
            let after = grants.at(slot).map(|row| row.next);
            next = after.filter(|after| slots.first() != Some(after));
        }
        slots
    }

    /// Puts a new grant, whose row is in the table, behind the others of its Persoon.
    pub(super) fn add(&mut self, slot: Slot, grants: &mut Table<GrantRow>) {
        let Some(persoon) = grants.at(slot).map(|row| row.persoon) else {
            return;
        };
        let hash = |slot: &Slot| grants.at(*slot).map_or(0, |row| self.hasher.hash_one(row.persoon));
        let is = |slot: &Slot| grants.at(*slot).is_some_and(|row| row.persoon == persoon);
        match self.oldest.entry(self.hasher.hash_one(persoon), is, hash) {
            Entry::Vacant(vacant) => {
                vacant.insert(slot);
                tie(grants, slot, slot);
            }
            Entry::Occupied(occupied) => {
                let oldest = *occupied.get();
                let newest = grants.at(oldest).map_or(oldest, |row| row.before);
                tie(grants, newest, slot);
                tie(grants, slot, oldest);
            }
        }
    }

    /// Takes a grant out of its ring, before its row goes.
    pub(super) fn remove(&mut self, slot: Slot, grants: &mut Table<GrantRow>) {
        let Some(row) = grants.at(slot) else { return };
        let (before, next) = (row.before, row.next);
        if let Ok(mut entry) = self
            .oldest
            .find_entry(self.hasher.hash_one(row.persoon), |oldest| *oldest == slot)
        {
            if next == slot {
                entry.remove();
            } else {
                *entry.get_mut() = next;
            }
        }
        tie(grants, before, next);
    }
}

fn tie(grants: &mut Table<GrantRow>, before: Slot, next: Slot) {
    if let Some(row) = grants.at_mut(before) {
        row.next = next;
    }
    if let Some(row) = grants.at_mut(next) {
        row.before = before;
    }
}
