// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a code to resources in the dossier: the back-channel half of Verzamelen.

use super::{
    asked,
    jobs::{self, Job, State, Why},
    offerings::Offerings,
};
use crate::STEP;
use crate::{App, account::events::Event, automatic, dossier::Source};
use medmij_dvp::{CallbackError, ExchangeError, ReceivedCode, Tokens, UserMessage};
use medmij_dvp::{dossier::DossierError, person::PersonId};
use medmij_fhir::{
    Access, Choices, Collection, Drive, Driven, FhirError, Gegevensdienst, Limits, Progress, Report, SearchDate, check,
    coverage::Coverage,
};
use medmij_net::NetError;
use medmij_types::{Clock as _, EntropyError, GegevensdienstId, SystemClock};
use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// Exchanges the code and collects every gegevensdienst that was granted, each on its own: where one fails the others go on.
pub(crate) async fn collect_all(app: &App, person: PersonId, job: &Job, received: ReceivedCode) {
    let answers = Mutex::new(None);
    let so_far = || answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let work = collect_each(app, person, job, received, &answers);
    jobs::beating(app, (person, job.number()), so_far, work).await;
}

/// How many answers came, and for what.
type Answers = Mutex<Option<(GegevensdienstId, usize)>>;

async fn collect_each(app: &App, person: PersonId, job: &Job, received: ReceivedCode, answers: &Answers) {
    let (offerings, number) = (&job.offerings, job.number());
    let asked = received.flow().gegevensdiensten().to_vec();
    let provider = &job.provider;
    let tokens = match exchange(app, received).await {
        Ok(tokens) => tokens,
        Err(error) => return not_collected(app, (person, number), provider, &asked, &error).await,
    };
    // what the authorization server left out was not granted
    let left_out: Vec<_> = asked
        .iter()
        .filter(|id| !tokens.granted.gegevensdiensten.contains(id))
        .cloned()
        .collect();
    jobs::with(app, person, number, |job| job.set(&left_out, &State::NotGranted)).await;
    keep_for_longer(app, person, job, &tokens).await;
    for id in &tokens.granted.gegevensdiensten {
        let progress = |number| {
            *answers.lock().unwrap_or_else(PoisonError::into_inner) = Some((id.clone(), number));
        };
        let now = SystemClock::default().now();
        let state = match collect_service(app, person, offerings, &tokens, id, now, progress).await {
            Ok((state, _)) => state,
            Err(error) => {
                not_collected(app, (person, number), provider, std::slice::from_ref(id), &error).await;
                continue;
            }
        };
        if let State::Whole { items } | State::Partial { items, .. } = &state {
            let event = Event::Collected {
                provider: provider.clone(),
                service: offerings.name_of(id),
                items: *items,
                whole: matches!(state, State::Whole { .. }),
            };
            app.record(person, event).await;
        }
        jobs::with(app, person, number, |job| job.set(std::slice::from_ref(id), &state)).await;
    }
}

/// What was consented to for longer is kept, and ordered where the Persoon ticked that before the login.
async fn keep_for_longer(app: &App, person: PersonId, job: &Job, tokens: &Tokens) {
    let ordered = match automatic::keep(app, person, &job.offerings, tokens, job.automatic).await {
        Ok(ordered) => ordered,
        Err(error) => {
            tracing::error!(%error, "a consent for longer cannot be kept");
            false
        }
    };
    if job.automatic {
        let ids = &tokens.granted.gegevensdiensten;
        jobs::with(app, person, job.number(), |job| {
            for line in job.lines.iter_mut().filter(|line| ids.contains(&line.id)) {
                line.automatic = Some(ordered);
            }
        })
        .await;
    }
}

