// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whose cryptography is below TLS; passed on explicitly, never taken from the process

use rustls::crypto::CryptoProvider;

/// The library that does the cryptography of a [`TlsPolicy`](crate::TlsPolicy).
///
/// The private keys of a [`NodeIdentity`](crate::NodeIdentity) are held by ring in any case; a key that must be elsewhere
/// comes in by [`NodeSigner`](crate::NodeSigner).
///
/// ```
/// use medmij_net::{Cryptography, TlsPolicy};
///
/// let policy = TlsPolicy::ncsc_2025().cryptography(Cryptography::Ring);
/// assert_eq!(policy, TlsPolicy::ncsc_2025());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cryptography {
    /// ring.
    #[default]
    Ring,
    /// aws-lc-rs (feature `aws-lc-rs`).
    #[cfg(feature = "aws-lc-rs")]
    AwsLcRs,
}

impl Cryptography {
    /// All that this build has.
    pub const ALL: &'static [Self] = &[
        Self::Ring,
        #[cfg(feature = "aws-lc-rs")]
        Self::AwsLcRs,
    ];

    pub(crate) fn provider(self) -> CryptoProvider {
        match self {
            Self::Ring => rustls::crypto::ring::default_provider(),
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => rustls::crypto::aws_lc_rs::default_provider(),
        }
    }
}
