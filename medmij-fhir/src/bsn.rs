// SPDX-License-Identifier: AGPL-3.0-or-later
//! A BSN never travels on the resource interface, and none reaches the application.
//!
//! core.rscint.203 — nothing in the control data may lead to the Persoon, so no URL carries a BSN;
//! the qualification of a gegevensdienst extends that to the resources: an identifier of the BSN
//! system has no value. What arrives nevertheless is cut out of the bytes and reported by its path.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use medmij_types::Bsn;

use crate::json::{self, JsonError, Member, Observer, Step};
use crate::limits::Limits;

/// The identifier system of the burgerservicenummer.
pub const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

/// Where a BSN stood in a received document, and was cut out.
///
/// ```
/// use medmij_fhir::{Limits, redact_bsn};
///
/// let body = br#"{"resourceType":"Patient","identifier":[
///     {"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}],"multipleBirthInteger":2}"#;
/// let (clean, found) = redact_bsn(body, &Limits::default())?;
/// assert_eq!(found[0].to_string(), "identifier[0].value");
/// assert!(!clean.contains("999990019"));
/// assert!(clean.ends_with(r#""multipleBirthInteger":2}"#));
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BsnPath(String);

impl BsnPath {
    /// The path, from the root of the document: `entry[3].resource.identifier[0].value`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BsnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a JSON document and cuts every BSN out; all other bytes stay as they were. Without a BSN
/// nothing is copied.
///
/// The value of an identifier of the BSN system is replaced by a data-absent-reason `masked`; a
/// string that searches on a BSN (a self link, a conditional reference) is replaced whole. Free text
/// is not searched.
///
/// # Errors
/// [`JsonError`] when the document is not strict JSON or exceeds the limits.
pub fn redact_bsn<'a>(document: &'a [u8], limits: &Limits) -> Result<(Cow<'a, str>, Vec<BsnPath>), JsonError> {
    if document.len() > limits.body {
        return Err(JsonError {
            rule: json::JsonRule::TooLarge,
            offset: limits.body,
        });
    }
    let mut finder = Finder::default();
    let text = json::scan(document, limits, &mut finder)?;
    let clean = if finder.edits.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(finder.cut(text))
    };
    Ok((clean, finder.paths))
}

/// Whether a URL, or any other text, searches on a BSN: the BSN system, a bar and a digit, also
/// when percent-encoded.
pub(crate) fn searches_on_bsn(text: &str) -> bool {
    if !text.contains(['|', '%']) {
        return false;
    }
    let mut decoded = text.to_ascii_lowercase();
    for _ in 0..3 {
        if SYSTEMS.iter().any(|system| is_followed_by_digit(&decoded, system)) {
            return true;
        }
        let next = percent_decode(&decoded).to_ascii_lowercase();
        if next == decoded {
            return false;
        }
        decoded = next;
    }
    false
}

/// Whether nine digits in a row, standing alone, pass the elfproef.
pub(crate) fn holds_bsn_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() == 9 && Bsn::parse(run).is_ok())
}

/// Decodes `%xx` once; what is not an escape stays.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

