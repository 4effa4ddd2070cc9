// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests that every store passes, of either role: whoever writes a store runs them on it.
//!
//! | macro | contract of |
//! | --- | --- |
//! | [`store_contract!`] | [`Store`](medmij_dvza::store::Store), what a DVZA keeps |
//! | [`server_contract!`] | the same, through the authorization server itself |
//! | [`abonnementen_contract!`] | [`Abonnementen`](medmij_abonneren::Abonnementen) of a DVZA |
//! | [`shared_outbox_contract!`] | [`SharedOutbox`](medmij_abonneren::SharedOutbox) of a DVZA |
//! | [`vault_contract!`] | [`TokenVault`](medmij_dvp::vault::TokenVault), the refresh tokens of a DVP |
//! | [`orders_contract!`] | [`OrderStore`](medmij_dvp::collecting::OrderStore), the automatic collecting of a DVP |
//! | [`dossiers_contract!`] | [`DossierStore`](medmij_dvp::dossier::DossierStore), the dossiers of a DVP |
//! | [`register_contract!`] | [`AbonnementRegister`](medmij_abonneren::AbonnementRegister) of a DVP |
//!
//! [`registration::replicas_follow_the_registration`] is the contract of a table that holds the registration of a DVZA.
//! [`store::nothing_that_ended_is_revived`] and [`restore::nothing_that_ended_comes_back`] are what a copy that is put back owes.
//!
//! Each macro takes an expression that makes an empty store, and becomes one `#[tokio::test]` a guarantee, with racing callers
//! and lost answers among them. The crate that calls one needs `tokio` with `macros` and `rt-multi-thread`.
//!
//! ```
//! use medmij_dvza::store::MemoryStore;
//!
//! medmij_store_contract::store_contract!(MemoryStore::default());
//! medmij_store_contract::server_contract!(MemoryStore::default());
//! ```
#![forbid(unsafe_code)]

pub mod abonneren;
pub mod dossiers;
pub mod orders;
mod person;
pub mod registration;
pub mod restore;
pub mod store;
pub mod vault;
