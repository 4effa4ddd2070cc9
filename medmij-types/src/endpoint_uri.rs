// SPDX-License-Identifier: AGPL-3.0-or-later
//! The two kinds of endpoint that the lists hold: on the front channel and on the back channel.

mod grammar;

use self::grammar::{after_authority, check};
use crate::{Hostname, ValueError};

/// An https URI on the front channel, without a port: an AuthorizationEndpointuri.
///
/// The rule is the `Frontchanneluri` of the schemas (see [`is_frontchannel_uri`](crate::lexical::is_frontchannel_uri)) and,
/// beyond it, what makes the URI mean the same to everybody: a usable [`Hostname`], and a path of RFC 3986 characters
/// without `.` and `..` segments. In one respect it is wider: a slash at the end and a query are taken too, because the
/// schema of the newer Zorgaanbiederslijst is not public and such URIs are in use. The exact text is kept and never
/// normalised.
///
/// ```
/// use medmij_types::{FrontchannelUri, ValueError};
///
/// let uri = FrontchannelUri::parse("https://medmij.za982.xisbridge.net/oauth/authorize")?;
/// assert_eq!(uri.path_and_query(), "/oauth/authorize");
/// assert_eq!(FrontchannelUri::parse("https://medmij.nl:443/authorize"), Err(ValueError::UriPortNotAllowed));
/// # Ok::<(), ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontchannelUri {
    text: Box<str>,
    hostname: Hostname,
}

/// An https URI on the back channel: a TokenEndpointuri, ResourceEndpointuri or SubscriptionEndpointuri. It may have a
/// port, from 1 to 65535.
///
/// The rule is the `Backchanneluri` of the schemas (see [`is_backchannel_uri`](crate::lexical::is_backchannel_uri)) and,
/// beyond it, what makes the URI mean the same to everybody; see [`FrontchannelUri`].
///
/// ```
/// use medmij_types::{BackchannelUri, ValueError};
///
/// let uri = BackchannelUri::parse("https://medmij.xisbridge.net:8099/oauth/token")?;
/// assert_eq!((uri.hostname().as_str(), uri.port()), ("medmij.xisbridge.net", Some(8099)));
/// assert_eq!(BackchannelUri::parse("https://medmij.xisbridge.net:99999/oauth/token"), Err(ValueError::UriPort));
/// # Ok::<(), ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackchannelUri {
    text: Box<str>,
    hostname: Hostname,
    port: Option<u16>,
}

impl FrontchannelUri {
    /// Reads a URI.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let (hostname, port) = check(text)?;
        match port {
            None => Ok(Self {
                text: text.into(),
                hostname,
            }),
            Some(_) => Err(ValueError::UriPortNotAllowed),
        }
    }

    /// The exact text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.hostname
    }

    /// What follows the host: empty, or a path with perhaps a query.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        after_authority(&self.text)
    }

    /// The URI as a [`url::Url`], for use with other crates. `Url` adds a slash to a bare host; keep this value for
    /// comparing.
    #[cfg(feature = "url")]
    #[must_use]
    pub fn to_url(&self) -> Option<url::Url> {
        url::Url::parse(&self.text).ok()
    }
}

impl BackchannelUri {
    /// Reads a URI.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let (hostname, port) = check(text)?;
        Ok(Self {
            text: text.into(),
            hostname,
            port,
        })
    }

    /// The exact text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.hostname
    }

    /// The port, where the text names one. Without it, https means 443.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// What follows the host and the port: empty, or a path with perhaps a query.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        after_authority(&self.text)
    }

    /// The URI as a [`url::Url`], for use with other crates. `Url` adds a slash to a bare host and drops the port 443;
    /// keep this value for comparing.
    #[cfg(feature = "url")]
    #[must_use]
    pub fn to_url(&self) -> Option<url::Url> {
        url::Url::parse(&self.text).ok()
    }
}