fn is_followed_by_digit(text: &str, system: &str) -> bool {
    text.match_indices(system).any(|(at, _)| {
        let rest = text.get(at + system.len()..).unwrap_or_default();
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        rest.strip_prefix('|')
            .is_some_and(|value| value.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn is_bsn_system(system: &str) -> bool {
    let system = system.trim().trim_end_matches('/').to_ascii_lowercase();
    SYSTEMS.iter().any(|known| system.ends_with(known))
}

#[derive(Default)]
struct Finder {
    edits: Vec<(Range<usize>, &'static str)>,
    paths: Vec<BsnPath>,
}

impl Observer for Finder {
    fn object(&mut self, text: &str, members: &[Member<'_>], path: &[Step]) {
        let place = |name: &str| members.iter().position(|member| member.name == name);
        let Some(value_at) = place("value") else { return };
        let is_bsn = place("system")
            .and_then(|at| members.get(at))
            .and_then(|member| text.get(member.value.clone()))
            .and_then(|raw| serde_json::from_str::<String>(raw).ok())
            .is_some_and(|system| is_bsn_system(&system));
        let Some(value) = members.get(value_at).filter(|_| is_bsn) else {
            return;
        };
        match place("_value").and_then(|at| members.get(at)) {
            None => self.edits.push((value.whole.clone(), MASKED_MEMBER)),
            Some(companion) => {
                let until_next = members
                    .get(value_at + 1)
                    .map(|next| value.whole.start..next.whole.start);
                let from_previous = value_at
                    .checked_sub(1)
                    .and_then(|before| members.get(before))
                    .map(|previous| previous.whole.end..value.whole.end);
                if let Some(range) = until_next.or(from_previous) {
                    self.edits.push((range, ""));
                }
                self.edits.push((companion.value.clone(), MASKED));
            }
        }
        self.paths.push(render(text, path, Some("value")));
    }

    fn string(&mut self, text: &str, value: &str, range: Range<usize>, path: &[Step]) {
        if searches_on_bsn(value) {
            self.edits.push((range, REDACTED_STRING));
            self.paths.push(render(text, path, None));
        }
    }
}

impl Finder {
    fn cut(&mut self, text: &str) -> String {
        // an edit that starts inside an earlier, wider one is already done by it
        self.edits
            .sort_by(|a, b| a.0.start.cmp(&b.0.start).then(b.0.end.cmp(&a.0.end)));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (range, replacement) in &self.edits {
            if range.start < at {
                continue;
            }
            out.push_str(text.get(at..range.start).unwrap_or_default());
            out.push_str(replacement);
            at = range.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

/// Names come from the other party: what does not look like a FHIR element is shown as `?`.
fn render(text: &str, path: &[Step], last: Option<&str>) -> BsnPath {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Name(range) => {
                let name = text.get(range.clone()).unwrap_or_default();
                let plain =
                    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
                push_name(&mut out, if plain { name } else { "?" });
            }
        }
    }
    if let Some(name) = last {
        push_name(&mut out, name);
    }
    BsnPath(out)
}

fn push_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

/// The ends by which the BSN system is known, in lower case: the naming system and its OID.
const SYSTEMS: [&str; 2] = ["fhir.nl/fhir/namingsystem/bsn", "2.16.840.1.113883.2.4.6.3"];
const MASKED: &str =
    r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}"#;
const MASKED_MEMBER: &str = r#""_value":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}"#;
const REDACTED_STRING: &str = r#""urn:medmij-fhir:bsn-redacted""#;

#[cfg(test)]
mod tests {
    use super::{holds_bsn_number, redact_bsn, searches_on_bsn};
    use crate::limits::Limits;

    const NUMBER: &str = "999990019";

    fn redact(text: &str) -> (String, Vec<String>) {
        let (clean, paths) = redact_bsn(text.as_bytes(), &Limits::default()).unwrap();
        (clean.into_owned(), paths.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn core_rscint_203_identifier_values_are_masked() {
        let cases = [
            r#"{"identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}"#,
            r#"{"identifier":[{"value":"999990019","system":"http://fhir.nl/fhir/NamingSystem/bsn"}]}"#,
            r#"{"identifier":[{"value":999990019,"system":"https://fhir.nl/fhir/NamingSystem/BSN/"}]}"#,
            r#"{"identifier":[{"system":"http:\/\/fhir.nl\/fhir\/NamingSystem\/\u0062sn","value":"999990019"}]}"#,
            r#"{"identifier":[{"system":"urn:oid:2.16.840.1.113883.2.4.6.3","value":"999990019","_value":{"id":"x"}}]}"#,
            r#"{"identifier":[{"_value":{"id":"x"},"system":"urn:oid:2.16.840.1.113883.2.4.6.3","value":"999990019"}]}"#,
            r#"{"identifier":[{"value":"999990019","_value":{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"},"system":"urn:oid:2.16.840.1.113883.2.4.6.3"}]}"#,
        ];
        for text in cases {
            let (clean, paths) = redact(text);
            assert!(!clean.contains(NUMBER), "{clean}");
            assert!(clean.contains("masked"), "{clean}");
            assert!(paths.contains(&"identifier[0].value".to_owned()), "{paths:?}");
            assert_eq!(redact(&clean).1, Vec::<String>::new(), "{clean}");
            assert!(serde_json::from_str::<serde_json::Value>(&clean).is_ok(), "{clean}");
        }
    }

    #[test]
    fn core_rscint_203_searches_on_a_bsn_are_replaced() {
        let (clean, paths) = redact(
            r#"{"link":[{"relation":"self","url":"https://x.nl/fhir/Patient?identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C999990019"}]}"#,
        );
        assert!(!clean.contains(NUMBER));
        assert_eq!(paths, ["link[0].url"]);
    }

    #[test]
    fn other_bytes_stay_as_they_were() {
        let text = "{\n \"a\" : 1.50,\t\"system\":\"http://fhir.nl/fhir/NamingSystem/agb\",\"value\":\"999990019\" }";
        assert_eq!(redact(text), (text.to_owned(), Vec::new()));
        let absent = r#"{"system":"http://fhir.nl/fhir/NamingSystem/bsn","_value":{"extension":[]}}"#;
        assert_eq!(redact(absent), (absent.to_owned(), Vec::new()));
    }

    #[test]
    fn odd_names_do_not_reach_the_report() {
        let (_, paths) = redact(r#"{"999990019":{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"1"}}"#);
        assert_eq!(paths, ["?.value"]);
    }

    #[test]
    fn h14_texts_that_search_on_a_bsn() {
        for text in [
            "identifier=http://fhir.nl/fhir/NamingSystem/bsn|999990019",
            "identifier=http%3a%2f%2ffhir.nl%2ffhir%2fnamingsystem%2fbsn%7c999990019",
            "identifier=http%253a%252f%252ffhir.nl%252ffhir%252fnamingsystem%252fbsn%257c999990019",
            "urn:oid:2.16.840.1.113883.2.4.6.3|1",
        ] {
            assert!(searches_on_bsn(text), "{text}");
        }
        for text in [
            "http://fhir.nl/fhir/NamingSystem/bsn",
            "http://snomed.info/sct|118228005",
            "2.16.840.1.113883.2.4.6.30|1",
            "%",
        ] {
            assert!(!searches_on_bsn(text), "{text}");
        }
        assert!(holds_bsn_number("x 999990019"));
        assert!(!holds_bsn_number("9999900190"));
        assert!(!holds_bsn_number("999990018"));
    }
}
