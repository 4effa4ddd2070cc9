// SPDX-License-Identifier: AGPL-3.0-or-later
//! One's own account: sessions, recovery codes, and the end of it.

use super::consents::{self, Place};
use crate::{
    App,
    account::{events::Event, sessions::id_of},
    automatic,
    form::Fields,
    gate::{self, SignedIn, Visitor},
    html::{self, Frame, Nav, page},
    messages,
};
use askama::Template;
use axum::{
    extract::State,
    response::Response,
    routing::{MethodRouter, get, post},
};
use http::StatusCode;
use medmij_dvp::dossier::{Deletion, DeletionScope, DeletionTexts};
use medmij_types::{Clock as _, SystemClock};
use std::sync::Arc;

/// The routes of the account.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/account", get(account)),
        ("/account/herstelcodes", get(recovery_codes).post(kept_recovery_codes)),
        ("/account/nieuwe-herstelcodes", post(renew_recovery_codes)),
        ("/account/overal-uitloggen", post(sign_out_elsewhere)),
        ("/account/verwijderen", get(consents_first).post(erase)),
        ("/account/verwijderen/zeker", get(confirm_erasure)),
    ]
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    name: String,
    email: String,
    automatic: bool,
    /// Whether a code by e-mail signs in; nothing where that is not allowed.
    code_by_mail: Option<bool>,
    codes_left: usize,
    sessions: Vec<SessionLine>,
}

struct SessionLine {
    device: String,
    since: String,
    last_used: String,
    own: bool,
}

async fn account(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let (person, now) = (signed_in.person(), SystemClock::default().now());
    let found = async {
        let account = app.accounts.account(person).await?.content;
        let sessions = app.accounts.sessions_of(person, now).await?;
        Ok::<_, crate::VaultError>((account, sessions))
    };
    let (account, sessions) = match found.await {
        Ok(found) => found,
        Err(error) => return html::outage(&visitor, &error),
    };
    let own = id_of(&visitor.secret);
    let sessions = sessions.into_iter().map(|listed| SessionLine {
        device: listed.session.device,
        since: html::moment(listed.session.began.saturating_mul(1000)),
        last_used: html::moment(listed.session.last_used.saturating_mul(1000)),
        own: listed.id == own,
    });
    let filled = AccountPage {
        frame: Frame::new(&visitor, Nav::Account),
        name: account.name.clone(),
        email: account.email.clone(),
        automatic: account.automatic,
        code_by_mail: (app.email_code && app.mail.is_some()).then_some(account.code_by_mail),
        codes_left: account.recovery_codes_left(),
        sessions: sessions.collect(),
    };
    page(StatusCode::OK, &filled)
}

#[derive(Template)]
#[template(path = "recovery-codes.html")]
struct RecoveryCodes {
    frame: Frame,
    codes: Vec<String>,
}

/// They are shown until the Persoon says to have kept them, also after a reload; then never again.
async fn recovery_codes(_: SignedIn, visitor: Visitor) -> Response {
    let codes = visitor.session.as_ref().map(|session| session.recovery_codes.clone());
    match codes.filter(|codes| !codes.is_empty()) {
        Some(codes) => {
            let frame = Frame::new(&visitor, Nav::Account);
            page(StatusCode::OK, &RecoveryCodes { frame, codes })
        }
        None => html::redirect("/account"),
    }
}

async fn kept_recovery_codes(State(app): State<Arc<App>>, _: SignedIn, visitor: Visitor, _: Fields) -> Response {
    match app.accounts.kept_recovery_codes(&visitor.secret).await {
        Ok(()) => html::redirect("/overzicht"),
        Err(error) => html::outage(&visitor, &error),
    }
}

async fn renew_recovery_codes(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    let now = SystemClock::default().now();
    let renewed = app
        .accounts
        .renew_recovery_codes(signed_in.person(), &visitor.secret, now)
        .await;
    match renewed {
        Ok(()) => html::redirect("/account/herstelcodes"),
        Err(error) => html::outage(&visitor, &error),
    }
}

