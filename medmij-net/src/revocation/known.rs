// SPDX-License-Identifier: AGPL-3.0-or-later
//! The authorities whose certificates are known to lead to a root: configured ones, and those of chains that verified
//!
//! A CRL that is fetched over plain http comes from anybody. It counts when one of these signed it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::{Cert, VerifiedPath};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::signed::{Signed, content};
use crate::{Cryptography, TrustRoots};

#[derive(Default)]
pub(crate) struct Known(Mutex<Vec<Authority>>);

#[derive(Clone, PartialEq, Eq)]
struct Authority {
    /// Name and key, as the contents of their sequences.
    subject: Vec<u8>,
    spki: Vec<u8>,
    may_sign_crls: bool,
    /// Absent for a root of which only name and key are at hand.
    der: Option<CertificateDer<'static>>,
}

/// Whether something is signed by a known authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// By one that may.
    Known,
    /// Nobody of this name is known.
    Unknown,
    /// By none of those that have this name.
    Forged,
}

impl Known {
    /// Adds the roots, and the certificates beside them that lead to one.
    pub(crate) fn configure(&self, roots: &TrustRoots) {
        for anchor in &roots.store().roots {
            self.add(Authority::anchor(anchor));
        }
        let mut waiting: Vec<_> = roots.intermediates().iter().filter_map(Authority::read).collect();
        // Each round may bring the issuer of another.
        loop {
            let before = waiting.len();
            waiting.retain(|(authority, issuer)| {
                let der = authority.der.as_deref().unwrap_or_default();
                let leads_to_root = self.signer(issuer, der, |_| true) == Signer::Known;
                if leads_to_root {
                    self.add(authority.clone());
                }
                !leads_to_root
            });
            if waiting.len() == before {
                break;
            }
        }
        for (authority, _) in &waiting {
            let subject = authority.der.as_deref().and_then(|der| Certificate::from_der(der).ok());
            let subject = subject.map(|certificate| certificate.tbs_certificate().subject().to_string());
            tracing::warn!(
                ?subject,
                rule = "core.tls.314",
                "ca certificate leads to no root of ours, left aside"
            );
        }
    }

    /// Learns the authorities of a path that was found good, whatever revocation says: whoever holds the key of an
    /// authority can only speak for that authority.
    pub(crate) fn learn(&self, path: &VerifiedPath<'_>) {
        self.add(Authority::anchor(path.anchor()));
        for certificate in path.intermediate_certificates() {
            if !self.has(certificate)
                && let Some((authority, _)) = Authority::read(&certificate.der())
            {
                self.add(authority);
            }
        }
    }

    /// Who signed a CRL with this issuer.
    pub(crate) fn crl_signer(&self, issuer: &[u8], der: &[u8]) -> Signer {
        self.signer(issuer, der, |authority| authority.may_sign_crls)
    }

    /// The certificates that a path can be built from.
    #[cfg(feature = "axum")]
    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        self.all()
            .iter()
            .filter_map(|authority| authority.der.clone())
            .collect()
    }

    fn signer(&self, issuer: &[u8], der: &[u8], may: impl Fn(&Authority) -> bool) -> Signer {
        let all = self.all();
        let named: Vec<_> = all.iter().filter(|authority| authority.subject == issuer).collect();
        if named.is_empty() {
            return Signer::Unknown;
        }
        let algorithms = Cryptography::default().provider().signature_verification_algorithms;
        let signed = Signed::read(der);
        let by = |authority: &&&Authority| {
            may(authority)
                && signed
                    .as_ref()
                    .is_some_and(|signed| signed.is_by(&authority.spki, &algorithms))
        };
        if named.iter().any(|authority| by(&authority)) {
            Signer::Known
        } else {
            Signer::Forged
        }
    }

    fn has(&self, certificate: &Cert<'_>) -> bool {
        let der = certificate.der();
        self.all().iter().any(|authority| authority.der.as_ref() == Some(&der))
    }

    fn add(&self, new: Authority) {
        let mut all = self.all();
        if !all.contains(&new) && all.len() < MOST {
            all.push(new);
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Authority>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Authority {
    fn anchor(anchor: &TrustAnchor<'_>) -> Self {
        Self {
            subject: anchor.subject.to_vec(),
            spki: anchor.subject_public_key_info.to_vec(),
            may_sign_crls: true,
            der: None,
        }
    }

    /// A CA certificate, with the name of its issuer; `None` where it is none.
    fn read(der: &CertificateDer<'_>) -> Option<(Self, Vec<u8>)> {
        let certificate = Certificate::from_der(der).ok()?;
        let tbs = certificate.tbs_certificate();
        let constraints = tbs.get_extension::<BasicConstraints>().ok()??.1;
        if !constraints.ca {
            return None;
        }
        let usage = tbs.get_extension::<KeyUsage>().ok()?;
        let authority = Self {
            subject: content(&tbs.subject().to_der().ok()?)?.to_vec(),
            spki: content(&tbs.subject_public_key_info().to_der().ok()?)?.to_vec(),
            may_sign_crls: usage.is_none_or(|(_, usage)| usage.crl_sign()),
            der: Some(der.clone().into_owned()),
        };
        Some((authority, content(&tbs.issuer().to_der().ok()?)?.to_vec()))
    }
}

/// Whether a CA certificate is for signing CRLs too (RFC 5280 section 4.2.1.3).
pub(crate) fn may_sign_crls(der: &CertificateDer<'_>) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else {
        return false;
    };
    let usage = certificate.tbs_certificate().get_extension::<KeyUsage>();
    usage.is_ok_and(|usage| usage.is_none_or(|(_, usage)| usage.crl_sign()))
}

/// More CA certificates than any PKI of the back channel has.
const MOST: usize = 256;
