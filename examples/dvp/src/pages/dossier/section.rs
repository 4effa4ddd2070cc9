// SPDX-License-Identifier: AGPL-3.0-or-later
//! One part of the dossier: numbers as charts with a table beside them, everything else as a list.

use super::{line::Line, not_there, open, opened::Opened};
use crate::{
    App,
    gate::{SignedIn, Visitor},
    html::{Frame, Nav, page},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use medmij_fhir::show::{Section, Series};
use std::{collections::BTreeSet, sync::Arc};

#[derive(Template)]
#[template(path = "dossier/section.html")]
struct SectionPage {
    frame: Frame,
    section: Section,
    series: Vec<Table>,
    /// What was measured once is in one table.
    singles: Vec<Table>,
    lines: Vec<Line>,
}

impl SectionPage {
    fn is_results(&self) -> bool {
        self.section == Section::Results
    }

    fn has_range(&self) -> bool {
        self.singles.iter().any(|table| table.has_range)
    }
}

/// A kind of number with its chart.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) explanation: &'static str,
    pub(super) chart: String,
    pub(super) lines: Vec<String>,
    pub(super) has_range: bool,
    pub(super) rows: Vec<Row>,
}

impl Table {
    fn is_single(&self) -> bool {
        self.rows.len() == 1 && self.lines.len() == 1
    }
}

pub(super) struct Row {
    pub(super) address: String,
    pub(super) date: String,
    pub(super) values: Vec<String>,
    pub(super) range: String,
    pub(super) source: String,
}

pub(super) async fn section(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let Some(section) = Section::ALL.into_iter().find(|section| section.slug() == slug) else {
        return not_there(&visitor);
    };
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let (tables, shown) = tables(&opened, section);
    let (singles, series) = tables.into_iter().partition(|table| table.is_single());
    let rest = opened.view.section(section);
    let rest = rest.filter(|entry| !entry.resources().iter().any(|index| shown.contains(index)));
    let filled = SectionPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        section,
        series,
        singles,
        lines: rest.map(|entry| Line::of(&opened, entry)).collect(),
    };
    page(StatusCode::OK, &filled)
}

/// The numbers of a section, and which items are in them.
pub(super) fn tables(opened: &Opened, section: Section) -> (Vec<Table>, BTreeSet<usize>) {
    let mut shown = BTreeSet::new();
    if !matches!(section, Section::Measurements | Section::Results) {
        return (Vec::new(), shown);
    }
    let mut tables = Vec::new();
    for (number, series) in opened.view.series(section).iter().enumerate() {
        // what is serious is in the list, behind its sentence
        let is_serious = series.rows().iter().any(|row| {
            opened
                .view
                .entry_of(row.resource())
                .is_some_and(|entry| entry.serious().is_some())
        });
        if is_serious {
            continue;
        }
        shown.extend(series.rows().iter().map(|row| row.resource()));
        tables.push(table(opened, series, number));
    }
    (tables, shown)
}

fn table(opened: &Opened, series: &Series, number: usize) -> Table {
    let rows = series.rows().iter().map(|row| Row {
        address: opened.address_of(Some(row.resource())),
        date: row
            .date()
            .map_or_else(|| "Zonder datum".to_owned(), |day| day.text().to_owned()),
        values: (0..series.lines().len())
            .map(|line| row.value(line).unwrap_or("niet gemeten").to_owned())
            .collect(),
        range: row.range().unwrap_or_default().to_owned(),
        source: row.source().to_owned(),
    });
    Table {
        title: series.title().to_owned(),
        unit: series.unit().unwrap_or_default().to_owned(),
        explanation: series.explanation().unwrap_or_default(),
        chart: series.chart(&format!("grafiek{number}")).unwrap_or_default(),
        lines: series.lines().to_vec(),
        has_range: series.has_range(),
        rows: rows.collect(),
    }
}
