// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8259 section 4 — JSON of another party at the interfaces of OAuth: small, and read strictly.

use medmij_types::json::{Document, JsonError, JsonLimits};

/// The largest document that is read, in bytes.
pub const MAX_LEN: usize = 64 * 1024;

/// Reads a document of at most 64 KiB and 16 levels, without a name twice.
///
/// # Errors
///
/// [`JsonError`]; it holds nothing of the document.
pub fn read(bytes: &[u8]) -> Result<Document<'_>, JsonError> {
    let mut limits = JsonLimits::default();
    (limits.bytes, limits.depth) = (MAX_LEN, 16);
    Document::parse(bytes, &limits)
}

/// Whether a byte order mark is before the document.
#[must_use]
pub fn has_mark(document: &Document<'_>) -> bool {
    document.text().len() < document.source().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c4_refuses_duplicates_depth_and_length() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":{"a":1,"a":1}}"#,
            r#"{"access_token":"x"} {}"#,
            r#"{"a":1,}"#,
            "",
            "{",
            "[NaN]",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let nested = |levels| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(nested(17).as_bytes()).is_err());
        assert!(read(nested(16).as_bytes()).is_ok());
        assert!(read(&vec![b' '; MAX_LEN + 1]).is_err());
        assert!(read(b"{\"a\":\"\xff\"}").is_err());
        assert!(has_mark(&read("\u{feff}{}".as_bytes()).unwrap()) && !has_mark(&read(b"{}").unwrap()));
    }
}
