// SPDX-License-Identifier: AGPL-3.0-or-later
//! `Accept` and `_format`: which answers a client takes (case H11).

use http::HeaderMap;
use http::header::ACCEPT;

use super::search::SearchError;
use crate::media::{self, MediaRange};
use crate::version::FhirVersion;

/// Checks that an answer in FHIR JSON of this version is wanted.
pub(super) fn check_accept(headers: &HeaderMap, version: FhirVersion) -> Result<(), SearchError> {
    let mut ranges = Vec::new();
    for value in headers.get_all(ACCEPT) {
        ranges.extend(media::parse_list(
            value.to_str().map_err(|_| SearchError::NotAcceptable)?,
        ));
    }
    if ranges.is_empty() {
        return if headers.contains_key(ACCEPT) {
            Err(SearchError::NotAcceptable)
        } else {
            Ok(())
        };
    }
    check(&ranges, version)
}

/// Checks the value of `_format`.
pub(super) fn check_format(value: &str, version: FhirVersion) -> Result<(), SearchError> {
    if value == "json" {
        return Ok(());
    }
    // in a query a plus sign may have been left unencoded, and read as a space
    let value = value
        .replacen("fhir json", "fhir+json", 1)
        .replacen("json fhir", "json+fhir", 1);
    check(&MediaRange::parse(&value).into_iter().collect::<Vec<_>>(), version)
}

fn check(ranges: &[MediaRange], version: FhirVersion) -> Result<(), SearchError> {
    let json = || ranges.iter().filter(|range| range.takes_json() && !range.refused);
    if json().next().is_none() {
        return Err(SearchError::NotAcceptable);
    }
    if json().any(|range| range.fits(version)) {
        Ok(())
    } else {
        Err(SearchError::FhirVersion)
    }
}
