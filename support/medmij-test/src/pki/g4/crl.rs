// SPDX-License-Identifier: AGPL-3.0-or-later
//! CRLs of the authorities of a G4-shaped PKI

use std::time::SystemTime;

use rsa::PrivateKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use x509_cert::builder;
use x509_cert::certificate::{Rfc5280, Version};
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::der::Encode as _;
use x509_cert::der::asn1::{BitString, Uint};
use x509_cert::der::referenced::OwnedToRef as _;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::DynSignatureAlgorithmIdentifier as _;
use x509_cert::time::Time;

use super::authority::Authority;
use super::signature::Pen;
use super::{G4Level, G4Signature, HOUR, PkiError};

/// The recipe of a CRL.
///
/// ```
/// use medmij_test::{G4Crl, G4Level, G4Pki};
///
/// let pki = G4Pki::new("A")?;
/// // the intermediate withdraws the TSP
/// let crl = G4Crl::of(G4Level::Intermediate).revoked([pki.authority_serial(G4Level::Tsp)]);
/// assert!(!pki.crl(&crl)?.is_empty());
/// # Ok::<(), medmij_test::PkiError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct G4Crl {
    level: G4Level,
    revoked: Vec<u64>,
    between: Option<(SystemTime, SystemTime)>,
    signature: G4Signature,
}

impl G4Crl {
    /// The CRL of this authority, valid for a day, with nothing on it.
    pub fn of(level: G4Level) -> Self {
        Self {
            level,
            revoked: Vec::new(),
            between: None,
            signature: G4Signature::Right,
        }
    }

    /// Puts these serial numbers on it.
    pub fn revoked(mut self, serials: impl IntoIterator<Item = u64>) -> Self {
        self.revoked.extend(serials);
        self
    }

    /// Sets its dates: this update and next update.
    pub fn between(mut self, this_update: SystemTime, next_update: SystemTime) -> Self {
        self.between = Some((this_update, next_update));
        self
    }

    /// Sets how it is signed.
    pub fn signed(mut self, signature: G4Signature) -> Self {
        self.signature = signature;
        self
    }

    pub(super) fn level(&self) -> G4Level {
        self.level
    }

    pub(super) fn sign(
        &self,
        issuer: &Authority,
        number: u64,
        now: SystemTime,
        stranger: &PrivateKey,
    ) -> Result<Vec<u8>, PkiError> {
        let (this_update, next_update) = self.between.unwrap_or((now - HOUR, now + 24 * HOUR));
        let (this_update, next_update) = (Time::try_from(this_update)?, Time::try_from(next_update)?);
        let revoked = |serial: &u64| RevokedCert {
            serial_number: SerialNumber::from(*serial),
            revocation_date: this_update,
            crl_entry_extensions: None,
        };
        let revoked: Vec<_> = self.revoked.iter().map(revoked).collect();
        let pen = Pen::new(self.signature, &issuer.key, stranger);
        let signature_algorithm = pen.signature_algorithm_identifier().map_err(builder::Error::from)?;
        // not by the CrlBuilder: it names the key of the issuer's issuer
        let tbs_cert_list = TbsCertList::<Rfc5280> {
            version: Version::V2,
            signature: signature_algorithm.clone(),
            issuer: issuer.name.clone(),
            this_update,
            next_update: Some(next_update),
            // the list is absent where nothing is on it (RFC 5280 section 5.1.2.6)
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(Self::extensions(issuer, number)?),
        };
        let signature = pen.try_sign(&tbs_cert_list.to_der()?).map_err(builder::Error::from)?;
        let crl = CertificateList {
            signature: BitString::from_bytes(&signature.to_vec())?,
            tbs_cert_list,
            signature_algorithm,
        };
        Ok(crl.to_der()?)
    }

    fn extensions(issuer: &Authority, number: u64) -> Result<Vec<Extension>, PkiError> {
        let number = CrlNumber(Uint::new(&number.to_be_bytes())?);
        let key = issuer
            .certificate
            .tbs_certificate()
            .subject_public_key_info()
            .owned_to_ref();
        Ok(vec![
            number.to_extension(&issuer.name, &[])?,
            AuthorityKeyIdentifier::try_from(key)?.to_extension(&issuer.name, &[])?,
        ])
    }
}
