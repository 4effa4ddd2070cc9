// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a bundle is fit for MedMij on a day.

use std::collections::BTreeSet;

use medmij_types::{CalendarDate, Hostname};

use super::{
    certificate::{CertificateView, Revoked},
    finding::{Finding, REPLACE, Severity, about},
    generation,
    thumbprints::Thumbprints,
    usage,
};

/// All findings.
pub(crate) fn judge(
    certificates: &[CertificateView],
    today: CalendarDate,
    known: Option<&Thumbprints>,
    revoked: &[Revoked],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for certificate in certificates {
        dates(certificate, today, &mut findings);
        generation_of(certificate, &mut findings);
        if revoked
            .iter()
            .any(|entry| entry.issuer_der == certificate.issuer_der && entry.serial == certificate.serial)
        {
            findings.push(about(
                certificate,
                Severity::Error,
                "revoked",
                "is on the revocation list of its issuer",
                REPLACE,
            ));
        }
        if let Some((_, when)) = generation::REVOKED
            .iter()
            .find(|(name, _)| *name == certificate.subject)
        {
            findings.push(about(
                certificate,
                Severity::Error,
                "revoked",
                &format!("was revoked on {when}"),
                REPLACE,
            ));
        }
        issuer(certificate, certificates, &mut findings);
        if !certificate.authority {
            own(certificate, certificates, &mut findings);
        }
        usage::of(certificate, &mut findings);
        if certificate.signature.contains("SHA-1") {
            findings.push(about(
                certificate,
                Severity::Error,
                "sha1",
                "is signed with SHA-1",
                REPLACE,
            ));
        }
    }
    missing_issuers(certificates, &mut findings);
    doubles(certificates, &mut findings);
    if let Some(known) = known {
        thumbprints(certificates, known, &mut findings);
    }
    findings
}

fn dates(certificate: &CertificateView, today: CalendarDate, findings: &mut Vec<Finding>) {
    let left = certificate.not_after.days_since(today);
    if today < certificate.not_before {
        let message = format!("is not valid before {}", certificate.not_before);
        findings.push(about(
            certificate,
            Severity::Error,
            "not-yet-valid",
            &message,
            "Wait, or look at the clock.",
        ));
    }
    let message = format!("is valid until {}, {left} days from now", certificate.not_after);
    match left {
        ..0 => {
            let message = format!("expired on {}", certificate.not_after);
            findings.push(about(certificate, Severity::Error, "expired", &message, REPLACE));
        }
        0..=7 => findings.push(about(certificate, Severity::Error, "expires-7", &message, RENEW)),
        8..=30 => findings.push(about(certificate, Severity::Warning, "expires-30", &message, RENEW)),
        _ => {}
    }
}

fn generation_of(certificate: &CertificateView, findings: &mut Vec<Finding>) {
    match certificate.generation {
        None => findings.push(about(
            certificate,
            Severity::Warning,
            "generation-unknown",
            "is of no generation of PKIoverheid that is known here",
            "The back channel takes PKIoverheid private certificates only (core.tls.314).",
        )),
        Some(generation) if !generation.for_medmij => findings.push(about(
            certificate,
            Severity::Error,
            "generation-wrong",
            &format!("is of {}, which is not for MedMij's back channel", generation.name),
            "Use a server certificate of PKIoverheid Private G1 or G4.",
        )),
        Some(generation) => {
            if let Some(ends) = generation.ends {
                let message = format!("is of {}, which ends in {} at the latest", generation.name, month(ends));
                findings.push(about(
                    certificate,
                    Severity::Note,
                    "generation-ends",
                    &message,
                    "Plan the move to G4, and trust both until your peers have moved.",
                ));
            }
        }
    }
}

fn month(year_month: &str) -> String {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month) = year_month.split_once('-').unwrap_or((year_month, ""));
    let name = month
        .parse::<usize>()
        .ok()
        .and_then(|month| NAMES.get(month.checked_sub(1)?));
    name.map_or_else(|| year_month.to_owned(), |name| format!("{name} {year}"))
}

/// One whose issuer is not there: chains through it end nowhere.
fn issuer(certificate: &CertificateView, certificates: &[CertificateView], findings: &mut Vec<Finding>) {
    let mut named = certificates
        .iter()
        .filter(|other| other.authority && other.subject_der == certificate.issuer_der)
        .peekable();
    if named.peek().is_none() {
        let message = format!("its issuer \"{}\" is not in the bundle", certificate.issuer);
        let remedy = if certificate.authority {
            "Add the issuer from the page of PKIoverheid, up to the root."
        } else {
            "Add the TSP that issued it and the intermediate above that: a peer finds no way to a root without them."
        };
        findings.push(about(certificate, Severity::Error, "issuer-missing", &message, remedy));
        return;
    }
    // one of the same name with another key did not sign it
    let Some(wanted) = &certificate.key_ids.1 else { return };
    if named.all(|other| other.key_ids.0.as_ref().is_some_and(|key| key != wanted)) {
        let message = format!(
            "was not issued by the \"{}\" that is in the bundle: its key is another",
            certificate.issuer
        );
        findings.push(about(
            certificate,
            Severity::Error,
            "issuer-other-key",
            &message,
            "Take the issuer of this generation and year from the page of PKIoverheid; names are used again, keys are not.",
        ));
    }
}

