// SPDX-License-Identifier: AGPL-3.0-or-later
//! "Bericht bij nieuwe gegevens": which messages are on, what was heard, and putting them on and off.

use super::collect;
use crate::{
    App,
    account::{events::Event, vault::VaultError},
    collecting::{self, flows},
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav},
    messages::{self, Listed, Offer, Outcome, SubscribeError},
};
use askama::Template;
use axum::{
    extract::{OriginalUri, Path, RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use http::{Method, StatusCode};
use medmij_dvp::Callback;
use medmij_types::{CalendarDate, Clock as _, GegevensdienstId, SystemClock};
use std::{collections::BTreeSet, sync::Arc};

/// The routes of the messages.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/berichten", get(overview)),
        ("/berichten/melden", post(reported_by)),
        ("/berichten/aan/{provider}/{service}", get(explain).post(put_on)),
        ("/berichten/uit/{message}", get(ask_off).post(put_off)),
        ("/berichten/uit/{message}/daar", post(put_off_there)),
        ("/berichten/nieuw/{message}", post(collect_news)),
        ("/berichten/gezien/{message}", post(seen)),
        ("/berichten/terug/{server}", get(back)),
    ]
}

#[derive(Template)]
#[template(path = "messages/overview.html")]
struct OverviewPage {
    frame: Frame,
    /// What happened just now.
    said: Option<&'static str>,
    news: Vec<Line>,
    on: Vec<Line>,
    off: Vec<OffLine>,
    /// Where the Persoon can be mailed: the address, and whether that was chosen.
    mail: Option<(String, bool)>,
}

struct Line {
    id: String,
    provider: String,
    service: String,
    until: String,
    since: String,
}

struct OffLine {
    provider: String,
    service: String,
    path: String,
}

async fn overview(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let found = async {
        let account = app.accounts.account(signed_in.account()).await?.content;
        Ok::<_, VaultError>((messages::all(&app, signed_in.person()).await?, account))
    };
    let (mine, account) = match found.await {
        Ok(found) => found,
        Err(error) => return html::outage(&visitor, &error),
    };
    let today = today();
    let line = |listed: &Listed| Line {
        id: listed.id.clone(),
        provider: app.providers.of(&listed.kept.aanbieder).name,
        service: listed.kept.service.clone(),
        until: listed.kept.last_day().map_or_else(String::new, html::date),
        since: listed.kept.news.map_or_else(String::new, html::moment),
    };
    let offers = messages::offered(&app);
    let is_on = |offer: &Offer| {
        mine.iter().any(|listed| {
            listed.kept.is_on(today)
                && listed.kept.aanbieder == offer.aanbieder
                && listed.kept.gegevensdienst == offer.id
        })
    };
    let off = offers.iter().filter(|offer| !is_on(offer)).map(|offer| OffLine {
        provider: app.providers.of(&offer.aanbieder).name,
        service: offer.name.clone(),
        path: format!("/berichten/aan/{}/{}", offer.aanbieder.short(), offer.id),
    });
    let mut off: Vec<OffLine> = off.collect();
    off.sort_by(|one, two| (&one.provider, &one.service).cmp(&(&two.provider, &two.service)));
    let filled = OverviewPage {
        frame: Frame::new(&visitor, Nav::None),
        said: query.as_deref().and_then(said),
        news: mine
            .iter()
            .filter(|listed| listed.kept.news.is_some())
            .map(line)
            .collect(),
        on: mine
            .iter()
            .filter(|listed| listed.kept.is_on(today))
            .map(line)
            .collect(),
        off,
        mail: app.mail.is_some().then_some((account.email, account.notices_by_mail)),
    };
    // a press on news leads to a login
    let providers: BTreeSet<_> = mine.iter().map(|listed| &listed.kept.aanbieder).collect();
    let offered = collecting::offered(&app).unwrap_or_default();
    let offered = offered.iter().filter(|each| providers.contains(&each.aanbieder));
    let origins: BTreeSet<String> = offered.flat_map(|each| collect::login_origins(&app, each)).collect();
    html::page_leading_to(&filled, &origins.into_iter().collect::<Vec<_>>())
}

