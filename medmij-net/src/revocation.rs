// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a certificate was withdrawn by its issuer: a policy, and what there is to judge by (threat W8)
//!
//! The 1.1 text wants a check at every handshake and no session without an answer, so hard fail is what a
//! node should run. Which form the current release prescribes (OCSP, CRL) is not known here, so it is a
//! setting; there is no default, and leaving revocation off has to be written down.
//!
//! CRLs are judged by the TLS library. Anything else, OCSP for instance, is a [`RevocationCheck`].

mod check;

use std::fmt;
use std::sync::Arc;

use rustls::client::ServerCertVerifierBuilder;
#[cfg(feature = "axum")]
use rustls::server::ClientCertVerifierBuilder;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;

use crate::ConfigError;
pub use check::{PeerChain, RevocationCheck, RevocationStatus};

/// The revocation policy of one side, with what it judges by.
///
/// ```
/// use medmij_net::Revocation;
/// use medmij_test::{LeafSpec, TestPki};
///
/// let pki = TestPki::new("A")?;
/// let crls = pki.crls(&[&pki.issue(&LeafSpec::node("weg.example.nl"))?])?;
/// let revocation = Revocation::hard_fail(crls)?;
/// // Hard fail without anything to judge by would refuse everybody, or, worse, nobody.
/// assert!(Revocation::hard_fail(Vec::<Vec<u8>>::new()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Revocation {
    policy: RevocationPolicy,
    crls: Vec<CertificateRevocationListDer<'static>>,
    check: Option<Arc<dyn RevocationCheck>>,
}

/// What an absent or stale answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationPolicy {
    /// Not known to be good: refused.
    HardFail,
    /// Known to be withdrawn: refused. Unknown: taken.
    SoftFail,
    /// Nothing is looked at.
    Off,
}

impl Revocation {
    /// Every certificate of the chain needs a current CRL (DER) of its issuer that does not list it.
    ///
    /// # Errors
    /// [`ConfigError::NoCrl`] without any CRL.
    pub fn hard_fail(crls: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, ConfigError> {
        Self::with(RevocationPolicy::HardFail, crls)
    }

    /// A listed certificate is refused, also by a stale CRL; an unknown one is taken.
    ///
    /// # Errors
    /// [`ConfigError::NoCrl`] without any CRL.
    pub fn soft_fail(crls: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, ConfigError> {
        Self::with(RevocationPolicy::SoftFail, crls)
    }

    /// Hard fail by a check of one's own: what it does not know is refused.
    pub fn hard_fail_by(check: Arc<dyn RevocationCheck>) -> Self {
        Self {
            policy: RevocationPolicy::HardFail,
            crls: Vec::new(),
            check: Some(check),
        }
    }

    /// Soft fail by a check of one's own: what it does not know is taken.
    pub fn soft_fail_by(check: Arc<dyn RevocationCheck>) -> Self {
        Self {
            policy: RevocationPolicy::SoftFail,
            crls: Vec::new(),
            check: Some(check),
        }
    }

    /// Hard fail while nothing is known yet or everything known has become too old: every certificate is
    /// refused. CRLs that are fetched later replace it by a reload.
    pub fn refuse_all() -> Self {
        Self::fetched(RevocationPolicy::HardFail, Vec::new())
    }

    /// No revocation check at all: for tests and demonstrations.
    pub fn danger_off() -> Self {
        Self::fetched(RevocationPolicy::Off, Vec::new())
    }

    /// The CRLs of a PEM file, for [`hard_fail`](Self::hard_fail) and [`soft_fail`](Self::soft_fail).
    ///
    /// # Errors
    /// [`ConfigError::Pem`] when it is damaged.
    pub fn crls_from_pem(pem: &[u8]) -> Result<Vec<Vec<u8>>, ConfigError> {
        CertificateRevocationListDer::pem_slice_iter(pem)
            .map(|crl| crl.map(|crl| crl.to_vec()))
            .collect::<Result<_, _>>()
            .map_err(|source| ConfigError::Pem { what: "crls", source })
    }

    /// The policy.
    pub fn policy(&self) -> RevocationPolicy {
        self.policy
    }

    fn with(policy: RevocationPolicy, crls: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, ConfigError> {
        let revocation = Self::fetched(policy, crls.into_iter().collect());
        // The TLS library checks nothing at all when it gets an empty set.
        if revocation.crls.is_empty() {
            Err(ConfigError::NoCrl)
        } else {
            Ok(revocation)
        }
    }

    /// The policy with CRLs that a fetcher found; none left means what the policy says it means.
    pub(crate) fn fetched(policy: RevocationPolicy, crls: Vec<Vec<u8>>) -> Self {
        let crls = crls.into_iter().map(CertificateRevocationListDer::from).collect();
        Self {
            policy,
            crls,
            check: None,
        }
    }

    pub(crate) fn crls(&self) -> &[CertificateRevocationListDer<'static>] {
        &self.crls
    }

    pub(crate) fn for_server(&self, builder: ServerCertVerifierBuilder) -> ServerCertVerifierBuilder {
        let builder = builder.with_crls(self.crls.iter().cloned());
        match self.policy {
            RevocationPolicy::HardFail => builder.enforce_revocation_expiration(),
            RevocationPolicy::SoftFail | RevocationPolicy::Off => builder.allow_unknown_revocation_status(),
        }
    }

    #[cfg(feature = "axum")]
    pub(crate) fn for_client(&self, builder: ClientCertVerifierBuilder) -> ClientCertVerifierBuilder {
        let builder = builder.with_crls(self.crls.iter().cloned());
        match self.policy {
            RevocationPolicy::HardFail => builder.enforce_revocation_expiration(),
            RevocationPolicy::SoftFail | RevocationPolicy::Off => builder.allow_unknown_revocation_status(),
        }
    }

    /// What is left to judge after the TLS library has: a check of one's own, or hard fail without any CRL,
    /// for which the library has no word.
    pub(crate) fn judge(&self, chain: &PeerChain<'_>) -> Result<(), rustls::CertificateError> {
        if self.policy == RevocationPolicy::Off || !self.crls.is_empty() {
            return Ok(());
        }
        let status = self
            .check
            .as_ref()
            .map_or(RevocationStatus::Unknown, |check| check.status(chain));
        match (status, self.policy) {
            (RevocationStatus::Good, _) | (RevocationStatus::Unknown, RevocationPolicy::SoftFail) => Ok(()),
            (RevocationStatus::Revoked, _) => Err(rustls::CertificateError::Revoked),
            (RevocationStatus::Unknown, _) => Err(rustls::CertificateError::UnknownRevocationStatus),
        }
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation")
            .field("policy", &self.policy)
            .field("crls", &self.crls.len())
            .field("check", &self.check.is_some())
            .finish()
    }
}
