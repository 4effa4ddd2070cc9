// SPDX-License-Identifier: AGPL-3.0-or-later
//! The same cases judged by webpki's own revocation check and by `openssl verify`
//!
//! Both judge by one CRL of an issuer's name, webpki by the first that it is given; we judge by the newest that the issuer
//! signed. The cases in which that differs are named.

use std::path::Path;
use std::process::Command;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{CertRevocationList, ExpirationPolicy, KeyUsage, OwnedCertRevocationList, RevocationOptionsBuilder};

use super::cases::{self, Case, Role, Verdict, World};
use super::roots;
use crate::raw::provider;

/// Where webpki judges by a CRL that is not the issuer's newest.
const BY_ONE_CRL: [&str; 1] = ["leaf revoked by the newer of two"];

/// webpki does not ask whether a CRL has begun.
const OF_FUTURE: &str = "of the future";

/// OpenSSL takes any salt that the signature states; G4 prescribes 64.
const STATED_SALT: &str = "with a salt of 32";

/// OpenSSL judges by the newest CRL of a name and refuses where that is forged; here a forged one is no CRL at all.
const FORGED_BESIDE: &str = "leaf revoked by a forged crl beside the real one";

#[test]
fn w8_g4_webpki_takes_the_same() {
    let world = World::new();
    for case in cases::all(&world) {
        let by_one = BY_ONE_CRL.contains(&case.name.as_str()) || case.name.ends_with(OF_FUTURE);
        if by_one || names_no_host(&case) {
            continue;
        }
        for (role, usage) in [
            (Role::Server, KeyUsage::server_auth()),
            (Role::Client, KeyUsage::client_auth()),
        ] {
            let verified = by_webpki(&case, role, usage);
            let good = case.expected(role) == Verdict::Good;
            assert_eq!(verified.is_ok(), good, "{} {role:?}: {verified:?}", case.name);
        }
    }
}

#[test]
fn w8_g4_openssl_verify_takes_the_same() {
    let version = Command::new("openssl").arg("version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        return medmij_test::skip("openssl is not installed, it did not judge the g4 cases");
    }
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let mut different = Vec::new();
    for case in cases::all(&world) {
        if names_no_host(&case) {
            continue;
        }
        for (role, purpose) in [(Role::Server, "sslserver"), (Role::Client, "sslclient")] {
            let (good, said) = by_openssl(&case, role, purpose, folder.path());
            let expected = match case.name.as_str() {
                name if name.ends_with(STATED_SALT) => true,
                FORGED_BESIDE => false,
                _ => case.expected(role) == Verdict::Good,
            };
            if good != expected {
                different.push(format!("{} {role:?}: {good} {said}", case.name));
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

/// Neither oracle is asked about names.
fn names_no_host(case: &Case) -> bool {
    [
        "another host",
        "client only, without a host name",
        "client only, with an otherName",
    ]
    .contains(&case.name.as_str())
}

fn by_webpki(case: &Case, role: Role, usage: KeyUsage) -> Result<(), webpki::Error> {
    let shown = case.shown(role);
    let chain: Vec<_> = shown
        .chain
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let crls: Vec<CertRevocationList<'_>> = case
        .crls
        .iter()
        .map(|der| OwnedCertRevocationList::from_der(der).unwrap().into())
        .collect();
    let crls: Vec<_> = crls.iter().collect();
    let options = RevocationOptionsBuilder::new(&crls).unwrap();
    let options = options.with_expiration_policy(ExpirationPolicy::Enforce).build();
    let leaf = webpki::EndEntityCert::try_from(&chain[0]).unwrap();
    let anchors = anchors(&case.roots_pem);
    let verified = leaf.verify_for_usage(
        provider().signature_verification_algorithms.all,
        &anchors,
        &chain[1..],
        UnixTime::now(),
        usage,
        Some(options),
        None,
    );
    verified.map(drop)
}

fn anchors(pem: &str) -> Vec<rustls_pki_types::TrustAnchor<'static>> {
    use rustls_pki_types::pem::PemObject as _;
    assert!(!roots(pem).subjects().is_empty());
    let read = CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap);
    read.map(|der| webpki::anchor_from_trusted_cert(&der).unwrap().to_owned())
        .collect()
}

fn by_openssl(case: &Case, role: Role, purpose: &str, folder: &Path) -> (bool, String) {
    let shown = case.shown(role);
    let write = |name: &str, pem: &str| std::fs::write(folder.join(name), pem).unwrap();
    let certificates: Vec<_> = shown.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    write("leaf", &certificates[0]);
    write("above", &certificates[1..].concat());
    // CRLs beside the roots: of a file of their own only the first is read
    let crls: String = case.crls.iter().map(|der| pem("X509 CRL", der)).collect();
    write("roots", &format!("{}{crls}", case.roots_pem));
    let output = Command::new("openssl")
        .args(["verify", "-purpose", purpose, "-crl_check_all", "-CAfile", "roots"])
        .args(["-untrusted", "above", "leaf"])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
