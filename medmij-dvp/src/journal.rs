// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.105, core.dossier.108 — a vault whose ends also are outside it, and which serves nothing while it is older than
//! they are (feature `journal`).
//!
//! What a copy that is put back loses all the same: a refresh token that was used since is one that the DVZA has replaced. It
//! is offered once, the DVZA ends the consent, and the Persoon consents again. What was collected since is gone until it is
//! collected anew, and orders and Abonnementen since are unknown. Nothing that a Persoon withdrew, deleted or erased comes back.

mod replay;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use medmij_oauth::{
    journal::{Journal, JournalEntry},
    storage::{JournalMarks, StoreError},
};

use crate::{
    collecting::{CollectingPolicy, Lease, Order, OrderStore, Run, RunKey, RunOutcome, SlotKey},
    dossier::{CollectionId, DossierRow, DossierStore, ItemId, SealedItem},
    person::PersonId,
    vault::{Advanced, RefreshStart, TokenVault, VaultKey},
};

/// A vault with a [`Journal`] of the role `dvp`. What a Persoon withdraws, cancels, deletes or erases, and what freezes after a
/// death, is on the disk there too before it is answered. While the journal has an end that the vault has not, every operation
/// is an error, until [`reconcile`](Self::reconcile) ended it again.
///
/// It looks once a second. Stop the programs before a copy is put back; they may start before it is reconciled.
#[derive(Debug)]
pub struct JournaledVault<V> {
    vault: V,
    journal: Arc<Journal>,
}

impl<V: JournalMarks> JournaledVault<V> {
    /// A vault with its journal.
    #[must_use]
    pub fn new(vault: V, journal: impl Into<Arc<Journal>>) -> Self {
        Self {
            vault,
            journal: journal.into(),
        }
    }

    /// The vault itself, which looks at no journal.
    #[must_use]
    pub fn vault(&self) -> &V {
        &self.vault
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether the vault is older than its journal: for a probe of readiness.
    ///
    /// # Errors
    ///
    /// [`StoreError`], where the vault or the journal cannot be read.
    pub async fn is_older(&self) -> Result<bool, StoreError> {
        Ok(!self.journal.is_behind(&self.vault).await?.is_empty())
    }

    async fn pass(&self) -> Result<(), StoreError> {
        self.journal.pass(&self.vault).await
    }

    async fn ended(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.journal.record(&self.vault, entry).await
    }
}

impl<V: JournalMarks + TokenVault + OrderStore + DossierStore> JournaledVault<V> {
    /// Ends in the vault what the journal has and the vault has not, oldest first; how many ends. It may be broken off and done
    /// again, and several processes may do it.
    ///
    /// # Errors
    ///
    /// [`StoreError`], where the vault or the journal fails, or the journal has what this version does not know.
    pub async fn reconcile(&self) -> Result<usize, StoreError> {
        let missing = self.journal.is_behind(&self.vault).await?;
        for entry in &missing {
            replay::again(&self.vault, entry).await?;
            self.vault.mark_journal(&entry.file, entry.number).await?;
        }
        self.journal.look_again();
        Ok(missing.len())
    }
}

macro_rules! operations {
    ($of:ident; $($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty $(=> $entry:expr)?;)*) => {
        impl<V: JournalMarks + $of> $of for JournaledVault<V> {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                self.pass().await?;
                let answer = self.vault.$name($($arg),*).await?;
                $(
                    // also where nothing was there: it may have ended a moment ago without getting here
                    self.ended($entry).await?;
                )?
                Ok(answer)
            }
        )*}
    };
}

operations! { TokenVault;
    keep(key: &VaultKey, sealed: Vec<u8>) -> ();
    begin(key: &VaultKey, lease: Duration) -> RefreshStart;
    finish(key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Advanced;
    release(key: &VaultKey, attempt: u64) -> ();
    lapse(key: &VaultKey, attempt: u64) -> Advanced;
    forget(key: &VaultKey) -> () => replay::token(key);
    purge(older_than: Duration, batch: usize) -> usize;
}

operations! { OrderStore;
    add_order(order: Order, now: SystemTime, rules: (&CollectingPolicy, &SlotKey)) -> ();
    cancel_order(order: &Order) -> bool => replay::order(order);
    cancel_orders(person: PersonId) -> usize => replay::orders(person);
    orders(person: PersonId) -> Vec<Order>;
    lease_runs(now: SystemTime, until: SystemTime, most: usize) -> Vec<Lease>;
    start_run(lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> Option<Run>;
    finish_run(lease: &Lease, outcome: RunOutcome, now: SystemTime) -> ();
    skip_run(lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> ();
    silent_runs(since: SystemTime, most: usize) -> Vec<RunKey>;
    purge_runs(now: SystemTime, most: usize) -> usize;
}

operations! { DossierStore;
    begin_dossier(person: PersonId, sealed_key: Vec<u8>) -> DossierRow;
    dossier(person: PersonId) -> Option<DossierRow>;
    keep_items(person: PersonId, items: Vec<SealedItem>) -> bool;
    replace_item(person: PersonId, item: ItemId, sealed: Vec<u8>) -> bool;
    items(person: PersonId) -> Vec<SealedItem>;
    delete_item(person: PersonId, item: ItemId) -> usize => replay::item(person, item);
    delete_collection(person: PersonId, collection: CollectionId) -> usize => replay::collection(person, collection);
    freeze_dossier(person: PersonId, now: SystemTime) -> bool => replay::frozen(person, now);
    erase_dossier(person: PersonId) -> usize => replay::dossier(person);
    frozen_dossiers(before: SystemTime, most: usize) -> Vec<PersonId>;
}
