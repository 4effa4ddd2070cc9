// SPDX-License-Identifier: AGPL-3.0-or-later
//! Leaf certificates of G4: "G-TLS SYS" for systems, and client-only ones of the other kind

use std::time::SystemTime;

use rsa::PrivateKey;
use rsa::pss::Signature;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder as _, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::{Any, Ia5String, ObjectIdentifier};
use x509_cert::der::{Tag, asn1::Ia5StringRef};
use x509_cert::ext::pkix::certpolicy::{CertificatePolicies, PolicyInformation};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use super::authority::{
    Authority, COMMON_NAME, COUNTRY, ORGANISATION, ORGANISATION_IDENTIFIER, SERIAL_NUMBER, name, validity,
};
use super::signature::Pen;
use super::{G4Signature, PkiError, key};
use crate::{Purpose, TEST_ORGANISATION, Validity};

/// The recipe of a leaf certificate; start from [`G4Leaf::system`] or [`G4Leaf::client_only`].
///
/// ```
/// use medmij_test::{G4Leaf, G4Pki};
///
/// let pki = G4Pki::new("A")?;
/// // the common name is free text, and no host name
/// let leaf = G4Leaf::system("node.example.nl").common_name("Stichting Voorbeeld").oin("00000001003214345000");
/// assert!(pki.issue(&leaf)?.chain_pem().contains("BEGIN CERTIFICATE"));
/// # Ok::<(), medmij_test::PkiError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct G4Leaf {
    common_name: String,
    oin: String,
    dns: Vec<String>,
    uzi: Option<String>,
    purposes: Vec<Purpose>,
    validity: Validity,
    signature: G4Signature,
    crl_point: Option<String>,
    second_key: bool,
}

impl G4Leaf {
    /// A certificate for a system: server and client authentication, and the host name in the SAN only.
    pub fn system(host: &str) -> Self {
        Self {
            common_name: "TEST systeem van een voorbeeld".to_owned(),
            oin: "00000001003214345000".to_owned(),
            dns: vec![host.to_owned()],
            uzi: None,
            purposes: vec![Purpose::ServerAuth, Purpose::ClientAuth],
            validity: Validity::Current,
            signature: G4Signature::Right,
            crl_point: None,
            second_key: false,
        }
    }

    /// A certificate for client authentication only, as the root for other purposes issues it: without a host name.
    pub fn client_only() -> Self {
        let mut leaf = Self::system("").purposes(&[Purpose::ClientAuth]);
        leaf.dns.clear();
        leaf
    }

