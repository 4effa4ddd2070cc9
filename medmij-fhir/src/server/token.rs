// SPDX-License-Identifier: AGPL-3.0-or-later
//! Token search (FHIR section 3.1.1.4.10): `code`, `system|code`, `|code`, `system|`.

use serde_json::Value;

/// Units of measure, of which `m` and `M` are two.
const UCUM: &str = "http://unitsofmeasure.org";

/// One alternative of a token parameter.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// `None`: any system. `Some("")`: no system.
    system: Option<String>,
    /// `None`: any code of the system.
    code: Option<String>,
}

/// The value of a parameter cannot be read.
#[derive(Debug)]
pub(super) struct Malformed;

/// A coding, an identifier or a plain code as found in a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coding<'a> {
    pub(super) system: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    /// A `code` element: its system is that of the element and not in the instance.
    plain: bool,
}

impl Wanted {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
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

    /// Codes are compared without regard to case, but for those of UCUM: in doubt a match too many does less harm
    /// than one too few.
    pub(super) fn matches(&self, coding: &Coding<'_>) -> bool {
        let same = |code: &str| match coding.code {
            Some(found) if coding.system == Some(UCUM) => found == code,
            Some(found) => found.eq_ignore_ascii_case(code),
            None => false,
        };
        self.fits(coding, same)
    }

    /// As [`matches`](Self::matches), for ids: case matters.
    pub(super) fn matches_exactly(&self, coding: &Coding<'_>) -> bool {
        self.fits(coding, |code| coding.code == Some(code))
    }

    fn fits(&self, coding: &Coding<'_>, same: impl Fn(&str) -> bool) -> bool {
        let code = self.code.as_deref();
        let system = self.system.as_deref();
        if coding.plain && code.is_none() {
            return false;
        }
        code.is_none_or(same)
            && (coding.plain || system.is_none_or(|system| coding.system.unwrap_or_default() == system))
    }
}

/// All codings of a code, boolean, Coding, CodeableConcept, Identifier or ContactPoint, or of a list of these.
pub(super) fn codings<'v>(value: &'v Value, found: &mut Vec<Coding<'v>>) {
    match value {
        Value::String(code) => found.push(Coding {
            system: None,
            code: Some(code),
            plain: true,
        }),
        Value::Bool(flag) => found.push(Coding {
            system: None,
            code: Some(if *flag { "true" } else { "false" }),
            plain: true,
        }),
        Value::Array(items) => items.iter().for_each(|item| codings(item, found)),
        Value::Object(members) => {
            if let Some(coding) = members.get("coding") {
                return codings(coding, found);
            }
            let text = |name| members.get(name).and_then(Value::as_str);
            let code = text("code").or_else(|| text("value"));
            let system = text("system");
            if code.is_some() || system.is_some() {
                found.push(Coding {
                    system,
                    code,
                    plain: false,
                });
            }
        }
        _ => {}
    }
}

/// The texts of a concept, for `:text`.
pub(super) fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => {
            for name in ["text", "display"] {
                found.extend(members.get(name).and_then(Value::as_str));
            }
            if let Some(coding) = members.get("coding") {
                texts(coding, found);
            }
        }
        _ => {}
    }
}

/// Splits at a separator that is not escaped; the escapes stay.
pub(super) fn split(text: &str, separator: char) -> Result<Vec<String>, Malformed> {
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
            let escaped = chars.next().filter(|c| matches!(c, '\\' | ',' | '|' | '$'));
            part.push(escaped.ok_or(Malformed)?);
        }
    }
    Ok(parts)
}

pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}
