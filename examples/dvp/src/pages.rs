// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages, one module a subject.

pub(crate) mod account;
pub(crate) mod automatic;
pub(crate) mod children;
pub(crate) mod collect;
pub(crate) mod consents;
pub(crate) mod dossier;
pub(crate) mod files;
pub(crate) mod happened;
pub(crate) mod mail_code;
pub(crate) mod messages;
pub(crate) mod opening;
pub(crate) mod overview;
pub(crate) mod recover;
pub(crate) mod sign_in;
pub(crate) mod start;
