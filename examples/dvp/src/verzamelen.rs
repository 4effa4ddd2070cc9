// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a code to resources in the dossier: the back-channel half of Verzamelen.

use crate::STEP;
use crate::{
    App,
    dossier::{Counted, Source},
    offerings::Offerings,
};
use medmij_dvp::{CallbackError, ExchangeError, FlowGroup, ReceivedCode, Tokens, UserMessage};
use medmij_dvp::{dossier::DossierError, person::PersonId};
use medmij_fhir::{
    Access, Choices, Collection, Drive, Driven, FhirError, Gegevensdienst, Limits, Progress, Report, SearchDate, check,
    coverage::Coverage,
};
use medmij_net::NetError;
use medmij_types::{Clock as _, EntropyError, GegevensdienstId, SystemClock};
use std::collections::VecDeque;

/// What a Persoon has set going: one Aanbieder, one flow for each of its authorization servers.
pub(crate) struct Job {
    /// The offer that was chosen, from one list: all flows see the same endpoints.
    pub(crate) offerings: Offerings,
    /// The flows that are still to come.
    pub(crate) wait: VecDeque<FlowGroup>,
    /// What came of the others.
    pub(crate) results: Vec<CollectResult>,
}

/// What came of a flow, for one gegevensdienst or for all of it.
#[derive(Clone)]
pub(crate) enum CollectResult {
    /// Resources came.
    Collected {
        /// Which gegevensdienst.
        name: String,
        /// How much was kept.
        kept: Counted,
        /// Whether every query was answered.
        complete: bool,
    },
    /// Nothing came.
    Failed {
        /// What to tell the Persoon.
        user_message: &'static str,
    },
}

/// Exchanges the code and collects every gegevensdienst that was granted.
pub(crate) async fn collect_all(
    app: &App,
    person: PersonId,
    offerings: &Offerings,
    received: ReceivedCode,
) -> Result<Vec<CollectResult>, CollectError> {
    let tokens = exchange(app, received).await?;
    let mut results = Vec::new();
    for id in &tokens.granted.gegevensdiensten {
        let report = collect(app, offerings, &tokens, id).await?;
        let name = offerings.name_of(id);
        let source = Source {
            aanbieder: &tokens.aanbieder,
            gegevensdienst: id,
            name: &name,
        };
        let kept = app.dossier.keep(person, &source, &report).await?;
        let complete = report.is_complete();
        let pages: usize = report.queries().iter().map(|line| line.pages).sum();
        tracing::info!(
            target: STEP, role = app.role, rule = "core.rscint.200, core.rscint.201",
            "verzamelt {id} {name}: {} vragen, {pages} pagina's, {} resources, {} documenten",
            report.queries().len(), kept.resources, kept.documents,
        );
        assess(app, id, &report);
        results.push(CollectResult::Collected { name, kept, complete });
    }
    Ok(results)
}

/// Says what the qualification would say of what came: the searchset check, and which zibs are filled.
fn assess(app: &App, id: &GegevensdienstId, report: &Report) {
    let Some(service) = Gegevensdienst::lookup(id) else {
        return;
    };
    let (version, limits) = (service.version(), Limits::default());
    let mut coverage = Coverage::of(service);
    let (mut errors, mut warnings) = (0, 0);
    let mut first: Option<String> = None;
    for collected in report.verdict().resources() {
        let bytes = collected.resource.as_bytes();
        if let Err(error) = coverage.add(bytes, version, &limits) {
            tracing::warn!(%error, gegevensdienst = %id, "resource not counted");
        }
        for finding in check::document(bytes, version, &limits).unwrap_or_default() {
            if finding.rule.is_error() {
                errors += 1;
                let of = collected.resource.resource_type();
                first.get_or_insert_with(|| format!("; de eerste: {of}.{}, {}", finding.path, finding.rule.code()));
            } else {
                warnings += 1;
            }
        }
    }
    let first = first.unwrap_or_default();
    tracing::info!(
        target: STEP, role = app.role, rule = "searchset check",
        "toetst {id} zoals de kwalificatie: {errors} fouten, {warnings} waarschuwingen{first}",
    );
    let zibs = coverage.zibs().len();
    if zibs > 0 {
        let needed = coverage
            .threshold()
            .map(|number| format!(", {number} nodig om te kwalificeren"));
        tracing::info!(
            target: STEP, role = app.role, rule = "dekking",
            "ziet in {id} {} van {zibs} zibs gevuld{}", coverage.filled(), needed.unwrap_or_default(),
        );
    }
}

