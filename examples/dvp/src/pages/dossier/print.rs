// SPDX-License-Identifier: AGPL-3.0-or-later
//! The whole dossier on one page, to print or to keep as a PDF: also what is serious, after its sentence at the top.

use super::{entry::Full, open, opened::Opened};
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

/// The same as a file of its own.
#[derive(Template)]
#[template(path = "dossier/keep.html")]
struct KeptPage {
    today: String,
    style: &'static str,
    parts: Vec<(&'static str, Vec<Full>)>,
}

pub(super) async fn print(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let filled = PrintPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        today: today(),
        parts: parts(&opened),
    };
    page(StatusCode::OK, &filled)
}

/// The dossier as a page that can be read without us.
pub(super) fn to_keep(opened: &Opened) -> Result<String, askama::Error> {
    let filled = KeptPage {
        today: today(),
        style: include_str!("../../../static/style.css"),
        parts: parts(opened),
    };
    filled.render()
}

fn today() -> String {
    Day::at(SystemClock::default().now()).text().to_owned()
}

fn parts(opened: &Opened) -> Vec<(&'static str, Vec<Full>)> {
    let parts = Section::ALL.into_iter().filter_map(|section| {
        let entries: Vec<Full> = opened
            .view
            .section(section)
            .map(|entry| Full::of(opened, entry))
            .collect();
        (!entries.is_empty()).then_some((section.title(), entries))
    });
    parts.collect()
}