/// In which way the Persoon wants to be told, beside the app.
async fn reported_by(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    let by_mail = fields.is_ticked("mail") && app.mail.is_some();
    let account = signed_in.account();
    let change = app
        .accounts
        .change(account, |account| account.notices_by_mail = by_mail);
    match change.await {
        Ok(()) => html::redirect("/berichten?bewaard"),
        Err(error) => html::outage(&visitor, &error),
    }
}

fn said(query: &str) -> Option<&'static str> {
    Some(match query {
        "aan" => "Gelukt. Je krijgt bericht als er iets nieuws is.",
        "bewaard" => "Bewaard.",
        "uit" => "Gelukt. Je krijgt hierover geen bericht meer.",
        "nee" => "Je koos nee, of het kan daar niet. Er is niets veranderd.",
        "storing" => "Het lukte nu niet. Er is niets veranderd. Probeer het later nog eens.",
        _ => return None,
    })
}

#[derive(Template)]
#[template(path = "messages/on.html")]
struct OnPage {
    frame: Frame,
    action: String,
    provider: String,
    service: String,
    explained: collecting::Explained,
    lengths: Vec<Length>,
}

struct Length {
    days: u32,
    text: String,
    until: String,
    chosen: bool,
}

/// How long a message can be on: what people choose from, up to what the zorgaanbieder allows.
fn lengths(most: u32, today: CalendarDate) -> Vec<Length> {
    let mut days: Vec<u32> = [30, 90, 180, 365].into_iter().filter(|days| *days < most).collect();
    days.push(most);
    let last = days.len().saturating_sub(1);
    let length = |(number, days): (usize, u32)| Length {
        days,
        text: html::count(usize::try_from(days).unwrap_or_default(), "dag", "dagen"),
        until: html::date(today.plus(days)),
        chosen: number == last,
    };
    days.into_iter().enumerate().map(length).collect()
}

fn find_offer(app: &App, provider: &str, service: &str) -> Option<Offer> {
    messages::offered(app)
        .into_iter()
        .find(|offer| offer.aanbieder.short() == provider && offer.id.as_str() == service)
}

async fn explain(
    State(app): State<Arc<App>>,
    Path((provider, service)): Path<(String, String)>,
    _: SignedIn,
    visitor: Visitor,
) -> Response {
    let Some(offer) = find_offer(&app, &provider, &service) else {
        return html::redirect("/berichten");
    };
    let filled = OnPage {
        frame: Frame::new(&visitor, Nav::None),
        action: format!("/berichten/aan/{provider}/{service}"),
        provider: app.providers.of(&offer.aanbieder).name,
        explained: collecting::explained(&offer.id),
        lengths: lengths(offer.most_days, today()),
        service: offer.name.clone(),
    };
    html::page_leading_to(&filled, &login_origins(&app, &offer))
}

async fn put_on(
    State(app): State<Arc<App>>,
    Path((provider, service)): Path<(String, String)>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    let Some(offer) = find_offer(&app, &provider, &service) else {
        return html::redirect("/berichten");
    };
    let asked = fields.text("days").parse().unwrap_or(offer.most_days);
    log_in(&app, &signed_in, &visitor, &offer, asked.clamp(1, offer.most_days)).await
}

async fn log_in(app: &App, signed_in: &SignedIn, visitor: &Visitor, offer: &Offer, days: u32) -> Response {
    match messages::location(app, signed_in, visitor, offer, days).await {
        Ok(location) => html::redirect(&location),
        Err(error) => {
            tracing::error!(error, "a message cannot be asked for");
            html::redirect("/berichten?storing")
        }
    }
}

#[derive(Template)]
#[template(path = "messages/off.html")]
struct OffPage {
    frame: Frame,
    id: String,
    provider: String,
    service: String,
    until: String,
    /// Whether it can be ended there as well.
    there: bool,
}

async fn of(app: &App, signed_in: &SignedIn, id: &str) -> Result<Option<Listed>, VaultError> {
    let mine = messages::all(app, signed_in.person()).await?;
    Ok(mine.into_iter().find(|listed| listed.id == id))
}

