// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.103 — a shared line holds nothing by which a Persoon could be traced.
//!
//! URIs of a log line keep their path with logical ids replaced, and of their query only the parameters on an allow
//! list whose values are codes or dates. A hook of the application can take away more, never less.

use std::borrow::Cow;

use medmij_types::Bsn;

/// Names of query parameters whose values are codes, types or moments, and so say nothing about who is asked for.
pub const ALLOWED_QUERY: &[&str] = &[
    "_count",
    "_format",
    "_include",
    "_include:iterate",
    "_lastUpdated",
    "_pretty",
    "_revinclude",
    "_sort",
    "_summary",
    "_tag",
    "_total",
    "_type",
    "authored-on",
    "authoredon",
    "category",
    "class",
    "clinical-status",
    "code",
    "created",
    "date",
    "effective",
    "effective-time",
    "indexed",
    "issued",
    "medication.code",
    "period",
    "period-of-use",
    "status",
    "type",
    "vaccine-code",
    "verification-status",
    "whenhandedover",
];

/// What stands for a logical id.
pub const REPLACED: &str = "{id}";

/// A hook that takes more out of a URI than the rules do.
pub trait RedactMore: Send + Sync {
    /// Whether a query parameter that the rules keep is kept.
    fn keep_query(&self, name: &str) -> bool {
        let _ = name;
        true
    }

    /// Whether a segment of the path that the rules keep is kept; else [`REPLACED`] is there.
    fn keep_segment(&self, segment: &str) -> bool {
        let _ = segment;
        true
    }
}

/// No more than the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesOnly;

impl RedactMore for RulesOnly {}

/// A URI as a log line holds it: logical ids are replaced, and of the query only allowed parameters are left. A
/// fragment and user information are cut off.
///
/// ```
/// use medmij_log::{RulesOnly, redact_uri};
///
/// assert_eq!(
///     redact_uri("https://dva.example.nl/fhir/Task?status=active&_id=17", &RulesOnly),
///     "https://dva.example.nl/fhir/Task?status=active"
/// );
/// assert_eq!(redact_uri("https://dva.example.nl/fhir/Binary/17", &RulesOnly), "https://dva.example.nl/fhir/Binary/{id}");
/// ```
#[must_use]
pub fn redact_uri(uri: &str, more: &dyn RedactMore) -> String {
    let uri = uri.split('#').next().unwrap_or_default();
    let (path, query) = uri
        .split_once('?')
        .map_or((uri, None), |(path, query)| (path, Some(query)));
    // what stands for an id can be longer than it
    let mut out = String::with_capacity(uri.len().saturating_add(16));
    redact_path(path, more, &mut out);
    // parameters of other endpoints (`code`, `state`) have names that a search has too
    let query = query.filter(|_| is_search(path));
    let kept = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name
            .split_once(':')
            .filter(|(base, _)| *base != "_include")
            .map_or(name, |(base, _)| base);
        ALLOWED_QUERY.contains(&name) && !holds_bsn(value) && more.keep_query(name)
    });
    for (index, pair) in kept.enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(pair);
    }
    out
}

fn redact_path(path: &str, more: &dyn RedactMore, out: &mut String) {
    let (scheme, rest) = path
        .split_once("://")
        .map_or((None, path), |(scheme, rest)| (Some(scheme), rest));
    let mut segments = rest.split('/');
    let authority = segments.next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(scheme) = scheme {
        out.push_str(scheme);
        out.push_str("://");
    }
    out.push_str(authority);
    let mut after_type = false;
    for segment in segments {
        out.push('/');
        let operation = segment.starts_with('$') || segment.starts_with('_');
        let id = after_type && !operation && !segment.is_empty();
        if id || holds_bsn(segment) || looks_like_an_id(segment) || !more.keep_segment(segment) {
            out.push_str(REPLACED);
        } else {
            out.push_str(segment);
        }
        after_type = is_resource_type(segment) || segment == "_history";
    }
}

/// Whether a path ends with a resource type, or with an operation on one.
fn is_search(path: &str) -> bool {
    let mut last = path.trim_end_matches('/').rsplit('/');
    match last.next() {
        Some(segment) if segment.starts_with('$') => last.next().is_some_and(is_resource_type),
        Some(segment) => is_resource_type(segment),
        None => false,
    }
}

/// A FHIR resource type: a capital, then letters. An id follows it.
fn is_resource_type(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_uppercase()) && segment.bytes().all(|b| b.is_ascii_alphabetic())
}

/// A UUID, or a long run of hexadecimal or base64url characters with digits in it.
fn looks_like_an_id(segment: &str) -> bool {
    let token = segment
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    token && segment.len() >= 20 && segment.bytes().any(|b| b.is_ascii_digit())
}

