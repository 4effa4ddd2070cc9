// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij pki`: generations, what is missing, revoked, expired or for another purpose, thumbprints, working days. The
//! certificates are made here under the names of PKIoverheid.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use serde_json::Value;

use crate::bench::Bench;

const ON: [&str; 2] = ["--on", "2026-11-30"];

type Authority = CertifiedIssuer<'static, KeyPair>;

fn params(name: &str, until: (i32, u8, u8)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(until.0, until.1, until.2);
    params.serial_number = Some(SerialNumber::from(vec![7, u8::try_from(name.len()).unwrap()]));
    params
}

fn authority(name: &str, until: (i32, u8, u8), issuer: Option<&Authority>) -> Authority {
    let mut params = params(name, until);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    match issuer {
        None => CertifiedIssuer::self_signed(params, key).unwrap(),
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer).unwrap(),
    }
}

fn leaf(issuer: &Authority, hosts: &[&str], purposes: &[ExtendedKeyUsagePurpose], until: (i32, u8, u8)) -> String {
    let mut params = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Ziekenhuis De Linde");
    params
        .distinguished_name
        .push(DnType::CustomDnType(vec![2, 5, 4, 5]), "00000001234567890000");
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(until.0, until.1, until.2);
    params.extended_key_usages = purposes.to_vec();
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().pem()
}

/// A whole bundle of both generations, as of 2026-11-30.
struct Bundle {
    root: Authority,
    intermediate: Authority,
    issuers: Vec<Authority>,
    g1: Vec<Authority>,
}

impl Bundle {
    fn new() -> Self {
        let late = (2034, 1, 1);
        let root = authority("Staat der Nederlanden - G4 Root Priv G-TLS - 2024", late, None);
        let intermediate = authority(
            "Staat der Nederlanden - G4 Intm Priv G-TLS SYS - 2024",
            late,
            Some(&root),
        );
        let issuers = ["DigiCert", "Digidentity", "KPN", "UZI Server"]
            .iter()
            .map(|name| {
                authority(
                    &format!("{name} - G4 PKIo Priv G-TLS SYS - 2025"),
                    late,
                    Some(&intermediate),
                )
            })
            .collect();
        let g1 = authority("Staat der Nederlanden Private Root CA - G1", (2028, 11, 14), None);
        let services = authority(
            "Staat der Nederlanden Private Services CA - G1",
            (2028, 11, 13),
            Some(&g1),
        );
        Self {
            root,
            intermediate,
            issuers,
            g1: vec![g1, services],
        }
    }

    fn pem(&self) -> String {
        let all = [&self.root, &self.intermediate]
            .into_iter()
            .chain(&self.issuers)
            .chain(&self.g1);
        all.map(|authority| authority.pem()).collect()
    }
}

const BOTH: [ExtendedKeyUsagePurpose; 2] = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];

fn codes(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["code"].as_str()).collect()
}

/// The codes of the errors and warnings for a bundle.
fn found(pem: &str, more: &[&str]) -> (i32, Vec<String>) {
    let bench = Bench::new();
    bench.file("bundle.pem", pem);
    let run = bench.medmij(&[&["pki", "check", "--json", "bundle.pem"], &ON[..], more].concat());
    let rows = run.json();
    let wanted = rows
        .iter()
        .filter(|row| row["severity"] != "note")
        .cloned()
        .collect::<Vec<_>>();
    (run.exit, codes(&wanted).into_iter().map(str::to_owned).collect())
}

#[test]
fn core_tls_314_a_whole_bundle_passes_and_says_when_g1_ends() {
    let bench = Bench::new();
    bench.file("bundle.pem", Bundle::new().pem());
    let run = bench.medmij(&[&["pki", "check", "bundle.pem"], &ON[..]].concat());
    assert_eq!(run.exit, 0, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("which ends in November 2028 at the latest"),
        "{}",
        run.out
    );
    assert!(
        run.out.ends_with("8 certificates, 0 errors, 0 warnings\n"),
        "{}",
        run.out
    );
}

