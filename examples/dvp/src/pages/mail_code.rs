// SPDX-License-Identifier: AGPL-3.0-or-later
//! Signing in with a code by e-mail, where the configuration allows it; elsewhere these pages are not there.

use super::sign_in::{credentials, go_on, problem};
use crate::{
    App,
    account::{Credentials, MailCodeError, SignInError, events::Event, sessions::Stage},
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
    mail::Mail,
};
use askama::Template;
use axum::{
    extract::State,
    response::Response,
    routing::{MethodRouter, get},
};
use http::StatusCode;
use medmij_types::{Clock as _, SystemClock};
use std::sync::Arc;

/// The routes of codes by e-mail.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/inloggen/per-mail", get(ask).post(send)),
        ("/inloggen/per-mail/code", get(code).post(sign_in)),
        ("/account/per-mail", get(choice).post(choose)),
    ]
}

#[derive(Template)]
#[template(path = "mail-code.html")]
struct AskPage {
    frame: Frame,
    email: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "mail-code-sent.html")]
struct SentPage {
    frame: Frame,
    /// Where the code goes: signing in, or proving the address.
    action: &'static str,
    problem: Option<String>,
}

fn nowhere(visitor: &Visitor) -> Response {
    html::message(visitor, StatusCode::NOT_FOUND, &html::NOT_FOUND)
}

fn mail(app: &App) -> Option<&dyn Mail> {
    app.mail.as_deref().filter(|_| app.email_code)
}

async fn ask(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    match mail(&app) {
        Some(_) => ask_page(&visitor, "", None),
        None => nowhere(&visitor),
    }
}

fn ask_page(visitor: &Visitor, email: &str, problem: Option<(StatusCode, String)>) -> Response {
    let (status, problem) = problem.map_or((StatusCode::OK, None), |(status, text)| (status, Some(text)));
    let filled = AskPage {
        frame: Frame::new(visitor, Nav::None),
        email: email.to_owned(),
        problem,
    };
    page(status, &filled)
}

async fn send(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    let Some(mail) = mail(&app) else {
        return nowhere(&visitor);
    };
    let now = SystemClock::default().now();
    match app
        .accounts
        .ask_mail_code(&credentials(&visitor, &fields), mail, now)
        .await
    {
        Ok(secret) => go_on(&app, &secret, "/inloggen/per-mail/code"),
        Err(MailCodeError::SignIn(error)) => match problem(&error) {
            Some(problem) => ask_page(&visitor, fields.text("email"), Some(problem)),
            None => html::outage(&visitor, &error),
        },
        Err(error) => html::outage(&visitor, &error),
    }
}

/// The address with which this session waits for a code.
fn awaiting(visitor: &Visitor) -> Option<&str> {
    match &visitor.session.as_ref()?.stage {
        Stage::AwaitingMailCode { email } => Some(email),
        _ => None,
    }
}

const SIGN_IN: &str = "/inloggen/per-mail/code";
const PROVE: &str = "/account/per-mail";

fn sent_page(visitor: &Visitor, action: &'static str, problem: Option<(StatusCode, String)>) -> Response {
    let (status, problem) = problem.map_or((StatusCode::OK, None), |(status, text)| (status, Some(text)));
    let nav = if action == PROVE { Nav::Account } else { Nav::None };
    let filled = SentPage {
        frame: Frame::new(visitor, nav),
        action,
        problem,
    };
    page(status, &filled)
}

async fn code(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    match (mail(&app), awaiting(&visitor)) {
        (None, _) => nowhere(&visitor),
        (_, None) => html::redirect("/inloggen/per-mail"),
        (_, Some(_)) => sent_page(&visitor, SIGN_IN, None),
    }
}

async fn sign_in(State(app): State<Arc<App>>, visitor: Visitor, fields: Fields) -> Response {
    if mail(&app).is_none() {
        return nowhere(&visitor);
    }
    let Some(email) = awaiting(&visitor) else {
        return html::redirect("/inloggen/per-mail");
    };
    let given = Credentials {
        email,
        ..credentials(&visitor, &fields)
    };
    let now = SystemClock::default().now();
    match app.accounts.sign_in_by_mail_code(visitor.person, &given, now).await {
        Ok(secret) => go_on(&app, &secret, "/overzicht"),
        Err(error) => wrong(&visitor, SIGN_IN, &error),
    }
}

fn wrong(visitor: &Visitor, action: &'static str, error: &SignInError) -> Response {
    match error {
        SignInError::Wrong => {
            let text = "Deze code klopt niet, of werkt niet meer. Kijk hem na, of vraag een nieuwe.".to_owned();
            sent_page(visitor, action, Some((StatusCode::UNPROCESSABLE_ENTITY, text)))
        }
        error => match problem(error) {
            Some(problem) => sent_page(visitor, action, Some(problem)),
            None => html::outage(visitor, error),
        },
    }
}

async fn choice(State(app): State<Arc<App>>, _: SignedIn, visitor: Visitor) -> Response {
    match mail(&app) {
        Some(_) => sent_page(&visitor, PROVE, None),
        None => nowhere(&visitor),
    }
}

/// On, once the address is proven; off at once.
async fn choose(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    let Some(mail) = mail(&app) else {
        return nowhere(&visitor);
    };
    let (person, now) = (signed_in.person(), SystemClock::default().now());
    match fields.text("choice") {
        "send" => match app.accounts.prove_address(person, &visitor.secret, mail, now).await {
            Ok(()) => html::redirect(PROVE),
            Err(MailCodeError::SignIn(error)) => wrong(&visitor, PROVE, &error),
            Err(error) => html::outage(&visitor, &error),
        },
        "off" => match app
            .accounts
            .change(person, |account| account.code_by_mail = false)
            .await
        {
            Ok(()) => {
                app.record(person, Event::MailCodeChosen { on: false }).await;
                html::redirect("/account")
            }
            Err(error) => html::outage(&visitor, &error),
        },
        _ => match app
            .accounts
            .choose_mail_code(person, &credentials(&visitor, &fields), now)
            .await
        {
            Ok(()) => html::redirect("/account"),
            Err(error) => wrong(&visitor, PROVE, &error),
        },
    }
}
