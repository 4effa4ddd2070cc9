// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a document comes through the other form and back as it was.

use medmij_types::json::{Document, Kind, Value};

use super::reader::push_step;
use super::{Oddity, OddityKind, XmlError, from_json, to_json};
use crate::format::Format;
use crate::limits::Limits;
use crate::version::FhirVersion;

/// Converts a document, JSON or XML, to the other form and back, and reports what FHIR does not have and what changed:
/// nothing, where the document is FHIR of this version.
///
/// Compared are values: numbers by their digits, members in any order, a narrative by its being there.
///
/// # Errors
/// [`XmlError`] when it cannot be converted at all.
pub fn round_trip(document: &[u8], version: FhirVersion, limits: &Limits) -> Result<Vec<Oddity>, XmlError> {
    let (first, mut oddities) = match Format::of(document) {
        Format::Json => (None, Vec::new()),
        Format::Xml => {
            let converted = to_json(document, version, limits)?;
            (Some(converted.text), converted.oddities)
        }
    };
    let json = first.as_ref().map_or(document, String::as_bytes);
    let written = from_json(json, version, limits)?;
    let again = to_json(written.text.as_bytes(), version, limits)?;
    if oddities.is_empty() {
        oddities = written.oddities;
    }
    let before = Document::parse(json, &limits.json())?;
    let after = Document::parse(again.text.as_bytes(), &limits.json())?;
    if oddities.is_empty() {
        let mut path = String::new();
        difference(before.root(), after.root(), &mut path, &mut oddities);
    }
    Ok(oddities)
}

fn difference(before: Value<'_>, after: Value<'_>, path: &mut String, oddities: &mut Vec<Oddity>) {
    let len = path.len();
    let changed = match (before.kind(), after.kind()) {
        (Kind::Object, Kind::Object) => {
            for member in before.members() {
                let name = member.name().unwrap_or_default();
                push_step(path, &name);
                match after.member(&name) {
                    Some(other) => difference(member, other, path, oddities),
                    None => oddities.push(oddity(path, member)),
                }
                path.truncate(len);
            }
            false
        }
        (Kind::Array, Kind::Array) if before.items().count() == after.items().count() => {
            for (index, (item, other)) in before.items().zip(after.items()).enumerate() {
                path.push_str(&format!("[{index}]"));
                difference(item, other, path, oddities);
                path.truncate(len);
            }
            false
        }
        // the same text may be written with other escapes
        (Kind::String, Kind::String) => !before.has_name("div") && before.as_str() != after.as_str(),
        (before_kind, after_kind) => before_kind != after_kind || before.raw() != after.raw(),
    };
    if changed {
        oddities.push(oddity(path, before));
    }
}

fn oddity(path: &str, value: Value<'_>) -> Oddity {
    Oddity {
        path: path.to_owned(),
        kind: OddityKind::Changed,
        range: value.range(),
    }
}
