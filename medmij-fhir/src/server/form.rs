// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR XML from and to FHIR JSON.

use super::refusal::Refusal;
use crate::limits::Limits;
use crate::version::FhirVersion;

/// FHIR JSON as FHIR XML.
pub(super) fn to_xml(_version: FhirVersion, _json: &[u8]) -> Result<Vec<u8>, Refusal> {
    Err(Refusal::NotAcceptable)
}

/// FHIR XML as FHIR JSON.
pub(super) fn from_xml(_version: FhirVersion, _xml: &[u8], _limits: &Limits) -> Result<Vec<u8>, Refusal> {
    Err(Refusal::ContentType)
}
