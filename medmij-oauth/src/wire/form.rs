// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6749 appendix B, RFC 3986 — queries and form bodies, read strictly and written with each value encoded once.

use std::fmt::Write as _;

/// The parameters of a query or a form body, decoded.
///
/// Reading is strict: at most 8 KiB and 100 parameters, every `%` followed by two hexadecimal digits, UTF-8 throughout.
/// Duplicates are kept, for whether they matter depends on the name: see [`Form::one`].
///
/// ```
/// use medmij_oauth::wire::form::Form;
///
/// let form = Form::parse(b"scope=een%7E42+twee&foo=1&foo=2&state=")?;
/// assert_eq!(form.one("scope"), Ok(Some("een~42 twee")));
/// assert_eq!(form.one("state"), Ok(None)); // RFC 6749 3.1: without a value is as if omitted
/// assert!(form.one("foo").is_err());
/// # Ok::<(), medmij_oauth::wire::form::FormError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    /// The largest query or body that is read, in bytes.
    pub const MAX_LEN: usize = 8 * 1024;
    /// The most parameters that are read.
    pub const MAX_PARAMETERS: usize = 100;

    /// Reads `name=value&name=value`.
    ///
    /// # Errors
    ///
    /// See [`FormError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FormError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(FormError::TooLong);
        }
        let mut pairs = Vec::new();
        for piece in bytes.split(|b| *b == b'&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == Self::MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let mut halves = piece.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter that may stand at most once. A parameter without a value counts as omitted
    /// (RFC 6749 section 3.1).
    ///
    /// # Errors
    ///
    /// [`Duplicate`] where the name stands more than once, also if the values are equal or empty.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Duplicate> {
        let mut values = self
            .pairs
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Duplicate);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// Whether the name stands in the form at all, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(n, _)| n == name)
    }

    /// The parameters in the order in which they stood.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Form {
    /// Names only: values can be codes and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// Why a query or body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// More than [`Form::MAX_LEN`] bytes.
    #[error("parameters are longer than 8 KiB")]
    TooLong,
    /// More than [`Form::MAX_PARAMETERS`] parameters.
    #[error("more than 100 parameters")]
    TooMany,
    /// A `%` without two hexadecimal digits.
    #[error("wrong percent escape in parameters")]
    Escape,
    /// Not UTF-8 after decoding.
    #[error("parameters are not utf-8")]
    NotUtf8,
}

/// A parameter that may stand once stands twice (RFC 6749 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter stands more than once")]
pub struct Duplicate;

/// Writes `name=value&…` with every value percent-encoded once: all but the unreserved characters of RFC 3986 section
/// 2.3, a space as `%20`. The result is right in a query and in a form body.
#[must_use]
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        percent_encode(&mut out, name);
        out.push('=');
        percent_encode(&mut out, value);
    }
    out
}

/// Adds parameters to the query of a URI; a query that is there stays (RFC 6749 section 3.1).
#[must_use]
pub fn append_query<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{}", encode(pairs))
}

/// Whether a query names this parameter, also where it is too long or too broken for a [`Form`]: what another reader would
/// find must be found here too.
pub(crate) fn names(query: &str, name: &str) -> bool {
    query.as_bytes().split(|b| *b == b'&').any(|piece| {
        let written = piece.split(|b| *b == b'=').next().unwrap_or_default();
        decode(written).is_ok_and(|found| found == name)
    })
}

/// A URI for `Debug`: what follows the `?` can be a code or a state.
pub(crate) fn without_query(uri: &str) -> &str {
    uri.split_once('?').map_or(uri, |(address, _)| address)
}

fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn decode(bytes: &[u8]) -> Result<String, FormError> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(hex).ok_or(FormError::Escape)?;
                let low = rest.next().and_then(hex).ok_or(FormError::Escape)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| FormError::NotUtf8)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_not_a_form() {
        for (bytes, error) in [
            (&b"a=%"[..], FormError::Escape),
            (b"a=%4", FormError::Escape),
            (b"a=%4g", FormError::Escape),
            (b"a=%+1", FormError::Escape),
            (b"a=%ff", FormError::NotUtf8),
            (b"a=\xc0\xaf", FormError::NotUtf8),
            (b"%ed%a0%80=1", FormError::NotUtf8),
        ] {
            assert_eq!(Form::parse(bytes).unwrap_err(), error, "{bytes:?}");
        }
        assert_eq!(
            Form::parse("a=1&".repeat(101).as_bytes()).unwrap_err(),
            FormError::TooMany
        );
        assert_eq!(Form::parse(&[b'a'; 8193]).unwrap_err(), FormError::TooLong);
    }

    #[test]
    fn a_name_is_found_in_a_query_that_is_no_form() {
        let long = format!("x={}&access%5Ftoken=t", "a".repeat(Form::MAX_LEN));
        for query in [
            "a=%zz&access_token=t",
            "a=%ff&access_token",
            &"&access_token=".repeat(200),
            &long,
        ] {
            assert!(Form::parse(query.as_bytes()).is_err());
            assert!(names(query, "access_token"));
        }
        for query in [
            "",
            "access_tokens=t",
            "Access_token=t",
            "a=access_token",
            "access_token%zz=t",
        ] {
            assert!(!names(query, "access_token"), "{query}");
        }
    }

    #[test]
    fn a_endpoint_with_a_query_keeps_it_a22() {
        assert_eq!(
            append_query("https://a.nl/x?v=1", [("b", "c")]),
            "https://a.nl/x?v=1&b=c"
        );
        assert_eq!(append_query("https://a.nl/x", [("b", "c")]), "https://a.nl/x?b=c");
        assert_eq!(append_query("https://a.nl/x?", [("b", "c")]), "https://a.nl/x?b=c");
    }

    #[test]
    fn debug_shows_no_values() {
        let form = Form::parse(b"code=geheim").unwrap();
        assert_eq!(format!("{form:?}"), "[\"code\"]");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(pairs in proptest::collection::vec((".{1,8}", ".{0,20}"), 0..8)) {
            let text = encode(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
            let form = Form::parse(text.as_bytes()).unwrap();
            let read: Vec<_> = form.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Form::parse(&bytes);
        }
    }
}
