// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint, ext.abo.subnotint, ext.abo.rscnotint — Abonneren and Notificeren, for both sides, without IO.
//!
//! A DVP that was authorized for `subscribe~N/naam~id` makes, changes and ends an Abonnement with
//! [`AbonnementRequest`]s at the subscription endpoint of the DVZA; the DVZA answers them with [`answer`] and keeps
//! [`Abonnementen`]. When there is something new, or the Abonnement ends, the DVZA sends a [`Notificatie`] to the DVP, which
//! takes it with [`NotificatieReceiver::receive`] from nobody but the DVZA whose Abonnement it is: that is in its
//! [`AbonnementRegister`].
//!
//! ```
//! use medmij_abonneren::AboPolicy;
//! use std::time::Duration;
//!
//! // what could not be read is a value with a default
//! let policy = AboPolicy::default();
//! assert_eq!(policy.invalid_id, "invalid_subscription_id");
//! assert_eq!((policy.answer_within, policy.answer_permille), (Duration::from_secs(10), 985));
//! ```
//!
//! | | DVZA | DVP |
//! | --- | --- | --- |
//! | in memory | [`MemoryAbonnementen`] | [`MemoryRegister`] |
//! | SQLite | `SqliteStore` | `SqliteVault` |
//! | PostgreSQL | `PostgresStore` | `PostgresVault` |
//!
//! A source system that has something new tells an [`Outbox`] in the memory of one process; what the DVP answers goes to
//! [`settle`]. Replicas read a [`ChangeFeed`] with [`take_in`], which writes in a [`SharedOutbox`] who has to be notified, and
//! [`deliver`] what is due; [`tell_of_ends`] says which Abonnementen are over. The feature `lists` looks up in the OAuth Client List where notifications of a DVP go.
//!
//! The exact tables of the 2.2 pages could not be read. Field names, numbers, and the statuses and codes of errors (those of
//! release 1.3) are in [`AboPolicy`].
#![forbid(unsafe_code)]

mod abonnementen;
mod answer_times;
mod date;
mod error;
mod feed;
mod id;
mod judge;
#[cfg(feature = "lists")]
pub mod lists;
mod manage;
mod memory;
mod message;
mod notificatie;
mod notification_log;
mod notifier;
mod outbox;
mod receiver;
mod register;
mod request;
mod settle;
mod shared;

use std::time::Duration;

use medmij_oauth::policy::Mark;

use medmij_types::CalendarDate;

pub use self::{
    abonnementen::{AbonnementRow, Abonnementen, Created},
    answer_times::{AnswerAlarm, AnswerCount, AnswerTimes, Month},
    error::AbonnementError,
    feed::{Change, ChangeFeed, Changes, FeedError},
    id::AbonnementId,
    judge::{Allowed, Verdict, judge},
    manage::{ManageError, SubscriptionToken, answer},
    memory::{MemoryAbonnementen, MemoryRegister},
    notificatie::{Notificatie, NotificatieKind, Notificaties, deliver_before},
    notification_log::NotificationLog,
    notifier::{Delivered, Sender, TakeInError, deliver, take_in, tell_of_ends},
    outbox::{Due, Outbox},
    receiver::{NotificatieReceiver, Received},
    register::{AbonnementRegister, AbonnementSource},
    request::{Abonnement, AbonnementRequest},
    settle::{LossAlarm, Losses, Settled, notify, settle},
    shared::{Leased, MemorySharedOutbox, SharedOutbox, Waiting},
};

/// What could not be read of the three interfaces, with defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AboPolicy {
    /// The member that names an Abonnement at the subscription interface.
    pub id: &'static str,
    /// The member with the end.
    pub end: &'static str,
    /// The status of the answer to a notification that is not valid (I11).
    pub invalid_status: u16,
    /// The `error` where the Abonnement is not known. A DVZA ends the Abonnement on it, so it is answered after a good read of
    /// the register only.
    pub invalid_id: &'static str,
    /// The `error` where the kind of notification is not known.
    pub invalid_type: &'static str,
    /// The status of the answer where a notification cannot be handled now.
    pub unavailable_status: u16,
    /// Within how long the answer to a notification of either kind is due (ext.abo.rscnotint.207; for subscription
    /// notifications release 1.4 says the same). [`AnswerTimes`] counts by it.
    pub answer_within: Duration,
    /// How many of a thousand answers are due within that (ext.abo.rscnotint.207).
    pub answer_permille: u32,
    /// How many of a thousand Abonnementen of a DVP may be lost within an hour before it is an alarm ([`settle`]).
    pub loss_permille: u32,
    /// The member of the answer to a notification (ext.abo.rscnotint.205).
    pub answer: &'static str,
    /// How many Abonnementen one Persoon can have at one DVP, on the side of the DVZA; the same for every DVP. An Aanbieder
    /// is free to refuse a creation.
    pub most: u32,
    /// The status of the answer to one more.
    pub full_status: u16,
    /// On what these values rest.
    pub mark: Mark,
}

impl AboPolicy {
    /// The values with the code and the mark of each, for an overview.
    #[must_use]
    pub fn marked(&self) -> [(&'static str, String, &'static str, Mark); 12] {
        let seconds = format!("{} s", self.answer_within.as_secs());
        let text = str::to_owned;
        [
            ("id", text(self.id), "ext.abo.subint.201", self.mark),
            ("end", text(self.end), "ext.abo.subint.201", self.mark),
            (
                "invalid_status",
                self.invalid_status.to_string(),
                "ext.abo.rscnotint.203",
                self.mark,
            ),
            ("invalid_id", text(self.invalid_id), "ext.abo.subnotint.203", self.mark),
            (
                "invalid_type",
                text(self.invalid_type),
                "ext.abo.subnotint.203",
                self.mark,
            ),
            (
                "unavailable_status",
                self.unavailable_status.to_string(),
                "ext.abo.rscnotint.203",
                self.mark,
            ),
            ("answer_within", seconds, "ext.abo.rscnotint.207", Mark::Confirmed),
            (
                "answer_permille",
                self.answer_permille.to_string(),
                "ext.abo.rscnotint.207",
                Mark::Confirmed,
            ),
            ("loss_permille", self.loss_permille.to_string(), "", self.mark),
            ("answer", text(self.answer), "ext.abo.rscnotint.205", self.mark),
            ("meeste", self.most.to_string(), "", self.mark),
            (
                "full_status",
                self.full_status.to_string(),
                "ext.abo.subint.201",
                self.mark,
            ),
        ]
    }
}

impl Default for AboPolicy {
    fn default() -> Self {
        Self {
            id: "id",
            end: "end",
            invalid_status: 400,
            invalid_id: "invalid_subscription_id",
            invalid_type: "invalid_notification_type",
            unavailable_status: 500,
            answer_within: Duration::from_secs(10),
            answer_permille: 985,
            loss_permille: 50,
            answer: "subscription_id",
            most: 100,
            full_status: 403,
            mark: Mark::Unknown,
        }
    }
}
