// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.100 – core.gegevensuitwisseling.105, core.gegevensuitwisseling.103,
//! core.gegevensuitwisseling.201, core.dossier.107 — automatic collecting, on the order of the Persoon.
//!
//! A Persoon orders it for each Aanbieder and Gegevensdienst. Everything that a Persoon ordered at one DVA is collected
//! in one run, at most once in 24 hours, counted from the start of the run before; runs lie between 23:00 and 06:00 in
//! Europe/Amsterdam, spread over the window by a keyed hash.
//!
//! Nothing here does IO: [`Slot`] and [`CollectingPolicy`] say when, an [`OrderStore`] keeps who and shares the work
//! between schedulers, and the application collects.
//!
//! A run goes lease → start → finish. A scheduler that dies before the start loses nothing: the lease ends, and another
//! takes the run. One that dies after the start repeats nothing: the start counts for the 24 hours.

mod memory;
mod order;
mod policy;
mod slot;
mod store;

pub use medmij_oauth::storage::StoreError;
pub use memory::MemoryOrders;
pub use order::{Order, Run, RunKey, RunOutcome};
pub use policy::CollectingPolicy;
pub use slot::{Slot, SlotKey};
pub use store::{Lease, OrderStore};
