// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dns — how answers about host names are proven, by release

use crate::Release;

/// How it is made sure that the address of a Node is the one that its owner published (DNSSEC).
///
/// ```
/// use medmij_types::{DnsPolicy, Release};
///
/// assert_eq!(DnsPolicy::of(Release::V2_2), DnsPolicy::Validate);
/// assert_eq!(DnsPolicy::parse("trust-ad"), Some(DnsPolicy::TrustAd));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum DnsPolicy {
    /// Signatures are verified here, from a trust anchor down.
    Validate,
    /// A resolver on its own network verifies, and its word (the AD bit) is trusted.
    TrustAd,
    /// The system looks names up, and nothing is verified here.
    Off,
}

impl DnsPolicy {
    /// What a release asks. 1.x: names of Nodes are signed, and validated by who calls. For 2.x the text of core.dns could not be
    /// read; that the duty stayed is inferred.
    #[must_use]
    pub const fn of(_release: Release) -> Self {
        Self::Validate
    }

    /// Whether a release has no place for a Node whose name is in a zone that is not signed. In 1.x a name had to be; for 2.x that
    /// is not known, and such a name is used and told.
    #[must_use]
    pub fn refuses_unsigned(release: Release) -> bool {
        release < Release::V2_0
    }

    /// As it is written: `validate`, `trust-ad` or `off`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::TrustAd => "trust-ad",
            Self::Off => "off",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Validate, Self::TrustAd, Self::Off]
            .into_iter()
            .find(|policy| policy.as_str() == text)
    }
}
