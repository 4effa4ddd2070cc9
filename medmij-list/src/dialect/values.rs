// SPDX-License-Identifier: AGPL-3.0-or-later
//! Judging a value by its simple type (XML Schema part 2): white space, base, length, patterns, enumeration.

use std::borrow::Cow;

use medmij_types::{Tijdstempel, ValueError, Volgnummer, lexical};

use super::{Base, SimpleType};
use crate::{
    Rule,
    pattern::{Mismatch, Pattern, is_plain},
    place::character,
};

/// A simple type, ready to judge.
#[derive(Clone, Debug)]
pub(crate) struct ValueType {
    base: Base,
    min_length: u32,
    max_length: u32,
    patterns: Vec<(Pattern, String)>,
    enumeration: Vec<String>,
    says: Option<String>,
    /// Whether a breach of the facets only marks the entry.
    pub(crate) marks: bool,
}

/// What a value looked like.
pub(crate) struct Checked<'a> {
    /// The value after white space was treated.
    pub(crate) value: Cow<'a, str>,
    pub(crate) complaint: Option<Complaint>,
}

/// How a value breaks its type.
pub(crate) struct Complaint {
    pub(crate) rule: Rule,
    pub(crate) message: String,
    /// Whether it is a facet, which an inferred type only marks, and not the base.
    pub(crate) facet: bool,
}

impl ValueType {
    pub(crate) fn compile(of: &SimpleType) -> Result<Self, String> {
        let patterns = of
            .patterns
            .iter()
            .map(|text| {
                Ok((
                    Pattern::compile(text).map_err(|why| format!("type {}: {why}", of.name))?,
                    text.clone(),
                ))
            })
            .collect::<Result<_, String>>()?;
        if !of.enumeration.is_empty() && !matches!(of.base, Base::String | Base::Token) {
            return Err(format!(
                "type {}: an enumeration of numbers or moments is outside the supported part",
                of.name
            ));
        }
        Ok(Self {
            base: of.base,
            min_length: of.min_length.unwrap_or(0),
            max_length: of.max_length.unwrap_or(u32::MAX),
            patterns,
            enumeration: of.enumeration.clone(),
            says: of.says.clone(),
            marks: of.marks,
        })
    }

    /// Bytes that its patterns take.
    pub(crate) fn pattern_bytes(&self) -> usize {
        self.patterns.iter().map(|(pattern, _)| pattern.bytes()).sum()
    }

