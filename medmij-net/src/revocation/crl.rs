// SPDX-License-Identifier: AGPL-3.0-or-later
//! One CRL: read once, verified once for each key, then looked up by serial (RFC 5280 section 5)

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls_pki_types::UnixTime;
use sha2::{Digest, Sha256};
use webpki::{Cert, CertRevocationList, OwnedCertRevocationList};
use x509_cert::Certificate;
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;
use x509_cert::der::oid::AssociatedOid as _;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, IssuingDistributionPoint};

use super::CrlState;
use super::known::may_sign_crls;
use super::signed::Signed;
use crate::Cryptography;

/// How far the clock of an authority may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

pub(crate) struct Crl {
    der: Vec<u8>,
    digest: [u8; 32],
    list: CertRevocationList<'static>,
    issuer_text: String,
    pub(crate) this_update: SystemTime,
    next_update: UnixTime,
    scope: Option<Scope>,
    /// The keys that it was tried with.
    tried: Mutex<Vec<(Vec<u8>, bool)>>,
}

/// For which certificates of its issuer it speaks.
struct Scope {
    users_only: bool,
    authorities_only: bool,
    points: Vec<String>,
}

/// What is known of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    Revoked,
    Unknown,
    /// It is not on the list, and the list is past its next update.
    Stale,
}

/// A certificate of a path, and the key of its issuer.
pub(super) struct Asked<'a> {
    pub(super) certificate: &'a Cert<'a>,
    pub(super) is_authority: bool,
    /// The content of the issuer's SubjectPublicKeyInfo.
    pub(super) issuer_key: &'a [u8],
    /// The certificate of the issuer; a root of which only name and key are at hand has none.
    pub(super) issuer: Option<&'a Cert<'a>>,
}

const NO_CRL: &str = "no crl in DER";

/// A CRL of a kind that is not looked at: indirect, delta, for some reasons only, without next update.
fn kind(what: &str) -> String {
    format!("crl of a kind that cannot be used: {what}")
}

impl Crl {
    pub(crate) fn read(der: Vec<u8>) -> Result<Self, String> {
        let read = CertificateList::<Rfc5280>::from_der(&der);
        let list = OwnedCertRevocationList::from_der(&der).map_err(|error| match &read {
            Ok(_) => kind(&error.to_string()),
            Err(_) => NO_CRL.to_owned(),
        })?;
        let tbs = read.map_err(|_| NO_CRL.to_owned())?.tbs_cert_list;
        let next_update = tbs.next_update.ok_or_else(|| kind("no next update"))?;
        let extensions = tbs.crl_extensions.iter().flatten();
        let point = extensions
            .filter(|extension| extension.extn_id == IssuingDistributionPoint::OID)
            .map(|extension| IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()))
            .next()
            .transpose()
            .map_err(|_| kind("issuing distribution point"))?;
        Ok(Self {
            digest: Sha256::digest(&der).into(),
            issuer_text: tbs.issuer.to_string(),
            this_update: tbs.this_update.to_system_time(),
            next_update: UnixTime::since_unix_epoch(next_update.to_unix_duration()),
            scope: point.map(Scope::of),
            list: list.into(),
            tried: Mutex::default(),
            der,
        })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The name of the issuer, as the content of its sequence.
    pub(crate) fn issuer(&self) -> &[u8] {
        self.list.issuer()
    }

    pub(super) fn state(&self) -> CrlState {
        CrlState {
            issuer: self.issuer_text.clone(),
            this_update: self.this_update,
            next_update: SystemTime::UNIX_EPOCH + Duration::from_secs(self.next_update.as_secs()),
        }
    }

    /// Whether a certificate of a good path was ever judged by it.
    pub(crate) fn was_verified(&self) -> bool {
        self.tried().iter().any(|(_, good)| *good)
    }

    /// Whether it speaks for this certificate: of the same issuer, by the same key, and not about others only.
    pub(super) fn speaks_for(&self, asked: &Asked<'_>) -> bool {
        self.issuer() == asked.certificate.issuer()
            && self.scope.as_ref().is_none_or(|scope| scope.includes(asked))
            && self.is_signed_by(asked)
    }

    /// Whether it is of now: one that says to be of later says nothing yet.
    pub(super) fn has_begun(&self, now: UnixTime) -> bool {
        let since = self
            .this_update
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        since.as_secs() <= now.as_secs().saturating_add(CLOCKS_DIFFER.as_secs())
    }

    pub(super) fn status(&self, serial: &[u8], now: UnixTime) -> Status {
        match self.list.find_serial(serial) {
            Ok(None) if now < self.next_update => Status::Good,
            Ok(None) => Status::Stale,
            Ok(Some(_)) | Err(_) => Status::Revoked,
        }
    }

    fn is_signed_by(&self, asked: &Asked<'_>) -> bool {
        let key = asked.issuer_key;
        if let Some((_, good)) = self.tried().iter().find(|(tried, _)| tried == key) {
            return *good;
        }
        let algorithms = Cryptography::default().provider().signature_verification_algorithms;
        let good = asked.issuer.is_none_or(|issuer| may_sign_crls(&issuer.der()))
            && Signed::read(&self.der).is_some_and(|signed| signed.is_by(key, &algorithms));
        let mut tried = self.tried();
        if tried.len() < MOST_KEYS {
            tried.push((key.to_vec(), good));
        }
        good
    }

    fn tried(&self) -> std::sync::MutexGuard<'_, Vec<(Vec<u8>, bool)>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scope {
    fn of(point: IssuingDistributionPoint) -> Self {
        Self {
            users_only: point.only_contains_user_certs,
            authorities_only: point.only_contains_ca_certs,
            points: point.distribution_point.map(uris).unwrap_or_default(),
        }
    }

    /// As webpki judges it: a certificate without distribution points is included, one with them has to share one.
    fn includes(&self, asked: &Asked<'_>) -> bool {
        if (self.users_only && asked.is_authority) || (self.authorities_only && !asked.is_authority) {
            return false;
        }
        let der = asked.certificate.der();
        let Ok(certificate) = Certificate::from_der(&der) else {
            return false;
        };
        match certificate.tbs_certificate().get_extension::<CrlDistributionPoints>() {
            Ok(None) => true,
            Ok(Some((_, points))) => points
                .0
                .into_iter()
                .filter(|point| point.crl_issuer.is_none() && point.reasons.is_none())
                .filter_map(|point| point.distribution_point)
                .flat_map(uris)
                .any(|uri| self.points.contains(&uri)),
            Err(_) => false,
        }
    }
}

fn uris(name: DistributionPointName) -> Vec<String> {
    let DistributionPointName::FullName(names) = name else {
        return Vec::new();
    };
    let uri = |name| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str().to_owned()),
        _ => None,
    };
    names.into_iter().filter_map(uri).collect()
}

/// A name has a handful of keys at most over the years that a process runs.
const MOST_KEYS: usize = 16;
