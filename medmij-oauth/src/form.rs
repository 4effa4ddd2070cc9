// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 6749 appendix B, RFC 3986 — queries and form bodies, read strictly and written with each value encoded once.

use crate::OauthError;
use std::fmt::Write as _;

/// The parameters of a query or a form body, decoded.
///
/// A form is read up to 8 KiB (or [another length](Form::parse_up_to)) and 100 parameters. Each parameter is judged by
/// itself, when it is asked for: a value that is encoded wrongly or occurs twice costs that parameter, and never one that
/// somebody else put beside it.
///
/// ```
/// use medmij_oauth::form::Form;
/// use medmij_oauth::OauthError;
///
/// let form = Form::parse(b"scope=een%7E42+twee&foo=1&foo=2&state=&bar=%zz")?;
/// assert_eq!(form.one("scope"), Ok(Some("een~42 twee")));
/// assert_eq!(form.one("state"), Ok(None)); // RFC 6749 3.1: without a value is as if omitted
/// assert_eq!(form.one("foo"), Err(OauthError::ParameterDuplicate));
/// assert_eq!(form.one("bar"), Err(OauthError::ParameterEncoding));
/// # Ok::<(), medmij_oauth::OauthError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<Pair>,
}

#[derive(Clone, PartialEq, Eq)]
struct Pair {
    name: String,
    value: String,
    /// Whether the value is what was encoded: without a wrong escape, and UTF-8.
    sound: bool,
}

impl Form {
    /// The largest query or body that is read, in bytes.
    pub const MAX_LEN: usize = 8 * 1024;
    /// The most parameters that are read.
    pub const MAX_PARAMETERS: usize = 100;

    /// Reads `name=value&name=value`, up to [`Form::MAX_LEN`].
    ///
    /// # Errors
    ///
    /// See [`OauthError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, OauthError> {
        Self::parse_up_to(bytes, Self::MAX_LEN)
    }

    /// Reads a form of at most `most` bytes.
    ///
    /// # Errors
    ///
    /// See [`OauthError`].
    pub fn parse_up_to(bytes: &[u8], most: usize) -> Result<Self, OauthError> {
        if bytes.len() > most {
            return Err(OauthError::FormTooLong);
        }
        let mut pairs = Vec::new();
        for piece in pieces(bytes) {
            if pairs.len() == Self::MAX_PARAMETERS {
                return Err(OauthError::FormTooMany);
            }
            // a name that is encoded wrongly is the name of nothing that is known
            if let Some(pair) = read_pair(piece) {
                pairs.push(pair);
            }
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter that may occur at most once. A parameter without a value counts as omitted
    /// (RFC 6749 section 3.1).
    ///
    /// # Errors
    ///
    /// [`OauthError::ParameterDuplicate`] where the name occurs more than once, also if the values are equal or empty;
    /// [`OauthError::ParameterEncoding`] where the value is encoded wrongly.
    pub fn one(&self, name: &str) -> Result<Option<&str>, OauthError> {
        match self.single(name)? {
            Some(pair) if !pair.sound => Err(OauthError::ParameterEncoding),
            pair => Ok(pair.map(|pair| pair.value.as_str()).filter(|value| !value.is_empty())),
        }
    }

    /// As [`one`](Self::one), with `?` for each byte that cannot be read: for a text that is only shown or logged.
    ///
    /// # Errors
    ///
    /// [`OauthError::ParameterDuplicate`].
    pub fn one_lossy(&self, name: &str) -> Result<Option<&str>, OauthError> {
        let pair = self.single(name)?;
        Ok(pair.map(|pair| pair.value.as_str()).filter(|value| !value.is_empty()))
    }

    /// Whether the name is in the form at all, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|pair| pair.name == name)
    }

    /// The parameters that can be read, in the order in which they stood.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let sound = self.pairs.iter().filter(|pair| pair.sound);
        sound.map(|pair| (pair.name.as_str(), pair.value.as_str()))
    }

    fn single(&self, name: &str) -> Result<Option<&Pair>, OauthError> {
        let mut found = self.pairs.iter().filter(|pair| pair.name == name);
        let first = found.next();
        match found.next() {
            Some(_) => Err(OauthError::ParameterDuplicate),
            None => Ok(first),
        }
    }
}

