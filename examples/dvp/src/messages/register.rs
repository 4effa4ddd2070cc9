// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — from which DVZA which notification may come, in the store of the dossiers.

use crate::store::Store;
use medmij_abonneren::{AbonnementId, AbonnementRegister, AbonnementSource, Created};
use medmij_dvp::journal::JournaledVault;
use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::CalendarDate;
use std::sync::Arc;

/// The register.
pub(crate) struct Register(Arc<JournaledVault<Store>>);

impl Register {
    pub(crate) const fn new(vault: Arc<JournaledVault<Store>>) -> Self {
        Self(vault)
    }

    /// The store; none while an older copy was put back, for a DVZA ends what is answered to be unknown.
    async fn store(&self) -> Result<&Store, StoreError> {
        match self.0.is_older().await? {
            true => Err(StoreError::unavailable("store is older than its journal")),
            false => Ok(self.0.vault()),
        }
    }
}

macro_rules! either {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl AbonnementRegister for Register {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                match self.store().await? {
                    Store::Sqlite(store) => AbonnementRegister::$name(store $(, $arg)*).await,
                    Store::Postgres(store) => AbonnementRegister::$name(store $(, $arg)*).await,
                }
            }
        )*}
    };
}

either! {
    add(id: &AbonnementId, source: AbonnementSource, most: u32) -> Created;
    source(id: &AbonnementId) -> Option<AbonnementSource>;
    set_end(id: &AbonnementId, end: CalendarDate) -> ();
    remove(id: &AbonnementId) -> ();
    of(owner: &PersoonIndex) -> Vec<(AbonnementId, AbonnementSource)>;
    purge_before(day: CalendarDate, batch: usize) -> usize;
}
