// SPDX-License-Identifier: AGPL-3.0-or-later
//! A MedMij network on one machine: `.localhost` names led to sockets of our own
//!
//! Lists and messages carry schema-valid URIs only (`https://dvza-een.localhost/...`, no port). The port and,
//! on the front channel, the scheme are put in at the last moment: where a socket is dialled, or where a
//! `Location` or a form's action is written for a browser.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use medmij_types::Hostname;

/// A map from `.localhost` names to loopback sockets, for development and demonstrations.
///
/// A process that holds one dials what is in it and nothing else. It refuses every name outside
/// `.localhost` and every address that is not loopback, so that it cannot bend real traffic.
///
/// Its text form, for the command line of another process, is what `Display` writes and `FromStr` reads:
///
/// ```
/// use medmij_net::DangerLoopback;
///
/// let map: DangerLoopback = "back dvza-one.localhost 127.0.0.1:4431\n\
///                            front dvza-one.localhost http 127.0.0.1:8081".parse()?;
/// assert_eq!(
///     map.rewrite_front("https://dvza-one.localhost/authorize?state=x")?,
///     "http://dvza-one.localhost:8081/authorize?state=x",
/// );
/// assert_eq!(map.to_string().parse::<DangerLoopback>()?, map);
/// assert!("back dvza.example.nl 127.0.0.1:4431".parse::<DangerLoopback>().is_err());
/// assert!("back dvza.localhost 192.0.2.1:443".parse::<DangerLoopback>().is_err());
/// # Ok::<(), medmij_net::LoopbackError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct DangerLoopback {
    back: BTreeMap<Hostname, SocketAddr>,
    front: BTreeMap<Hostname, (FrontScheme, SocketAddr)>,
}

/// How a browser reaches a host of the front channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrontScheme {
    /// Plain http: browsers treat `.localhost` as a secure context.
    Http,
    /// https with a certificate that the browser has to be told about.
    Https,
}

impl FrontScheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl DangerLoopback {
    /// An empty map: nothing can be dialled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leads `host` on the back channel to `address`.
    ///
    /// # Errors
    /// [`LoopbackError`] for a host outside `.localhost` or an address that is not loopback.
    pub fn back(mut self, host: Hostname, address: SocketAddr) -> Result<Self, LoopbackError> {
        check(&host, address)?;
        self.back.insert(host, address);
        Ok(self)
    }

    /// Leads a browser that should go to `https://host` to `scheme://host:port`.
    ///
    /// # Errors
    /// [`LoopbackError`] for a host outside `.localhost` or an address that is not loopback.
    pub fn front(mut self, host: Hostname, scheme: FrontScheme, address: SocketAddr) -> Result<Self, LoopbackError> {
        check(&host, address)?;
        self.front.insert(host, (scheme, address));
        Ok(self)
    }

    /// Where a back-channel request to `host` goes; `None` means that it is refused.
    pub fn dial(&self, host: &Hostname) -> Option<SocketAddr> {
        self.back.get(host).copied()
    }

    /// The address that a browser sees for `host`: scheme, host and port, no slash behind it.
    pub fn front_origin(&self, host: &Hostname) -> Option<String> {
        let (scheme, address) = self.front.get(host)?;
        Some(format!("{}://{host}:{}", scheme.as_str(), address.port()))
    }

    /// Rewrites a front-channel `https` URI of lists and messages into the one that a browser must open.
    ///
    /// # Errors
    /// [`LoopbackError`] for a URI that is not `https`, has a port or user info, or whose host is not in the map.
    pub fn rewrite_front(&self, uri: &str) -> Result<String, LoopbackError> {
        let rest = uri.strip_prefix("https://").ok_or(LoopbackError::Uri)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at_checked(end).ok_or(LoopbackError::Uri)?;
        let host = Hostname::parse(host).map_err(|_| LoopbackError::Uri)?;
        let origin = self.front_origin(&host).ok_or(LoopbackError::NotMapped(host))?;
        let slash = if tail.starts_with('/') { "" } else { "/" };
        Ok(format!("{origin}{slash}{tail}"))
    }
}

