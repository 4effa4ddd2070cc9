// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.203 — whether a search parameter would carry a BSN.

use super::{known, number};

/// Whether a search on this value would carry a BSN.
///
/// An id or a reference may have nine digits that pass the eleven-test, one in eleven does, and so may a code or an
/// identifier of another system; a bare number must not.
pub(crate) fn parameter_holds_bsn(name: &str, value: &str) -> bool {
    if known::searches_on_bsn(value) {
        return true;
    }
    known::decodings(value).any(|decoded| decoded.split(',').any(|alternative| holds_bsn(name, alternative)))
}

fn holds_bsn(name: &str, alternative: &str) -> bool {
    match alternative.split_once('|') {
        // identifier:of-type has type system, code and value
        Some((system, code)) if name.to_ascii_lowercase().ends_with(":of-type") => {
            code.split_once('|').is_some_and(|(code, value)| {
                number::has_number(value.as_bytes()) && (known::is_bsn_type(code) || system.is_empty())
            })
        }
        // of another system, whatever that is
        Some((system, _)) if !system.trim().is_empty() => {
            let text = alternative.as_bytes();
            number::numbers(text).any(|number| number.is_announced(text, &mut number::Words::default()))
        }
        Some(_) => number::has_number(alternative.as_bytes()),
        None if is_id(name, alternative) => {
            let text = alternative.as_bytes();
            number::numbers(text).any(|number| number.is_announced(text, &mut number::Words::default()))
        }
        None => number::has_number(alternative.as_bytes()),
    }
}

/// Whether the parameter takes an id or a reference, or the value is `Type/id`.
fn is_id(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let first = name.split([':', '.']).next().unwrap_or_default();
    let last = name
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .split(':')
        .next()
        .unwrap_or_default();
    let typed = value.split_once('/').is_some_and(|(kind, _)| {
        kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphabetic())
    });
    typed
        || last == "_id"
        || (first == last && REFERENCES.contains(&first))
        || (last != first && REFERENCES.contains(&last))
}

/// Search parameters of the type reference that the services use.
const REFERENCES: [&str; 30] = [
    "_id",
    "author",
    "based-on",
    "basedon",
    "care-manager",
    "context",
    "custodian",
    "definition",
    "device",
    "encounter",
    "episode-of-care",
    "episodeofcare",
    "focus",
    "general-practitioner",
    "goal",
    "instantiates",
    "location",
    "managingentity",
    "medication",
    "organization",
    "part-of",
    "participant",
    "payor",
    "performer",
    "practitioner",
    "questionnaire",
    "related-target",
    "requester",
    "result",
    "specimen",
];
