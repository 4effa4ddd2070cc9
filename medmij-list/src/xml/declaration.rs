// SPDX-License-Identifier: AGPL-3.0-or-later
//! The XML declaration: XML 1.0 section 2.8, with UTF-8 as the only encoding.

use super::{Fault, attributes::Reader};
use crate::Rule;

/// Judges what is between `<?xml` and `?>`; `offset` is its byte.
pub(super) fn check(content: &str, offset: usize) -> Result<(), Fault> {
    let wrong = |message: &str| {
        Fault::new(
            Rule::Declaration,
            offset,
            format!("{message}; expected <?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        )
    };
    let mut parts = Reader::new(content, offset, false);
    let mut place = 0;
    loop {
        let part = parts
            .next()
            .map_err(|fault| wrong(&format!("the XML declaration is wrong: {}", fault.message())))?;
        let Some(part) = part else { break };
        let value = part.value.as_ref();
        place = match (part.name, place) {
            ("version", 0) if is_version(value) => 1,
            ("version", 0) => return Err(wrong("the version must be 1.0").with_value(value)),
            ("encoding", 1) if !is_encoding_name(value) => {
                return Err(wrong("it is no name of an encoding").with_value(value));
            }
            ("encoding", 1) if value.eq_ignore_ascii_case("UTF-8") => 2,
            ("encoding", 1) => {
                return Err(
                    Fault::new(Rule::DeclaredEncoding, part.offset, "the encoding must be UTF-8").with_value(value),
                );
            }
            ("standalone", 1 | 2) if matches!(value, "yes" | "no") => 3,
            ("standalone", 1 | 2) => return Err(wrong("standalone must be yes or no").with_value(value)),
            (name, _) => return Err(wrong("this cannot occur here in the XML declaration").with_value(name)),
        };
    }
    if place == 0 {
        Err(wrong("the XML declaration names no version"))
    } else {
        Ok(())
    }
}

/// `1.` and digits: the fifth edition reads all of them as 1.0.
fn is_version(value: &str) -> bool {
    value
        .strip_prefix("1.")
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

fn is_encoding_name(value: &str) -> bool {
    let mut bytes = value.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_or_refused() {
        for good in [
            " version=\"1.0\"",
            " version='1.0' encoding='UTF-8'",
            " version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\" ",
            "\n version = \"1.0\"\tstandalone='no'",
            " version=\"1.1\"",
        ] {
            assert!(check(good, 5).is_ok(), "{good:?}");
        }
        for (bad, rule) in [
            ("", Rule::Declaration),
            (" ", Rule::Declaration),
            (" encoding='UTF-8'", Rule::Declaration),
            (" version='2.0'", Rule::Declaration),
            (" version='1.'", Rule::Declaration),
            (" version='1.0' version='1.0'", Rule::Declaration),
            (" version='1.0'encoding='UTF-8'", Rule::Declaration),
            (" version='1.0' standalone='maybe'", Rule::Declaration),
            (" version='1.0' standalone='no' encoding='UTF-8'", Rule::Declaration),
            (" version='1.0' encoding=''", Rule::Declaration),
            (" version='1.0' encoding='8-bit'", Rule::Declaration),
            (" version=1.0", Rule::Declaration),
            (" version='1.&#48;'", Rule::Declaration),
            (" version='1.0' other='x'", Rule::Declaration),
            (" version='1.0' encoding='ISO-8859-1'", Rule::DeclaredEncoding),
            (" version='1.0' encoding='UTF-16'", Rule::DeclaredEncoding),
        ] {
            assert_eq!(check(bad, 5).unwrap_err().rule(), rule, "{bad:?}");
        }
    }
}
