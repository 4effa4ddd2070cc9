// SPDX-License-Identifier: AGPL-3.0-or-later
//! A certificate as an operator sees it.

use medmij_types::CalendarDate;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use x509_cert::{
    Certificate,
    crl::CertificateList,
    der::{Decode as _, Encode as _, Tag, Tagged as _, asn1::ObjectIdentifier},
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, SubjectAltName,
        SubjectKeyIdentifier,
        name::{DistributionPointName, GeneralName},
    },
    name::Name,
};

use super::generation::{self, Generation};

/// What is shown of a certificate.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CertificateView {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial: String,
    pub(crate) generation: Option<Generation>,
    pub(crate) authority: bool,
    pub(crate) self_signed: bool,
    pub(crate) purposes: Vec<&'static str>,
    pub(crate) hosts: Vec<String>,
    pub(crate) oin: Option<String>,
    pub(crate) not_before: CalendarDate,
    pub(crate) not_after: CalendarDate,
    pub(crate) signature: String,
    pub(crate) thumbprint: String,
    /// Whether it may sign certificates, and handshakes; `None` where it does not say.
    #[serde(skip)]
    pub(crate) signs: Option<(bool, bool)>,
    /// The number of its key, and of that of its issuer.
    #[serde(skip)]
    pub(crate) key_ids: (Option<Vec<u8>>, Option<Vec<u8>>),
    /// Where its issuer publishes what was revoked.
    #[serde(skip)]
    pub(crate) crl_points: Vec<String>,
    /// The bits of a key of RSA.
    #[serde(skip)]
    pub(crate) rsa_bits: Option<usize>,
    /// Whether RSASSA-PSS is used as G4 prescribes it: SHA-512, a salt of 64.
    #[serde(skip)]
    pub(crate) pss_as_g4: Option<bool>,
    #[serde(skip)]
    pub(crate) subject_der: Vec<u8>,
    #[serde(skip)]
    pub(crate) issuer_der: Vec<u8>,
}

/// A serial that an issuer revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revoked {
    pub(crate) issuer_der: Vec<u8>,
    pub(crate) serial: String,
}

/// A file holds no certificate, or one that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("holds no certificate")]
    Empty,
    #[error("holds a certificate that cannot be read")]
    Unreadable,
    #[error("is no revocation list in DER or PEM")]
    NoCrl,
}

impl CertificateView {
    /// What it is, in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match (self.authority, self.self_signed) {
            (true, true) => "root",
            (true, false) => "authority",
            (false, _) => "end certificate",
        }
    }

    fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_der(der).map_err(|_| CertificateError::Unreadable)?;
        let tbs = certificate.tbs_certificate();
        let encoded = |name: &Name| name.to_der().map_err(|_| CertificateError::Unreadable);
        let (subject_der, issuer_der) = (encoded(tbs.subject())?, encoded(tbs.issuer())?);
        let (subject, issuer) = (title(tbs.subject()), title(tbs.issuer()));
        let hosts = tbs
            .get_extension::<SubjectAltName>()
            .ok()
            .flatten()
            .map(|(_, names)| {
                let names = names.0.iter();
                names
                    .filter_map(|name| match name {
                        GeneralName::DnsName(host) => Some(host.as_str().to_owned()),
                        _ => None,
                    })
                    .collect()
            })
            .unwrap_or_default();
        let purposes = tbs
            .get_extension::<ExtendedKeyUsage>()
            .ok()
            .flatten()
            .map(|(_, usage)| usage.0.iter().filter_map(purpose).collect())
            .unwrap_or_default();
        let authority = tbs
            .get_extension::<BasicConstraints>()
            .ok()
            .flatten()
            .is_some_and(|(_, basic)| basic.ca);
        let signs = tbs
            .get_extension::<KeyUsage>()
            .ok()
            .flatten()
            .map(|(_, usage)| (usage.key_cert_sign(), usage.digital_signature()));
        let own_key = tbs.get_extension::<SubjectKeyIdentifier>().ok().flatten();
        let issuer_key = tbs.get_extension::<AuthorityKeyIdentifier>().ok().flatten();
        let key_ids = (
            own_key.map(|(_, id)| id.0.as_bytes().to_vec()),
            issuer_key.and_then(|(_, id)| Some(id.key_identifier?.as_bytes().to_vec())),
        );
        let day = |time: x509_cert::time::Time| CalendarDate::in_utc(time.to_system_time());
        Ok(Self {
            generation: generation::of(&subject).or_else(|| generation::of(&issuer)),
            self_signed: subject_der == issuer_der,
            subject,
            issuer,
            serial: hex(tbs.serial_number().as_bytes()),
            authority,
            purposes,
            hosts,
            signs,
            key_ids,
            crl_points: crl_points(&certificate),
            rsa_bits: rsa_bits(&certificate),
            pss_as_g4: pss_as_g4(&certificate),
            oin: attribute(tbs.subject(), SERIAL_NUMBER).filter(|text| is_oin(text)),
            not_before: day(tbs.validity().not_before),
            not_after: day(tbs.validity().not_after),
            signature: signature(&certificate.signature_algorithm().oid),
            thumbprint: hex(&Sha256::digest(der)),
            subject_der,
            issuer_der,
        })
    }
}

