// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opening an account: name, password and agreement; then the app, which has to show that it works.

use super::sign_in::{credentials, go_on, problem};
use crate::{
    App,
    account::{NewAccount, OpeningError, SHORTEST, Weak, sessions::Stage, totp},
    form::Fields,
    gate::Visitor,
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_types::{Clock as _, SystemClock};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "opening.html")]
struct OpeningPage {
    frame: Frame,
    name: String,
    email: String,
    automatic: bool,
    shortest: usize,
    problem: Option<Problem>,
}

struct Problem {
    field: &'static str,
    text: String,
}

pub(crate) async fn form(visitor: Visitor) -> Response {
    if visitor.signed_in().is_some() {
        return html::redirect("/overzicht");
    }
    page(StatusCode::OK, &filled_in(&visitor, None, None))
}

fn filled_in(visitor: &Visitor, fields: Option<&Fields>, problem: Option<Problem>) -> OpeningPage {
    let text = |name| fields.map_or("", |fields| fields.text(name)).to_owned();
    OpeningPage {
        frame: Frame::new(visitor, Nav::None),
        name: text("name"),
        email: text("email"),
        automatic: fields.is_some_and(|fields| fields.is_ticked("automatic")),
        shortest: SHORTEST,
        problem,
    }
}

pub(crate) async fn prepare(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let again = |field, text: &str| {
        let text = text.to_owned();
        let problem = Some(Problem { field, text });
        let form = filled_in(&visitor, Some(&fields), problem);
        page(StatusCode::UNPROCESSABLE_ENTITY, &form)
    };
    if !fields.is_ticked("agreement") {
        return again(
            "agreement",
            "Zet hier een vinkje. Zonder overeenkomst kunnen we niet verder.",
        );
    }
    let automatic = fields.is_ticked("automatic");
    let (name, email, password) = (fields.text("name"), fields.text("email"), fields.text("password"));
    let new = match app.accounts.prepare(name, email, password, automatic).await {
        Ok(new) => new,
        Err(OpeningError::Name) => return again("name", "Vul je naam in. Je voornaam is genoeg."),
        Err(OpeningError::Email) => return again("email", "Vul een e-mailadres in, zoals naam@voorbeeld.nl."),
        Err(OpeningError::Password(weak)) => return again("password", weak_password(weak)),
        Err(error) => return html::outage(&visitor, &error),
    };
    let now = SystemClock::default().now();
    let stage = Stage::Opening(Box::new(new));
    let begun = app
        .accounts
        .begin_session(&visitor.secret, None, stage, &visitor.device, now)
        .await;
    match begun {
        Ok(secret) => go_on(&app, &secret, "/account-maken/app"),
        Err(error) => html::outage(&visitor, &error),
    }
}

/// What is wrong with a new password.
pub(crate) const fn weak_password(weak: Weak) -> &'static str {
    match weak {
        Weak::Short => "Dit wachtwoord is te kort. Neem minstens 12 tekens, bijvoorbeeld een korte zin.",
        Weak::Long => "Dit wachtwoord is te lang. Neem niet meer dan 200 tekens.",
        Weak::Common => "Dit wachtwoord is te makkelijk te raden. Neem bijvoorbeeld vier losse woorden.",
        Weak::HoldsEmail => "Je e-mailadres staat in je wachtwoord. Neem een ander wachtwoord.",
    }
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage {
    frame: Frame,
    action: &'static str,
    title: &'static str,
    key: String,
    address: String,
    path: String,
    width: i32,
    problem: Option<String>,
}

/// The page with the key for the app, and the field for its first code.
pub(crate) fn app_page(
    visitor: &Visitor,
    (action, title): (&'static str, &'static str),
    secret: [u8; 20],
    email: &str,
    problem: Option<(StatusCode, String)>,
) -> Response {
    let address = totp::address(secret, email).unwrap_or_default();
    let (path, width) = totp::qr(&address).unwrap_or_default();
    let (status, problem) = problem.map_or((StatusCode::OK, None), |(status, text)| (status, Some(text)));
    let filled = AppPage {
        frame: Frame::new(visitor, Nav::None),
        action,
        title,
        key: totp::key_text(secret),
        address,
        path,
        width,
        problem,
    };
    page(status, &filled)
}

const HERE: (&str, &str) = ("/account-maken/app", "Stel je app in");

fn new_account(visitor: &Visitor) -> Option<&NewAccount> {
    match &visitor.session.as_ref()?.stage {
        Stage::Opening(new) => Some(new),
        _ => None,
    }
}

pub(crate) async fn app(visitor: Visitor) -> Response {
    match new_account(&visitor) {
        Some(new) => app_page(&visitor, HERE, new.totp, &new.email, None),
        None => html::redirect("/account-maken"),
    }
}

pub(crate) async fn open(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let Some(new) = new_account(&visitor) else {
        return html::redirect("/account-maken");
    };
    let now = SystemClock::default().now();
    match app.accounts.open(new, &credentials(&visitor, &fields), now).await {
        Ok(secret) => go_on(&app, &secret, "/account/herstelcodes"),
        Err(OpeningError::SignIn(error)) => match problem(&error) {
            Some(problem) => app_page(&visitor, HERE, new.totp, &new.email, Some(problem)),
            None => html::outage(&visitor, &error),
        },
        Err(OpeningError::Taken) => html::message(&visitor, StatusCode::CONFLICT, &TAKEN),
        Err(error) => html::outage(&visitor, &error),
    }
}

const TAKEN: html::Message = html::Message {
    title: "Er is al een account",
    text: "Met dit e-mailadres is al een account. Log in, of neem een ander e-mailadres.",
    link: ("/inloggen", "Ga naar inloggen"),
};
