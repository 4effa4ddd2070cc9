// SPDX-License-Identifier: AGPL-3.0-or-later
//! The search parameters that are supported: those of the queries of 48 and 51, all of type token.

use serde_json::Value;

/// Resource type, parameter, element.
const TOKENS: &[(&str, &str, &str)] = &[
    ("Appointment", "status", "status"),
    ("Consent", "category", "category"),
    ("DeviceRequest", "status", "status"),
    ("DocumentManifest", "status", "status"),
    ("DocumentReference", "status", "status"),
    ("Encounter", "class", "class"),
    ("Immunization", "status", "status"),
    ("MedicationDispense", "category", "category"),
    ("MedicationRequest", "category", "category"),
    ("MedicationStatement", "category", "category"),
    ("Observation", "category", "category"),
    ("Observation", "code", "code"),
    ("Procedure", "category", "category"),
    ("ProcedureRequest", "status", "status"),
];

/// A filter: one of the tokens must occur in the element.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    element: &'static str,
    alternatives: Vec<Wanted>,
}

#[derive(Debug, Clone)]
struct Wanted {
    /// `None`: any system. `Some("")`: no system.
    system: Option<String>,
    /// `None`: any code of the system.
    code: Option<String>,
}

impl Filter {
    /// The filter of a parameter; `Ok(None)` when the parameter is not supported, `Err` when its value
    /// is malformed.
    pub(super) fn parse(resource_type: &str, name: &str, value: &str) -> Result<Option<Self>, Malformed> {
        let Some((_, _, element)) = TOKENS.iter().find(|(t, n, _)| *t == resource_type && *n == name) else {
            return Ok(None);
        };
        let alternatives = split(value, ',')?
            .iter()
            .map(|text| Wanted::parse(text))
            .collect::<Result<_, _>>()?;
        Ok(Some(Self { element, alternatives }))
    }

    pub(super) fn matches(&self, resource: &Value) -> bool {
        let codings = resource.get(self.element).map(codings).unwrap_or_default();
        self.alternatives
            .iter()
            .any(|wanted| codings.iter().any(|coding| wanted.matches(coding)))
    }
}

/// The value of a token parameter cannot be read.
pub(super) struct Malformed;

impl Wanted {
    fn parse(text: &str) -> Result<Self, Malformed> {
        let parts = split(text, '|')?;
        let some = |part: &String| (!part.is_empty()).then(|| unescape(part));
        match parts.as_slice() {
            [code] if !code.is_empty() => Ok(Self {
                system: None,
                code: Some(unescape(code)),
            }),
            [system, code] if !(system.is_empty() && code.is_empty()) => Ok(Self {
                system: Some(unescape(system)),
                code: some(code),
            }),
            _ => Err(Malformed),
        }
    }

    fn matches(&self, coding: &Coding<'_>) -> bool {
        self.code.as_deref().is_none_or(|code| coding.code == Some(code))
            && self
                .system
                .as_deref()
                .is_none_or(|system| coding.system.unwrap_or_default() == system)
    }
}

/// A coding as found in a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coding<'a> {
    pub(super) system: Option<&'a str>,
    pub(super) code: Option<&'a str>,
}

/// All codings of a code, Coding or CodeableConcept, or of a list of these.
pub(super) fn codings(value: &Value) -> Vec<Coding<'_>> {
    match value {
        Value::String(code) => vec![Coding {
            system: None,
            code: Some(code),
        }],
        Value::Array(items) => items.iter().flat_map(codings).collect(),
        Value::Object(members) => match members.get("coding") {
            Some(coding) => codings(coding),
            None => {
                let text = |name| members.get(name).and_then(Value::as_str);
                let coding = Coding {
                    system: text("system"),
                    code: text("code"),
                };
                if coding.code.is_some() {
                    vec![coding]
                } else {
                    Vec::new()
                }
            }
        },
        _ => Vec::new(),
    }
}

/// Splits at a separator that is not escaped; the escapes stay.
fn split(text: &str, separator: char) -> Result<Vec<String>, Malformed> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == separator {
            parts.push(String::new());
            continue;
        }
        let Some(part) = parts.last_mut() else { break };
        part.push(c);
        if c == '\\' {
            part.push(
                chars
                    .next()
                    .filter(|c| matches!(c, '\\' | ',' | '|' | '$'))
                    .ok_or(Malformed)?,
            );
        }
    }
    Ok(parts)
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Filter;

    fn matches(value: &str, resource: &serde_json::Value) -> Option<bool> {
        Filter::parse("Observation", "code", value)
            .ok()
            .map(|filter| filter.unwrap().matches(resource))
    }

    #[test]
    fn tokens_match_by_system_and_code() {
        let concept = json!({"code": {"coding": [
            {"system": "http://loinc.org", "code": "85354-9"}, {"system": "http://snomed.info/sct", "code": "75367002"}, {"code": "rr|x"}]}});
        for (value, expected) in [
            ("http://loinc.org|85354-9", Some(true)),
            ("85354-9", Some(true)),
            ("http://loinc.org|", Some(true)),
            (r"|rr\|x", Some(true)),
            ("http://loinc.org|8302-2,http://snomed.info/sct|75367002", Some(true)),
            ("http://snomed.info/sct|85354-9", Some(false)),
            ("|85354-9", Some(false)),
            ("85354", Some(false)),
            ("", None),
            ("|", None),
            ("a|b|c", None),
            ("a,,b", None),
            (r"a\x", None),
            (r"a\", None),
        ] {
            assert_eq!(matches(value, &concept), expected, "{value}");
        }
        assert_eq!(matches("x", &json!({})), Some(false));
        assert!(Filter::parse("Observation", "date", "ge2026").is_ok_and(|filter| filter.is_none()));
    }

    #[test]
    fn codes_and_codings_match_too() {
        let status = Filter::parse("Appointment", "status", "booked,pending")
            .ok()
            .flatten()
            .unwrap();
        assert!(status.matches(&json!({"status": "booked"})));
        assert!(!status.matches(&json!({"status": "cancelled"})));
        let class = Filter::parse("Encounter", "class", "http://hl7.org/fhir/v3/ActCode|IMP")
            .ok()
            .flatten()
            .unwrap();
        assert!(class.matches(&json!({"class": {"system": "http://hl7.org/fhir/v3/ActCode", "code": "IMP"}})));
        assert!(!class.matches(&json!({"class": {"system": "http://hl7.org/fhir/v3/ActCode", "code": "AMB"}})));
    }
}
