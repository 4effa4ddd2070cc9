// SPDX-License-Identifier: AGPL-3.0-or-later
//! Signing in with two factors at once, signing out, and the end of a session.

use crate::{
    App,
    account::{Credentials, SignInError, events::Event},
    form::Fields,
    gate::{self, SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_types::{Clock as _, SystemClock};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    frame: Frame,
    email: String,
    problem: Option<String>,
}

/// The sentence and the status of what went wrong.
pub(crate) fn problem(error: &SignInError) -> Option<(StatusCode, String)> {
    match error {
        SignInError::Wrong => Some((
            StatusCode::UNPROCESSABLE_ENTITY,
            "Dit klopt niet. Kijk na wat je hebt ingevuld. Gebruik een nieuwe code uit je app.".to_owned(),
        )),
        SignInError::Used => Some((
            StatusCode::UNPROCESSABLE_ENTITY,
            "Deze code is al gebruikt. Wacht op de volgende code in je app. Dat duurt hooguit een halve minuut."
                .to_owned(),
        )),
        SignInError::Wait(seconds) => {
            let wait = match seconds {
                0..60 => html::count(usize::try_from(*seconds).unwrap_or(1).max(1), "seconde", "seconden"),
                _ => html::count(usize::try_from(seconds.div_ceil(60)).unwrap_or(1), "minuut", "minuten"),
            };
            let text = format!("Er is te vaak geprobeerd. Wacht {wait}. Probeer het daarna nog eens.");
            Some((StatusCode::TOO_MANY_REQUESTS, text))
        }
        SignInError::Vault(_) => None,
    }
}

/// What somebody gives to sign in, with where it comes from.
pub(crate) fn credentials<'a>(visitor: &'a Visitor, fields: &'a Fields) -> Credentials<'a> {
    Credentials {
        email: fields.text("email"),
        password: fields.text("password"),
        code: fields.text("code"),
        address: &visitor.address,
        device: &visitor.device,
        session: &visitor.secret,
    }
}

/// Goes on in a new session.
pub(crate) fn go_on(app: &App, secret: &str, to: &str) -> Response {
    let mut response = html::redirect(to);
    gate::set_cookie(app, &mut response, secret);
    response
}

pub(crate) async fn form(visitor: Visitor) -> Response {
    if visitor.signed_in().is_some() {
        return html::redirect("/overzicht");
    }
    let form = SignInPage {
        frame: Frame::new(&visitor, Nav::None),
        email: String::new(),
        problem: None,
    };
    page(StatusCode::OK, &form)
}

pub(crate) async fn sign_in(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let now = SystemClock::default().now();
    match app.accounts.sign_in(&credentials(&visitor, &fields), now).await {
        Ok(secret) => go_on(&app, &secret, "/overzicht"),
        Err(error) => {
            let Some((status, problem)) = problem(&error) else {
                return html::outage(&visitor, &error);
            };
            let form = SignInPage {
                frame: Frame::new(&visitor, Nav::None),
                email: fields.text("email").to_owned(),
                problem: Some(problem),
            };
            page(status, &form)
        }
    }
}

/// The one press of a demo: the same door, with both factors filled in. There is no such page elsewhere.
pub(crate) async fn demo(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let Some(demo) = &app.demo else {
        return html::message(&visitor, StatusCode::NOT_FOUND, &html::NOT_FOUND);
    };
    let now = SystemClock::default().now();
    match demo.sign_in(&app.accounts, &credentials(&visitor, &fields), now).await {
        Ok(secret) => go_on(&app, &secret, "/overzicht"),
        Err(SignInError::Wrong | SignInError::Used | SignInError::Wait(_)) => {
            html::message(&visitor, StatusCode::TOO_MANY_REQUESTS, &NO_CODE)
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

const NO_CODE: html::Message = html::Message {
    title: "Even wachten",
    text: "De app van de voorbeeldpersoon heeft nog geen nieuwe code. Wacht een halve minuut.",
    link: ("/", "Ga naar het begin"),
};

pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    if let Err(error) = app.accounts.end_session(&visitor.secret).await {
        return html::outage(&visitor, &error);
    }
    app.record(signed_in.account(), Event::SignedOut).await;
    html::redirect("/uitgelogd")
}

const SIGNED_OUT: html::Message = html::Message {
    title: "Je bent uitgelogd",
    text: "Je gegevens staan veilig in je dossier. Alleen jij kunt erbij.",
    link: ("/inloggen", "Log opnieuw in"),
};

pub(crate) async fn signed_out(visitor: Visitor) -> Response {
    html::message(&visitor, StatusCode::OK, &SIGNED_OUT)
}

/// After the time without use: on, where the session is used elsewhere; else it is over.
pub(crate) async fn session_end(visitor: Visitor) -> Response {
    match visitor.signed_in() {
        Some(_) => html::redirect("/overzicht"),
        None => html::redirect("/uitgelogd"),
    }
}

const LONGER: html::Message = html::Message {
    title: "Je blijft ingelogd",
    text: "Je kunt dit tabblad sluiten en verdergaan waar je was.",
    link: ("/overzicht", "Ga naar je overzicht"),
};

/// The gate counted this as use; there is nothing else to do.
pub(crate) async fn longer(_: SignedIn, visitor: Visitor) -> Response {
    html::message(&visitor, StatusCode::OK, &LONGER)
}
