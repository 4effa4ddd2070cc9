// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the official XML Schemas accept, type by type, to the letter and no stricter.
//!
//! A list is judged by these functions (core.alst.202, core.ocl.202, core.gnl.202, core.whl.304). They take the text of
//! an element with references already resolved. What is usable is a narrower question, answered by the types of this
//! crate. Patterns of XML Schema are anchored at both ends; a negated class there also matches a space, a line feed and
//! any other character; `\d` matches the decimal digits of every script.
//!
//! ```
//! use medmij_types::lexical::{is_hostname, is_positiefnummer};
//!
//! assert!(is_hostname("a-.nl"), "odd, but the pattern allows it");
//! assert!(!is_hostname("a.b"), "the last label has two characters or more");
//! assert!(is_positiefnummer(" +007\n"), "white space is collapsed first");
//! ```

mod datetime;
mod decimal_digit;

pub use datetime::is_date_time;
pub(crate) use datetime::{DateTime, DateTimeError};
pub use decimal_digit::{decimal_digit_ranges, is_decimal_digit};

/// `Hostname`: `(([a-z0-9])([a-z0-9-])*(\.))+([a-z0-9])([a-z0-9-])*([a-z0-9])`.
#[must_use]
pub fn is_hostname(text: &str) -> bool {
    let Some((labels, last)) = text.as_bytes().rsplit_once_dot() else {
        return false;
    };
    are_labels(labels) && is_last_label(last)
}

/// `Zorgaanbiedernaam`: 10 to 57 characters, `([a-z])+@medmij`.
#[must_use]
pub fn is_zorgaanbiedernaam(text: &str) -> bool {
    text.strip_suffix("@medmij")
        .is_some_and(|short| (3..=50).contains(&short.len()) && short.bytes().all(|b| b.is_ascii_lowercase()))
}

/// `Frontchanneluri`: https, a host whose last label may be one character or end in `-`, no port, and path segments
/// that are not empty and hold anything but `?`, `#` and `/`.
#[must_use]
pub fn is_frontchannel_uri(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    let (host, path) = split_path(rest);
    let Some((labels, last)) = host.as_bytes().rsplit_once_dot() else {
        return false;
    };
    are_labels(labels) && is_label(last) && is_path(path)
}

/// `Backchanneluri`: https, a host as [`is_hostname`], an optional port of one to five decimal digits of any script,
/// and path segments as in [`is_frontchannel_uri`].
#[must_use]
pub fn is_backchannel_uri(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    let (authority, path) = split_path(rest);
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port_fits = port.is_none_or(|p| (1..=5).contains(&p.chars().count()) && p.chars().all(is_decimal_digit));
    is_hostname(host) && port_fits && is_path(path)
}

/// `Positiefnummer` (`xs:positiveInteger`): collapsed white space, an optional `+`, ASCII digits, more than zero. No
/// upper bound; see [`Volgnummer`](crate::Volgnummer) for ours.
#[must_use]
pub fn is_positiefnummer(text: &str) -> bool {
    let text = trim(text);
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && digits.bytes().any(|b| b != b'0')
}

/// Whether the text has `min` to `max` characters (code points, as XML Schema counts).
#[must_use]
pub fn has_length(text: &str, min: usize, max: usize) -> bool {
    // A character has one to four bytes, so most texts need no count.
    if text.len() < min || text.len() > max.saturating_mul(4) {
        return false;
    }
    let count = text.chars().count();
    (min..=max).contains(&count)
}

/// Takes the white space of XML off both ends: space, tab, line feed, carriage return, and no other.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

pub(crate) fn is_hostname_byte(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
}

/// `(([a-z0-9])([a-z0-9-])*(\.))+` without its last dot.
fn are_labels(labels: &[u8]) -> bool {
    labels.split(|b| *b == b'.').all(is_label)
}

/// `([a-z0-9])([a-z0-9-])*`
fn is_label(label: &[u8]) -> bool {
    label.first().is_some_and(|b| *b != b'-') && label.iter().all(|b| is_hostname_byte(*b))
}

/// `([a-z0-9])([a-z0-9-])*([a-z0-9])`
fn is_last_label(label: &[u8]) -> bool {
    label.len() >= 2 && is_label(label) && label.last().is_some_and(|b| *b != b'-')
}

