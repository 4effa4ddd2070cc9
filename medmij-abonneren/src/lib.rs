// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint, ext.abo.subnotint, ext.abo.rscnotint — Abonneren and Notificeren, for both sides, without IO.
//!
//! A DVP that was authorized for `subscribe~N/naam~id` makes, changes and ends an Abonnement with
//! [`AbonnementRequest`]s at the subscription endpoint of the DVZA; the DVZA answers them with [`answer`] and keeps
//! [`Abonnementen`]. When there is something new, or the Abonnement ends, the DVZA sends a [`Notificatie`] to the DVP, which
//! takes it with [`Ontvanger::receive`] from nobody but the DVZA whose Abonnement it is: that stands in its
//! [`AbonnementRegister`].
//!
//! | | DVZA | DVP |
//! | --- | --- | --- |
//! | in memory | [`MemoryAbonnementen`] | [`MemoryRegister`] |
//! | SQLite | `SqliteStore` | `SqliteVault` |
//! | PostgreSQL | `PostgresStore` | `PostgresVault` |
//!
//! The feature `lists` looks up in the OAuth Client List where notifications of a DVP go.
//!
//! The exact tables of the 2.2 pages could not be read. Field names, numbers and the statuses of errors are in [`AboPolicy`].
#![forbid(unsafe_code)]

mod abonnementen;
mod beheer;
mod datum;
mod id;
mod judge;
#[cfg(feature = "lists")]
pub mod lists;
mod memory;
mod message;
mod notificatie;
mod ontvanger;
mod register;
mod request;

use medmij_oauth::policy::Mark;

use medmij_types::Datum;

pub use self::{
    abonnementen::{AbonnementRow, Abonnementen, Created},
    beheer::{BeheerError, SubscriptionToken, answer},
    id::{AbonnementId, AbonnementIdError},
    judge::{Toegestaan, Verdict, judge},
    memory::{MemoryAbonnementen, MemoryRegister},
    message::AbonnementError,
    notificatie::{Notificatie, NotificatieError, NotificatieSoort, Notificaties, deliver_before},
    ontvanger::{Ontvangen, Ontvanger},
    register::{AbonnementBron, AbonnementRegister},
    request::{Abonnement, AbonnementRequest},
};

/// What could not be read of the three interfaces, with defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AboPolicy {
    /// The member that names an Abonnement at the subscription interface.
    pub id: &'static str,
    /// The member with the end.
    pub end: &'static str,
    /// The status of the answer to a notification about an Abonnement that is not known (I11).
    pub unknown_status: u16,
    /// The member of the answer to a notification (ext.abo.rscnotint.205).
    pub answer: &'static str,
    /// How many Abonnementen one Persoon can have at one DVP, on the side of the DVZA; the same for every DVP. An Aanbieder
    /// is free to refuse a creation.
    pub meeste: u32,
    /// The status of the answer to one more.
    pub full_status: u16,
    /// On what these values rest.
    pub mark: Mark,
}

impl Default for AboPolicy {
    fn default() -> Self {
        Self {
            id: "id",
            end: "end",
            unknown_status: 404,
            answer: "subscription_id",
            meeste: 100,
            full_status: 403,
            mark: Mark::Unknown,
        }
    }
}