/// A certificate of one's own: for both directions, with a host name in the place that counts.
fn own(certificate: &CertificateView, certificates: &[CertificateView], findings: &mut Vec<Finding>) {
    // it names itself as the issuer of others, and must not be that
    let issues = |other: &CertificateView| {
        other.issuer_der == certificate.subject_der && other.thumbprint != certificate.thumbprint
    };
    if certificates.iter().any(issues) {
        findings.push(about(
            certificate,
            Severity::Error,
            "not-an-authority",
            "is the issuer of others in the bundle, and is no authority",
            "Take both out: only an authority of PKIoverheid issues certificates.",
        ));
    }
    for purpose in ["serverAuth", "clientAuth"] {
        if !certificate.purposes.is_empty() && !certificate.purposes.contains(&purpose) {
            findings.push(about(
                certificate,
                Severity::Warning,
                "purpose",
                &format!("is not for {purpose}"),
                "A Node that is both server and client needs both purposes, or two certificates.",
            ));
        }
    }
    let usable = certificate.hosts.iter().any(|host| host.parse::<Hostname>().is_ok());
    if !usable {
        findings.push(about(
            certificate,
            Severity::Error,
            "no-host-name",
            "has no usable host name among its subject alternative names",
            "Peers find a Node by its dNSName (core.whl.307): ask for a server certificate with the name of the Node.",
        ));
    }
    for host in certificate.hosts.iter().filter(|host| host.contains('*')) {
        findings.push(about(
            certificate,
            Severity::Warning,
            "wildcard",
            &format!("{host} counts for nothing"),
            "Names on the Whitelist are full host names; wildcards are not looked at.",
        ));
    }
}

/// With G4 there is one authority for each supplier of certificates: one that is missing shuts its customers out.
fn missing_issuers(certificates: &[CertificateView], findings: &mut Vec<Finding>) {
    let of = |wanted: generation::Generation| {
        certificates
            .iter()
            .filter(move |certificate| certificate.authority && certificate.generation == Some(wanted))
    };
    let authorities = certificates.iter().any(|certificate| certificate.authority);
    for generation in [generation::PRIVATE_G1, generation::PRIVATE_G4] {
        if authorities && of(generation).next().is_none() {
            findings.push(Finding {
                severity: Severity::Warning,
                code: "generation-missing",
                certificate: None,
                message: format!("no authority of {} is in the bundle", generation.name),
                remedy: "Until November 2028 peers have certificates of both generations.",
            });
        }
    }
    if of(generation::PRIVATE_G4).next().is_none() {
        return;
    }
    for issuer in generation::G4_ISSUERS {
        let there = of(generation::PRIVATE_G4)
            .filter(|certificate| generation::REVOKED.iter().all(|(name, _)| *name != certificate.subject))
            .any(|certificate| certificate.subject.to_lowercase().contains(&issuer.to_lowercase()));
        if !there {
            findings.push(Finding {
                severity: Severity::Warning,
                code: "tsp-missing",
                certificate: None,
                message: format!("no G4 authority of {issuer} is in the bundle"),
                remedy: "Peers with a certificate of this supplier cannot be verified where they send no intermediate; their revocation lists are not taken.",
            });
        }
    }
}

fn doubles(certificates: &[CertificateView], findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for certificate in certificates {
        if !seen.insert(&certificate.thumbprint) {
            findings.push(about(
                certificate,
                Severity::Note,
                "double",
                "is in the bundle twice",
                "Take one out.",
            ));
        }
    }
}

fn thumbprints(certificates: &[CertificateView], known: &Thumbprints, findings: &mut Vec<Finding>) {
    for certificate in certificates.iter().filter(|certificate| certificate.authority) {
        if !known.contains(&certificate.thumbprint) {
            findings.push(about(
                certificate,
                Severity::Error,
                "thumbprint-unknown",
                &format!(
                    "its thumbprint {} is not among those that you compared",
                    certificate.thumbprint
                ),
                "Compare it with the page of PKIoverheid; take the certificate out if it is not there.",
            ));
        }
    }
    for (thumbprint, remark) in known.iter() {
        if !certificates
            .iter()
            .any(|certificate| certificate.thumbprint == *thumbprint)
        {
            findings.push(Finding {
                severity: Severity::Warning,
                code: "thumbprint-missing",
                certificate: None,
                message: format!("no certificate has the thumbprint {thumbprint} {remark}")
                    .trim_end()
                    .to_owned(),
                remedy: "Add the certificate, or take the thumbprint out if PKIoverheid does not publish it any more.",
            });
        }
    }
}

const RENEW: &str = "Ask for the next one now.";
