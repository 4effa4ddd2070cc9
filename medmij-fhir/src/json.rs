// SPDX-License-Identifier: AGPL-3.0-or-later
//! JSON of another party, checked before anything is read from it (threats F3 and F6): see [`medmij_types::json`].

pub use medmij_types::json::{JsonError, JsonRule};

/// Reads a value into `T`; the error keeps the place and drops the words of serde, which quote values.
pub(crate) fn read<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(|error| shape(offset(text, error.line(), error.column())))
}

/// The JSON is sound but not what FHIR says at this place.
pub(crate) const fn shape(offset: usize) -> JsonError {
    JsonError::new(JsonRule::Shape, offset)
}

/// Writes a string with its quotes.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

/// Writes the inside of a string: quotes, backslashes and control characters are escaped, nothing else.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)) {
        out.push_str(rest.get(..at).unwrap_or_default());
        match rest.as_bytes().get(at) {
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(b'\n') => out.push_str("\\n"),
            Some(b'\r') => out.push_str("\\r"),
            Some(b'\t') => out.push_str("\\t"),
            Some(other) => out.push_str(&format!("\\u{other:04x}")),
            None => {}
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    before + column.saturating_sub(1)
}
