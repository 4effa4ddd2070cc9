// SPDX-License-Identifier: AGPL-3.0-or-later
//! Collecting: what can be collected where, what the Persoon set going, and how far it is.

pub(crate) mod asked;
pub(crate) mod flows;
pub(crate) mod jobs;
mod offerings;
mod providers;
mod run;
mod services;

pub(crate) use jobs::{Job, Line, State, Why};
pub(crate) use offerings::Offerings;
pub use providers::ProvidersError;
pub(crate) use providers::{Provider, Providers};
pub(crate) use run::{CollectError, collect_all, collect_service, not_collected};
pub(crate) use services::{Explained, explained};

/// Everything that can be collected now, by provider.
pub(crate) fn offered(app: &crate::App) -> Option<Vec<Offerings>> {
    let (zal, gnl) = (app.zal.current()?, app.gnl.current()?);
    Some(offerings::all(&zal, &gnl))
}
