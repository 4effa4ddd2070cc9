// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a certificate may be used for, how strong its key is, and how a file of a chain is ordered.

use super::{
    certificate::CertificateView,
    finding::{Finding, REPLACE, Severity, about},
    generation::PRIVATE_G4,
};

/// Key usage, length of the key, parameters of the signature.
pub(super) fn of(certificate: &CertificateView, findings: &mut Vec<Finding>) {
    let wrong = match (certificate.authority, certificate.signs) {
        (true, Some((false, _))) => Some("is an authority whose key must not sign certificates"),
        (false, Some((true, _))) => Some("is an end certificate whose key may sign certificates"),
        (false, Some((_, false))) => Some("is an end certificate whose key must not sign a handshake of TLS 1.3"),
        _ => None,
    };
    if let Some(message) = wrong {
        findings.push(about(certificate, Severity::Error, "key-usage", message, REPLACE));
    }
    if let Some(bits) = certificate.rsa_bits.filter(|bits| *bits < 2_000) {
        let message = format!("has a key of about {bits} bits, which is too short");
        findings.push(about(certificate, Severity::Error, "key-weak", &message, REPLACE));
    }
    if certificate.generation == Some(PRIVATE_G4) && certificate.pss_as_g4 == Some(false) {
        findings.push(about(
            certificate,
            Severity::Error,
            "signature-parameters",
            "is signed with other parameters of RSASSA-PSS than G4 has (SHA-512, a salt of 64 bytes)",
            "Compare its thumbprint with the page of PKIoverheid: peers refuse the signature.",
        ));
    }
}

/// A file that is sent in TLS as it stands: one's own certificate without a root beside it.
pub(super) fn order(file: &[CertificateView]) -> Option<Finding> {
    let of_own = file.iter().filter(|one| !one.authority).count() == 1 && !file.iter().any(|one| one.self_signed);
    let follows = |pair: &[CertificateView]| matches!(pair, [below, above] if below.issuer_der == above.subject_der);
    let wrong = of_own && !file.windows(2).all(follows);
    let own = file.iter().find(|one| !one.authority).filter(|_| wrong)?;
    Some(about(
        own,
        Severity::Warning,
        "order",
        "is in a file of a chain that is in another order than leaf, TSP, intermediate, or has others in it",
        "TLS sends the file as it stands: write each certificate above its issuer, and no others.",
    ))
}
