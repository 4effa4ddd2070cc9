// SPDX-License-Identifier: AGPL-3.0-or-later
//! What went wrong on the back channel, shown to us and to nobody else (core.whl.309)
//!
//! [`NetError`] is opaque on purpose: callers ask it questions, so that a new cause is no breaking
//! change. It never holds a body, a header, a query string or a token.

mod classify;
mod config;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use medmij_types::Hostname;
use medmij_whitelist::NotAllowed;

use crate::sent_again::SentAgain;

pub(crate) use classify::classify;
pub use config::ConfigError;

/// A request over the back channel that got no answer.
///
/// ```
/// # fn report(error: &medmij_net::NetError) -> &'static str {
/// if error.is_not_whitelisted() {
///     "the host is no MedMij node: nothing was dialled"
/// } else if error.is_timeout() {
///     "no answer within the deadline"
/// } else if error.is_unsent() {
///     "no connection; trying again is safe"
/// } else {
///     "the connection broke; the other side may have acted on the request"
/// }
/// # }
/// ```
pub struct NetError {
    inner: Box<Inner>,
}

struct Inner {
    kind: Kind,
    host: Option<Hostname>,
    connecting: bool,
    again: Option<SentAgain>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The causes; private, so that they can grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Kind {
    #[error("host is not a medmij node of the current whitelist (core.whl.307)")]
    NotWhitelisted,
    #[error("request cannot be sent over the back channel: {0}")]
    Request(&'static str),
    #[error("host could not be resolved")]
    Resolve,
    #[error("host resolves to an address that the policy refuses")]
    Address,
    #[cfg(feature = "dnssec")]
    #[error("answer of dns for the host is bogus: its signature is wrong, over or gone (core.dns)")]
    Bogus,
    #[cfg(feature = "dnssec")]
    #[error("host is in a zone that is not signed, which the policy refuses (core.dns)")]
    Unsigned,
    #[error("no connection to the host")]
    Connect,
    #[error("proxy refused the tunnel")]
    Proxy,
    #[error("certificate of the server was refused")]
    Certificate,
    #[error("certificate of the server is revoked")]
    Revoked,
    #[error("revocation status of the server's certificate is unknown")]
    RevocationUnknown,
    #[error("tls refused by the other side")]
    TlsAlert,
    #[error("server speaks tls 1.2 without extended master secret (rfc 7627), which the policy requires")]
    NoExtendedMasterSecret,
    #[error("tls failed")]
    Tls,
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("no connection within {} ms", .0.as_millis())]
    ConnectTimeout(Duration),
    #[error("body of the response is over {0} bytes")]
    BodyTooLarge(u64),
    #[error("headers of the response are over {0} bytes")]
    HeadersTooLarge(usize),
    #[error("response has a content coding that was not asked for")]
    ContentCoding,
    #[error("connection ended before the response was complete")]
    Broken,
}

impl NetError {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                host: None,
                connecting: false,
                again: None,
                source: None,
            }),
        }
    }

    pub(crate) fn not_allowed(host: &Hostname, refusal: NotAllowed) -> Self {
        Self::new(Kind::NotWhitelisted).at(host).because(refusal)
    }

    pub(crate) fn at(mut self, host: &Hostname) -> Self {
        self.inner.host = Some(host.clone());
        self
    }

    /// It went wrong before there was a connection.
    pub(crate) fn while_connecting(mut self, connecting: bool) -> Self {
        self.inner.connecting = connecting;
        self
    }

    pub(crate) fn sent_twice(mut self, again: SentAgain) -> Self {
        self.inner.again = Some(again);
        self
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The host of the request, once it was known to be one.
    pub fn host(&self) -> Option<&Hostname> {
        self.inner.host.as_ref()
    }

    /// The request went out twice, and the second time failed too: the chain log holds both.
    pub fn sent_again(&self) -> Option<&SentAgain> {
        self.inner.again.as_ref()
    }

    /// The host policy refused the host; nothing was dialled (core.whl.306, core.whl.307).
    pub fn is_not_whitelisted(&self) -> bool {
        self.inner.kind == Kind::NotWhitelisted
    }

    /// The request itself cannot be sent: no https, no usable host, a header that is not the caller's.
    pub fn is_request(&self) -> bool {
        matches!(self.inner.kind, Kind::Request(_))
    }

    /// No connection could be made: no address, nobody listening, proxy refused, too slow.
    pub fn is_connect(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::Resolve | Kind::Address | Kind::Connect | Kind::Proxy | Kind::ConnectTimeout(_)
        ) || self.is_dns_refused()
    }

    /// The answer of DNS was not proven as the policy wants it (core.dns): bogus, or of a zone that is not signed. Nothing was
    /// dialled. Always `false` without the feature `dnssec`.
    pub fn is_dns_refused(&self) -> bool {
        #[cfg(feature = "dnssec")]
        let refused = matches!(self.inner.kind, Kind::Bogus | Kind::Unsigned);
        #[cfg(not(feature = "dnssec"))]
        let refused = false;
        refused
    }

    /// The host's name leads to a loopback or private address, or to a `.localhost` name outside the map.
    pub fn is_address_refused(&self) -> bool {
        self.inner.kind == Kind::Address
    }

    /// A deadline passed: that of the connection or that of the whole exchange.
    pub fn is_timeout(&self) -> bool {
        matches!(self.inner.kind, Kind::Timeout(_) | Kind::ConnectTimeout(_))
    }

    /// TLS did not come about, whichever side refused; includes [`is_certificate`](Self::is_certificate).
    pub fn is_tls(&self) -> bool {
        self.is_certificate()
            || matches!(
                self.inner.kind,
                Kind::TlsAlert | Kind::Tls | Kind::NoExtendedMasterSecret
            )
    }

    /// We refused the server's certificate: root, name, dates, purpose, wildcard, revocation.
    pub fn is_certificate(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::Certificate | Kind::Revoked | Kind::RevocationUnknown
        )
    }

    /// The server's certificate is on a CRL.
    pub fn is_revoked(&self) -> bool {
        self.inner.kind == Kind::Revoked
    }

    /// Nothing current says whether the server's certificate is revoked, and the policy is hard fail.
    pub fn is_revocation_unknown(&self) -> bool {
        self.inner.kind == Kind::RevocationUnknown
    }

    /// The response was larger than allowed, in body or headers.
    pub fn is_too_large(&self) -> bool {
        matches!(self.inner.kind, Kind::BodyTooLarge(_) | Kind::HeadersTooLarge(_))
    }

    /// The connection ended without a whole response. A node that does not find us on its Whitelist
    /// looks like this too: it says nothing (core.whl.309).
    pub fn is_broken(&self) -> bool {
        self.inner.kind == Kind::Broken
    }

    pub(crate) fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// It is certain that no byte of the request reached the other side, so that sending it again
    /// cannot do anything twice. `false` means "perhaps it did".
    pub fn is_unsent(&self) -> bool {
        let refused = self.is_not_whitelisted() || self.is_request();
        refused || self.is_connect() || self.is_certificate() || self.inner.connecting
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.kind.fmt(f)?;
        match &self.inner.host {
            Some(host) => write!(f, ", host {host}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetError")
            .field("kind", &self.inner.kind)
            .field("host", &self.inner.host)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for NetError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}
