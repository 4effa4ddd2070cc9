// SPDX-License-Identifier: AGPL-3.0-or-later
//! "Wat er gebeurde": who did what, and when.

use crate::{
    App,
    account::events::{self, Event},
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, count, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_types::CalendarDate;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "happened.html")]
struct HappenedPage {
    frame: Frame,
    lines: Vec<HappenedLine>,
}

struct HappenedLine {
    when: String,
    who: &'static str,
    what: String,
}

pub(crate) async fn happened(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    match events::all(&app.accounts.vault, signed_in.person()).await {
        Ok(all) => {
            let lines = all
                .iter()
                .map(|each| {
                    let (who, what) = described(&each.event);
                    let when = html::moment(each.at);
                    HappenedLine { when, who, what }
                })
                .collect();
            let frame = Frame::new(&visitor, Nav::Happened);
            page(StatusCode::OK, &HappenedPage { frame, lines })
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

/// Who did it, and a sentence.
fn described(event: &Event) -> (&'static str, String) {
    const YOU: &str = "Jij";
    const WE: &str = "Wij";
    match event {
        Event::AccountOpened => (YOU, "Je maakte dit account.".to_owned()),
        Event::SignedIn { device } => (YOU, format!("Je logde in. Apparaat: {device}.")),
        Event::SignedOut => (YOU, "Je logde uit.".to_owned()),
        Event::SignedOutElsewhere { sessions } => (
            YOU,
            format!(
                "Je logde uit op {}.",
                count(*sessions, "ander apparaat", "andere apparaten")
            ),
        ),
        Event::SignInFailed => (
            "Onbekend",
            "Iemand probeerde in te loggen. Het wachtwoord of de code klopte niet.".to_owned(),
        ),
        Event::RecoveryCodeUsed => (YOU, "Je gebruikte een herstelcode.".to_owned()),
        Event::PasswordChanged => (YOU, "Je koos een nieuw wachtwoord.".to_owned()),
        Event::AppReplaced => (YOU, "Je stelde een nieuwe app in voor je code.".to_owned()),
        Event::RecoveryCodesRenewed => (
            YOU,
            "Je maakte nieuwe herstelcodes. De oude werken niet meer.".to_owned(),
        ),
        Event::MailCodeChosen { on: true } => (YOU, "Je zette inloggen met een code per mail aan.".to_owned()),
        Event::MailCodeChosen { on: false } => (YOU, "Je zette inloggen met een code per mail uit.".to_owned()),
        Event::AutomaticChosen { on: true } => (YOU, "Je vindt het goed dat we vanzelf gegevens ophalen.".to_owned()),
        Event::AutomaticChosen { on: false } => (YOU, "Je wilt niet dat we vanzelf gegevens ophalen.".to_owned()),
        Event::CollectionStarted { provider, services } => (
            YOU,
            format!("Je ging gegevens ophalen bij {provider}: {}.", services.join(", ")),
        ),
        Event::Collected {
            provider,
            service,
            items,
            whole,
        } => {
            let items = count(*items, "gegeven", "gegevens");
            let end = if *whole {
                "Alles is er."
            } else {
                "Er ontbreekt nog iets."
            };
            (WE, format!("We bewaarden {items} van {provider}: {service}. {end}"))
        }
        Event::NotGranted { provider } => (
            WE,
            format!("We haalden niets op bij {provider}. Je koos nee, of er viel niets te delen."),
        ),
        Event::CollectionFailed {
            provider,
            service: Some(service),
        } => (WE, format!("Het ophalen van {service} bij {provider} lukte niet.")),
        Event::CollectionFailed {
            provider,
            service: None,
        } => (WE, format!("Het ophalen bij {provider} lukte niet.")),
        Event::ConsentKept { provider } => (YOU, format!("Je gaf {provider} toestemming voor langere tijd.")),
        Event::ConsentEnded { provider } => (
            WE,
            format!("Je toestemming bij {provider} is gestopt. We halen daar niets meer vanzelf op."),
        ),
        Event::OrderChosen { provider, on: true } => (YOU, format!("Je koos wat we vanzelf ophalen bij {provider}.")),
        Event::OrderChosen { provider, on: false } => (YOU, format!("Je zette vanzelf ophalen uit bij {provider}.")),
        Event::AutomaticallyCollected {
            provider,
            service,
            new,
            whole,
        } => {
            let new = match new {
                0 => "Er was niets nieuws".to_owned(),
                new => format!("We bewaarden {} erbij", count(*new, "gegeven", "gegevens")),
            };
            let end = if *whole {
                "Alles is er."
            } else {
                "Er ontbreekt nog iets."
            };
            (WE, format!("We keken vanzelf bij {provider}: {service}. {new}. {end}"))
        }
        Event::AutomaticFailed { provider, service } => {
            let service = service
                .as_ref()
                .map_or_else(String::new, |service| format!(": {service}"));
            (
                WE,
                format!("Vanzelf ophalen bij {provider} lukte niet{service}. We proberen het de volgende nacht."),
            )
        }
        Event::NoExchange { provider } => (
            WE,
            format!("Vanzelf ophalen bij {provider} lukt al twee dagen niet. Haal zelf iets op om te zien wat er is."),
        ),
        Event::AccountInactive => (
            WE,
            "Je was zes maanden weg. We haalden niets meer vanzelf op, tot je weer inlogde.".to_owned(),
        ),
        Event::ChildAdded { name } => (YOU, format!("Je voegde een kind toe: {name}.")),
        Event::ChildEnding { name, on } => (
            WE,
            format!("We lieten je weten dat er iets verandert bij {name}, op {}.", day(on)),
        ),
        Event::ChildStopped { name } => (WE, format!("We stopten met ophalen voor {name}.")),
        Event::ChildGrownUp { name } => (WE, format!("{name} kan het dossier nu zelf aanvragen.")),
        Event::ChildRemoved { name } => (YOU, format!("Je verwijderde het dossier van {name}.")),
        Event::DossierOpened => (YOU, "Je maakte dit dossier voor je kind.".to_owned()),
        Event::MessagesPutOn { provider, service } => {
            (YOU, format!("Je zette een bericht aan bij {provider}: {service}."))
        }
        Event::MessagesPutOff { provider, service } => {
            (YOU, format!("Je zette een bericht uit bij {provider}: {service}."))
        }
        Event::MessagesEnded { provider, service } => (
            "Je zorgaanbieder",
            format!("Het bericht over {service} is gestopt bij {provider}."),
        ),
        Event::NewsHeard { provider, service } => (
            "Je zorgaanbieder",
            format!("Er is iets nieuws bij {provider}: {service}."),
        ),
        Event::CopyTaken => (YOU, "Je bewaarde een kopie van je dossier.".to_owned()),
        Event::ItemsDeleted { items } => (YOU, format!("Je verwijderde {}.", count(*items, "gegeven", "gegevens"))),
    }
}

/// A day as it is kept, for people.
fn day(kept: &str) -> String {
    CalendarDate::parse(kept).map_or_else(|_| kept.to_owned(), html::date)
}
