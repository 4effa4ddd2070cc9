// SPDX-License-Identifier: AGPL-3.0-or-later
//! A place for OCSP, or for whatever else knows about withdrawn certificates (threat W8)

use std::time::SystemTime;

use rustls_pki_types::CertificateDer;

/// Judges a chain whose path, dates, purpose and name are already found good.
///
/// It is called during the handshake and must not wait: answer from what is stapled or cached, and fetch
/// elsewhere. `Unknown` lets the policy decide.
///
/// This is how OCSP fits: a table that a task of yours keeps filled from the responders of the authorities, for the nodes
/// of the Whitelist that it knows. What it has read and verified (RFC 6960 section 3.2) it enters; a handshake looks up.
///
/// ```
/// use std::{collections::HashMap, sync::{Arc, RwLock}, time::{Duration, SystemTime}};
/// use medmij_net::{PeerChain, Revocation, RevocationCheck, RevocationStatus};
/// # use medmij_test::{LeafSpec, TestPki};
/// # use rustls_pki_types::CertificateDer;
///
/// /// What responders said about a certificate, and until when that holds (`nextUpdate`).
/// #[derive(Default)]
/// struct OcspTable(RwLock<HashMap<Vec<u8>, (RevocationStatus, SystemTime)>>);
///
/// impl OcspTable {
///     fn enter(&self, certificate: &[u8], status: RevocationStatus, until: SystemTime) {
///         self.0.write().unwrap().insert(certificate.to_vec(), (status, until));
///     }
///
///     fn look_up(&self, certificate: &[u8], now: SystemTime) -> RevocationStatus {
///         match self.0.read().unwrap().get(certificate) {
///             Some((status, until)) if now < *until => *status,
///             _ => RevocationStatus::Unknown,
///         }
///     }
/// }
///
/// impl RevocationCheck for OcspTable {
///     fn status(&self, chain: &PeerChain<'_>) -> RevocationStatus {
///         let certificates = std::iter::once(chain.end_entity()).chain(chain.intermediates());
///         let known = certificates.map(|certificate| self.look_up(certificate, chain.now()));
///         // one that is revoked decides, then one that is unknown
///         known.fold(RevocationStatus::Good, |all, one| match (all, one) {
///             (RevocationStatus::Revoked, _) | (_, RevocationStatus::Revoked) => RevocationStatus::Revoked,
///             (RevocationStatus::Unknown, _) | (_, RevocationStatus::Unknown) => RevocationStatus::Unknown,
///             _ => RevocationStatus::Good,
///         })
///     }
/// }
///
/// # let node = TestPki::new("A")?.issue(&LeafSpec::node("node.example.nl"))?;
/// # let certificates: Vec<CertificateDer<'_>> = node.chain_der().iter().cloned().map(CertificateDer::from).collect();
/// let table = Arc::new(OcspTable::default());
/// let now = SystemTime::now();
/// let chain = PeerChain::new(&certificates[0], &certificates[1..], &[], now);
/// assert_eq!(table.status(&chain), RevocationStatus::Unknown);
///
/// // the responder of each authority has answered
/// for certificate in &certificates {
///     table.enter(certificate, RevocationStatus::Good, now + Duration::from_secs(3600));
/// }
/// assert_eq!(table.status(&chain), RevocationStatus::Good);
/// table.enter(&certificates[0], RevocationStatus::Revoked, now + Duration::from_secs(3600));
/// assert_eq!(table.status(&chain), RevocationStatus::Revoked);
///
/// // unknown is refused; with `soft_fail_by` it would be taken
/// let revocation = Revocation::hard_fail_by(table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Two things to mind. What a server staples ([`PeerChain::stapled`]) comes from the peer and counts only once its
/// signature, its certificate id and its dates are verified; and a client cannot staple, so a listener always needs such a
/// table. Under hard fail the first connection of an unknown node fails and the next succeeds, unless the table is filled
/// beforehand.
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
    /// A chain to try a check on. In a handshake it is made of what the peer showed.
    pub fn new(
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
