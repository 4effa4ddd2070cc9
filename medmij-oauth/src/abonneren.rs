// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint, ext.abo.subnotint, ext.abo.rscnotint — Abonneren and Notificeren, for both sides, without IO.
//!
//! A DVP that was authorized for `subscribe~N/naam~id` makes, changes and ends an Abonnement with
//! [`AbonnementRequest`]s at the subscription endpoint of the DVZA; the DVZA answers them with [`answer`]. When there is
//! something new, or the Abonnement ends, the DVZA sends a [`Notificatie`] to the DVP, which takes it with
//! [`Ontvanger::receive`] from nobody but the DVZA whose Abonnement it is.
//!
//! The exact tables of the 2.2 pages could not be read. Field names and the statuses of errors are in [`AboPolicy`], each
//! with its mark.

mod beheer;
mod datum;
mod notificatie;
mod ontvanger;
mod request;

use crate::policy::Mark;

pub use self::{
    beheer::{AbonnementRow, Abonnementen, BeheerError, MemoryAbonnementen, answer},
    datum::{Datum, DatumError},
    notificatie::{Notificatie, NotificatieError, NotificatieSoort, Notificaties, deliver_before},
    ontvanger::{AbonnementBron, Ontvangen, Ontvanger},
    request::{
        Abonnement, AbonnementError, AbonnementId, AbonnementIdError, AbonnementRequest, Toegestaan, Verdict, judge,
    },
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
            mark: Mark::Unknown,
        }
    }
}
