// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threat F1, as a table and as properties.

use medmij_types::{BackchannelUri, Systeemrolcode};
use proptest::prelude::{prop_assert, proptest};

use super::{LinkRule, ResourceEndpoint, ResourceEndpoints};

fn endpoint(text: &str) -> ResourceEndpoint {
    ResourceEndpoint::new(BackchannelUri::parse(text).unwrap()).unwrap()
}

#[test]
fn f1_links_inside_the_endpoint() {
    let base = endpoint("https://dvza.example.nl/fhir/48");
    for (link, target) in [
        (
            "https://dvza.example.nl/fhir/48?_getpages=a",
            "https://dvza.example.nl/fhir/48?_getpages=a",
        ),
        (
            "https://dvza.example.nl/fhir/48/?_getpages=a",
            "https://dvza.example.nl/fhir/48/?_getpages=a",
        ),
        (
            "https://dvza.example.nl:443/fhir/48/Flag",
            "https://dvza.example.nl/fhir/48/Flag",
        ),
        (
            "HTTPS://DVZA.example.nl/fhir/48/Flag",
            "https://dvza.example.nl/fhir/48/Flag",
        ),
        ("Flag?page=2", "https://dvza.example.nl/fhir/48/Flag?page=2"),
        ("/fhir/48/Flag?page=2", "https://dvza.example.nl/fhir/48/Flag?page=2"),
        ("?page=2", "https://dvza.example.nl/fhir/48/?page=2"),
        (
            "Observation/$lastn?code=http://loinc.org%7C1-8",
            "https://dvza.example.nl/fhir/48/Observation/$lastn?code=http://loinc.org%7C1-8",
        ),
        (
            "Flag?next=https://evil.example/../x",
            "https://dvza.example.nl/fhir/48/Flag?next=https://evil.example/../x",
        ),
    ] {
        assert_eq!(base.admit(link).unwrap().as_str(), target, "{link}");
    }
}

#[test]
fn f1_links_that_lead_outside() {
    let base = endpoint("https://dvza.example.nl/fhir/48");
    for (link, rule) in [
        ("https://evil.example/fhir/48/Flag", LinkRule::Origin),
        ("https://dvza.example.nl.evil.example/fhir/48/Flag", LinkRule::Origin),
        ("https://dvza.example.nl./fhir/48/Flag", LinkRule::Origin),
        ("https://dvza.example.nl:8443/fhir/48/Flag", LinkRule::Origin),
        ("//evil.example/fhir/48/Flag", LinkRule::Origin),
        ("http://dvza.example.nl/fhir/48/Flag", LinkRule::Scheme),
        ("ftp://dvza.example.nl/fhir/48/Flag", LinkRule::Scheme),
        ("javascript:alert(1)", LinkRule::Scheme),
        ("data:text/html,x", LinkRule::Scheme),
        ("https://dvza.example.nl/fhir/480/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/4", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir", LinkRule::BasePath),
        ("https://dvza.example.nl/", LinkRule::BasePath),
        ("https://dvza.example.nl/FHIR/48/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/49/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/48/../49/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/48/%2e%2e/49/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/48/..%2f49/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/48/%252e%252e/49/Flag", LinkRule::BasePath),
        ("https://dvza.example.nl/fhir/48//evil.example", LinkRule::BasePath),
        ("https://dvza.example.nl//fhir/48/Flag", LinkRule::BasePath),
        ("../49/Flag", LinkRule::BasePath),
        // `://` in a relative link hides no part of its path
        ("..%2f..%2fhttps://49/Flag", LinkRule::BasePath),
        ("..%2ehttps://..", LinkRule::BasePath),
        ("/oauth/token", LinkRule::BasePath),
        ("https://dvza.example.nl@evil.example/fhir/48/Flag", LinkRule::UserInfo),
        ("https://user:pass@dvza.example.nl/fhir/48/Flag", LinkRule::UserInfo),
        ("https://@dvza.example.nl/fhir/48/Flag", LinkRule::UserInfo),
        (
            "https://evil.example\\@dvza.example.nl/fhir/48/Flag",
            LinkRule::Malformed,
        ),
        ("https:\\\\evil.example/fhir/48/Flag", LinkRule::Malformed),
        ("https:/dvza.example.nl/fhir/48/Flag", LinkRule::Malformed),
        ("https:///evil.example/fhir/48/Flag", LinkRule::Malformed),
        ("https:evil.example", LinkRule::Malformed),
        ("https://dvza.example.nl/fhir/48/Flag#x", LinkRule::Malformed),
        ("https://dvza.example.nl/fhir/48/Flag\r\nX: y", LinkRule::Malformed),
        (" https://dvza.example.nl/fhir/48/Flag", LinkRule::Malformed),
        ("https://dvza.еxample.nl/fhir/48/Flag", LinkRule::Malformed),
        ("", LinkRule::Malformed),
        (
            "Patient?identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C999990019",
            LinkRule::Bsn,
        ),
    ] {
        let error = base.admit(link).unwrap_err();
        assert_eq!(error.rule, rule, "{link}");
    }
}

#[test]
fn f1_the_error_names_the_link_without_its_secrets() {
    let base = endpoint("https://dvza.example.nl/fhir/48");
    let error = base.admit("https://user:pass@evil.example/x?token=geheim").unwrap_err();
    assert_eq!(
        error.to_string(),
        "link https://…@evil.example/x?… is not followed: it carries user information"
    );
    let error = base.admit("https://evil.example/x\u{1b}[31m").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("link https://evil.example/x\\u{1b}[31m is not followed")
    );
}

