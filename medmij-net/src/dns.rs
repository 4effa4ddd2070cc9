// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — host names of Nodes and of the Stelselnode, proven by DNSSEC as the policy of a release wants it
//!
//! Three things are told apart. A *signed* name was proven from a trust anchor down. An *unsigned* name lies below a zone
//! whose signed answer says that nothing below it is signed; whether such a name is used is policy. A *bogus* answer should
//! have been signed and is not, or not rightly: it is never dialled.

#[cfg(feature = "dnssec")]
mod extended;
#[cfg(feature = "dnssec")]
pub(crate) mod proven;

use std::net::{IpAddr, SocketAddr};

use medmij_types::{DnsPolicy, Hostname, Release};

use crate::ConfigError;

/// How answers of DNS are proven, and by whom. Anything but [`off`](Self::off) needs the feature `dnssec`.
///
/// ```
/// use medmij_net::DnsSettings;
/// use medmij_types::{DnsPolicy, Release};
///
/// // by the root of the Internet and the resolvers of the system
/// let validate = DnsSettings::of(Release::DEFAULT);
/// // by a validating resolver on this machine
/// let trust = DnsSettings::new(DnsPolicy::TrustAd).servers(["127.0.0.1:53".parse()?]).refuse_unsigned(true);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct DnsSettings {
    policy: DnsPolicy,
    refuse_unsigned: bool,
    servers: Vec<SocketAddr>,
    anchors: Option<String>,
}

/// What DNS says about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProof {
    /// It has addresses, and they were proven.
    Signed,
    /// It has addresses, in a zone that is not signed.
    Unsigned,
    /// Its signature is wrong, over or gone.
    Bogus,
    /// It has no address.
    Absent,
    /// A resolver answered that it cannot look the name up (SERVFAIL), and not that it is bogus. One that validates and says no
    /// reasons (RFC 8914) says no more of a bogus name.
    Failed,
    /// No resolver answered.
    NoAnswer,
}

impl DnsSettings {
    /// This policy, with names that are not signed taken, the resolvers of the system and the keys of the root of the Internet.
    pub fn new(policy: DnsPolicy) -> Self {
        Self {
            policy,
            refuse_unsigned: false,
            servers: Vec::new(),
            anchors: None,
        }
    }

    /// What a release asks.
    pub fn of(release: Release) -> Self {
        Self::new(DnsPolicy::of(release)).refuse_unsigned(DnsPolicy::refuses_unsigned(release))
    }

    /// The system looks names up, and nothing is proven.
    pub fn off() -> Self {
        Self::new(DnsPolicy::Off)
    }

    /// Whether a name in a zone that is not signed is refused. Where it is not, each such answer is an event.
    pub fn refuse_unsigned(mut self, refuse: bool) -> Self {
        self.refuse_unsigned = refuse;
        self
    }

    /// The resolvers that are asked. They must hand on signatures (`Validate`), or be on this machine or its own network and
    /// validate by themselves (`TrustAd`, which has no default for them).
    pub fn servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = servers.into_iter().collect();
        self
    }

    /// Other keys than those of the root of the Internet to begin from: DNSKEY records as in a zone file, one a line.
    pub fn anchors(mut self, dnskeys: &str) -> Self {
        self.anchors = Some(dnskeys.to_owned());
        self
    }

    /// The policy.
    pub fn policy(&self) -> DnsPolicy {
        self.policy
    }

    /// Asks for the addresses of a name and says how they are proven; nothing is dialled. With [`off`](Self::off) no name is ever
    /// found signed.
    ///
    /// # Errors
    /// [`ConfigError::Dns`] where the settings cannot be used.
    pub async fn prove(&self, host: &Hostname) -> Result<NameProof, ConfigError> {
        Ok(self.look_up(host).await?.0)
    }

    /// The same, with the addresses that were found. What is refused has none.
    ///
    /// # Errors
    /// [`ConfigError::Dns`] where the settings cannot be used.
    pub async fn look_up(&self, host: &Hostname) -> Result<(NameProof, Vec<IpAddr>), ConfigError> {
        if self.policy == DnsPolicy::Off {
            let Ok(found) = tokio::net::lookup_host((host.as_str(), 0)).await else {
                return Ok((NameProof::NoAnswer, Vec::new()));
            };
            let addresses: Vec<_> = found.map(|address| address.ip()).collect();
            let proof = if addresses.is_empty() {
                NameProof::Absent
            } else {
                NameProof::Unsigned
            };
            return Ok((proof, addresses));
        }
        #[cfg(feature = "dnssec")]
        let found = Ok(self.proven()?.prove(host).await);
        #[cfg(not(feature = "dnssec"))]
        let found = Err(self.without_feature());
        found
    }

    #[cfg(feature = "dnssec")]
    pub(crate) fn proven(&self) -> Result<proven::Proven, ConfigError> {
        proven::Proven::new(self)
    }

    #[cfg(not(feature = "dnssec"))]
    pub(crate) fn without_feature(&self) -> ConfigError {
        ConfigError::Dns("names are proven with the feature `dnssec` only")
    }
}
