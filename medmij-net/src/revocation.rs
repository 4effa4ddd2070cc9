// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a certificate was withdrawn by its issuer: a policy, and what there is to judge by (threat W8)
//!
//! The 1.1 text wants a check at every handshake and no session without an answer, so hard fail is what a
//! node should run. Which form the current release prescribes (OCSP, CRL) is not known here, so it is a
//! setting; there is no default, and leaving revocation off has to be written down.
//!
//! A CRL counts for a certificate when the key that signed the certificate signed the CRL too. So one that somebody forged
//! is no CRL at all, whatever else is there. Its signature is verified once for each key, and then serials are looked up,
//! after the path to a root was found. Anything else, OCSP for instance, is a [`RevocationCheck`].

mod check;
pub(crate) mod crl;
pub(crate) mod known;
mod signed;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::CertificateError;
use rustls_pki_types::{CertificateRevocationListDer, UnixTime};
use webpki::VerifiedPath;

use crate::{ConfigError, pem};
pub use check::{PeerChain, RevocationCheck, RevocationStatus};
use crl::{Asked, Crl, Status};
use known::Known;

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
    crls: Vec<Arc<Crl>>,
    known: Arc<Known>,
    check: Option<Arc<dyn RevocationCheck>>,
}

/// The dates of a CRL that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrlState {
    /// The name of its issuer (RFC 4514).
    pub issuer: String,
    /// When it was made.
    pub this_update: SystemTime,
    /// Until when it counts under hard fail.
    pub next_update: SystemTime,
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
    /// [`ConfigError::NoCrl`] without any CRL, [`ConfigError::Crl`] for one that cannot be used.
    pub fn hard_fail(crls: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, ConfigError> {
        Self::with(RevocationPolicy::HardFail, crls)
    }

    /// A listed certificate is refused, also by a stale CRL; an unknown one is taken.
    ///
    /// # Errors
    /// [`ConfigError::NoCrl`] without any CRL, [`ConfigError::Crl`] for one that cannot be used.
    pub fn soft_fail(crls: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, ConfigError> {
        Self::with(RevocationPolicy::SoftFail, crls)
    }

    /// Hard fail by a check of one's own: what it does not know is refused.
    pub fn hard_fail_by(check: Arc<dyn RevocationCheck>) -> Self {
        Self {
            policy: RevocationPolicy::HardFail,
            crls: Vec::new(),
            known: Arc::default(),
            check: Some(check),
        }
    }

    /// Soft fail by a check of one's own: what it does not know is taken.
    pub fn soft_fail_by(check: Arc<dyn RevocationCheck>) -> Self {
        Self {
            policy: RevocationPolicy::SoftFail,
            crls: Vec::new(),
            known: Arc::default(),
            check: Some(check),
        }
    }

    /// Hard fail while nothing is known yet or everything known has become too old: every certificate is
    /// refused. CRLs that are fetched later replace it by a reload.
    pub fn refuse_all() -> Self {
        Self::fetched(RevocationPolicy::HardFail, Vec::new(), Arc::default())
    }

    /// No revocation check at all: for tests and demonstrations.
    pub fn danger_off() -> Self {
        Self::fetched(RevocationPolicy::Off, Vec::new(), Arc::default())
    }

    /// The CRLs of a PEM file, or the one in a DER file, for [`hard_fail`](Self::hard_fail) and
    /// [`soft_fail`](Self::soft_fail).
    ///
    /// # Errors
    /// [`ConfigError::Pem`] when it is damaged.
    pub fn crls_from_pem(file: &[u8]) -> Result<Vec<Vec<u8>>, ConfigError> {
        let crls = pem::all::<CertificateRevocationListDer<'static>>(file, "crls")?;
        Ok(crls.into_iter().map(|crl| crl.to_vec()).collect())
    }

    /// The policy.
    pub fn policy(&self) -> RevocationPolicy {
        self.policy
    }

    /// The CRLs that are looked at, for whoever watches their dates.
    pub fn crls(&self) -> impl Iterator<Item = CrlState> {
        self.crls.iter().map(|crl| crl.state())
    }

    fn with(policy: RevocationPolicy, crls: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, ConfigError> {
        let read = |(at, der)| Crl::read(der).map_err(|why| ConfigError::Crl { number: at + 1, why });
        let crls: Vec<_> = crls
            .into_iter()
            .enumerate()
            .map(read)
            .map(|crl| crl.map(Arc::new))
            .collect::<Result<_, _>>()?;
        // Hard fail by nothing would refuse everybody, soft fail nobody: neither is what somebody means who gives CRLs.
        if crls.is_empty() {
            Err(ConfigError::NoCrl)
        } else {
            Ok(Self::fetched(policy, crls, Arc::default()))
        }
    }

    /// The policy with CRLs that a fetcher found; none left means what the policy says it means.
    pub(crate) fn fetched(policy: RevocationPolicy, crls: Vec<Arc<Crl>>, known: Arc<Known>) -> Self {
        Self {
            policy,
            crls,
            known,
            check: None,
        }
    }

    /// Tells one set of CRLs from another.
    pub(crate) fn digests(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.crls.iter().map(|crl| crl.digest())
    }

    /// The authorities of the paths that were verified so far.
    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// Judges a path that leads to a root: each certificate by the CRLs of its issuer.
    pub(crate) fn judge_path(&self, path: &VerifiedPath<'_>, now: UnixTime) -> Result<(), CertificateError> {
        self.known.learn(path);
        if self.policy == RevocationPolicy::Off || self.check.is_some() {
            return Ok(());
        }
        let mut all = Status::Good;
        for status in self.statuses(path, now) {
            all = match (all, status) {
                (Status::Revoked, _) | (_, Status::Revoked) => Status::Revoked,
                (Status::Good, status) => status,
                (worse, _) => worse,
            };
        }
        match (all, self.policy) {
            (Status::Revoked, _) => Err(CertificateError::Revoked),
            (Status::Good, _) | (_, RevocationPolicy::SoftFail | RevocationPolicy::Off) => Ok(()),
            (Status::Unknown, RevocationPolicy::HardFail) => Err(CertificateError::UnknownRevocationStatus),
            (Status::Stale, RevocationPolicy::HardFail) => Err(CertificateError::ExpiredRevocationList),
        }
    }

    /// What the newest CRL says of each certificate, from the end certificate up.
    fn statuses(&self, path: &VerifiedPath<'_>, now: UnixTime) -> Vec<Status> {
        let intermediates: Vec<_> = path.intermediate_certificates().collect();
        let keys: Vec<_> = intermediates
            .iter()
            .map(|certificate| certificate.subject_public_key_info().to_vec())
            .collect();
        let certificates = std::iter::once(&**path.end_entity()).chain(intermediates.iter().copied());
        let issuers = keys
            .iter()
            .zip(&intermediates)
            .map(|(key, issuer)| (signed::content(key).unwrap_or_default(), Some(*issuer)))
            .chain([(path.anchor().subject_public_key_info.as_ref(), None)]);
        let judge = |(at, (certificate, (issuer_key, issuer)))| {
            let asked = Asked {
                certificate,
                is_authority: at > 0,
                issuer_key,
                issuer,
            };
            let begun = self.crls.iter().filter(|crl| crl.has_begun(now));
            let speaking = begun.filter(|crl| crl.speaks_for(&asked));
            speaking
                .max_by_key(|crl| crl.this_update)
                .map_or(Status::Unknown, |crl| crl.status(asked.certificate.serial(), now))
        };
        certificates.zip(issuers).enumerate().map(judge).collect()
    }

    /// What a check of one's own says; nothing is left to say where there is none.
    pub(crate) fn judge(&self, chain: &PeerChain<'_>) -> Result<(), CertificateError> {
        let Some(check) = &self.check else { return Ok(()) };
        match (check.status(chain), self.policy) {
            (RevocationStatus::Good, _) | (_, RevocationPolicy::Off) => Ok(()),
            (RevocationStatus::Unknown, RevocationPolicy::SoftFail) => Ok(()),
            (RevocationStatus::Revoked, _) => Err(CertificateError::Revoked),
            (RevocationStatus::Unknown, RevocationPolicy::HardFail) => Err(CertificateError::UnknownRevocationStatus),
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
