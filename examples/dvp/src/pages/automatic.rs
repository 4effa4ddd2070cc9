// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.101, core.dossier.107 — automatic collecting, as its Persoon orders it: on and off for each
//! zorgaanbieder and gegevensdienst, and how the Persoon is told.

use crate::{
    App,
    account::events::Event,
    automatic::{self, Listed, Outcome},
    collecting::{self, Explained},
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, count, page},
};
use askama::Template;
use axum::{
    extract::State,
    response::Response,
    routing::{MethodRouter, get, post},
};
use http::StatusCode;
use medmij_types::GegevensdienstId;
use std::sync::Arc;

/// The routes of automatic collecting.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/vanzelf-ophalen", get(show).post(agree)),
        ("/vanzelf-ophalen/keuze", post(choose)),
        ("/vanzelf-ophalen/melden", post(reported_by)),
        ("/vanzelf-ophalen/voorbeeldnacht", post(example_night)),
    ]
}

#[derive(Template)]
#[template(path = "automatic.html")]
struct AutomaticPage {
    frame: Frame,
    agreed: bool,
    places: Vec<Place>,
    any_on: bool,
    /// Whether e-mail can be sent at all.
    mail: bool,
    by_mail: bool,
    email: String,
}

/// A zorgaanbieder that may be asked for longer.
struct Place {
    /// How its form names it.
    id: String,
    name: String,
    short: String,
    since: String,
    ended: Option<String>,
    last: Option<String>,
    services: Vec<Service>,
}

struct Service {
    id: String,
    name: String,
    explained: Explained,
    on: bool,
}

async fn show(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let person = signed_in.person();
    let found = async {
        let account = app.accounts.account(person).await?.content;
        Ok::<_, automatic::AutomaticError>((account, automatic::all(&app, person).await?))
    };
    let (account, listed) = match found.await {
        Ok(found) => found,
        Err(error) => return html::outage(&visitor, &error),
    };
    let filled = AutomaticPage {
        frame: Frame::new(&visitor, Nav::Account),
        agreed: account.automatic,
        any_on: listed.iter().any(|each| !each.ordered.is_empty()),
        places: places(&app, &listed),
        mail: app.mail.is_some(),
        by_mail: account.notices_by_mail,
        email: account.email.clone(),
    };
    page(StatusCode::OK, &filled)
}

fn places(app: &App, listed: &[Listed]) -> Vec<Place> {
    let offered = collecting::offered(app).unwrap_or_default();
    let day = |seconds: i64| html::moment(seconds.saturating_mul(1000));
    let place = |each: &Listed| {
        let consent = &each.consent;
        let offerings = offered.iter().find(|offer| offer.aanbieder == consent.aanbieder);
        let services = consent.services.iter().map(|id| Service {
            id: id.to_string(),
            name: offerings.map_or_else(|| id.to_string(), |offerings| offerings.name_of(id)),
            explained: collecting::explained(id),
            on: each.ordered.contains(id),
        });
        let last = consent.last.map(|last| {
            let came = match (last.outcome, last.new) {
                (Outcome::Failed, _) => "Het lukte niet. We proberen het de volgende nacht.".to_owned(),
                (Outcome::Partial, _) => "Er kwam een deel. De rest proberen we de volgende nacht.".to_owned(),
                (Outcome::Whole, 0) => "Alles is er. Er was niets nieuws.".to_owned(),
                (Outcome::Whole, new) => format!("Alles is er. Nieuw: {}.", count(new, "gegeven", "gegevens")),
            };
            format!("{}. {came}", day(last.at))
        });
        Place {
            id: hex(&each.id),
            name: app.providers.of(&consent.aanbieder).name,
            short: consent.aanbieder.short().to_owned(),
            since: day(consent.given),
            ended: consent.ended.map(day),
            last,
            services: services.collect(),
        }
    };
    listed.iter().map(place).collect()
}

/// On the express order of the Persoon only; off means that nothing is ordered any more.
async fn agree(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    let on = fields.text("automatic") == "on";
    let person = signed_in.person();
    let done = async {
        if !on {
            automatic::stop(&app, person).await?;
        }
        app.accounts.change(person, |account| account.automatic = on).await?;
        Ok::<_, automatic::AutomaticError>(())
    };
    match done.await {
        Ok(()) => {
            app.record(person, Event::AutomaticChosen { on }).await;
            html::redirect("/vanzelf-ophalen")
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

async fn choose(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    let person = signed_in.person();
    let wanted: Vec<GegevensdienstId> = fields
        .all("service")
        .filter_map(|id| GegevensdienstId::parse(id).ok())
        .collect();
    let id = from_hex(fields.text("place")).unwrap_or_default();
    let done = async {
        // an earlier form, sent after it was switched off, orders nothing
        if app.accounts.account(person).await?.content.automatic {
            automatic::choose(&app, person, &id, &wanted).await?;
        }
        Ok::<_, automatic::AutomaticError>(())
    };
    match done.await {
        Ok(()) => html::redirect("/vanzelf-ophalen"),
        Err(error) => html::outage(&visitor, &error),
    }
}

/// core.gegevensuitwisseling.104 — the way in which the Persoon wants to be told.
async fn reported_by(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    let by_mail = fields.is_ticked("mail") && app.mail.is_some();
    let change = app
        .accounts
        .change(signed_in.person(), |account| account.notices_by_mail = by_mail);
    match change.await {
        Ok(()) => html::redirect("/vanzelf-ophalen"),
        Err(error) => html::outage(&visitor, &error),
    }
}

/// In a demo: the night comes at the press of a button. There is no such page elsewhere.
async fn example_night(State(app): State<Arc<App>>, _: SignedIn, visitor: Visitor, _: Fields) -> Response {
    let Some(demo) = &app.demo else {
        return html::message(&visitor, StatusCode::NOT_FOUND, &html::NOT_FOUND);
    };
    let night = demo.next_night(app.automatic.schedule.clock.now());
    automatic::round(&app, night).await;
    html::redirect("/vanzelf-ophalen")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() > 128 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let pairs = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}
