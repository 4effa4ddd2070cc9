// SPDX-License-Identifier: AGPL-3.0-or-later
//! Recovery: a code takes the place of one factor, the other is asked, and then there are two again.

use super::{
    opening::{app_page, weak_password},
    sign_in::{credentials, go_on, problem},
};
use crate::{
    App,
    account::{SignInError, sessions::Stage},
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
#[template(path = "lost-app.html")]
struct LostApp {
    frame: Frame,
    email: String,
    problem: Option<String>,
}

pub(crate) async fn lost_app(visitor: Visitor) -> Response {
    let form = LostApp {
        frame: Frame::new(&visitor, Nav::None),
        email: String::new(),
        problem: None,
    };
    page(StatusCode::OK, &form)
}

pub(crate) async fn use_code(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let now = SystemClock::default().now();
    let given = credentials(&visitor, &fields);
    match app.accounts.sign_in_without_app(&given, now).await {
        Ok(secret) => go_on(&app, &secret, "/inloggen/nieuwe-app"),
        Err(error) => {
            let Some((status, problem)) = problem(&error) else {
                return html::outage(&visitor, &error);
            };
            let form = LostApp {
                frame: Frame::new(&visitor, Nav::None),
                email: fields.text("email").to_owned(),
                problem: Some(problem),
            };
            page(status, &form)
        }
    }
}

const HERE: (&str, &str) = ("/inloggen/nieuwe-app", "Stel een nieuwe app in");

fn new_secret(visitor: &Visitor) -> Option<[u8; 20]> {
    match visitor.session.as_ref()?.stage {
        Stage::ReplacingApp { secret } => Some(secret),
        _ => None,
    }
}

pub(crate) async fn new_app(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let (Some(secret), Some(person)) = (new_secret(&visitor), visitor.person) else {
        return html::redirect("/inloggen");
    };
    match app.accounts.account(person).await {
        Ok(account) => app_page(&visitor, HERE, secret, &account.content.email, None),
        Err(error) => html::outage(&visitor, &error),
    }
}

pub(crate) async fn replace_app(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let (Some(secret), Some(person)) = (new_secret(&visitor), visitor.person) else {
        return html::redirect("/inloggen");
    };
    let now = SystemClock::default().now();
    let given = credentials(&visitor, &fields);
    match app.accounts.replace_app(person, secret, &given, now).await {
        Ok(secret) => go_on(&app, &secret, "/account"),
        Err(error) => match (problem(&error), app.accounts.account(person).await) {
            (Some(problem), Ok(account)) => app_page(&visitor, HERE, secret, &account.content.email, Some(problem)),
            _ => html::outage(&visitor, &error),
        },
    }
}

#[derive(Template)]
#[template(path = "lost-password.html")]
struct LostPassword {
    frame: Frame,
    email: String,
    problem: Option<String>,
}

pub(crate) async fn lost_password(visitor: Visitor) -> Response {
    page(StatusCode::OK, &lost_password_page(&visitor, "", None))
}

fn lost_password_page(visitor: &Visitor, email: &str, problem: Option<String>) -> LostPassword {
    LostPassword {
        frame: Frame::new(visitor, Nav::None),
        email: email.to_owned(),
        problem,
    }
}

pub(crate) async fn replace_password(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let email = fields.text("email");
    if let Err(weak) = crate::account::check_password(fields.text("password"), email) {
        let form = lost_password_page(&visitor, email, Some(weak_password(weak).to_owned()));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    let now = SystemClock::default().now();
    let given = credentials(&visitor, &fields);
    match app
        .accounts
        .replace_password(&given, fields.text("recovery_code"), now)
        .await
    {
        Ok(()) => html::message(&visitor, StatusCode::OK, &DONE),
        Err(error @ (SignInError::Wrong | SignInError::Used | SignInError::Wait(_))) => {
            let (status, text) = problem(&error).unwrap_or_default();
            page(status, &lost_password_page(&visitor, email, Some(text)))
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

const DONE: html::Message = html::Message {
    title: "Je hebt een nieuw wachtwoord",
    text: "Je bent op alle apparaten uitgelogd. Wacht op een nieuwe code in je app. Log dan in.",
    link: ("/inloggen", "Ga naar inloggen"),
};
