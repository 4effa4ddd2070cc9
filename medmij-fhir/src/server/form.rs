// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR XML from and to FHIR JSON.

use super::refusal::Refusal;
use crate::limits::Limits;
use crate::version::FhirVersion;
use crate::xml;

/// FHIR JSON as FHIR XML.
pub(super) fn to_xml(version: FhirVersion, json: &[u8]) -> Result<Vec<u8>, Refusal> {
    // the answer is our own: what a source gave has been through the limits
    let converted = xml::from_json(json, version, &Limits::default()).map_err(|_| Refusal::Internal)?;
    Ok(converted.text.into_bytes())
}

/// FHIR XML as FHIR JSON. What the JSON has no place for would be lost without a word, so it refuses the document.
pub(super) fn from_xml(version: FhirVersion, xml: &[u8], limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let converted = xml::to_json(xml, version, limits).map_err(|error| Refusal::Body(error.to_string()))?;
    match converted.oddities.first() {
        None => Ok(converted.text.into_bytes()),
        Some(oddity) => Err(Refusal::Body(oddity.to_string())),
    }
}
