// SPDX-License-Identifier: AGPL-3.0-or-later
//! A chain in its order: its own certificate, then each the issuer of the one before it

use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// The chain from its own certificate on. What belongs to no one in it comes after that; of what occurs twice, one. A chain
/// without its own certificate stays as it is, for the error that says so.
pub(super) fn of(
    mut chain: Vec<CertificateDer<'static>>,
    is_own: impl Fn(&CertificateDer<'static>) -> bool,
) -> Vec<CertificateDer<'static>> {
    let Some(own) = chain.iter().position(is_own) else {
        return chain;
    };
    let mut ordered = vec![chain.remove(own)];
    while let Some(next) = ordered.last().and_then(|last| issuer_of(last, &chain)) {
        ordered.push(chain.remove(next));
    }
    for certificate in chain {
        if !ordered.contains(&certificate) {
            ordered.push(certificate);
        }
    }
    ordered
}

/// Where the issuer of a certificate stands; none of one that issued itself.
fn issuer_of(certificate: &CertificateDer<'_>, among: &[CertificateDer<'_>]) -> Option<usize> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let (subject, issuer) = names(&certificate);
    if subject == issuer {
        return None;
    }
    among.iter().position(|other| {
        let other = Certificate::from_der(other).ok();
        other.is_some_and(|other| names(&other).0 == issuer)
    })
}

fn names(certificate: &Certificate) -> (&x509_cert::name::Name, &x509_cert::name::Name) {
    let tbs = certificate.tbs_certificate();
    (tbs.subject(), tbs.issuer())
}
