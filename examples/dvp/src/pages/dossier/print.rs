// SPDX-License-Identifier: AGPL-3.0-or-later
//! The whole dossier on one page, to print or to keep as a PDF: also what is serious, after its sentence at the top.

use super::{entry::Full, open};
use crate::{
    App,
    gate::{SignedIn, Visitor},
    html::{Frame, Nav, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_fhir::show::{Day, Section};
use medmij_types::{Clock as _, SystemClock};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "dossier/print.html")]
struct PrintPage {
    frame: Frame,
    today: String,
    parts: Vec<(&'static str, Vec<Full>)>,
}

pub(super) async fn print(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let parts = Section::ALL.into_iter().filter_map(|section| {
        let entries: Vec<Full> = opened
            .view
            .section(section)
            .map(|entry| Full::of(&opened, entry))
            .collect();
        (!entries.is_empty()).then_some((section.title(), entries))
    });
    let filled = PrintPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        today: Day::at(SystemClock::default().now()).text().to_owned(),
        parts: parts.collect(),
    };
    page(StatusCode::OK, &filled)
}
