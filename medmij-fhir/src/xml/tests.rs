// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every corner of FHIR XML and JSON that we know of.

mod corners;
mod hostile;
mod roundtrip;
mod unknown;

use super::{Converted, OddityKind, XmlError, XmlRule, from_json, to_json};
use crate::limits::Limits;
use crate::version::FhirVersion;

fn json(xml: &str) -> Result<Converted, XmlError> {
    let converted = to_json(xml.as_bytes(), FhirVersion::Stu3, &Limits::default())?;
    let strict = medmij_types::json::Document::parse(converted.text.as_bytes(), &Limits::default().json());
    assert!(strict.is_ok(), "{strict:?} {}", converted.text);
    Ok(converted)
}

fn xml(json: &str) -> Result<Converted, XmlError> {
    from_json(json.as_bytes(), FhirVersion::Stu3, &Limits::default())
}

/// What is in a Patient, as XML.
fn patient(inside: &str) -> String {
    format!(r#"<Patient xmlns="http://hl7.org/fhir">{inside}</Patient>"#)
}

fn rule(xml: &str) -> Option<XmlRule> {
    json(xml).err().map(|error| error.rule)
}

fn oddities(converted: &Converted) -> Vec<(&str, OddityKind)> {
    let all = converted.oddities.iter();
    all.map(|oddity| (oddity.path.as_str(), oddity.kind)).collect()
}