async fn sign_out_elsewhere(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, _: Fields) -> Response {
    let ended = app
        .accounts
        .end_other_sessions(signed_in.person(), Some(&visitor.secret))
        .await;
    match ended {
        Ok(sessions) => {
            if sessions > 0 {
                let event = Event::SignedOutElsewhere { sessions };
                app.record(signed_in.person(), event).await;
            }
            html::redirect("/account")
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

#[derive(Template)]
#[template(path = "erase-first.html")]
struct ConsentsFirstPage {
    frame: Frame,
    places: Vec<Place>,
}

/// What stands elsewhere is ended there, before what is here goes.
async fn consents_first(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    match consents::places(&app, &signed_in).await {
        Ok(places) => {
            let origins = consents::origins(&places);
            let frame = Frame::new(&visitor, Nav::Account);
            html::page_leading_to(&ConsentsFirstPage { frame, places }, &origins)
        }
        Err(error) => html::outage(&visitor, &*error),
    }
}

#[derive(Template)]
#[template(path = "erase.html")]
struct ErasePage {
    frame: Frame,
    text: String,
    /// Children whose dossiers go too.
    children: Vec<String>,
    unticked: bool,
}

async fn announced(app: &App, signed_in: &SignedIn) -> Result<Deletion, medmij_dvp::dossier::DossierError> {
    let dossier = app.dossier.of(signed_in.person()).await?;
    dossier.announce(DeletionScope::Account).await
}

/// core.dossier.106 — what goes, before it goes.
async fn confirm_erasure(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    erasure_page(&app, &signed_in, &visitor, StatusCode::OK).await
}

async fn erasure_page(app: &App, signed_in: &SignedIn, visitor: &Visitor, status: StatusCode) -> Response {
    let children = match crate::children::all(&app.accounts.vault, signed_in.account()).await {
        Ok(children) => children.into_iter().map(|child| child.name).collect(),
        Err(error) => return html::outage(visitor, &error),
    };
    match announced(app, signed_in).await {
        Ok(deletion) => {
            let filled = ErasePage {
                children,
                frame: Frame::new(visitor, Nav::Account),
                text: deletion.text(&DeletionTexts::example()),
                unticked: status != StatusCode::OK,
            };
            page(status, &filled)
        }
        Err(error) => html::outage(visitor, &error),
    }
}

async fn erase(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    if !fields.is_ticked("sure") {
        return erasure_page(&app, &signed_in, &visitor, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let person = signed_in.person();
    let deletion = match announced(&app, &signed_in).await {
        Ok(deletion) => deletion.confirmed(),
        Err(error) => return html::outage(&visitor, &error),
    };
    if let Err(error) = automatic::forget_all(&app, person).await {
        return html::outage(&visitor, &error);
    }
    if let Err(error) = messages::forget_all(&app, person).await {
        return html::outage(&visitor, &error);
    }
    let children = match crate::children::all(&app.accounts.vault, person).await {
        Ok(children) => children,
        Err(error) => return html::outage(&visitor, &error),
    };
    for child in &children {
        if let Err(error) = super::children::erase(&app, child).await {
            return html::outage(&visitor, &*error);
        }
    }
    if let Err(error) = app.dossier.erase(person, deletion).await {
        return html::outage(&visitor, &error);
    }
    if let Err(error) = app.accounts.erase(person).await {
        return html::outage(&visitor, &error);
    }
    // the session went with the account
    let mut response = html::message_signed_out(&visitor, &ERASED);
    if let Ok(secret) = crate::account::sessions::new_secret() {
        gate::set_cookie(&app, &mut response, &secret);
    }
    response
}

const ERASED: html::Message = html::Message {
    title: "Je account is verwijderd",
    text: "Alles wat hier stond, is weg. Bij je zorgaanbieders staat alles er nog.",
    link: ("/", "Ga naar het begin"),
};