    /// Whether keys of this type can be compared as text.
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self.base, Base::String | Base::Token)
    }

    /// Whether the raw bytes between two tags are a good value as they stand, for sure.
    #[inline]
    pub(crate) fn surely_accepts(&self, raw: &[u8]) -> bool {
        match self.patterns.as_slice() {
            [] => raw.iter().all(|byte| is_plain(*byte)) && self.surely_fits(raw),
            [(pattern, _)] => pattern.surely_matches(raw) && self.surely_fits(raw),
            _ => false,
        }
    }

    /// The length of the good value that is here for sure, up to the `<` after it.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8]) -> Option<usize> {
        let length = match self.patterns.as_slice() {
            [] => {
                let length = bytes.iter().position(|byte| !is_plain(*byte))?;
                (bytes.get(length) == Some(&b'<')).then_some(length)?
            }
            [(pattern, _)] => pattern.scan(bytes)?,
            _ => return None,
        };
        self.surely_fits(bytes.get(..length)?).then_some(length)
    }

    /// Whether plain text has the base and the facets other than patterns, for sure.
    #[inline]
    fn surely_fits(&self, raw: &[u8]) -> bool {
        matches!(self.base, Base::String)
            && raw.len() >= self.min_length as usize
            && raw.len() <= self.max_length as usize
            && (self.enumeration.is_empty() || self.enumeration.iter().any(|value| value.as_bytes() == raw))
    }

    /// Judges the value, in which references are resolved and line ends are normal.
    pub(crate) fn check<'a>(&self, text: &'a str) -> Checked<'a> {
        let mut value = Cow::Borrowed(text);
        if !matches!(self.base, Base::String) {
            value = Cow::Borrowed(lexical::trim(text));
            if matches!(self.base, Base::Token) && has_inner_space(&value) {
                let words: Vec<&str> = text
                    .split([' ', '\t', '\n', '\r'])
                    .filter(|word| !word.is_empty())
                    .collect();
                value = Cow::Owned(words.join(" "));
            }
        }
        let complaint = self.complaint(&value);
        Checked { value, complaint }
    }

    fn complaint(&self, value: &str) -> Option<Complaint> {
        let base = |rule, message: String| {
            Some(Complaint {
                rule,
                message,
                facet: false,
            })
        };
        let facet = |rule, message: String| {
            Some(Complaint {
                rule,
                message,
                facet: true,
            })
        };
        match self.base {
            Base::String | Base::Token => {}
            Base::DateTime => match Tijdstempel::parse(value) {
                Ok(_) | Err(ValueError::TijdstempelNoZone) => {}
                Err(ValueError::TijdstempelYearTooLarge) => {
                    return base(Rule::NumberTooLarge, "the year is too large".to_owned());
                }
                Err(ValueError::TijdstempelRange) => {
                    return base(Rule::DateTime, "there is no such day, time or time zone".to_owned());
                }
                Err(_) => {
                    return base(
                        Rule::DateTime,
                        "it is no date and time; expected one such as 2026-03-29T12:30:00+02:00".to_owned(),
                    );
                }
            },
            Base::PositiveInteger => match Volgnummer::parse(value) {
                Ok(_) => {}
                Err(ValueError::VolgnummerTooLarge) => {
                    return base(Rule::NumberTooLarge, "the number is more than 64 bits hold".to_owned());
                }
                Err(_) => return base(Rule::Number, "expected a whole number of 1 or more".to_owned()),
            },
            Base::NonNegativeInteger => match non_negative(value) {
                Some(Ok(())) => {}
                Some(Err(())) => return base(Rule::NumberTooLarge, "the number is more than 64 bits hold".to_owned()),
                None => return base(Rule::Number, "expected a whole number of 0 or more".to_owned()),
            },
        }
        if self.min_length > 0 || self.max_length < u32::MAX {
            let length = value.chars().count();
            if length < self.min_length as usize || length > self.max_length as usize {
                let said = if value.is_empty() {
                    "it is empty".to_owned()
                } else {
                    format!("it has {}", characters(length))
                };
                return facet(Rule::Length, format!("{said}; expected {}", self.expected()));
            }
        }
        for (pattern, text) in &self.patterns {
            if let Err(mismatch) = pattern.check(value) {
                return facet(Rule::Pattern, self.mismatch(value, mismatch, text));
            }
        }
        if !self.enumeration.is_empty() && !self.enumeration.iter().any(|allowed| allowed == value) {
            return facet(Rule::Enumeration, format!("expected {}", self.expected()));
        }
        None
    }

    fn mismatch(&self, value: &str, mismatch: Mismatch, pattern: &str) -> String {
        let expected = self.says.clone().unwrap_or_else(|| format!("the form {pattern}"));
        if matches!(self.base, Base::DateTime) {
            return "it has no time zone; expected one at the end, such as Z or +01:00".to_owned();
        }
        match mismatch {
            Mismatch::At(at) => {
                let (before, rest) = value.split_at_checked(at).unwrap_or((value, ""));
                if rest.starts_with([' ', '\t', '\n', '\r']) {
                    let side = if before.is_empty() {
                        "begins with"
                    } else if rest.trim_start_matches([' ', '\t', '\n', '\r']).is_empty() {
                        "ends in"
                    } else {
                        "holds"
                    };
                    return format!("it {side} white space; expected {expected}");
                }
                let number = before.chars().count() + 1;
                let what = rest.chars().next().map_or_else(String::new, character);
                format!("{what} cannot occur at character {number}; expected {expected}")
            }
            Mismatch::TooShort if value.is_empty() => format!("it is empty; expected {expected}"),
            Mismatch::TooShort if value.ends_with('/') => format!("it ends in a slash; expected {expected}"),
            Mismatch::TooShort => format!("it ends too early; expected {expected}"),
        }
    }

    fn expected(&self) -> String {
        if let Some(says) = &self.says {
            return says.clone();
        }
        if !self.enumeration.is_empty() {
            return self
                .enumeration
                .iter()
                .map(|v| format!("\"{v}\""))
                .collect::<Vec<_>>()
                .join(" or ");
        }
        match (self.min_length, self.max_length) {
            (min, max) if min == max => format!("exactly {}", characters(min as usize)),
            (0, max) => format!("at most {}", characters(max as usize)),
            (min, u32::MAX) => format!("at least {}", characters(min as usize)),
            (min, max) => format!("{min} to {}", characters(max as usize)),
        }
    }
}

fn characters(count: usize) -> String {
    if count == 1 {
        "1 character".to_owned()
    } else {
        format!("{count} characters")
    }
}

fn has_inner_space(value: &str) -> bool {
    value.contains(['\t', '\n', '\r']) || value.contains("  ")
}

/// `xs:nonNegativeInteger`: `None` is no number, `Some(Err)` one that is too large.
fn non_negative(value: &str) -> Option<Result<(), ()>> {
    let (minus, digits) = match value.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, value.strip_prefix('+').unwrap_or(value)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match digits.parse::<u64>() {
        Ok(0) => Some(Ok(())),
        Ok(_) if minus => None,
        Ok(_) => Some(Ok(())),
        Err(_) if minus => None,
        Err(_) => Some(Err(())),
    }
}
