// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every kind of certificate that a node may be shown, with the verdict that it must get
//!
//! core.whl.307 counts common name and SANs of a client; RFC 9525 lets a client look at SANs only.

use std::net::{IpAddr, Ipv4Addr};

use super::leaf::{LeafSpec, Purpose, Validity};
use super::{PkiError, TestIdentity, TestPki};

/// The side on which a certificate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The certificate is that of the server.
    Server,
    /// The certificate is that of the client.
    Client,
}

/// A good certificate and the ways in which one can be bad.
///
/// ```
/// use medmij_test::{LeafVariant, Role};
///
/// // A name in the common name only counts for a client, never for a server.
/// assert!(LeafVariant::CommonNameOnly.acceptable(Role::Client));
/// assert!(!LeafVariant::CommonNameOnly.acceptable(Role::Server));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeafVariant {
    /// Everything right.
    Good,
    /// The right name beside a second one.
    TwoNames,
    /// Ended an hour ago.
    Expired,
    /// Starts tomorrow.
    NotYetValid,
    /// For e-mail only.
    WrongPurpose,
    /// For the other side only: a client's certificate shown by a server, and the other way round.
    OtherPurpose,
    /// Another host's name.
    OtherName,
    /// A wildcard that would match, as common name and SAN. Ask for a name of three labels or more: TLS libraries
    /// take no wildcard right under a top-level name anyway.
    Wildcard,
    /// An IP address as the only SAN, and as common name.
    IpOnly,
    /// The right name inside a URI and a mail address as the only SANs.
    UriAndMailOnly,
    /// The right name in the common name only.
    CommonNameOnly,
    /// The right name followed by NUL and another domain.
    NulInName,
    /// Right, but under a root that nobody trusts.
    OtherRoot,
    /// Right, but on the CRL of its issuer; see [`LeafVariant::issue`].
    Revoked,
}

impl LeafVariant {
    /// All variants, for a matrix test.
    pub const ALL: [Self; 14] = [
        Self::Good,
        Self::TwoNames,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongPurpose,
        Self::OtherPurpose,
        Self::OtherName,
        Self::Wildcard,
        Self::IpOnly,
        Self::UriAndMailOnly,
        Self::CommonNameOnly,
        Self::NulInName,
        Self::OtherRoot,
        Self::Revoked,
    ];

    /// Whether a peer that expects the name must take this certificate from that side.
    pub fn acceptable(self, role: Role) -> bool {
        match self {
            Self::Good | Self::TwoNames => true,
            Self::CommonNameOnly => role == Role::Client,
            _ => false,
        }
    }

    /// Issues the variant for `name`: by `ours`, or by `other` for [`LeafVariant::OtherRoot`].
    ///
    /// [`LeafVariant::Revoked`] is an ordinary certificate that the caller puts on a CRL.
    ///
    /// # Errors
    /// [`PkiError`] when the certificate cannot be made.
    pub fn issue(self, role: Role, name: &str, ours: &TestPki, other: &TestPki) -> Result<TestIdentity, PkiError> {
        let pki = if self == Self::OtherRoot { other } else { ours };
        pki.issue(&self.spec(role, name))
    }

    fn spec(self, role: Role, name: &str) -> LeafSpec {
        let node = LeafSpec::node(name);
        match self {
            Self::Good | Self::OtherRoot | Self::Revoked => node,
            Self::TwoNames => node.dns("tweede.example.nl"),
            Self::Expired => node.validity(Validity::Expired),
            Self::NotYetValid => node.validity(Validity::NotYet),
            Self::WrongPurpose => node.purposes(&[Purpose::EmailProtection]),
            Self::OtherPurpose => node.purposes(match role {
                Role::Server => &[Purpose::ClientAuth],
                Role::Client => &[Purpose::ServerAuth],
            }),
            Self::OtherName => LeafSpec::node("anders.example.nl"),
            Self::Wildcard => LeafSpec::node(&wildcard(name)),
            Self::IpOnly => {
                let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
                node.common_name(Some("127.0.0.1")).without_dns().ip(address)
            }
            Self::UriAndMailOnly => {
                let bare = node.common_name(None).without_dns();
                bare.uri(&format!("https://{name}/")).mail(&format!("beheer@{name}"))
            }
            Self::CommonNameOnly => node.without_dns(),
            Self::NulInName => LeafSpec::node(&format!("{name}\0.kwaad.example")),
        }
    }
}

fn wildcard(name: &str) -> String {
    match name.split_once('.') {
        Some((_, parent)) => format!("*.{parent}"),
        None => "*".to_owned(),
    }
}
