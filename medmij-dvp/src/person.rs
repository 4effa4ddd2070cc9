// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a DVP owes the Persoon: the account, what is told outside the app, and representation.
//!
//! Rules without IO; the clock is an argument.

mod account;
mod death;
mod notice;
mod representation;
mod represented;

pub use crate::person_id::PersonId;
pub use crate::text_error::TextError;
pub use account::{Account, AccountError, AccountPolicy, AccountStatus, ActiveAccount, StatusChange};
pub use death::{DeathPolicy, Stopped, stop_after_death};
pub use notice::{Notice, NoticeBoard, NoticeText, NoticeTexts, Notifier};
pub use representation::{RepresentationPolicy, RepresentedAccess, represented_access};
pub use represented::{
    RepresentationPage, RepresentationProgress, RepresentationStep, RepresentationTexts, RepresentedPersoon,
};
