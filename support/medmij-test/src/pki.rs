// SPDX-License-Identifier: AGPL-3.0-or-later
//! A private PKI made at run time, shaped like the PKIoverheid chain: root, intermediate, leaf
//!
//! core.tls.314 wants certificates of the PKIoverheid private generation on the back channel. This PKI
//! has the same depth, and its authorities carry [`TEST_ORGANISATION`], so that software can
//! tell it from the real one.

#[cfg(feature = "g4")]
pub(crate) mod g4;
pub(crate) mod leaf;
pub(crate) mod variant;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};

use leaf::{KeyKind, LeafSpec};

/// The organisation in the subject of every authority that this crate makes, and of its leaves unless they
/// are told otherwise.
///
/// Software may look for it to make sure that something dangerous runs on test certificates only.
pub const TEST_ORGANISATION: &str = "MedMij bouwstenen TEST PKI - do not trust";

/// A root and an intermediate authority with keys that live in memory only.
///
/// ```
/// use medmij_test::{LeafSpec, TestPki};
///
/// let (ours, other) = (TestPki::new("A")?, TestPki::new("B")?);
/// assert_ne!(ours.roots_pem(), other.roots_pem());
/// let revoked = ours.issue(&LeafSpec::node("weg.example.nl"))?;
/// let crls = ours.crls(&[&revoked])?;
/// assert_eq!(crls.len(), 2); // one of the root, one of the intermediate
/// # Ok::<(), medmij_test::PkiError>(())
/// ```
#[derive(Debug)]
pub struct TestPki {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    now: SystemTime,
    serial: AtomicU64,
}

impl TestPki {
    /// A new PKI whose authorities are valid now; `label` ends up in their names.
    ///
    /// # Errors
    /// [`PkiError`] when a key cannot be made.
    pub fn new(label: &str) -> Result<Self, PkiError> {
        Self::at(label, SystemTime::now())
    }

    /// A new PKI whose certificates are dated around `now`, for use with a steered clock.
    ///
    /// # Errors
    /// [`PkiError`] when a key cannot be made.
    pub fn at(label: &str, now: SystemTime) -> Result<Self, PkiError> {
        let root = authority_params(&format!("TEST root {label}"), 1, now, BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyKind::P256.generate()?)?;
        let intermediate = authority_params(
            &format!("TEST services {label}"),
            2,
            now,
            BasicConstraints::Constrained(0),
        );
        let intermediate = CertifiedIssuer::signed_by(intermediate, KeyKind::P256.generate()?, &root)?;
        Ok(Self {
            root,
            intermediate,
            now,
            serial: AtomicU64::new(1000),
        })
    }

    /// The root certificate as PEM: what a trust store holds.
    pub fn roots_pem(&self) -> String {
        self.root.pem()
    }

    /// The root certificate as DER.
    pub fn root_der(&self) -> Vec<u8> {
        self.root.der().to_vec()
    }

    /// The certificate of the authority between root and leaves as PEM: what is beside the roots in a bundle.
    pub fn intermediates_pem(&self) -> String {
        self.intermediate.pem()
    }

    /// Issues a leaf certificate with a fresh key.
    ///
    /// # Errors
    /// [`PkiError`] when a name cannot be written into a certificate or the key cannot be made.
    pub fn issue(&self, spec: &LeafSpec) -> Result<TestIdentity, PkiError> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let key = spec.key_pair()?;
        let certificate = spec.params(serial, self.now)?.signed_by(&key, &self.intermediate)?;
        Ok(TestIdentity {
            chain_pem: format!("{}{}", certificate.pem(), self.intermediate.pem()),
            key_pem: key.serialize_pem(),
            chain_der: vec![certificate.der().to_vec(), self.intermediate.der().to_vec()],
            key_der: key.serialize_der(),
            serial,
        })
    }

    /// The CRLs of root and intermediate (DER), valid for a day, with `revoked` on the latter's.
    ///
    /// # Errors
    /// [`PkiError`] when signing fails.
    pub fn crls(&self, revoked: &[&TestIdentity]) -> Result<Vec<Vec<u8>>, PkiError> {
        self.crls_between(revoked, self.now - HOUR, self.now + 24 * HOUR)
    }

    /// The same with chosen dates, to make lists that are stale or from the future.
    ///
    /// # Errors
    /// [`PkiError`] when signing fails or `next_update` is not after `this_update`.
    pub fn crls_between(
        &self,
        revoked: &[&TestIdentity],
        this_update: SystemTime,
        next_update: SystemTime,
    ) -> Result<Vec<Vec<u8>>, PkiError> {
        let revoked_certs: Vec<_> = revoked
            .iter()
            .map(|identity| RevokedCertParams {
                serial_number: SerialNumber::from(identity.serial),
                revocation_time: this_update.into(),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
            .collect();
        let list = |revoked_certs| CertificateRevocationListParams {
            this_update: this_update.into(),
            next_update: next_update.into(),
            crl_number: SerialNumber::from(self.serial.fetch_add(1, Ordering::Relaxed)),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let root = list(Vec::new()).signed_by(&self.root)?;
        let intermediate = list(revoked_certs).signed_by(&self.intermediate)?;
        Ok(vec![root.der().to_vec(), intermediate.der().to_vec()])
    }
}

/// A leaf certificate with its chain and key.
///
/// The key is that of a test: it is readable on purpose, and `Debug` still leaves it out.
#[derive(Clone)]
pub struct TestIdentity {
    chain_pem: String,
    key_pem: String,
    chain_der: Vec<Vec<u8>>,
    key_der: Vec<u8>,
    serial: u64,
}

impl TestIdentity {
    /// Leaf and intermediate, in the order in which TLS sends them.
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The private key as PKCS#8 PEM.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Leaf and intermediate as DER.
    pub fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain_der
    }

    /// The private key as PKCS#8 DER.
    pub fn key_der(&self) -> &[u8] {
        &self.key_der
    }

    /// The serial number, as it is on a CRL.
    pub fn serial(&self) -> u64 {
        self.serial
    }
}

impl std::fmt::Debug for TestIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestIdentity")
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

/// A certificate, key or CRL that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("test pki could not make what was asked")]
pub struct PkiError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl From<rcgen::Error> for PkiError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.into())
    }
}

#[cfg(feature = "g4")]
impl From<x509_cert::builder::Error> for PkiError {
    fn from(error: x509_cert::builder::Error) -> Self {
        Self(error.into())
    }
}

#[cfg(feature = "g4")]
impl From<x509_cert::der::Error> for PkiError {
    fn from(error: x509_cert::der::Error) -> Self {
        Self(error.into())
    }
}

fn authority_params(name: &str, serial: u64, now: SystemTime, path: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "NL");
    params
        .distinguished_name
        .push(DnType::OrganizationName, TEST_ORGANISATION);
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = (now - 365 * 24 * HOUR).into();
    params.not_after = (now + 3650 * 24 * HOUR).into();
    params.is_ca = IsCa::Ca(path);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
