// SPDX-License-Identifier: AGPL-3.0-or-later
//! Searching in the dossier: by words, by source, by period.

use super::{line::Line, open};
use crate::{
    App,
    gate::{SignedIn, Visitor},
    html::{Frame, Nav, count, page},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use medmij_fhir::show::{Day, Entry};
use serde::Deserialize;
use std::sync::Arc;

/// What is searched for; all of it may be left out.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    words: String,
    source: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "dossier/search.html")]
struct SearchPage {
    frame: Frame,
    asked: Asked,
    sources: Vec<String>,
    found: String,
    lines: Vec<Line>,
}

/// The most words of a search that are looked at.
const LONGEST: usize = 200;

pub(super) async fn search(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let words: String = asked.words.chars().take(LONGEST).collect();
    let wanted = |entry: &&Entry| {
        (asked.source.is_empty() || entry.source() == asked.source)
            && is_within(entry.date(), &asked.from, &asked.to)
            && entry.matches(&words)
    };
    let lines: Vec<Line> = opened
        .view
        .entries()
        .iter()
        .filter(wanted)
        .map(|entry| Line::of(&opened, entry))
        .collect();
    let filled = SearchPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        sources: opened.sources().into_iter().map(str::to_owned).collect(),
        found: count(lines.len(), "gegeven", "gegevens"),
        lines,
        asked,
    };
    page(StatusCode::OK, &filled)
}

/// Whether a day can lie in a period; a month or a year does where a part of it does. A border that is no day is none.
fn is_within(day: Option<&Day>, from: &str, to: &str) -> bool {
    let border = |text: &str| Day::parse(text).map(|day| day.key().to_owned());
    let (from, to) = (border(from), border(to));
    let Some(day) = day else {
        return from.is_none() && to.is_none();
    };
    let key = day.key().get(..10).unwrap_or_else(|| day.key());
    let cut = |border: &str| border.get(..key.len()).unwrap_or(border).to_owned();
    from.is_none_or(|from| *key >= *cut(&from)) && to.is_none_or(|to| *key <= *cut(&to))
}

#[cfg(test)]
mod tests {
    use super::{Day, is_within};

    #[test]
    fn a_period_has_its_borders_in_it_and_takes_an_incomplete_day_that_can_lie_in_it() {
        let cases = [
            (Some("2026-09-14"), "2026-09-14", "2026-09-14", true),
            (Some("2026-09-14"), "2026-09-15", "", false),
            (Some("2026-09-14"), "", "2026-09-13", false),
            (Some("2026-09-14T10:00:00+02:00"), "", "2026-09-14", true),
            (Some("2026-09"), "2026-09-20", "2026-10-01", true),
            (Some("2026"), "2027-01-01", "", false),
            (None, "", "", true),
            (None, "2026-01-01", "", false),
            (Some("2026"), "gisteren", "", true),
        ];
        for (day, from, to, expected) in cases {
            let shown = day.and_then(Day::parse);
            assert_eq!(is_within(shown.as_ref(), from, to), expected, "{day:?} {from} {to}");
        }
    }
}
