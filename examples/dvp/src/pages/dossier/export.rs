// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.102 — the dossier to take along: a FHIR Bundle for each version of FHIR, with a Provenance beside each
//! resource. It is written to the browser piece by piece and never to a disk here.

use super::{locked::File, not_there, open, opened::OWN};
use crate::{
    App,
    account::{SHORTEST, events::Event},
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, count, page},
};
use askama::Template;
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};
use http_body::Frame as BodyFrame;
use medmij_dvp::dossier::{Item, Origin};
use medmij_fhir::{FhirVersion, Gegevensdienst};
use medmij_types::Tijdstempel;
use serde_json::{json, value::RawValue};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

#[derive(Template)]
#[template(path = "dossier/export.html")]
struct ExportPage {
    frame: Frame,
    parts: Vec<Part>,
    shortest: usize,
    problem: Option<&'static str>,
}

struct Part {
    slug: &'static str,
    count: String,
}

/// One file for each version of FHIR: a Bundle holds one.
const PARTS: [(&str, FhirVersion); 2] = [("deel-1", FhirVersion::Stu3), ("deel-2", FhirVersion::R4)];

pub(super) async fn export(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    export_page(&app, &signed_in, &visitor, StatusCode::OK, None).await
}

/// The page, with what is wrong with a password.
pub(super) async fn export_page(
    app: &App,
    signed_in: &SignedIn,
    visitor: &Visitor,
    status: StatusCode,
    problem: Option<&'static str>,
) -> Response {
    let opened = match open(app, signed_in, visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let parts = PARTS.into_iter().filter_map(|(slug, version)| {
        let number = opened.items.iter().filter(|item| version_of(item) == version).count();
        (number > 0).then(|| Part {
            slug,
            count: count(number, "gegeven", "gegevens"),
        })
    });
    let filled = ExportPage {
        frame: Frame::new(visitor, Nav::Dossier),
        parts: parts.collect(),
        shortest: SHORTEST,
        problem,
    };
    page(status, &filled)
}

/// The files for another program, for one file that holds all.
pub(super) fn bundles(items: Vec<Item>) -> Vec<File> {
    let (first, second): (Vec<Item>, Vec<Item>) = items
        .into_iter()
        .partition(|item| version_of(item) == FhirVersion::Stu3);
    let names = ["dossier-deel-1.json", "dossier-deel-2.json"];
    let parts = [(first, FhirVersion::Stu3), (second, FhirVersion::R4)];
    let files = names.into_iter().zip(parts).filter(|(_, (items, _))| !items.is_empty());
    files
        .map(|(name, (items, version))| {
            let mut pieces = Pieces::of(items, version);
            let text = std::iter::from_fn(|| pieces.next()).collect();
            File {
                name,
                kind: "application/fhir+json",
                text,
            }
        })
        .collect()
}

pub(super) async fn download(
    State(app): State<Arc<App>>,
    Path(part): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let Some((slug, version)) = PARTS.into_iter().find(|(slug, _)| *slug == part) else {
        return not_there(&visitor);
    };
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let items: Vec<Item> = opened
        .items
        .into_iter()
        .filter(|item| version_of(item) == version)
        .collect();
    app.record(signed_in.person(), Event::CopyTaken).await;
    let headers = [
        (header::CONTENT_TYPE, "application/fhir+json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"dossier-{slug}.json\""),
        ),
    ];
    (headers, Body::new(Pieces::of(items, version))).into_response()
}

/// The same as lines of JSON, each with its source, for a program of one's own.
pub(super) async fn copy(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    match app.dossier.download(signed_in.person()).await {
        Ok(lines) => {
            app.record(signed_in.person(), Event::CopyTaken).await;
            let headers = [
                (header::CONTENT_TYPE, "application/x-ndjson"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"gegevens.ndjson\""),
            ];
            (headers, lines).into_response()
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

/// Which version of FHIR an item is in: that of its gegevensdienst; what the Persoon made is R4.
fn version_of(item: &Item) -> FhirVersion {
    match item.entry.origin() {
        Origin::Unchanged(from) | Origin::Changed(from) => {
            Gegevensdienst::lookup(from.context().id()).map_or(FhirVersion::Stu3, Gegevensdienst::version)
        }
        _ => FhirVersion::R4,
    }
}

/// A Bundle, an item at a time.
struct Pieces {
    items: std::vec::IntoIter<Item>,
    version: FhirVersion,
    state: Written,
}

enum Written {
    Nothing,
    Head,
    Items,
    All,
}

impl Pieces {
    fn of(items: Vec<Item>, version: FhirVersion) -> Self {
        Self {
            items: items.into_iter(),
            version,
            state: Written::Nothing,
        }
    }

    fn next(&mut self) -> Option<String> {
        match self.state {
            Written::Nothing => {
                self.state = Written::Head;
                Some(r#"{"resourceType":"Bundle","type":"collection","entry":["#.to_owned())
            }
            Written::Head | Written::Items => loop {
                let Some(item) = self.items.next() else {
                    self.state = Written::All;
                    return Some("]}".to_owned());
                };
                // what is no JSON is no resource, and was not kept by collecting
                let Some(entries) = entries(&item, self.version) else {
                    continue;
                };
                let first = matches!(self.state, Written::Head);
                self.state = Written::Items;
                return Some(if first { entries } else { format!(",{entries}") });
            },
            Written::All => None,
        }
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|text| Ok(BodyFrame::data(text.into()))))
    }
}

/// A resource, byte for byte, and its Provenance.
fn entries(item: &Item, version: FhirVersion) -> Option<String> {
    let content: &RawValue = serde_json::from_slice(item.entry.bytes()).ok()?;
    let name = uuid(item.id.number());
    let beside = uuid(item.id.number().rotate_left(64) ^ 1);
    let (from, how) = match item.entry.origin() {
        Origin::Unchanged(from) => (Some(from), "via MedMij, ongewijzigd sinds het ophalen"),
        Origin::Changed(from) => (Some(from), "via MedMij, veranderd sinds het ophalen"),
        Origin::Own => (None, OWN),
        _ => (None, "herkomst niet bewezen"),
    };
    let recorded = from.and_then(|from| Tijdstempel::from_system_time(from.collected_at()).ok());
    let recorded = recorded.map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |stamp| stamp.to_string());
    let who = from.map_or_else(|| OWN.to_owned(), |from| from.source().to_string());
    let what = from.map(|from| format!("{} ({})", from.context().name(), from.context().id()));
    let who = json!({ "display": who });
    let agent = match version {
        FhirVersion::Stu3 => json!({ "role": [{ "text": "bron" }], "whoReference": who }),
        _ => json!({ "type": { "text": "bron" }, "who": who }),
    };
    let mut provenance = json!({
        "resourceType": "Provenance",
        "target": [{ "reference": name }],
        "recorded": recorded,
        "agent": [agent],
    });
    let text = what.map_or_else(|| how.to_owned(), |what| format!("{how}: {what}"));
    // STU3 has a Coding here, R4 a CodeableConcept
    let activity = match version {
        FhirVersion::Stu3 => json!({ "display": text }),
        _ => json!({ "text": text }),
    };
    if let Some(members) = provenance.as_object_mut() {
        members.insert("activity".to_owned(), activity);
    }
    Some(format!(
        r#"{{"fullUrl":"{name}","resource":{}}},{{"fullUrl":"{beside}","resource":{provenance}}}"#,
        content.get()
    ))
}

/// RFC 9562 — sixteen random bytes as a UUID of version 4.
fn uuid(number: u128) -> String {
    let number = (number & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        assert_eq!(uuid(0), "urn:uuid:00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
