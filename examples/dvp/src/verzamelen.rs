// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a code to resources in the dossier: the back-channel half of Verzamelen.

use crate::STAP;
use crate::{
    App,
    aanbod::Aanbod,
    dossier::{Counted, Source},
};
use medmij_dvp::{CallbackError, ExchangeError, FlowGroup, Melding, ReceivedCode, Tokens};
use medmij_dvp::{dossier::DossierError, person::PersonId};
use medmij_fhir::{
    Access, Choices, Collection, Drive, Driven, FhirError, Gegevensdienst, Limits, Progress, Report, SearchDate, check,
    coverage::Coverage,
};
use medmij_net::NetError;
use medmij_types::{Clock as _, EntropyError, GegevensdienstId, SystemClock};
use std::collections::VecDeque;

/// What a Persoon has set going: one Aanbieder, one flow for each of its authorization servers.
pub(crate) struct Opdracht {
    /// The offer that was chosen, from one list: all flows see the same endpoints.
    pub(crate) aanbod: Aanbod,
    /// The flows that are still to come.
    pub(crate) wacht: VecDeque<FlowGroup>,
    /// What came of the others.
    pub(crate) resultaten: Vec<Resultaat>,
}

/// What came of a flow, for one gegevensdienst or for all of it.
#[derive(Clone)]
pub(crate) enum Resultaat {
    /// Resources came.
    Verzameld {
        /// Which gegevensdienst.
        naam: String,
        /// How much was kept.
        kept: Counted,
        /// Whether every query was answered.
        volledig: bool,
    },
    /// Nothing came.
    Mislukt {
        /// What to tell the Persoon.
        melding: &'static str,
    },
}

/// Exchanges the code and collects every gegevensdienst that was granted.
pub(crate) async fn verzamel(
    app: &App,
    person: PersonId,
    aanbod: &Aanbod,
    received: ReceivedCode,
) -> Result<Vec<Resultaat>, VerzamelError> {
    let tokens = exchange(app, received).await?;
    let mut resultaten = Vec::new();
    for id in &tokens.granted.gegevensdiensten {
        let report = collect(app, aanbod, &tokens, id).await?;
        let naam = aanbod.naam_van(id);
        let source = Source {
            aanbieder: &tokens.aanbieder,
            gegevensdienst: id,
            naam: &naam,
        };
        let kept = app.dossier.keep(person, &source, &report).await?;
        let volledig = report.is_complete();
        let pages: usize = report.queries().iter().map(|line| line.pages).sum();
        tracing::info!(
            target: STAP, rol = app.rol, regel = "core.rscint.200, core.rscint.201",
            "verzamelt {id} {naam}: {} vragen, {pages} pagina's, {} resources, {} documenten",
            report.queries().len(), kept.resources, kept.documents,
        );
        assess(app, id, &report);
        resultaten.push(Resultaat::Verzameld { naam, kept, volledig });
    }
    Ok(resultaten)
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
        target: STAP, rol = app.rol, regel = "searchset check",
        "toetst {id} zoals de kwalificatie: {errors} fouten, {warnings} waarschuwingen{first}",
    );
    let zibs = coverage.zibs().len();
    if zibs > 0 {
        let needed = coverage
            .threshold()
            .map(|number| format!(", {number} nodig om te kwalificeren"));
        tracing::info!(
            target: STAP, rol = app.rol, regel = "dekking",
            "ziet in {id} {} van {zibs} zibs gevuld{}", coverage.filled(), needed.unwrap_or_default(),
        );
    }
}

async fn exchange(app: &App, received: ReceivedCode) -> Result<Tokens, VerzamelError> {
    let (request, exchange) = app.dvp.token_request(received)?;
    let host = exchange.token_endpoint().hostname().clone();
    // core.tknint.203: sent once, whatever comes of it
    let response = app.back.send(request).await?;
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
        target: STAP, rol = app.rol, regel = "core.tknint.200, core.tknint.203, core.whl.307",
        "wisselt de code in bij {host} (mTLS): access token van {seconds} s voor {}", ids.join(", "),
    );
    Ok(tokens)
}

async fn collect(app: &App, aanbod: &Aanbod, tokens: &Tokens, id: &GegevensdienstId) -> Result<Report, VerzamelError> {
    let unsupported = || VerzamelError::Unsupported(id.clone());
    let gegevensdienst = Gegevensdienst::lookup(id).ok_or_else(unsupported)?;
    let endpoints = aanbod.resource_endpoints(id).ok_or_else(unsupported)?;
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
            tracing::warn!(%error, gegevensdienst = %id, vraag = label, "answer not used");
        }
    });
    if collection.drive(&app.back, drive).await? != Driven::Done {
        tracing::warn!(gegevensdienst = %id, "the collection ended before its last query");
    }
    Ok(collection.finish())
}

/// Why a flow brought nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum VerzamelError {
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

impl VerzamelError {
    /// What to tell the Persoon.
    pub(crate) fn melding(&self) -> &'static str {
        let melding = match self {
            Self::Callback(error) => error.melding(),
            Self::Exchange(error) => error.melding(),
            Self::Net(_) | Self::Fhir(_) => Melding::StoringBijAanbieder,
            _ => Melding::StoringBijOns,
        };
        match melding {
            Melding::NietVerleend => "De zorgaanbieder heeft uw gegevens niet gegeven.",
            Melding::OpnieuwBeginnen => "Dit verzoek is niet meer geldig. Begin opnieuw.",
            Melding::StoringBijAanbieder => "Het lukt nu niet bij de zorgaanbieder. Probeer het later nog eens.",
            _ => "Het lukt nu niet door een fout bij ons. Probeer het later nog eens.",
        }
    }
}
