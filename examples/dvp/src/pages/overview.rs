// SPDX-License-Identifier: AGPL-3.0-or-later
//! The overview: what is in the dossier, what is going on, what can be done.

use crate::{
    App,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    items: usize,
    collecting: Option<String>,
    codes_to_keep: bool,
    codes_left: usize,
}

pub(crate) async fn overview(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let person = signed_in.person();
    let items = async { app.dossier.of(person).await?.items().await };
    let (items, account) = match (items.await, app.accounts.account(person).await) {
        (Ok(items), Ok(account)) => (items.len(), account.content),
        (Err(error), _) => return html::outage(&visitor, &error),
        (_, Err(error)) => return html::outage(&visitor, &error),
    };
    let running = app.jobs.of(person).filter(super::collect::is_going_on);
    let filled = Overview {
        frame: Frame::new(&visitor, Nav::Overview),
        items,
        collecting: running.map(|job| job.provider),
        codes_to_keep: visitor
            .session
            .as_ref()
            .is_some_and(|session| !session.recovery_codes.is_empty()),
        codes_left: account.recovery_codes_left(),
    };
    page(StatusCode::OK, &filled)
}