impl fmt::Display for DangerLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (host, address) in &self.back {
            writeln!(f, "back {host} {address}")?;
        }
        for (host, (scheme, address)) in &self.front {
            writeln!(f, "front {host} {} {address}", scheme.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for DangerLoopback {
    type Err = LoopbackError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = Self::new();
        for (index, line) in text.lines().enumerate() {
            let bad = || LoopbackError::Line(index + 1);
            let host = |text: &str| Hostname::parse(text).map_err(|_| bad());
            let address = |text: &str| text.parse::<SocketAddr>().map_err(|_| bad());
            let words: Vec<_> = line.split_whitespace().collect();
            map = match words.as_slice() {
                [] => map,
                ["back", name, socket] => map.back(host(name)?, address(socket)?)?,
                ["front", name, "http", socket] => map.front(host(name)?, FrontScheme::Http, address(socket)?)?,
                ["front", name, "https", socket] => map.front(host(name)?, FrontScheme::Https, address(socket)?)?,
                _ => return Err(bad()),
            };
        }
        Ok(map)
    }
}

/// Why something has no place in a loopback map, or why this is not a development machine talking to itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoopbackError {
    /// The host is not under `.localhost`.
    #[error("host {0} is not under .localhost")]
    NotLocalhost(Hostname),
    /// The address is not a loopback address.
    #[error("address {0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The host is not in the map.
    #[error("host {0} is not in the loopback map")]
    NotMapped(Hostname),
    /// The URI is no `https` URI with a plain host.
    #[error("uri is not https with a plain host")]
    Uri,
    /// A line of the text form cannot be read.
    #[error("line {0} of the loopback map cannot be read")]
    Line(usize),
    /// A root was not made by the test PKI.
    #[error("a trusted root is not of the test pki")]
    RealRoots,
    /// There is no listener to judge.
    #[error("there is no listener to judge")]
    NoListener,
}

fn check(host: &Hostname, address: SocketAddr) -> Result<(), LoopbackError> {
    if !host.is_under_localhost() {
        Err(LoopbackError::NotLocalhost(host.clone()))
    } else if !address.ip().is_loopback() {
        Err(LoopbackError::NotLoopback(address))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> DangerLoopback {
        "front dvp.localhost http 127.0.0.1:81\nfront tls.localhost https 127.0.0.1:82"
            .parse()
            .unwrap()
    }

    #[test]
    fn danger_loopback_rewrites_what_a_browser_opens() {
        let cases = [
            ("https://dvp.localhost", "http://dvp.localhost:81/"),
            ("https://dvp.localhost/", "http://dvp.localhost:81/"),
            ("https://dvp.localhost?code=1", "http://dvp.localhost:81/?code=1"),
            (
                "https://dvp.localhost/cb?code=a%2Fb&state=c",
                "http://dvp.localhost:81/cb?code=a%2Fb&state=c",
            ),
            ("https://tls.localhost/x", "https://tls.localhost:82/x"),
        ];
        for (uri, expected) in cases {
            assert_eq!(map().rewrite_front(uri).as_deref(), Ok(expected), "{uri}");
        }
    }

    #[test]
    fn danger_loopback_refuses_what_is_not_its_own() {
        for uri in [
            "http://dvp.localhost/",
            "https://dvp.localhost:81/",
            "https://a@dvp.localhost/",
            "https://dvp.localhost\\@kwaad.nl/",
            "https://dvp.localhost.kwaad.nl/",
            "https://andere.localhost/",
            "//dvp.localhost/",
            "",
        ] {
            assert!(map().rewrite_front(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn danger_loopback_takes_no_line_that_it_does_not_know() {
        for text in [
            "back",
            "front a.localhost ftp 127.0.0.1:1",
            "back a.localhost 127.0.0.1",
            "side a.localhost 127.0.0.1:1",
        ] {
            assert_eq!(text.parse::<DangerLoopback>(), Err(LoopbackError::Line(1)), "{text}");
        }
    }
}