/// Whether a text holds nine digits in a row that pass the eleven-test of a BSN.
#[must_use]
pub fn holds_bsn(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() == 9 && Bsn::parse(run).is_ok())
}

/// Cuts from a free text what could be a person or a secret: nine digits that pass the eleven-test, query strings, and
/// words of 20 characters or more that look like tokens. For the text of an error of a supplier, which is logged only
/// where the supplier asked for it.
#[must_use]
pub fn redact_text(text: &str) -> Cow<'_, str> {
    let clean = |word: &str| !(holds_bsn(word) || word.contains('?') || looks_like_a_token(word));
    if text.split_whitespace().all(clean) {
        return Cow::Borrowed(text);
    }
    let words: Vec<Cow<'_, str>> = text.split_whitespace().map(redact_word).collect();
    Cow::Owned(words.join(" "))
}

fn redact_word(word: &str) -> Cow<'_, str> {
    let (before, query) = word
        .split_once('?')
        .map_or((word, ""), |(before, query)| (before, query));
    let body = if holds_bsn(before) || looks_like_a_token(before) {
        Cow::from("…")
    } else {
        Cow::from(before)
    };
    if query.is_empty() && !word.contains('?') {
        body
    } else {
        Cow::Owned(format!("{body}?…"))
    }
}

fn looks_like_a_token(word: &str) -> bool {
    word.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '=')))
        .any(|part| part.len() >= 20 && !part.contains('.') && part.bytes().any(|b| b.is_ascii_digit()))
        || word.to_ascii_lowercase().starts_with("eyj")
}

/// Whether a field of a line could be traced to a person.
pub(crate) fn names_a_person(field: &str, text: &str) -> bool {
    let uri = field == "request.uri" && redact_uri(text, &RulesOnly) != text;
    // ids that this side draws at random can hold nine digits by chance
    let free = matches!(
        field,
        "error.description" | "error.code" | "event.type" | "request.provider_id"
    );
    uri || (free && holds_bsn(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_logging_103_uris_lose_ids_and_parameters_that_are_not_allowed() {
        let base = "https://dva.example.nl/fhir";
        let cases = [
            (
                "/Patient?_include=Patient:general-practitioner",
                "/Patient?_include=Patient:general-practitioner",
            ),
            ("/Binary/17", "/Binary/{id}"),
            ("/Binary/17/_history/2", "/Binary/{id}/_history/{id}"),
            (
                "/Observation/$lastn?code=http://loinc.org%7C1",
                "/Observation/$lastn?code=http://loinc.org%7C1",
            ),
            ("/Encounter?episodeofcare=EpisodeOfCare/9", "/Encounter"),
            ("/Patient?identifier=999911120&status=active", "/Patient?status=active"),
            ("/Condition?code=999911120", "/Condition"),
            ("/token?code=geheim#x", "/token"),
            ("/cb?code=geheim&state=x", "/cb"),
            ("/999911120", "/{id}"),
            ("/0f0d3b5e-8f5c-4a8c-9c7e-0a3a1f2b4c5d/Patient", "/{id}/Patient"),
        ];
        for (from, to) in cases {
            assert_eq!(
                redact_uri(&format!("{base}{from}"), &RulesOnly),
                format!("{base}{to}"),
                "{from}"
            );
        }
        assert_eq!(
            redact_uri("https://jan:geheim@dva.example.nl/x", &RulesOnly),
            "https://dva.example.nl/x"
        );
    }

    #[test]
    fn a_hook_redacts_more_and_never_less() {
        struct Everything;
        impl RedactMore for Everything {
            fn keep_query(&self, _: &str) -> bool {
                false
            }
            fn keep_segment(&self, segment: &str) -> bool {
                segment != "jansen"
            }
        }
        struct Nothing;
        impl RedactMore for Nothing {}
        let uri = "https://dva.example.nl/jansen/Task?status=active&_id=1";
        assert_eq!(redact_uri(uri, &Everything), "https://dva.example.nl/{id}/Task");
        assert_eq!(
            redact_uri(uri, &Nothing),
            "https://dva.example.nl/jansen/Task?status=active"
        );
    }

    #[test]
    fn free_text_loses_bsn_tokens_and_queries() {
        let cases = [
            ("connection refused", "connection refused"),
            (
                "GET https://his.local/p?bsn=999911120 failed",
                "GET https://his.local/p?… failed",
            ),
            ("no patient 999911120 here", "no patient … here"),
            ("Bearer AbCdEfGhIjKlMnOpQrStUvWx12 refused", "Bearer … refused"),
            ("123456789 is no bsn", "123456789 is no bsn"),
        ];
        for (from, to) in cases {
            assert_eq!(redact_text(from), to, "{from}");
        }
    }
}
