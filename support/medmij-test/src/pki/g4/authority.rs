// SPDX-License-Identifier: AGPL-3.0-or-later
//! The authorities of a G4-shaped PKI, and the names that they carry

use std::time::SystemTime;

use rsa::PrivateKey;
use rsa::pss::Signature;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder as _, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::{Any, ObjectIdentifier, SetOfVec};
use x509_cert::der::{Decode as _, Encode as _, Tag};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::signature::Pen;
use super::{G4Signature, HOUR, PkiError, pem};
use crate::TEST_ORGANISATION;

/// A CA with its key.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) name: Name,
    pub(super) key: PrivateKey,
    pub(super) certificate: x509_cert::Certificate,
    pub(super) der: Vec<u8>,
    pub(super) pem: String,
    pub(super) serial: u64,
}

impl Authority {
    pub(super) fn root(name: &str, key: PrivateKey, now: SystemTime) -> Result<Self, PkiError> {
        let subject = subject(name)?;
        let profile = AuthorityProfile {
            issuer: subject.clone(),
            subject,
            below: None,
        };
        let signer = key.clone();
        Self::signed(profile, 1, key, &signer, now)
    }

    /// An authority of this one, with at most `below` authorities below it.
    pub(super) fn certify(
        &self,
        name: &str,
        below: u8,
        serial: u64,
        key: PrivateKey,
        now: SystemTime,
    ) -> Result<Self, PkiError> {
        let profile = AuthorityProfile {
            issuer: self.name.clone(),
            subject: subject(name)?,
            below: Some(below),
        };
        Self::signed(profile, serial, key, &self.key, now)
    }

    fn signed(
        profile: AuthorityProfile,
        serial: u64,
        key: PrivateKey,
        signer: &PrivateKey,
        now: SystemTime,
    ) -> Result<Self, PkiError> {
        let name = profile.subject.clone();
        let validity = validity(now - 365 * 24 * HOUR, now + 3650 * 24 * HOUR)?;
        let public = SubjectPublicKeyInfoOwned::from_key(&key.to_public_key()).map_err(builder::Error::from)?;
        let builder = CertificateBuilder::new(profile, SerialNumber::from(serial), validity, public)?;
        let pen = Pen::new(G4Signature::Right, signer, signer);
        let certificate = builder.build::<_, Signature>(&pen)?;
        Ok(Self {
            name,
            key,
            der: certificate.to_der()?,
            pem: pem(&certificate)?,
            certificate,
            serial,
        })
    }
}

struct AuthorityProfile {
    issuer: Name,
    subject: Name,
    /// How many authorities may follow; a root says nothing.
    below: Option<u8>,
}

impl BuilderProfile for AuthorityProfile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        own: SubjectPublicKeyInfoRef<'_>,
        issuer: SubjectPublicKeyInfoRef<'_>,
        tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let constraints = BasicConstraints {
            ca: true,
            path_len_constraint: self.below,
        };
        let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
        let subject = tbs.subject();
        Ok(vec![
            constraints.to_extension(subject, &[])?,
            usage.to_extension(subject, &[])?,
            SubjectKeyIdentifier::try_from(own)?.to_extension(subject, &[])?,
            AuthorityKeyIdentifier::try_from(issuer)?.to_extension(subject, &[])?,
        ])
    }
}

fn subject(common_name: &str) -> Result<Name, PkiError> {
    name(&[
        (COUNTRY, "NL"),
        (ORGANISATION, TEST_ORGANISATION),
        (COMMON_NAME, common_name),
    ])
}

/// A name of these parts, in this order.
pub(super) fn name(parts: &[(ObjectIdentifier, &str)]) -> Result<Name, PkiError> {
    let part = |(oid, text): &(ObjectIdentifier, &str)| {
        let tag = if matches!(*oid, COUNTRY | SERIAL_NUMBER) {
            Tag::PrintableString
        } else {
            Tag::Utf8String
        };
        let value = Any::new(tag, text.as_bytes())?;
        let set = SetOfVec::try_from(vec![AttributeTypeAndValue { oid: *oid, value }])?;
        Ok::<_, x509_cert::der::Error>(RelativeDistinguishedName::from(set))
    };
    let parts: Vec<_> = parts.iter().map(part).collect::<Result<_, _>>()?;
    Ok(Name::from_der(&RdnSequence::from(parts).to_der()?)?)
}

pub(super) fn validity(from: SystemTime, until: SystemTime) -> Result<Validity, PkiError> {
    Ok(Validity::new(Time::try_from(from)?, Time::try_from(until)?))
}

pub(super) const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
pub(super) const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
pub(super) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(super) const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
pub(super) const ORGANISATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");
