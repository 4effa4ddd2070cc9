// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was asked where and when, for the portabiliteitsrapport: sealed under the data key of the Persoon, kept as long as
//! what happened.

use super::offerings::Offerings;
use crate::{
    App,
    account::{Kind, events::KEPT, seconds, vault::VaultError},
};
use medmij_dvp::person::PersonId;
use medmij_fhir::Report;
use medmij_types::{Aanbiedernaam, Entropy as _, GegevensdienstId, OsEntropy};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// One collection of a gegevensdienst.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) aanbieder: Aanbiedernaam,
    pub(crate) gegevensdienst: GegevensdienstId,
    /// In seconds.
    pub(crate) at: i64,
    /// The addresses that were asked.
    pub(crate) requests: Vec<String>,
}

/// Writes down what was asked.
pub(crate) async fn record(
    app: &App,
    person: PersonId,
    offerings: &Offerings,
    id: &GegevensdienstId,
    report: &Report,
    now: SystemTime,
) -> Result<(), VaultError> {
    let queries = report.queries().iter().filter(|query| query.pages > 0);
    let address = |query: &medmij_fhir::QueryReport| {
        let endpoint = offerings.resource_endpoint(id, &query.systeemrol)?;
        Some(format!(
            "{}/{}",
            endpoint.as_str().trim_end_matches('/'),
            query.query.as_ref()?.path_and_query()
        ))
    };
    let asked = Asked {
        aanbieder: offerings.aanbieder.clone(),
        gegevensdienst: id.clone(),
        at: seconds(now),
        requests: queries.filter_map(address).collect(),
    };
    let mut row = vec![0; 16];
    OsEntropy.fill(&mut row)?;
    let expires = asked.at.saturating_add(KEPT);
    let vault = &app.accounts.vault;
    vault
        .add(Kind::Asked, row, Some(person), expires, &asked)
        .await
        .map(|_| ())
}

/// Everything that was asked, the earliest first.
pub(crate) async fn all(app: &App, person: PersonId) -> Result<Vec<Asked>, VaultError> {
    let found = app.accounts.vault.all::<Asked>(Kind::Asked, person).await?;
    let mut asked: Vec<Asked> = found.into_iter().map(|(_, asked)| asked).collect();
    asked.sort_by_key(|asked| asked.at);
    Ok(asked)
}