async fn exchange(app: &App, received: ReceivedCode) -> Result<Tokens, CollectError> {
    let (request, exchange) = app.dvp.token_request(received)?;
    let host = exchange.token_endpoint().hostname().clone();
    // core.tknint.203: sent once, whatever comes of it
    let response = match app.back.send(request).await {
        Ok(response) => response,
        Err(error) => {
            app.dvp.unanswered(&exchange);
            return Err(error.into());
        }
    };
    let tokens = app.dvp.tokens(exchange, &response)?;
    let ids: Vec<&str> = tokens
        .granted
        .gegevensdiensten
        .iter()
        .map(GegevensdienstId::as_str)
        .collect();
    let seconds = tokens
        .expires_at
        .duration_since(SystemClock::default().now())
        .unwrap_or_default()
        .as_secs()
        + 1;
    tracing::info!(
        target: STEP, role = app.role, rule = "core.tknint.200, core.tknint.203, core.whl.307",
        "wisselt de code in bij {host} (mTLS): access token van {seconds} s voor {}", ids.join(", "),
    );
    Ok(tokens)
}

async fn collect(
    app: &App,
    offerings: &Offerings,
    tokens: &Tokens,
    id: &GegevensdienstId,
) -> Result<Report, CollectError> {
    let unsupported = || CollectError::Unsupported(id.clone());
    let gegevensdienst = Gegevensdienst::lookup(id).ok_or_else(unsupported)?;
    let endpoints = offerings.resource_endpoints(id).ok_or_else(unsupported)?;
    let correlation_id = tokens.correlation_id.clone().ok_or_else(unsupported)?;
    let access = Access::new(
        endpoints,
        tokens.access_token.clone(),
        correlation_id,
        gegevensdienst.version(),
    )
    .with_expiry(tokens.expires_at);
    let choices = Choices::default().today(SearchDate::dutch_day(SystemClock::default().now()));
    let mut collection = Collection::new(gegevensdienst, access, choices, Limits::default())?;
    let drive = Drive::default().progress(|progress| {
        if let Progress::Failed { label, error } = progress {
            tracing::warn!(%error, gegevensdienst = %id, query = label, "answer not used");
        }
    });
    // core.logging.202: each request and its answer stand in the chain log
    let log = app.dvp.resource_log(tokens, id);
    if collection.drive(&log.over(&app.back), drive).await? != Driven::Done {
        tracing::warn!(gegevensdienst = %id, "the collection ended before its last query");
    }
    Ok(collection.finish())
}

/// Why a flow brought nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CollectError {
    /// The browser did not come back with a code.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The token endpoint gave no token.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The other Node could not be reached, or is not allowed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The collection could not start or go on.
    #[error(transparent)]
    Fhir(#[from] FhirError),
    /// The dossier could not be written.
    #[error(transparent)]
    Dossier(#[from] DossierError),
    /// A gegevensdienst that this DVP does not know or the list does not offer.
    #[error("gegevensdienst {0} is not supported here")]
    Unsupported(GegevensdienstId),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl CollectError {
    /// What to tell the Persoon.
    pub(crate) fn user_message(&self) -> &'static str {
        let user_message = match self {
            Self::Callback(error) => error.user_message(),
            Self::Exchange(error) => error.user_message(),
            Self::Net(_) | Self::Fhir(_) => UserMessage::OutageAtAanbieder,
            _ => UserMessage::OutageAtUs,
        };
        match user_message {
            UserMessage::NotGranted => "De zorgaanbieder heeft uw gegevens niet gegeven.",
            UserMessage::StartAgain => "Dit verzoek is niet meer geldig. Begin opnieuw.",
            UserMessage::OutageAtAanbieder => "Het lukt nu niet bij de zorgaanbieder. Probeer het later nog eens.",
            _ => "Het lukt nu niet door een fout bij ons. Probeer het later nog eens.",
        }
    }
}
