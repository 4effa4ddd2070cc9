// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a leaf certificate of the test PKI should say

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};

use super::{HOUR, PkiError, TEST_ORGANISATION};

/// The recipe of a leaf certificate; start from [`LeafSpec::node`] or [`LeafSpec::front`].
///
/// ```
/// use medmij_test::{LeafSpec, Validity};
///
/// let spec = LeafSpec::node("dvp.localhost").dns("dvp-twee.localhost").validity(Validity::Expired);
/// assert_eq!(spec.dns_names(), ["dvp.localhost", "dvp-twee.localhost"]);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LeafSpec {
    common_name: Option<String>,
    organisation: bool,
    key_pem: Option<String>,
    dns: Vec<String>,
    ip: Vec<IpAddr>,
    uri: Vec<String>,
    crl_point: Option<String>,
    mail: Vec<String>,
    purposes: Vec<Purpose>,
    validity: Validity,
    key: KeyKind,
}

impl LeafSpec {
    /// A node of the back channel: server and client authentication, the name as common name and SAN.
    pub fn node(name: &str) -> Self {
        Self {
            common_name: Some(name.to_owned()),
            organisation: true,
            key_pem: None,
            dns: vec![name.to_owned()],
            ip: Vec::new(),
            uri: Vec::new(),
            crl_point: None,
            mail: Vec::new(),
            purposes: vec![Purpose::ServerAuth, Purpose::ClientAuth],
            validity: Validity::Current,
            key: KeyKind::P256,
        }
    }

    /// A web server of the front channel: server authentication only.
    pub fn front(name: &str) -> Self {
        Self::node(name).purposes(&[Purpose::ServerAuth])
    }

    /// Sets or removes the common name.
    pub fn common_name(mut self, name: Option<&str>) -> Self {
        self.common_name = name.map(ToOwned::to_owned);
        self
    }

    /// Adds a dNSName; any ASCII is taken, also a wildcard or a NUL.
    pub fn dns(mut self, name: &str) -> Self {
        self.dns.push(name.to_owned());
        self
    }

    /// Removes the dNSNames.
    pub fn without_dns(mut self) -> Self {
        self.dns.clear();
        self
    }

    /// Adds an iPAddress.
    pub fn ip(mut self, address: IpAddr) -> Self {
        self.ip.push(address);
        self
    }

    /// Adds a uniformResourceIdentifier.
    pub fn uri(mut self, uri: &str) -> Self {
        self.uri.push(uri.to_owned());
        self
    }

    /// Adds an rfc822Name.
    pub fn mail(mut self, address: &str) -> Self {
        self.mail.push(address.to_owned());
        self
    }

    /// Names the address at which the issuer publishes its CRL.
    pub fn crl_point(mut self, url: &str) -> Self {
        self.crl_point = Some(url.to_owned());
        self
    }

    /// Sets the extended key usages; an empty list leaves the extension out.
    pub fn purposes(mut self, purposes: &[Purpose]) -> Self {
        self.purposes = purposes.to_vec();
        self
    }

    /// Sets the dates.
    pub fn validity(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    /// Leaves the organisation out, as in a certificate of which only the domain was validated.
    pub fn domain_validated(mut self) -> Self {
        self.organisation = false;
        self
    }

    /// Takes this key (PKCS#8, PEM) instead of making one: the way to an RSA certificate.
    pub fn key_pem(mut self, pem: &str) -> Self {
        self.key_pem = Some(pem.to_owned());
        self
    }

    /// Sets the kind of key.
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// The dNSNames so far.
    pub fn dns_names(&self) -> &[String] {
        &self.dns
    }

    pub(crate) fn key_pair(&self) -> Result<KeyPair, PkiError> {
        match &self.key_pem {
            Some(pem) => Ok(KeyPair::from_pem(pem)?),
            None => self.key.generate(),
        }
    }

    pub(crate) fn params(&self, serial: u64, now: SystemTime) -> Result<CertificateParams, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "NL");
        if self.organisation {
            params
                .distinguished_name
                .push(DnType::OrganizationName, TEST_ORGANISATION);
        }
        if let Some(name) = &self.common_name {
            params.distinguished_name.push(DnType::CommonName, name.as_str());
        }
        for name in &self.dns {
            params
                .subject_alt_names
                .push(SanType::DnsName(Ia5String::try_from(name.as_str())?));
        }
        params
            .subject_alt_names
            .extend(self.ip.iter().copied().map(SanType::IpAddress));
        for uri in &self.uri {
            params
                .subject_alt_names
                .push(SanType::URI(Ia5String::try_from(uri.as_str())?));
        }
        for address in &self.mail {
            params
                .subject_alt_names
                .push(SanType::Rfc822Name(Ia5String::try_from(address.as_str())?));
        }
        if let Some(url) = &self.crl_point {
            params.crl_distribution_points = vec![CrlDistributionPoint {
                uris: vec![url.clone()],
            }];
        }
        params.extended_key_usages = self.purposes.iter().map(|purpose| purpose.to_rcgen()).collect();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.serial_number = Some(SerialNumber::from(serial));
        let (not_before, not_after) = self.validity.around(now);
        params.not_before = not_before.into();
        params.not_after = not_after.into();
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

/// An extended key usage (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// `id-kp-serverAuth`
    ServerAuth,
    /// `id-kp-clientAuth`
    ClientAuth,
    /// `id-kp-emailProtection`: wrong for either side
    EmailProtection,
}

impl Purpose {
    fn to_rcgen(self) -> ExtendedKeyUsagePurpose {
        match self {
            Self::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
            Self::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
            Self::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
        }
    }
}

/// The dates of a leaf, seen from the moment at which its PKI was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Validity {
    /// From an hour ago until in 90 days.
    Current,
    /// From 90 days ago until an hour ago.
    Expired,
    /// From tomorrow on.
    NotYet,
    /// From an hour ago, for this long from now.
    For(Duration),
}

impl Validity {
    pub(crate) fn around(self, now: SystemTime) -> (SystemTime, SystemTime) {
        match self {
            Self::Current => (now - HOUR, now + 90 * 24 * HOUR),
            Self::Expired => (now - 90 * 24 * HOUR, now - HOUR),
            Self::NotYet => (now + 24 * HOUR, now + 90 * 24 * HOUR),
            Self::For(time) => (now - HOUR, now + time),
        }
    }
}

/// The kind of a leaf's key. RSA is absent: the library behind this crate cannot make RSA keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// ECDSA on P-256
    P256,
    /// ECDSA on P-384
    P384,
    /// Ed25519
    Ed25519,
}

impl KeyKind {
    pub(crate) fn generate(self) -> Result<KeyPair, PkiError> {
        Ok(KeyPair::generate_for(match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
        })?)
    }
}