#[test]
fn core_tls_314_each_planted_fault_is_named() {
    let bundle = Bundle::new();
    let good = bundle.pem();
    let with = |more: String| format!("{good}{more}");
    let kpn = &bundle.issuers[2];
    let late = (2034, 1, 1);
    let revoked = authority(
        "UZI Server - G4 PKIo Priv G-TLS SYS - 2024",
        late,
        Some(&bundle.intermediate),
    );
    let other = authority(
        "KPN - G4 PKIo Priv G-Other Authentication - 2025",
        late,
        Some(&bundle.intermediate),
    );
    let unknown = authority("ISRG Root X1", late, None);
    let lost = authority(
        "Lost - G4 PKIo Priv G-TLS SYS - 2025",
        late,
        Some(&authority("G4 Priv G-TLS gone", late, None)),
    );
    let server = [ExtendedKeyUsagePurpose::ServerAuth];
    let cases: Vec<(&str, String, i32, &str)> = vec![
        (
            "expired",
            with(leaf(kpn, &["a.nl"], &BOTH, (2026, 11, 29))),
            1,
            "expired",
        ),
        (
            "ends in a week",
            with(leaf(kpn, &["a.nl"], &BOTH, (2026, 12, 7))),
            1,
            "expires-7",
        ),
        (
            "ends in a month",
            with(leaf(kpn, &["a.nl"], &BOTH, (2026, 12, 30))),
            0,
            "expires-30",
        ),
        ("no host name", with(leaf(kpn, &[], &BOTH, late)), 1, "no-host-name"),
        (
            "wildcard only",
            with(leaf(kpn, &["*.a.nl"], &BOTH, late)),
            1,
            "no-host-name",
        ),
        ("server only", with(leaf(kpn, &["a.nl"], &server, late)), 0, "purpose"),
        ("revoked authority", with(revoked.pem()), 1, "revoked"),
        ("other purpose", with(other.pem()), 1, "generation-wrong"),
        ("unknown generation", with(unknown.pem()), 0, "generation-unknown"),
        ("issuer not there", with(lost.pem()), 1, "issuer-missing"),
        (
            "no G1",
            bundle
                .pem()
                .replace(&bundle.g1[0].pem(), "")
                .replace(&bundle.g1[1].pem(), ""),
            0,
            "generation-missing",
        ),
        ("no KPN", good.replace(&kpn.pem(), ""), 0, "tsp-missing"),
        (
            "no intermediate",
            good.replace(&bundle.intermediate.pem(), ""),
            1,
            "issuer-missing",
        ),
    ];
    for (case, pem, exit, code) in cases {
        let (found_exit, codes) = found(&pem, &[]);
        assert_eq!(found_exit, exit, "{case}: {codes:?}");
        assert!(codes.iter().any(|found| found == code), "{case}: {codes:?}");
    }
    assert_eq!(found(&with(leaf(kpn, &["a.nl"], &BOTH, late)), &[]), (0, Vec::new()));
}

/// An authority with other usages of its key, and identifiers of keys.
fn issued(name: &str, issuer: Option<&Authority>, change: impl FnOnce(&mut CertificateParams)) -> Authority {
    let mut params = params(name, (2034, 1, 1));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    match issuer {
        None => CertifiedIssuer::self_signed(params, key).unwrap(),
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer).unwrap(),
    }
}