async fn ask_off(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let kept = found!(visitor, of(&app, &signed_in, &id).await).kept;
    let offer = find_offer(&app, kept.aanbieder.short(), kept.gegevensdienst.as_str());
    let filled = OffPage {
        frame: Frame::new(&visitor, Nav::None),
        id,
        provider: app.providers.of(&kept.aanbieder).name,
        until: kept.last_day().map_or_else(String::new, html::date),
        there: offer.is_some(),
        service: kept.service,
    };
    let origins = offer.map_or_else(Vec::new, |offer| login_origins(&app, &offer));
    html::page_leading_to(&filled, &origins)
}

async fn put_off(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    let kept = found!(visitor, of(&app, &signed_in, &id).await).kept;
    if let Err(error) = messages::forget(&app, &kept).await {
        return html::outage(&visitor, &error);
    }
    let (provider, service) = (app.providers.of(&kept.aanbieder).name, kept.service);
    let event = Event::MessagesPutOff { provider, service };
    app.record(signed_in.person(), event).await;
    html::redirect("/berichten?uit")
}

async fn put_off_there(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    let kept = found!(visitor, of(&app, &signed_in, &id).await).kept;
    match find_offer(&app, kept.aanbieder.short(), kept.gegevensdienst.as_str()) {
        Some(offer) => log_in(&app, &signed_in, &visitor, &offer, 0).await,
        None => html::redirect("/berichten"),
    }
}

/// The Persoon wants it now: a collection begins, of this gegevensdienst alone.
async fn collect_news(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    let kept = found!(visitor, of(&app, &signed_in, &id).await).kept;
    if let Err(error) = put_aside(&app, &signed_in, &kept).await {
        return html::outage(&visitor, &error);
    }
    let offered = collecting::offered(&app).unwrap_or_default();
    let Some(offerings) = offered.into_iter().find(|each| each.aanbieder == kept.aanbieder) else {
        return html::redirect("/ophalen");
    };
    let this = |id: &GegevensdienstId| *id == kept.gegevensdienst;
    collect::begin(&app, &signed_in, &visitor, offerings, this, false).await
}

async fn seen(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    let kept = found!(visitor, of(&app, &signed_in, &id).await).kept;
    match put_aside(&app, &signed_in, &kept).await {
        Ok(()) => html::redirect("/berichten"),
        Err(error) => html::outage(&visitor, &error),
    }
}

async fn put_aside(app: &App, signed_in: &SignedIn, kept: &messages::Kept) -> Result<(), VaultError> {
    let Some(id) = kept.abonnement() else { return Ok(()) };
    let mut kept = kept.clone();
    kept.news = None;
    messages::set(app, signed_in.person(), &id, &kept).await
}

/// The Persoon comes back from the login.
async fn back(
    State(app): State<Arc<App>>,
    method: Method,
    signed_in: SignedIn,
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
) -> Response {
    // axum answers HEAD with the same handler; who only looks must not spend the code
    if method != Method::GET {
        return StatusCode::OK.into_response();
    }
    let query = uri.query().unwrap_or_default();
    let callback = Callback::new(&visitor.secret, uri.path(), query);
    let flows = match flows::take(&app, signed_in.person(), &visitor.secret, query).await {
        Ok(flows) => flows,
        Err(error) => return html::outage(&visitor, &error),
    };
    let outcome = match app.dvp.finish(&flows, &callback) {
        Ok(received) => messages::finish(&app, signed_in.person(), received).await,
        Err(error) => Err(SubscribeError::from(error)),
    };
    // a redirect, so that the code does not stay in the address bar
    html::redirect(match outcome {
        Ok(Outcome::On) => "/berichten?aan",
        Ok(Outcome::Off) => "/berichten?uit",
        Err(error) if error.is_refusal() => "/berichten?nee",
        Err(error) => {
            tracing::info!(%error, "a message did not go on or off");
            "/berichten?storing"
        }
    })
}

fn login_origins(app: &App, offer: &Offer) -> Vec<String> {
    let address = offer.authorization_endpoint.as_ref();
    collect::origin_of(app, address).into_iter().collect()
}

fn today() -> CalendarDate {
    CalendarDate::in_amsterdam(SystemClock::default().now())
}
