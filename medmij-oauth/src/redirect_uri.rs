// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200 — the three rules of `redirect_uri`: its host is the `client_id` and it has no port; it is a full
//! `https` URI; it is percent-encoded once on the wire. RFC 6749 section 3.1.2 adds: no fragment.
//!
//! The rules are checked on the parts of the URI, never by a prefix of the text (RFC 6819 sections 4.1.5 and 4.2.4).

use crate::OauthError;
use medmij_types::Hostname;

use crate::{ClientId, form};

/// A `redirect_uri` that keeps the rules which can be seen from the URI alone. The exact text is kept and is what a
/// redirect goes to; the host is compared in lower case.
///
/// Deliberately stricter than the framework says, because nothing lawful is lost: printable ASCII only, at most 2,000
/// characters, no `\` and none of the other characters that RFC 3986 leaves out of URIs, no percent-encoded control
/// character, no query that is empty or already holds `code`, `state`, `error`, `error_description`, `error_uri` or `iss`.
///
/// ```
/// use medmij_oauth::{ClientId, RedirectUri};
/// use medmij_oauth::OauthError;
///
/// let client = ClientId::parse("pgo.example.nl")?;
/// assert!(RedirectUri::parse("https://pgo.example.nl/cb?x=1")?.belongs_to(&client));
/// assert!(!RedirectUri::parse("https://pgo.example.nl.evil.nl/cb")?.belongs_to(&client));
/// assert_eq!(RedirectUri::parse("https://pgo.example.nl:443/cb"), Err(OauthError::RedirectUriPort));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: Box<str>,
    host: Hostname,
}

impl RedirectUri {
    /// The longest `redirect_uri` that is read, in bytes.
    pub const MAX_LEN: usize = 2_000;

    /// Reads a `redirect_uri` after percent-decoding of the query it came in.
    ///
    /// # Errors
    ///
    /// [`OauthError`] with the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, OauthError> {
        if text.is_empty() {
            return Err(OauthError::RedirectUriEmpty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(OauthError::RedirectUriTooLong);
        }
        if !text.bytes().all(is_uri_byte) {
            return Err(OauthError::RedirectUriCharacter);
        }
        if text.contains('#') {
            return Err(OauthError::RedirectUriFragment);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OauthError::RedirectUriNotFull)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(OauthError::RedirectUriScheme);
        }
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(OauthError::RedirectUriUserinfo);
        }
        if authority.contains(':') && !authority.starts_with('[') {
            return Err(OauthError::RedirectUriPort);
        }
        let host = Hostname::parse_observed(authority).map_err(OauthError::RedirectUriHost)?;
        // RFC 3986 section 3.2.2: brackets are around an IP literal and nowhere else
        if tail.contains(['[', ']']) {
            return Err(OauthError::RedirectUriCharacter);
        }
        check_escapes(tail)?;
        if let Some((_, query)) = tail.split_once('?') {
            check_query(query)?;
        }
        Ok(Self {
            text: text.into(),
            host,
        })
    }

    /// Whether this URI may be used by the client: its host equals the `client_id`, ASCII case aside.
    #[must_use]
    pub fn belongs_to(&self, client: &ClientId) -> bool {
        self.host == *client.hostname()
    }

    /// The host, in lower case.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.host
    }

    /// The exact text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Path and query, exact; empty where the URI ends at its host.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        let start = self.text.len() - self.tail_len();
        self.text.get(start..).unwrap_or_default()
    }

    /// The URI with parameters added to its query (RFC 6749 section 4.1.2); the path stays as it is.
    #[must_use]
    pub fn with_parameters<'a>(&self, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        form::append_query(&self.text, parameters)
    }

    fn tail_len(&self) -> usize {
        self.text.len() - "https://".len() - self.host.as_str().len()
    }
}

medmij_types::text_traits!(RedirectUri, OauthError);

fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn check_escapes(tail: &str) -> Result<(), OauthError> {
    let mut pieces = tail.split('%');
    pieces.next();
    for piece in pieces {
        let code = piece
            .get(..2)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .ok_or(OauthError::RedirectUriEscape)?;
        if code.is_ascii_control() {
            return Err(OauthError::RedirectUriEscape);
        }
    }
    Ok(())
}

fn check_query(query: &str) -> Result<(), OauthError> {
    if query.is_empty() {
        return Err(OauthError::RedirectUriQuery);
    }
    let form = form::Form::parse(query.as_bytes()).map_err(|_| OauthError::RedirectUriQuery)?;
    // no parameter of somebody else here: the whole uri is the client's own
    if !form::is_sound(query) {
        return Err(OauthError::RedirectUriQuery);
    }
    if RESPONSE_PARAMETERS.iter().any(|name| form.has(name)) {
        return Err(OauthError::RedirectUriQuery);
    }
    Ok(())
}

