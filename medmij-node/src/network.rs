// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.301, core.dns — what a configuration says about TLS and about names

use std::{net::SocketAddr, path::PathBuf};

use medmij_net::{ConfigError, DnsSettings, TlsPolicy};
use medmij_types::{DnsPolicy, Release};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Versions and algorithms of TLS on the back channel.
///
/// ```
/// let tls: medmij_node::NodeTls = serde_json::from_str(r#"{"guideline": "ncsc-2025", "tls13_only": true}"#)?;
/// assert!(!tls.post_quantum);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NodeTls {
    /// The guideline of the NCSC: `ncsc-2.1` (the default, which core.tls.301 names) or `ncsc-2025`.
    #[serde(deserialize_with = "guideline")]
    pub guideline: String,
    /// Without the deviation of core.tls.305: TLS 1.3 and nothing else.
    pub tls13_only: bool,
    /// Whether a peer with TLS 1.2 must know the extended master secret (RFC 7627); what the guideline says where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_master_secret: Option<bool>,
    /// Prefers the hybrid key exchange X25519MLKEM768. Peers that do not know it, or only TLS 1.2, connect as before. Needs the
    /// feature `aws-lc-rs`.
    pub post_quantum: bool,
}

/// How host names of Nodes and of the Stelselnode are proven.
///
/// ```
/// let dns: medmij_node::NodeDns = serde_json::from_str(r#"{"policy": "trust-ad", "servers": ["127.0.0.1:53"]}"#)?;
/// assert_eq!(dns.policy, Some(medmij_types::DnsPolicy::TrustAd));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NodeDns {
    /// `validate`, `trust-ad` or `off`; what the release asks where it is absent and this build can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<DnsPolicy>,
    /// Whether a name in a zone that is not signed is refused; what the release asks where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse_unsigned: Option<bool>,
    /// The resolvers that are asked; those of the system where there is none. `trust-ad` has to have one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// A file with other trust anchors than the keys of the root: DNSKEY records, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchors: Option<PathBuf>,
}

impl Default for NodeTls {
    fn default() -> Self {
        Self {
            guideline: TlsPolicy::default().name().to_owned(),
            tls13_only: false,
            extended_master_secret: None,
            post_quantum: false,
        }
    }
}

impl NodeTls {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn policy(&self) -> Result<TlsPolicy, ConfigError> {
        let tls = |what: &str| ConfigError::Tls(what.into());
        let mut policy =
            TlsPolicy::of_name(&self.guideline).ok_or_else(|| tls("no guideline of this name is known"))?;
        if self.tls13_only {
            policy = policy.tls13_only();
        }
        if let Some(required) = self.extended_master_secret {
            policy = policy.extended_master_secret(required);
        }
        if self.post_quantum {
            policy = policy
                .try_post_quantum()
                .ok_or_else(|| tls("tls.post_quantum needs a build with the feature aws-lc-rs"))?;
        }
        Ok(policy)
    }
}

impl NodeDns {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// All but the anchors, which are in a file.
    pub(crate) fn settings(&self) -> DnsSettings {
        let release = Release::DEFAULT;
        let by_default = if cfg!(feature = "dnssec") {
            DnsPolicy::of(release)
        } else {
            DnsPolicy::Off
        };
        DnsSettings::new(self.policy.unwrap_or(by_default))
            .refuse_unsigned(
                self.refuse_unsigned
                    .unwrap_or_else(|| DnsPolicy::refuses_unsigned(release)),
            )
            .servers(self.servers.iter().copied())
    }
}

fn guideline<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    match TlsPolicy::of_name(&name) {
        Some(_) => Ok(name),
        None => Err(D::Error::custom(format_args!(
            "no guideline is called {name}: ncsc-2.1 or ncsc-2025"
        ))),
    }
}