#[test]
fn f7_links_between_the_endpoints_of_one_service() {
    let role = |text| Systeemrolcode::parse(text).unwrap();
    let list = endpoint("https://a.example.nl/lijst");
    let endpoints = ResourceEndpoints::new(role("MM-3.0-PLB-FHIR"), list.clone())
        .with(role("MM-3.0-PDB-FHIR"), endpoint("https://b.example.nl/document"));
    let admit = |link| endpoints.admit(&list, link).map(|target| target.as_str().to_owned());
    assert_eq!(
        admit("https://b.example.nl/document/Binary/1").unwrap(),
        "https://b.example.nl/document/Binary/1"
    );
    assert_eq!(admit("Binary/1").unwrap(), "https://a.example.nl/lijst/Binary/1");
    assert!(admit("https://b.example.nl/lijst/Binary/1").is_err());
    assert!(admit("/document/Binary/1").is_err());
}

#[test]
fn endpoints_without_a_path_and_with_a_slash() {
    let bare = endpoint("https://dvza.example.nl");
    assert_eq!(
        bare.admit("https://dvza.example.nl/Flag").unwrap().as_str(),
        "https://dvza.example.nl/Flag"
    );
    assert_eq!(bare.below_or_at("/Flag"), Some("Flag"));
    let slash = endpoint("https://dvza.example.nl/fhir/");
    assert_eq!(
        slash.admit("Flag").unwrap().as_str(),
        "https://dvza.example.nl/fhir/Flag"
    );
    assert_eq!(slash.below_or_at("/fhir/Flag"), Some("Flag"));
    assert_eq!(slash.below_or_at("/fhirx/Flag"), None);
}

proptest! {
    /// Whatever is admitted, another URL reader sees the same host and a path below the base.
    #[test]
    fn f1_admitted_links_stay_inside(tail in "[a-z0-9:/@?.%\\\\#~-]{0,24}", start in proptest::sample::select(vec![
        "", "https://", "https://dvza.example.nl", "https://dvza.example.nl/fhir", "https://dvza.example.nl/fhir/48", "//dvza.example.nl/fhir/48", "/fhir/48",
    ])) {
        let base = endpoint("https://dvza.example.nl/fhir/48");
        if let Ok(target) = base.admit(&format!("{start}{tail}")) {
            let uri: http::Uri = target.as_str().parse().unwrap();
            prop_assert!(uri.authority().unwrap().as_str() == "dvza.example.nl");
            prop_assert!(uri.path() == "/fhir/48" || uri.path().starts_with("/fhir/48/"), "{}", target);
            prop_assert!(uri.path().split('/').all(|segment| !matches!(segment, "." | "..")), "{}", target);
            prop_assert!(!uri.path().contains("%2e") && !uri.path().ends_with('%'), "{}", target);
        }
    }
}