const RESPONSE_PARAMETERS: [&str; 6] = ["code", "state", "error", "error_description", "error_uri", "iss"];

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_types::ValueError;

    fn client() -> ClientId {
        ClientId::parse("pgo.example.nl").unwrap()
    }

    #[test]
    fn core_authint_200_accepts_b11_and_peers_49() {
        for text in [
            "https://pgo.example.nl",
            "https://pgo.example.nl/",
            "https://pgo.example.nl/cb",
            "https://PGO.Example.NL/cb",
            "https://pgo.example.nl/cb/een%20twee;x=1",
            "https://pgo.example.nl/cb?provider=x",
            "https://pgo.example.nl?x=1",
        ] {
            let uri = RedirectUri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(uri.as_str(), text);
            assert!(uri.belongs_to(&client()), "{text}");
        }
    }

    #[test]
    fn core_authint_200_other_hosts_do_not_belong_b04_b05_peers_50() {
        for text in [
            "https://evil.nl/cb",
            "https://pgo.example.nl.evil.nl/cb",
            "https://pgo.example.nlevil.nl/",
            "https://sub.pgo.example.nl/cb",
            "https://example.nl/cb",
            "https://pgo-example.nl/cb",
        ] {
            assert!(!RedirectUri::parse(text).unwrap().belongs_to(&client()), "{text}");
        }
    }

    #[test]
    fn core_authint_200_refuses_a05_a06_a07_b06_b07_b08_b10_peers_50() {
        use OauthError as E;
        for (text, error) in [
            ("", E::RedirectUriEmpty),
            ("/cb", E::RedirectUriNotFull),
            ("cb", E::RedirectUriNotFull),
            ("//pgo.example.nl/cb", E::RedirectUriNotFull),
            ("https:/pgo.example.nl/cb", E::RedirectUriNotFull),
            ("https:pgo.example.nl/cb", E::RedirectUriNotFull),
            ("http://pgo.example.nl/cb", E::RedirectUriScheme),
            ("javascript://pgo.example.nl/%0aalert(1)", E::RedirectUriScheme),
            (" https://pgo.example.nl/cb", E::RedirectUriCharacter),
            ("https://pgo.example.nl/cb ", E::RedirectUriCharacter),
            ("https://pgo.example.nl/c\r\nb", E::RedirectUriCharacter),
            ("https://pgo.example.nl\t/cb", E::RedirectUriCharacter),
            ("https://pgo.example.nl\\evil.nl/", E::RedirectUriCharacter),
            ("https://pgo.example.nl\\@evil.nl/", E::RedirectUriCharacter),
            ("https://pgö.example.nl/cb", E::RedirectUriCharacter),
            ("https://pgo.example.nl/cb\u{0}", E::RedirectUriCharacter),
            ("https://pgo.example.nl/cb#", E::RedirectUriFragment),
            ("https://pgo.example.nl/cb#top", E::RedirectUriFragment),
            ("https://pgo.example.nl@evil.nl/cb", E::RedirectUriUserinfo),
            ("https://user:pw@pgo.example.nl/cb", E::RedirectUriUserinfo),
            ("https://@pgo.example.nl/cb", E::RedirectUriUserinfo),
            ("https://pgo.example.nl:443/cb", E::RedirectUriPort),
            ("https://pgo.example.nl:8443/cb", E::RedirectUriPort),
            ("https://pgo.example.nl:/cb", E::RedirectUriPort),
            ("https://", E::RedirectUriHost(ValueError::HostnameEmpty)),
            ("https:///cb", E::RedirectUriHost(ValueError::HostnameEmpty)),
            ("https://?x", E::RedirectUriHost(ValueError::HostnameEmpty)),
            (
                "https://pgo.example.nl./cb",
                E::RedirectUriHost(ValueError::HostnameEmptyLabel),
            ),
            (
                "https://localhost/cb",
                E::RedirectUriHost(ValueError::HostnameSingleLabel),
            ),
            (
                "https://127.0.0.1/cb",
                E::RedirectUriHost(ValueError::HostnameShortTopLabel),
            ),
            (
                "https://127.0.0.10/cb",
                E::RedirectUriHost(ValueError::HostnameNumericTopLabel),
            ),
            ("https://[::1]/cb", E::RedirectUriHost(ValueError::HostnameCharacter)),
            (
                "https://pgo.example.nl%2eevil.nl/cb",
                E::RedirectUriHost(ValueError::HostnameCharacter),
            ),
            (
                "https://*.example.nl/cb",
                E::RedirectUriHost(ValueError::HostnameCharacter),
            ),
            ("https://pgo.example.nl/[cb]", E::RedirectUriCharacter),
            ("https://pgo.example.nl/cb?x[]=1", E::RedirectUriCharacter),
            ("https://pgo.example.nl/%zz", E::RedirectUriEscape),
            ("https://pgo.example.nl/%", E::RedirectUriEscape),
            ("https://pgo.example.nl/%0d%0aSet-Cookie:x", E::RedirectUriEscape),
            ("https://pgo.example.nl/cb?", E::RedirectUriQuery),
            ("https://pgo.example.nl/cb?code=x", E::RedirectUriQuery),
            ("https://pgo.example.nl/cb?a=1&state=x", E::RedirectUriQuery),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(error), "{text:?}");
        }
        let long = format!("https://pgo.example.nl/{}", "a".repeat(2_000));
        assert_eq!(RedirectUri::parse(&long), Err(E::RedirectUriTooLong));
    }

    #[test]
    fn rfc_6749_4_1_2_parameters_are_added_to_the_query_peers_62() {
        let plain = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
        assert_eq!(
            plain.with_parameters([("code", "a b"), ("state", "x&y~")]),
            "https://pgo.example.nl/cb?code=a%20b&state=x%26y~"
        );
        let query = RedirectUri::parse("https://pgo.example.nl/cb?v=1").unwrap();
        assert_eq!(
            query.with_parameters([("code", "x")]),
            "https://pgo.example.nl/cb?v=1&code=x"
        );
        assert_eq!(query.path_and_query(), "/cb?v=1");
    }
}
