// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 9110 section 8.4.1 — what is in `Content-Encoding` and codes no bytes.

/// Whether one value of `Content-Encoding` codes bytes. Servers write the name of a charset there, or of a transfer encoding
/// of mail, or nothing: that leaves the bytes as they are. Any other word codes them, one that nobody knows too.
///
/// ```
/// use medmij_types::is_content_coding;
///
/// assert!(is_content_coding("gzip") && is_content_coding("x-unknown"));
/// assert!(!is_content_coding("UTF-8") && !is_content_coding(" identity "));
/// ```
#[must_use]
pub fn is_content_coding(value: &str) -> bool {
    let value = value
        .trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\''))
        .to_ascii_lowercase();
    let charset = value.strip_prefix("charset=").unwrap_or(&value);
    !(NONE.contains(&charset) || FAMILIES.iter().any(|family| is_of(charset, family)))
}

/// A name of a family: what follows it is a number, with separators.
fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| {
        let mut parts = rest.bytes();
        parts.next().is_some()
            && rest.bytes().any(|b| b.is_ascii_digit())
            && rest
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'_' | b':'))
    })
}

const NONE: &[&str] = &[
    "",
    "identity",
    "none",
    "null",
    "binary",
    "7bit",
    "8bit",
    "ascii",
    "us-ascii",
    "unicode",
    "utf-16le",
    "utf-16be",
    "utf-32le",
    "utf-32be",
    "utf-8-sig",
    "latin",
    "shift_jis",
    "euc-jp",
    "koi8-r",
    "macintosh",
    "ansi",
];

/// Charsets with a number: `UTF-8`, `ISO-8859-15`, `windows-1252`, `Cp1252`, `ISO8859_1`.
const FAMILIES: &[&str] = &[
    "utf", "ucs", "iso-8859", "iso8859", "iso_8859", "8859", "latin", "l", "windows", "cp", "ibm",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_charset_codes_no_bytes_and_any_other_word_does() {
        for none in [
            "",
            " ",
            "identity",
            "IDENTITY",
            "none",
            "utf-8",
            "UTF8",
            "utf_8",
            "\"utf-8\"",
            "charset=UTF-8",
            "UTF-16",
            "utf-16le",
            "ISO-8859-1",
            "iso8859-15",
            "ISO8859_1",
            "8859_1",
            "latin1",
            "Latin-1",
            "l1",
            "windows-1252",
            "cp1252",
            "CP-850",
            "IBM037",
            "us-ascii",
            "ASCII",
            "binary",
            "8bit",
        ] {
            assert!(!is_content_coding(none), "{none}");
        }
        for coding in [
            "gzip",
            "x-gzip",
            "GZIP",
            "deflate",
            "compress",
            "x-compress",
            "br",
            "zstd",
            "dcb",
            "exi",
            "aes128gcm",
            "aws-chunked",
            "x-unknown",
            "utf-8gzip",
            "utf",
            "iso",
            "lz4",
            "utf-8, gzip",
        ] {
            assert!(is_content_coding(coding), "{coding}");
        }
    }
}
