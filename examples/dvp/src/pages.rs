// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages, one module a subject.

/// What was looked up, or the page that is in its place: not found, or an outage.
macro_rules! found {
    ($visitor:expr, $looked_up:expr) => {
        match $looked_up {
            Ok(Some(found)) => found,
            Ok(None) => {
                return crate::html::message(&$visitor, http::StatusCode::NOT_FOUND, &crate::html::NOT_FOUND);
            }
            Err(error) => return crate::html::outage(&$visitor, &error),
        }
    };
}

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