#[test]
fn core_tls_314_bundles_that_people_put_together_wrongly_are_named() {
    let late = (2034, 1, 1);
    let name = "Staat der Nederlanden - G4 Root Priv G-TLS - 2024";
    let root = issued(name, None, |_| ());
    let tsp = |change: fn(&mut CertificateParams)| issued("KPN - G4 PKIo Priv G-TLS SYS - 2025", Some(&root), change);
    let good = tsp(|_| ());
    let own = leaf(&good, &["a.nl"], &BOTH, late);
    let no_signing = tsp(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let signing = issued("eigen", Some(&good), |params| {
        params.is_ca = IsCa::NoCa;
        params.subject_alt_names = vec![rcgen::SanType::DnsName("a.nl".try_into().unwrap())];
    });
    let no_handshake = issued("eigen", Some(&good), |params| {
        params.is_ca = IsCa::NoCa;
        params.subject_alt_names = vec![rcgen::SanType::DnsName("a.nl".try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    });
    let same_name = issued(name, None, |_| ());
    let ev = authority("Staat der Nederlanden EV Root CA", late, None);
    let g2 = authority("Staat der Nederlanden Root CA - G2", late, None);
    let key = KeyPair::generate().unwrap().serialize_pem();
    let no_authority = issued("KPN - G4 PKIo Priv G-TLS SYS - 2025", Some(&root), |params| {
        params.is_ca = IsCa::NoCa;
    });
    let below = leaf(&no_authority, &["a.nl"], &BOTH, late);
    let (root_pem, tsp_pem) = (root.pem(), good.pem());
    for (case, pem, code) in [
        ("leaf only", own.clone(), "issuer-missing"),
        ("leaf and root, no TSP", format!("{own}{root_pem}"), "issuer-missing"),
        (
            "an authority that must not sign",
            format!("{root_pem}{}", no_signing.pem()),
            "key-usage",
        ),
        (
            "a leaf that may sign certificates",
            format!("{root_pem}{tsp_pem}{}", signing.pem()),
            "key-usage",
        ),
        (
            "a leaf that must not sign handshakes",
            format!("{root_pem}{tsp_pem}{}", no_handshake.pem()),
            "key-usage",
        ),
        (
            "a root of the same name",
            format!("{}{tsp_pem}", same_name.pem()),
            "issuer-other-key",
        ),
        ("EV", format!("{root_pem}{}", ev.pem()), "generation-wrong"),
        ("generation 2", format!("{root_pem}{}", g2.pem()), "generation-wrong"),
        ("a private key", format!("{root_pem}{tsp_pem}{key}"), "private-key"),
        (
            "no authority issued it",
            format!("{root_pem}{}{below}", no_authority.pem()),
            "not-an-authority",
        ),
        ("a chain upside down", format!("{tsp_pem}{own}"), "order"),
        (
            "a chain with another in it",
            format!("{own}{tsp_pem}{}", no_signing.pem()),
            "order",
        ),
    ] {
        let (_, codes) = found(&pem, &[]);
        assert!(codes.iter().any(|found| found == code), "{case}: {codes:?}");
    }
}

#[test]
fn certificates_are_read_from_der_and_from_pem_with_text_around_it() {
    let bundle = Bundle::new();
    let bench = Bench::new();
    let show = |name: &str| bench.medmij(&["pki", "show", "--json", name]);
    bench.file("root.der", bundle.root.der());
    assert_eq!(show("root.der").json().len(), 1);
    // what openssl writes before each of them begins with a number, and an editor with a byte order mark
    let texts = [
        "0 s:C = NL, O = Staat der Nederlanden\r\n   i:C = NL\r\n",
        "\u{feff}",
        "Bag Attributes\n    friendlyName: x\n",
    ];
    for text in texts {
        let pem = format!(
            "{text}{}\n\n{text}{}",
            bundle.root.pem().replace('\n', "\r\n"),
            bundle.intermediate.pem()
        );
        bench.file("texts.pem", pem);
        let run = show("texts.pem");
        assert_eq!(run.json().len(), 2, "{text:?} {}", run.err);
    }
    let twice = bundle.pem() + &bundle.root.pem();
    bench.file("twice.pem", twice);
    let run = bench.medmij(&[&["pki", "check", "twice.pem"], &ON[..]].concat());
    assert!(
        run.exit == 0 && run.out.contains("is in the bundle twice"),
        "{}",
        run.out
    );
}

#[test]
fn a_certificate_on_the_list_of_its_issuer_is_revoked() {
    let bundle = Bundle::new();
    let serial = SerialNumber::from(vec![
        7,
        u8::try_from("KPN - G4 PKIo Priv G-TLS SYS - 2025".len()).unwrap(),
    ]);
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 11, 1),
        next_update: date_time_ymd(2027, 11, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: serial,
            revocation_time: date_time_ymd(2026, 11, 2),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&bundle.intermediate).unwrap();
    let bench = Bench::new();
    bench.file("bundle.pem", bundle.pem());
    for (name, bytes) in [
        ("list.crl", list.der().to_vec()),
        ("list.pem", list.pem().unwrap().into_bytes()),
    ] {
        bench.file(name, bytes);
        let run = bench.medmij(&[&["pki", "check", "bundle.pem", "--crl", name], &ON[..]].concat());
        assert_eq!(run.exit, 1, "{}{}", run.out, run.err);
        assert!(
            run.out
                .contains("KPN - G4 PKIo Priv G-TLS SYS - 2025: is on the revocation list"),
            "{}",
            run.out
        );
    }
    bench.file("bad.crl", "no list");
    assert_eq!(
        bench.medmij(&["pki", "check", "bundle.pem", "--crl", "bad.crl"]).exit,
        2
    );
}

#[test]
fn thumbprints_and_the_day_of_the_last_check_are_kept() {
    let bench = Bench::new();
    bench.file("bundle.pem", Bundle::new().pem());
    let run = bench.medmij(&["pki", "show", "--json", "bundle.pem"]);
    let prints: Vec<String> = run
        .json()
        .iter()
        .map(|row| format!("{} {}", row["thumbprint"].as_str().unwrap(), "compared"))
        .collect();
    bench.file("prints", prints.join("\n"));
    let check =
        |more: &[&str]| bench.medmij(&[&["pki", "check", "bundle.pem", "--thumbprints", "prints"], more].concat());
    assert_eq!(check(&["--on", "2026-11-13", "--checked", "day"]).exit, 0);
    let run = check(&["--on", "2026-11-27", "--checked", "day"]);
    assert!(!run.out.contains("not-checked"), "{}", run.out);
    let run = check(&["--on", "2026-12-14", "--checked", "day"]);
    assert!(run.out.contains("11 working days ago [not-checked]"), "{}", run.out);
    bench.file("prints", prints[1..].join("\n"));
    let run = check(&ON);
    assert!(run.exit == 1 && run.out.contains("[thumbprint-unknown]"), "{}", run.out);
    bench.file("prints", format!("{}\n{}", prints.join("\n"), "ab".repeat(32)));
    let run = check(&ON);
    assert!(run.exit == 0 && run.out.contains("[thumbprint-missing]"), "{}", run.out);
    bench.file("prints", "no thumbprint");
    assert_eq!(check(&ON).exit, 2);
}

#[test]
fn show_names_what_an_operator_looks_for() {
    let bundle = Bundle::new();
    let bench = Bench::new();
    bench.file(
        "own.pem",
        leaf(&bundle.issuers[0], &["node.example.nl"], &BOTH, (2034, 1, 1)),
    );
    let run = bench.medmij(&["pki", "show", "own.pem"]);
    for part in [
        "Ziekenhuis De Linde",
        "DigiCert - G4 PKIo Priv G-TLS SYS - 2025",
        "PKIoverheid Private G4",
        "end certificate",
        "serverAuth, clientAuth",
        "node.example.nl",
        "00000001234567890000",
        "2024-01-01 to 2034-01-01",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    bench.file("empty.pem", "nothing");
    let run = bench.medmij(&["pki", "show", "empty.pem"]);
    assert!(run.exit == 2 && run.err.contains("holds no certificate"), "{}", run.err);
}