fn split_path(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// `(/[^?#/]+)*`
fn is_path(path: &str) -> bool {
    match path.strip_prefix('/') {
        None => path.is_empty(),
        Some(segments) => !segments.contains(['?', '#']) && segments.split('/').all(|s| !s.is_empty()),
    }
}

trait RsplitOnceDot {
    fn rsplit_once_dot(&self) -> Option<(&[u8], &[u8])>;
}

impl RsplitOnceDot for [u8] {
    fn rsplit_once_dot(&self) -> Option<(&[u8], &[u8])> {
        let dot = self.iter().rposition(|b| *b == b'.')?;
        let (labels, last) = self.split_at(dot);
        Some((labels, last.get(1..)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, check: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(check(text), "{name} must accept {text:?}");
        }
        for text in bad {
            assert!(!check(text), "{name} must refuse {text:?}");
        }
    }

    #[test]
    fn hostname_as_the_schema_says() {
        let long = format!("{}.nl", "a".repeat(70));
        table(
            "Hostname",
            is_hostname,
            &[
                "a.bc",
                "rcf-rso.nl",
                "xn--bcher-kva.nl",
                "a.n-l",
                "10.0.0.10",
                "1.23",
                "a-.nl",
                &long,
            ],
            &[
                "A.nl",
                "localhost",
                "10.0.0.1",
                "a.b",
                "-a.nl",
                "a..nl",
                "a.nl.",
                "a_b.nl",
                " a.nl",
                "a.nl ",
                "a.nl-",
                "a.nl:443",
                "*.a.nl",
                "ä.nl",
                "",
                ".",
                ".nl",
                "nl",
            ],
        );
    }

    #[test]
    fn zorgaanbiedernaam_as_the_schema_says() {
        let longest = format!("{}@medmij", "a".repeat(50));
        let too_long = format!("{}@medmij", "a".repeat(51));
        table(
            "Zorgaanbiedernaam",
            is_zorgaanbiedernaam,
            &["abc@medmij", &longest],
            &[
                "ab@medmij",
                &too_long,
                "ab1@medmij",
                "Abc@medmij",
                "a.c@medmij",
                "a-c@medmij",
                "abc@MedMij",
                "abc@medmij.nl",
                "abc@medmij ",
            ],
        );
    }

    #[test]
    fn frontchanneluri_as_the_schema_says() {
        table(
            "Frontchanneluri",
            is_frontchannel_uri,
            &[
                "https://a.nl",
                "https://a.nl/x/y",
                "https://a.nl/x:y;z",
                "https://a.b/x",
                "https://10.0.0.1/x",
                "https://a.nl-/x",
                "https://a.nl/x y",
                "https://a.nl/é%zz",
                "https://a.nl/x\ny",
            ],
            &[
                "https://a.nl/",
                "https://a.nl/x/",
                "https://a.nl//x",
                "https://a.nl?q",
                "https://a.nl/x?q",
                "https://a.nl#f",
                "http://a.nl",
                "HTTPS://a.nl",
                "https://A.nl",
                "https://localhost",
                "https://u@a.nl",
                "https://a.nl:443",
                "https://a.nl:8443/x",
                "https://",
                "",
            ],
        );
    }

    #[test]
    fn backchanneluri_as_the_schema_says() {
        table(
            "Backchanneluri",
            is_backchannel_uri,
            &[
                "https://a.nl",
                "https://a.nl:8443/x",
                "https://a.nl:0",
                "https://a.nl:99999/x",
                "https://a.nl:١٢",
                "https://a.nl/x:1",
            ],
            &[
                "https://a.b/x",
                "https://10.0.0.1/x",
                "https://a.nl-/x",
                "https://a.nl:123456",
                "https://a.nl:",
                "https://a.nl:1:2",
                "https://a.nl:²",
                "https://a.nl/",
            ],
        );
    }

    #[test]
    fn positiefnummer_as_the_schema_says() {
        table(
            "Positiefnummer",
            is_positiefnummer,
            &[
                "1",
                "+1",
                "007",
                " 5 ",
                "\n5\t",
                "18446744073709551616",
                "99999999999999999999999999",
            ],
            &["0", "000", "-1", "1.0", "", "+", "++1", "1 2", "١", "\u{a0}5", "0x1"],
        );
    }

    #[test]
    fn length_is_counted_in_code_points() {
        assert!(has_length("😀😀😀", 3, 50) && !has_length("😀😀", 3, 50));
        assert!(has_length(&"é".repeat(50), 3, 50) && !has_length(&"é".repeat(51), 3, 50));
    }
}