/// The certificates in PEM (anything else in it is passed over) or the one in DER.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<CertificateView>, CertificateError> {
    if is_der(bytes) {
        return Ok(vec![CertificateView::read(bytes)?]);
    }
    let found = pem_blocks(bytes, "CERTIFICATE")
        .map(|der| CertificateView::read(&der?))
        .collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() {
        Err(CertificateError::Empty)
    } else {
        Ok(found)
    }
}

/// A sequence with a long length; a text may begin with the character "0" too.
fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x81..=0x84, ..])
}

/// Whether a private key is in it, which has no place among certificates that are handed around.
pub(crate) fn holds_private_key(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("PRIVATE KEY-----")
}

fn crl_points(certificate: &Certificate) -> Vec<String> {
    let points = certificate.tbs_certificate().get_extension::<CrlDistributionPoints>();
    let points = points.ok().flatten().map(|(_, points)| points.0).unwrap_or_default();
    let names = points.into_iter().filter_map(|point| match point.distribution_point? {
        DistributionPointName::FullName(names) => Some(names),
        DistributionPointName::NameRelativeToCRLIssuer(_) => None,
    });
    let addresses = names.flatten().filter_map(|name| match name {
        GeneralName::UniformResourceIdentifier(address) => Some(address.as_str().to_owned()),
        _ => None,
    });
    addresses.collect()
}

fn rsa_bits(certificate: &Certificate) -> Option<usize> {
    let key = certificate.tbs_certificate().subject_public_key_info();
    if key.algorithm.oid != RSA {
        return None;
    }
    // SEQUENCE { modulus INTEGER, exponent INTEGER }: what is not the modulus takes a few bytes
    let bytes = key.subject_public_key.raw_bytes().len();
    Some(bytes.saturating_sub(14).saturating_mul(8))
}

/// How the parameters of G4 end: a salt of 64.
fn pss_as_g4(certificate: &Certificate) -> Option<bool> {
    let algorithm = certificate.signature_algorithm();
    if algorithm.oid != PSS {
        return None;
    }
    let parameters = algorithm
        .parameters
        .as_ref()
        .and_then(|any| any.to_der().ok())
        .unwrap_or_default();
    let hashes = parameters
        .windows(SHA_512.len())
        .filter(|part| *part == SHA_512)
        .count();
    Some(hashes == 2 && parameters.ends_with(&[0xA2, 0x03, 0x02, 0x01, 0x40]))
}

/// What a revocation list revokes.
pub(crate) fn read_crl(bytes: &[u8]) -> Result<Vec<Revoked>, CertificateError> {
    let der = if is_der(bytes) {
        bytes.to_vec()
    } else {
        pem_blocks(bytes, "X509 CRL")
            .next()
            .ok_or(CertificateError::NoCrl)?
            .map_err(|_| CertificateError::NoCrl)?
    };
    let list =
        CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&der).map_err(|_| CertificateError::NoCrl)?;
    let issuer_der = list
        .tbs_cert_list
        .issuer
        .to_der()
        .map_err(|_| CertificateError::NoCrl)?;
    let revoked = list.tbs_cert_list.revoked_certificates.unwrap_or_default();
    Ok(revoked
        .iter()
        .map(|entry| Revoked {
            issuer_der: issuer_der.clone(),
            serial: hex(entry.serial_number.as_bytes()),
        })
        .collect())
}

/// The contents of the PEM blocks of one label.
fn pem_blocks<'a>(bytes: &'a [u8], label: &'a str) -> impl Iterator<Item = Result<Vec<u8>, CertificateError>> + 'a {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let blocks: Vec<String> = text
        .split(&begin)
        .skip(1)
        .map(|block| {
            block
                .split(&end)
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .collect()
        })
        .collect();
    blocks
        .into_iter()
        .map(|block| STANDARD.decode(block).map_err(|_| CertificateError::Unreadable))
}

/// The common name, or the whole name where there is none.
fn title(name: &Name) -> String {
    attribute(name, COMMON_NAME).unwrap_or_else(|| name.to_string())
}

fn attribute(name: &Name, kind: ObjectIdentifier) -> Option<String> {
    let attribute = name.iter().find(|attribute| attribute.oid == kind)?;
    match attribute.value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => {
            std::str::from_utf8(attribute.value.value()).ok().map(str::to_owned)
        }
        _ => None,
    }
}

fn is_oin(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit())
}

fn purpose(oid: &ObjectIdentifier) -> Option<&'static str> {
    match oid.to_string().as_str() {
        "1.3.6.1.5.5.7.3.1" => Some("serverAuth"),
        "1.3.6.1.5.5.7.3.2" => Some("clientAuth"),
        "1.3.6.1.5.5.7.3.4" => Some("emailProtection"),
        "1.3.6.1.5.5.7.3.9" => Some("OCSPSigning"),
        _ => None,
    }
}

fn signature(oid: &ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.2.840.113549.1.1.10" => "RSASSA-PSS".to_owned(),
        "1.2.840.113549.1.1.11" => "RSA with SHA-256".to_owned(),
        "1.2.840.113549.1.1.12" => "RSA with SHA-384".to_owned(),
        "1.2.840.113549.1.1.13" => "RSA with SHA-512".to_owned(),
        "1.2.840.113549.1.1.5" => "RSA with SHA-1".to_owned(),
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256".to_owned(),
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384".to_owned(),
        other => other.to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
/// The identifier of SHA-512, in DER.
const SHA_512: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
