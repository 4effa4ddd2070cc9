// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which strings of a resource are for people, and how they are shown.

use medmij_types::Bsn;

/// A text as it is shown: white space joined, control characters left out, a BSN covered. `None` where it is not for people.
pub(super) fn clean(text: &str) -> Option<String> {
    let joined = join(text);
    if !joined.chars().any(char::is_alphanumeric) || is_machine(&joined) {
        return None;
    }
    Some(cover(&joined))
}

/// White space joined, control characters left out.
pub(super) fn join(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A word that only computers read: a truth value, an address, a path, an OID, a UUID, a long code.
fn is_machine(text: &str) -> bool {
    if matches!(text, "true" | "false" | "null" | "undefined" | "NaN") {
        return true;
    }
    if text.contains(' ') {
        return false;
    }
    let is_path = text.split_once('/').is_some_and(|(first, rest)| {
        first.is_empty()
            || (starts_upper(first) && first.len() > 4 && first.chars().all(char::is_alphabetic) && is_id(rest))
    });
    is_path
        || text.contains("://")
        || text.starts_with("urn:")
        || text.starts_with('#')
        || is_oid(text)
        || (text.contains('_') && !text.contains(char::is_lowercase))
        || is_uuid(text)
        || (text.len() > 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b)))
}

fn starts_upper(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
}

fn is_id(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b))
        && text.bytes().any(|b| !b.is_ascii_uppercase())
}

fn is_oid(text: &str) -> bool {
    text.split('.').count() > 4 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') && text.matches('-').count() == 4
}

/// Nine digits that could be a BSN are not shown, whoever wrote them down.
fn cover(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        out.push_str(before);
        if digits.len() == 9 && Bsn::parse(digits).is_ok() {
            out.push_str(COVERED);
        } else {
            out.push_str(digits);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What is in place of a BSN.
const COVERED: &str = "(nummer niet getoond)";

/// Names under which a string is for computers, whatever it looks like.
const MACHINE_NAMES: [&str; 34] = [
    "resourceType",
    "id",
    "versionId",
    "lastUpdated",
    "reference",
    "url",
    "uri",
    "system",
    "code",
    "profile",
    "version",
    "contentType",
    "data",
    "hash",
    "linkId",
    "language",
    "fullUrl",
    "implicitRules",
    "div",
    "expression",
    "xpath",
    "path",
    "fhirVersion",
    "policyRule",
    "source",
    "valueCode",
    "valueUri",
    "valueUrl",
    "valueOid",
    "valueId",
    "valueBase64Binary",
    "units",
    "currency",
    "rank",
];

/// Names under which a string is for people, whatever it looks like.
const PEOPLE_NAMES: [&str; 32] = [
    "text",
    "display",
    "title",
    "name",
    "description",
    "comment",
    "comments",
    "note",
    "valueString",
    "valueMarkdown",
    "unit",
    "family",
    "given",
    "prefix",
    "suffix",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
    "conclusion",
    "answer",
    "instruction",
    "patientInstruction",
    "lotNumber",
    "manufacturer",
    "caption",
    "label",
    "reasonText",
    "authorString",
    "publisher",
];

/// Whether a string under this name is for people. A word alone is one only where its name or its form says so.
pub(super) fn is_readable(name: &str, text: &str) -> bool {
    let joined = join(text);
    if MACHINE_NAMES.contains(&name) || clean(&joined).is_none() {
        return false;
    }
    if PEOPLE_NAMES.contains(&name) {
        return true;
    }
    if joined.contains(' ') {
        return joined.chars().any(char::is_alphabetic);
    }
    let mut chars = joined.chars();
    // `type` holds names of FHIR types
    name != "type"
        && chars.next().is_some_and(char::is_uppercase)
        && joined.chars().count() > 3
        && chars.all(|c| c.is_lowercase())
}

/// The text of a narrative, without its markup.
pub(super) fn of_narrative(div: &str) -> Option<String> {
    let safe = crate::xml::sanitize(div).ok()?;
    let mut out = String::with_capacity(safe.len());
    let mut rest = safe.as_str();
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        out.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    let text = out
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&apos;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    clean(&text)
}

/// With a capital in front.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, is_readable, of_narrative};

    #[test]
    fn words_for_computers_are_not_shown() {
        let machine = [
            "",
            " ",
            "?",
            "--",
            "true",
            "false",
            "Patient/p1",
            "http://snomed.info/sct",
            "urn:oid:2.16.840.1",
            "#med",
            "2.16.840.1.113883",
            "6e1a6f2c-0c0f-4c3a-8e6a-0e1f5c1e2a3b",
            "/dossier/1",
            "Observation/a/_history/1",
        ];
        for text in machine {
            assert_eq!(clean(text), None, "{text}");
        }
        for text in [
            "mmol/mol",
            "Ja/nee",
            "NEE",
            "tablet",
            "W.C. de Wit",
            "zie Patient/p1 hierboven",
        ] {
            assert_eq!(clean(text).as_deref(), Some(text));
        }
        assert_eq!(clean(" a\n\tb\u{7} c ").as_deref(), Some("a b c"));
    }

    #[test]
    fn core_rscint_203_a_bsn_in_a_text_is_covered() {
        assert_eq!(clean("BSN 999990019.").as_deref(), Some("BSN (nummer niet getoond)."));
        assert_eq!(clean("tel 0612345678").as_deref(), Some("tel 0612345678"));
    }

    #[test]
    fn a_word_alone_is_read_by_its_name_or_its_form() {
        assert!(is_readable("display", "tablet") && is_readable("onbekend", "Beukenhof"));
        assert!(is_readable("onbekend", "twee woorden") && !is_readable("onbekend", "in-progress"));
        assert!(!is_readable("code", "twee woorden") && !is_readable("type", "Patient"));
    }

    #[test]
    fn a_narrative_is_its_text() {
        let div =
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Rust &amp; <b>water</b></p><script>x()</script></div>";
        assert_eq!(of_narrative(div).as_deref(), Some("Rust & water"));
        assert_eq!(of_narrative("<div>"), None);
    }
}
