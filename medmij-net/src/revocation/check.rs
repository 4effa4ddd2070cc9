// SPDX-License-Identifier: AGPL-3.0-or-later
//! A place for OCSP, or for whatever else knows about withdrawn certificates (threat W8)

use std::time::SystemTime;

use rustls_pki_types::CertificateDer;

/// Judges a chain whose path, dates, purpose and name are already found good.
///
/// It is called during the handshake and must not wait: answer from what is stapled or cached, and fetch
/// elsewhere. `Unknown` lets the policy decide.
///
/// ```
/// use std::sync::Arc;
/// use medmij_net::{PeerChain, Revocation, RevocationCheck, RevocationStatus};
///
/// struct NothingStapled;
///
/// impl RevocationCheck for NothingStapled {
///     fn status(&self, chain: &PeerChain<'_>) -> RevocationStatus {
///         if chain.stapled().is_empty() { RevocationStatus::Unknown } else { RevocationStatus::Good }
///     }
/// }
///
/// let revocation = Revocation::hard_fail_by(Arc::new(NothingStapled));
/// ```
pub trait RevocationCheck: Send + Sync + 'static {
    /// What is known of the chain at this moment.
    fn status(&self, chain: &PeerChain<'_>) -> RevocationStatus;
}

/// What is known of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is no fourth answer (RFC 6960 section 2.2)"
)]
pub enum RevocationStatus {
    /// Its issuer says that it is in force.
    Good,
    /// Its issuer has withdrawn it, or a certificate above it.
    Revoked,
    /// Nothing current is known.
    Unknown,
}

/// The chain that a peer showed.
#[derive(Debug, Clone, Copy)]
pub struct PeerChain<'a> {
    end_entity: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    stapled: &'a [u8],
    now: SystemTime,
}

impl<'a> PeerChain<'a> {
    pub(crate) fn new(
        end_entity: &'a CertificateDer<'a>,
        intermediates: &'a [CertificateDer<'a>],
        stapled: &'a [u8],
        now: SystemTime,
    ) -> Self {
        Self {
            end_entity,
            intermediates,
            stapled,
            now,
        }
    }

    /// The peer's own certificate.
    pub fn end_entity(&self) -> &'a CertificateDer<'a> {
        self.end_entity
    }

    /// The certificates above it, as they were sent.
    pub fn intermediates(&self) -> &'a [CertificateDer<'a>] {
        self.intermediates
    }

    /// The OCSP response that a server stapled, not yet judged; empty without one, and always for clients.
    pub fn stapled(&self) -> &'a [u8] {
        self.stapled
    }

    /// The moment to judge by: that of the clock of the builder.
    pub fn now(&self) -> SystemTime {
        self.now
    }
}
