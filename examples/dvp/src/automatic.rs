// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.100 – core.gegevensuitwisseling.201, core.dossier.107 — automatic collecting, carried out: what
//! was consented to for longer, what the Persoon ordered, the nights in which it is collected, and what the Persoon is told.

mod consents;
mod night;
mod notices;

pub(crate) use consents::{Listed, Outcome, all, choose, forget_all, keep, stop};
pub(crate) use night::{keep_time, round};
pub(crate) use notices::add as add_notice;

use crate::{
    StartError,
    account::vault::{Vault, VaultError},
    collecting::CollectError,
    store::Store,
};
use medmij_dvp::{
    collecting::{CollectingPolicy, SlotKey, StoreError},
    journal::JournaledVault,
    vault::{RefreshError, RefreshTokens},
};
use medmij_oauth::seal::LocalKeyRing;
use medmij_types::{CalendarDate, Clock, OsEntropy, SystemClock};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// By which clock automatic collecting goes, and how often it is looked at.
#[derive(Clone)]
pub struct Schedule {
    /// The clock: of a test, one that is moved.
    pub clock: Arc<dyn Clock>,
    /// How long between two looks.
    pub every: Duration,
}

impl Default for Schedule {
    /// The clock of the system, once a minute.
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            every: Duration::from_secs(60),
        }
    }
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schedule")
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

/// What automatic collecting works with.
pub(crate) struct Automatic {
    pub(crate) vault: Arc<JournaledVault<Store>>,
    tokens: RefreshTokens<Arc<JournaledVault<Store>>>,
    policy: CollectingPolicy,
    slots: SlotKey,
    pub(crate) schedule: Schedule,
    /// The day on which accounts were last looked at.
    swept: Mutex<Option<CalendarDate>>,
}

impl Automatic {
    pub(crate) fn new(
        vault: Arc<JournaledVault<Store>>,
        ring: Arc<LocalKeyRing>,
        accounts: &Vault,
        schedule: Schedule,
    ) -> Result<Self, StartError> {
        // the same for all replicas, since the ring is
        let key = accounts.fingerprint("pgo slots", b"").ok();
        let key = key.and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        Ok(Self {
            tokens: RefreshTokens::new(Arc::clone(&vault), ring, Arc::new(OsEntropy)),
            vault,
            policy: CollectingPolicy::default(),
            slots: SlotKey::new(key.ok_or(StartError::Slots)?),
            schedule,
            swept: Mutex::new(None),
        })
    }
}

/// Why automatic collecting cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AutomaticError {
    #[error(transparent)]
    Accounts(#[from] VaultError),
    #[error(transparent)]
    Orders(#[from] StoreError),
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    #[error(transparent)]
    Collect(#[from] CollectError),
}
