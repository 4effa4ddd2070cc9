// SPDX-License-Identifier: AGPL-3.0-or-later
//! Several sources beside each other, part by part: what each of them says, without a judgement which is right.

use super::{line::Line, open};
use crate::{
    App,
    gate::{SignedIn, Visitor},
    html::{Frame, Nav, count, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_fhir::show::Section;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "dossier/beside.html")]
struct BesidePage {
    frame: Frame,
    parts: Vec<Part>,
    sources: usize,
}

struct Part {
    slug: &'static str,
    title: &'static str,
    columns: Vec<Column>,
}

struct Column {
    source: String,
    lines: Vec<Line>,
    more: String,
}

/// So many entries of a source are on the page; the rest is one link away.
const MOST: usize = 8;

pub(super) async fn beside(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let sources = opened.sources();
    let mut parts = Vec::new();
    for section in Section::ALL {
        let columns: Vec<Column> = sources
            .iter()
            .map(|source| {
                let entries: Vec<_> = opened
                    .view
                    .section(section)
                    .filter(|entry| entry.source() == *source)
                    .collect();
                let more = entries.len().saturating_sub(MOST);
                Column {
                    source: (*source).to_owned(),
                    lines: entries
                        .iter()
                        .take(MOST)
                        .map(|entry| Line::of(&opened, entry))
                        .collect(),
                    more: if more > 0 {
                        count(more, "gegeven", "gegevens")
                    } else {
                        String::new()
                    },
                }
            })
            .collect();
        if columns.iter().any(|column| !column.lines.is_empty()) {
            parts.push(Part {
                slug: section.slug(),
                title: section.title(),
                columns,
            });
        }
    }
    let filled = BesidePage {
        frame: Frame::new(&visitor, Nav::Dossier),
        parts,
        sources: sources.len(),
    };
    page(StatusCode::OK, &filled)
}