/// Says that nothing came, on the page and in what happened.
pub(crate) async fn not_collected(
    app: &App,
    (person, number): (PersonId, u64),
    provider: &str,
    ids: &[GegevensdienstId],
    error: &CollectError,
) {
    tracing::info!(target: STEP, role = app.role, rule = "", "krijgt geen gegevens: {error}");
    let state = error.state();
    jobs::with(app, person, number, |job| job.set(ids, &state)).await;
    let provider = provider.to_owned();
    let event = match state {
        State::NotGranted => Event::NotGranted { provider },
        _ => Event::CollectionFailed {
            provider,
            service: None,
        },
    };
    app.record(person, event).await;
}

/// Collects one gegevensdienst and keeps what came; how it ended, and how much was not there yet. `answered` gets each
/// answer.
pub(crate) async fn collect_service(
    app: &App,
    person: PersonId,
    offerings: &Offerings,
    tokens: &Tokens,
    id: &GegevensdienstId,
    now: SystemTime,
    answered: impl FnMut(usize) + Send,
) -> Result<(State, usize), CollectError> {
    let report = collect(app, offerings, tokens, id, answered).await?;
    if let Err(error) = asked::record(app, person, offerings, id, &report, now).await {
        tracing::error!(%error, "what was asked cannot be written down");
    }
    let name = offerings.name_of(id);
    let source = Source {
        aanbieder: &tokens.aanbieder,
        gegevensdienst: id,
        name: &name,
    };
    let counts = app.dossier.keep(person, &source, &report, now).await?;
    let pages: usize = report.queries().iter().map(|line| line.pages).sum();
    tracing::info!(
        target: STEP, role = app.role, rule = "core.rscint.200, core.rscint.201",
        "verzamelt {id} {name}: {} vragen, {pages} pagina's, {} resources, {} documenten",
        report.queries().len(), counts.resources, counts.documents,
    );
    assess(app, id, &report);
    let items = counts.resources + counts.documents;
    let gaps = report.gaps();
    if gaps.is_empty() {
        return Ok((State::Whole { items }, counts.new));
    }
    let mut missing: Vec<String> = gaps.iter().map(|gap| for_people(&gap.label)).collect();
    missing.sort();
    missing.dedup();
    let state = State::Partial {
        items,
        missing,
        later: gaps.iter().any(medmij_fhir::Gap::is_temporary),
    };
    Ok((state, counts.new))
}

/// The label of a query as the catalogue has it, in Dutch; of what is no query, a word for people.
fn for_people(label: &str) -> String {
    match label {
        "Document" => "een document".to_owned(),
        "Reference" => "een gegeven waar een ander gegeven naar verwijst".to_owned(),
        "Collection" => "een deel van de gegevens".to_owned(),
        label => label.to_owned(),
    }
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
    mut answered: impl FnMut(usize) + Send,
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
    let mut answers = 0;
    let drive = Drive::default().progress(|progress| match progress {
        Progress::Failed { label, error } => {
            tracing::warn!(%error, gegevensdienst = %id, query = label, "answer not used");
        }
        Progress::Received(_) => {
            answers += 1;
            answered(answers);
        }
        _ => {}
    });
    // core.logging.202: each request and its answer are in the chain log
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
    /// Whether the login that the Persoon was sent to has ended by it.
    pub(crate) const fn ends_the_flow(&self) -> bool {
        match self {
            Self::Callback(error) => matches!(error, CallbackError::Refused(_) | CallbackError::Expired),
            _ => true,
        }
    }

    /// What the page says of it. A request that was not granted is no fault: the Persoon said no, or there was nothing to
    /// share, and the DVP is not told which (autoriseren 1 and 2).
    pub(crate) fn state(&self) -> State {
        let user_message = match self {
            Self::Callback(error) => error.user_message(),
            Self::Exchange(error) => error.user_message(),
            Self::Net(_) | Self::Fhir(_) => UserMessage::OutageAtAanbieder,
            _ => UserMessage::OutageAtUs,
        };
        let why = match user_message {
            UserMessage::NotGranted => return State::NotGranted,
            UserMessage::StartAgain => Why::Expired,
            UserMessage::OutageAtAanbieder => Why::AtAanbieder,
            _ => Why::AtUs,
        };
        State::Failed { why }
    }
}
