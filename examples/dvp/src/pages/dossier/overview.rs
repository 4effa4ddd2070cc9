// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is in the dossier: how much of what, the newest of it, and what did not come.

use super::open;
use crate::{
    App,
    account::events::{self, Event},
    gate::{SignedIn, Visitor},
    html::{Frame, Nav, count, page},
};
use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::StatusCode;
use medmij_dvp::person::PersonId;
use medmij_fhir::show::Section;
use std::{collections::BTreeSet, sync::Arc};

#[derive(Template)]
#[template(path = "dossier/overview.html")]
struct OverviewPage {
    frame: Frame,
    sections: Vec<Part>,
    sources: usize,
    missing: Vec<Missing>,
    /// Something was deleted just now.
    deleted: bool,
}

struct Part {
    slug: &'static str,
    title: &'static str,
    count: String,
    newest: String,
}

struct Missing {
    provider: String,
    service: String,
}

pub(super) async fn overview(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let mut sections = Vec::new();
    for section in Section::ALL {
        let entries: Vec<_> = opened.view.section(section).collect();
        if entries.is_empty() {
            continue;
        }
        let newest = entries.iter().find_map(|entry| entry.date());
        sections.push(Part {
            slug: section.slug(),
            title: section.title(),
            count: count(entries.len(), "gegeven", "gegevens"),
            newest: newest.map_or_else(String::new, |day| day.text().to_owned()),
        });
    }
    let filled = OverviewPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        sections,
        sources: opened.sources().len(),
        missing: missing(&app, signed_in.person()).await,
        deleted: query.as_deref() == Some("weg"),
    };
    page(StatusCode::OK, &filled)
}

/// Of each service that was collected: whether the last time was whole.
async fn missing(app: &App, person: PersonId) -> Vec<Missing> {
    let happened = events::all(&app.accounts.vault, person).await.unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut missing = Vec::new();
    for each in happened {
        let (provider, service, whole) = match each.event {
            Event::Collected {
                provider,
                service,
                whole,
                ..
            } => (provider, service, whole),
            Event::CollectionFailed {
                provider,
                service: Some(service),
            } => (provider, service, false),
            _ => continue,
        };
        if seen.insert((provider.clone(), service.clone())) && !whole {
            missing.push(Missing { provider, service });
        }
    }
    missing
}