impl std::fmt::Debug for Form {
    /// Names only: values can be codes and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.pairs.iter().map(|pair| &pair.name))
            .finish()
    }
}

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

/// Whether a query names this parameter, also where it is too long for a [`Form`]: what another reader would find must be
/// found here too.
#[must_use]
pub fn names(query: &str, name: &str) -> bool {
    values(query.as_bytes(), name).next().is_some()
}

/// The values of a parameter that can be read, also where the whole is too long for a [`Form`].
pub fn values<'a>(bytes: &'a [u8], name: &'a str) -> impl Iterator<Item = String> + 'a {
    pieces(bytes)
        .filter_map(read_pair)
        .filter(move |pair| pair.name == name)
        .map(|pair| pair.value)
}

/// Whether every name and value is encoded as it should be.
pub(crate) fn is_sound(query: &str) -> bool {
    pieces(query.as_bytes()).all(|piece| read_pair(piece).is_some_and(|pair| pair.sound))
}

/// A URI for `Debug`: what follows the `?` can be a code or a state.
#[must_use]
pub fn without_query(uri: &str) -> &str {
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

fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == b'&').filter(|piece| !piece.is_empty())
}

fn read_pair(piece: &[u8]) -> Option<Pair> {
    let mut halves = piece.splitn(2, |b| *b == b'=');
    let (name, true) = decode(halves.next().unwrap_or_default()) else {
        return None;
    };
    let (value, sound) = decode(halves.next().unwrap_or_default());
    Some(Pair { name, value, sound })
}

/// The text, with `?` for each byte that cannot be read, and whether there was none.
fn decode(bytes: &[u8]) -> (String, bool) {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut sound) = (bytes, true);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        out.push(match byte {
            b'+' => b' ',
            b'%' => match after {
                [high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                    rest = after;
                    hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default()
                }
                _ => {
                    sound = false;
                    b'?'
                }
            },
            other => other,
        });
    }
    match String::from_utf8(out) {
        Ok(text) => (text, sound),
        Err(error) => {
            let mut text = String::new();
            for chunk in error.as_bytes().utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '?'));
            }
            (text, false)
        }
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_encoded_wrongly_costs_that_parameter_only() {
        for (piece, shown) in [
            (&b"a=%"[..], "?"),
            (b"a=%4", "?4"),
            (b"a=%4g", "?4g"),
            (b"a=%+1", "? 1"),
            (b"a=%ff", "?"),
            (b"a=\xc0\xaf", "??"),
            (b"a=co%F6rdinatie", "co?rdinatie"),
            (b"a=%ed%a0%80", "???"),
        ] {
            let form = Form::parse(&[b"code=x&", piece, b"&state=s"].concat()).unwrap();
            assert_eq!((form.one("code"), form.one("state")), (Ok(Some("x")), Ok(Some("s"))));
            assert_eq!(form.one("a"), Err(OauthError::ParameterEncoding), "{piece:?}");
            assert_eq!(form.one_lossy("a"), Ok(Some(shown)), "{piece:?}");
            assert!(form.has("a") && form.iter().all(|(name, _)| name != "a"));
        }
        // a name that is encoded wrongly is no name that is known
        let form = Form::parse(b"%63od%zz=x&%ff=1&code=y").unwrap();
        assert_eq!(form.one("code"), Ok(Some("y")));
        // twice is twice, however it is encoded
        let form = Form::parse(b"code=%ff&c%6Fde=y").unwrap();
        assert_eq!(form.one("code"), Err(OauthError::ParameterDuplicate));
        assert_eq!(form.one_lossy("code"), Err(OauthError::ParameterDuplicate));
    }

    #[test]
    fn a_form_is_bounded() {
        assert_eq!(
            Form::parse("a=1&".repeat(101).as_bytes()).unwrap_err(),
            OauthError::FormTooMany
        );
        assert_eq!(Form::parse(&[b'a'; 8193]).unwrap_err(), OauthError::FormTooLong);
        assert!(Form::parse_up_to(&[b'a'; 8193], 8193).is_ok());
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