text_traits!(FrontchannelUri, ValueError);
text_traits!(BackchannelUri, ValueError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical;
    use ValueError as E;
    use proptest::prelude::*;

    #[test]
    fn usable_uris_keep_their_exact_text() {
        for (text, port, tail) in [
            ("https://a.nl", None, ""),
            ("https://a.nl:443", Some(443), ""),
            ("https://a.nl:8443/x/y", Some(8443), "/x/y"),
            ("https://dvza-een.localhost/fhir/48", None, "/fhir/48"),
            ("https://a.nl/x:y;z=1,2/%C3%A9", None, "/x:y;z=1,2/%C3%A9"),
        ] {
            let uri = BackchannelUri::parse(text).unwrap();
            assert_eq!((uri.as_str(), uri.port(), uri.path_and_query()), (text, port, tail));
        }
    }

    #[test]
    fn l8_schema_valid_and_harmful_is_refused() {
        for (bad, why) in [
            ("https://a.nl:0", E::UriPort),
            ("https://a.nl:99999/x", E::UriPort),
            ("https://a.nl:0443/x", E::UriPort),
            ("https://a.nl:١٢/x", E::UriPort),
            ("https://10.0.0.10/x", ValueError::HostnameNumericTopLabel),
            ("https://a-.nl/x", ValueError::HostnameHyphen),
            ("https://a.nl/x y", E::UriCharacter),
            ("https://a.nl/x\ny", E::UriCharacter),
            ("https://a.nl/é", E::UriCharacter),
            ("https://a.nl/%zz", E::UriCharacter),
            ("https://a.nl/%2", E::UriCharacter),
            ("https://a.nl/x\\y", E::UriCharacter),
            ("https://a.nl/../x", E::UriDotSegment),
            ("https://a.nl/x/%2E%2e", E::UriDotSegment),
        ] {
            assert!(lexical::is_backchannel_uri(bad), "{bad:?} is schema-valid");
            assert_eq!(BackchannelUri::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn schema_invalid_is_refused() {
        for (bad, why) in [
            ("", E::UriScheme),
            ("http://a.nl", E::UriScheme),
            ("HTTPS://a.nl", E::UriScheme),
            ("https:/a.nl", E::UriScheme),
            ("https://a.nl//", E::UriEmptySegment),
            ("https://a.nl/x//", E::UriEmptySegment),
            ("https://a.nl//x", E::UriEmptySegment),
            ("https://a.nl/x?q#f", E::UriFragment),
            ("https://a.nl/x?q r", E::UriCharacter),
            ("https://a.nl/x?%q", E::UriCharacter),
            ("https://a.nl#f", E::UriFragment),
            ("https://user@a.nl", E::UriUserInfo),
            ("https://a.nl:443@evil.nl", E::UriUserInfo),
            ("https://a.nl:", E::UriPort),
            ("https://a.nl:123456", E::UriPort),
            ("https://A.nl", ValueError::HostnameCharacter),
            ("https://localhost", ValueError::HostnameSingleLabel),
            ("https://a.nl.", ValueError::HostnameEmptyLabel),
        ] {
            assert_eq!(BackchannelUri::parse(bad), Err(why), "{bad:?}");
        }
        assert_eq!(FrontchannelUri::parse("https://a.nl:8443/x"), Err(E::UriPortNotAllowed));
    }

    #[test]
    fn a_slash_at_the_end_and_a_query_are_usable_though_no_published_schema_has_them() {
        for text in [
            "https://a.nl/fhir/",
            "https://a.nl/",
            "https://a.nl/authorize?v=1",
            "https://a.nl?v=1",
        ] {
            assert!(!lexical::is_frontchannel_uri(text), "{text}");
            let front = FrontchannelUri::parse(text).unwrap();
            let back = BackchannelUri::parse(text).unwrap();
            assert_eq!((front.as_str(), back.as_str()), (text, text));
        }
    }

    proptest! {
        #[test]
        fn a_usable_uri_without_query_and_last_slash_is_schema_valid(text in "https://[a-z0-9.-]{1,8}\\.[a-z]{1,3}(:[0-9]{0,6})?(/[a-z%.?#]{0,3}){0,3}") {
            if text.contains('?') || text.ends_with('/') {
                return Ok(());
            }
            if FrontchannelUri::parse(&text).is_ok() {
                prop_assert!(lexical::is_frontchannel_uri(&text));
            }
            if BackchannelUri::parse(&text).is_ok() {
                prop_assert!(lexical::is_backchannel_uri(&text));
            }
        }

        #[test]
        fn a_uri_survives_its_own_text(text in "https://[a-z0-9.-]{1,8}\\.[a-z]{2,3}(:[0-9]{1,5})?(/[a-z%.]{0,3}){0,3}(\\?[a-z=&]{0,5})?") {
            if let Ok(uri) = BackchannelUri::parse(&text) {
                prop_assert_eq!(uri.to_string().parse(), Ok(uri.clone()));
            }
            if let Ok(uri) = FrontchannelUri::parse(&text) {
                prop_assert_eq!(uri.to_string().parse(), Ok(uri.clone()));
                #[cfg(feature = "serde")]
                {
                    let json = serde_json::to_string(&uri).unwrap();
                    prop_assert_eq!(serde_json::from_str::<FrontchannelUri>(&json).unwrap(), uri);
                }
            }
        }

        #[cfg(feature = "url")]
        #[test]
        fn w2_another_parser_sees_the_same_host_port_and_path(text in "https://[a-z0-9]{1,8}\\.[a-z]{2,3}(:[0-9]{1,5})?(/[a-z%.0-9]{1,3}){0,3}") {
            if let Ok(uri) = BackchannelUri::parse(&text) {
                let url = uri.to_url().unwrap();
                prop_assert_eq!(url.host_str(), Some(uri.hostname().as_str()));
                prop_assert_eq!(url.port_or_known_default(), Some(uri.port().unwrap_or(443)));
                prop_assert_eq!(url.path(), if uri.path_and_query().is_empty() { "/" } else { uri.path_and_query() });
            }
        }
    }
}
