// SPDX-License-Identifier: AGPL-3.0-or-later
//! One thing in full: all its facts, its documents, where it came from, and what can be done with it.

use super::{
    not_there, open,
    opened::{Opened, address_of},
};
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
use medmij_dvp::dossier::Origin;
use medmij_fhir::show::{Day, Entry, Fact, Section};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "dossier/entry.html")]
struct EntryPage {
    frame: Frame,
    item: Full,
}

/// An entry in full; the page of all entries shows it too.
pub(super) struct Full {
    pub(super) section: Section,
    pub(super) title: String,
    pub(super) calm_title: String,
    pub(super) date: String,
    pub(super) explanation: &'static str,
    pub(super) facts: Vec<Fact>,
    pub(super) documents: Vec<Opens>,
    pub(super) provenance: String,
    pub(super) service: String,
    pub(super) times: usize,
    pub(super) serious: bool,
    pub(super) generic: bool,
    pub(super) address: String,
    pub(super) collection: Option<String>,
}

impl Full {
    pub(super) fn is_result(&self) -> bool {
        self.section == Section::Results
    }
}

/// A document that opens.
pub(super) struct Opens {
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) href: String,
}

impl Full {
    pub(super) fn of(opened: &Opened, entry: &Entry) -> Self {
        let address = opened.address(entry);
        let item = opened.main_item(entry);
        let from = item.and_then(|item| match item.entry.origin() {
            Origin::Unchanged(from) | Origin::Changed(from) => Some(from),
            _ => None,
        });
        let documents = entry
            .attachments()
            .iter()
            .enumerate()
            .map(|(number, attachment)| Opens {
                title: attachment.title().to_owned(),
                kind: attachment.kind(),
                href: format!("/dossier/document/{address}/{number}"),
            });
        // a medicine of three resources was collected as often as the first of them
        let times = from.map_or(1, |from| {
            let same = |index: &&usize| {
                let item = opened.items.get(**index);
                item.is_some_and(
                    |item| matches!(item.entry.origin(), Origin::Unchanged(other) if other.digest() == from.digest()),
                )
            };
            entry.resources().iter().filter(same).count()
        });
        Self {
            section: entry.section(),
            title: entry.title().to_owned(),
            calm_title: entry.calm_title().to_owned(),
            date: entry.date().map_or_else(String::new, Day::with_time),
            explanation: entry.explanation().unwrap_or_default(),
            facts: entry.facts().to_vec(),
            documents: documents.collect(),
            provenance: opened.provenance(entry),
            service: from.map_or_else(String::new, |from| from.context().name().to_string()),
            times,
            serious: entry.serious().is_some(),
            generic: entry.is_generic(),
            collection: item
                .filter(|_| from.is_some())
                .map(|item| address_of(item.collection.number())),
            address,
        }
    }
}

pub(super) async fn entry(
    State(app): State<Arc<App>>,
    Path(address): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let Some((_, entry)) = opened.find(&address) else {
        return not_there(&visitor);
    };
    let filled = EntryPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        item: Full::of(&opened, entry),
    };
    page(StatusCode::OK, &filled)
}
