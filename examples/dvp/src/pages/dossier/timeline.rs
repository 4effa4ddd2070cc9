// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything that has a day, newest first, by year.

use super::{line::Line, open};
use crate::{
    App,
    gate::{SignedIn, Visitor},
    html::{Frame, Nav, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_fhir::show::{Day, Entry, Section};
use medmij_types::{Clock as _, SystemClock};
use std::{cmp::Reverse, sync::Arc};

#[derive(Template)]
#[template(path = "dossier/timeline.html")]
struct TimelinePage {
    frame: Frame,
    years: Vec<Year>,
    undated: usize,
}

struct Year {
    title: String,
    lines: Vec<Line>,
}

pub(super) async fn timeline(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let now = Day::at(SystemClock::default().now());
    let happens = |entry: &&Entry| !matches!(entry.section(), Section::Contacts | Section::Person);
    let mut dated: Vec<&Entry> = opened.view.entries().iter().filter(happens).collect();
    let all = dated.len();
    dated.retain(|entry| entry.date().is_some());
    let undated = all - dated.len();
    dated.sort_by_key(|entry| Reverse(entry.date().cloned()));
    let mut years: Vec<Year> = Vec::new();
    for entry in dated {
        let Some(day) = entry.date() else { continue };
        let title = if day.key() > now.key() {
            "Dit komt nog"
        } else {
            day.year()
        };
        if years.last().is_none_or(|year| year.title != title) {
            years.push(Year {
                title: title.to_owned(),
                lines: Vec::new(),
            });
        }
        if let Some(year) = years.last_mut() {
            year.lines.push(Line::of(&opened, entry));
        }
    }
    let frame = Frame::new(&visitor, Nav::Dossier);
    page(StatusCode::OK, &TimelinePage { frame, years, undated })
}