    /// Sets the common name, which is free text.
    pub fn common_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.common_name);
        self
    }

    /// Sets the OIN, the serial number of the subject: 20 digits.
    pub fn oin(mut self, oin: &str) -> Self {
        oin.clone_into(&mut self.oin);
        self
    }

    /// Adds a dNSName.
    pub fn dns(mut self, name: &str) -> Self {
        self.dns.push(name.to_owned());
        self
    }

    /// Adds the otherName by which the UZI-register names a subscriber.
    pub fn uzi(mut self, subscriber: &str) -> Self {
        self.uzi = Some(subscriber.to_owned());
        self
    }

    /// Names the address at which the issuer publishes its CRL.
    pub fn crl_point(mut self, url: &str) -> Self {
        self.crl_point = Some(url.to_owned());
        self
    }

    /// Sets the extended key usages.
    pub fn purposes(mut self, purposes: &[Purpose]) -> Self {
        self.purposes = purposes.to_vec();
        self
    }

    /// Sets the dates.
    pub fn validity(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// Sets how the TSP signs it.
    pub fn signed(mut self, signature: G4Signature) -> Self {
        self.signature = signature;
        self
    }

    /// Takes the second of the two keys that leaves may have.
    pub fn second_key(mut self) -> Self {
        self.second_key = true;
        self
    }

    pub(super) fn key_pem(&self) -> &'static str {
        if self.second_key { KEYS.1 } else { KEYS.0 }
    }

    pub(super) fn certify(
        &self,
        issuer: &Authority,
        serial: u64,
        now: SystemTime,
        stranger: &PrivateKey,
    ) -> Result<x509_cert::Certificate, PkiError> {
        let own = key(self.key_pem())?;
        let public = SubjectPublicKeyInfoOwned::from_key(&own.to_public_key()).map_err(builder::Error::from)?;
        let (from, until) = self.validity.around(now);
        let profile = LeafProfile {
            issuer: issuer.name.clone(),
            subject: self.subject()?,
            names: self.names()?,
            leaf: self,
        };
        let builder = CertificateBuilder::new(profile, SerialNumber::from(serial), validity(from, until)?, public)?;
        Ok(builder.build::<_, Signature>(&Pen::new(self.signature, &issuer.key, stranger))?)
    }

    fn subject(&self) -> Result<Name, PkiError> {
        name(&[
            (COUNTRY, "NL"),
            (ORGANISATION, TEST_ORGANISATION),
            (ORGANISATION_IDENTIFIER, "NTRNL-12345678"),
            (SERIAL_NUMBER, &self.oin),
            (COMMON_NAME, &self.common_name),
        ])
    }

    fn names(&self) -> Result<Vec<GeneralName>, PkiError> {
        let mut names = Vec::new();
        if let Some(subscriber) = &self.uzi {
            let text = format!("2.16.528.1.1003.1.3.5.5.2-1-{subscriber}-S-90000001-00.000-00000000");
            let text = Ia5StringRef::new(&text)?;
            let value = Any::new(Tag::Ia5String, text.as_bytes())?;
            names.push(GeneralName::OtherName(OtherName { type_id: UZI, value }));
        }
        for host in &self.dns {
            names.push(GeneralName::DnsName(Ia5String::new(host)?));
        }
        Ok(names)
    }
}

struct LeafProfile<'a> {
    issuer: Name,
    subject: Name,
    names: Vec<GeneralName>,
    leaf: &'a G4Leaf,
}

impl BuilderProfile for LeafProfile<'_> {
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
        let subject = tbs.subject();
        let purpose = |purpose: &Purpose| match purpose {
            Purpose::ServerAuth => ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
            Purpose::ClientAuth => ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
            Purpose::EmailProtection => ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
        };
        let usages = ExtendedKeyUsage(self.leaf.purposes.iter().map(purpose).collect());
        let policies = CertificatePolicies(vec![PolicyInformation {
            policy_identifier: TRIAL_POLICY,
            policy_qualifiers: None,
        }]);
        let usage = KeyUsage(KeyUsages::DigitalSignature.into());
        let mut extensions = vec![
            usage.to_extension(subject, &[])?,
            usages.to_extension(subject, &[])?,
            policies.to_extension(subject, &[])?,
            SubjectKeyIdentifier::try_from(own)?.to_extension(subject, &[])?,
            AuthorityKeyIdentifier::try_from(issuer)?.to_extension(subject, &[])?,
        ];
        if !self.names.is_empty() {
            extensions.push(SubjectAltName(self.names.clone()).to_extension(subject, &extensions)?);
        }
        if let Some(url) = &self.leaf.crl_point {
            let url = GeneralName::UniformResourceIdentifier(Ia5String::new(url)?);
            let point = DistributionPoint {
                distribution_point: Some(DistributionPointName::FullName(vec![url])),
                reasons: None,
                crl_issuer: None,
            };
            extensions.push(CrlDistributionPoints(vec![point]).to_extension(subject, &extensions)?);
        }
        Ok(extensions)
    }
}

/// The type of the otherName of the UZI-register.
const UZI: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.5.5");
/// The policy "Private G-TLS SYS, organisation validated" of the trial of G4.
const TRIAL_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.528.1.1003.1.2.41.15.35.11");
const KEYS: (&str, &str) = (
    include_str!("../../../keys/g4-leaf-1.pem"),
    include_str!("../../../keys/g4-leaf-2.pem"),
);
