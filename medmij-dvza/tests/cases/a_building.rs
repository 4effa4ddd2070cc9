// SPDX-License-Identifier: AGPL-3.0-or-later
//! A. Building the authorization request.

use medmij_dvp::{FlowGroup, FlowRequest, FlowRequestError};
use medmij_oauth::OauthError;
use medmij_oauth::{RedirectUri, Scope, Vertegenwoordiging, form::Form, wire::Geboortedatum};
use medmij_types::{FrontchannelUri, Release};

use crate::cases::whole_flow::{SESSION, dvp, flow_request, group, id, name, query, redirect};

fn build(flow_request: FlowRequest) -> Form {
    let location = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request,
            SESSION,
        )
        .unwrap()
        .location;
    Form::parse(query(&location).as_bytes()).unwrap()
}

fn value<'a>(form: &'a Form, name: &str) -> &'a str {
    form.one(name).unwrap().unwrap_or_default()
}

#[test]
fn core_authint_200_a01_a02_a03_a09_a20_k03_exactly_seven_parameters() {
    let form = build(flow_request(Release::V2_2, &["42", "48"]));
    let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "MedMij-Request-ID",
            "X-Correlation-ID"
        ]
    );
    assert_eq!(value(&form, "response_type"), "code");
    assert_eq!(value(&form, "client_id"), "pgo.example.nl");
    assert_eq!(value(&form, "scope"), "eenofanderezorgaanbieder");
}

#[test]
fn core_authint_200_a04_redirect_of_another_host() {
    let other = RedirectUri::parse("https://ander.example.nl/cb").unwrap();
    let request = FlowRequest::verzamelen(Release::V2_2, name(), &group(&["42"]), other).unwrap();
    assert_eq!(
        dvp()
            .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
            .unwrap_err(),
        FlowRequestError::RedirectUri
    );
}

#[test]
fn core_authint_200_a08_the_redirect_uri_is_encoded_once() {
    let location = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap()
        .location;
    assert!(
        location.contains("redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb&"),
        "{location}"
    );
    assert!(!location.contains("%25"));
}

#[test]
fn core_authint_200_core_autorisatie_203_a10_a11_a12_a23_scopes_of_releases() {
    let delen = Scope::delen(Release::V2_2, name(), id("53")).unwrap();
    let form = build(FlowRequest::new(name(), delen, &group(&["53"]), redirect()));
    assert_eq!(value(&form, "scope"), "eenofanderezorgaanbieder~53");
    let form = build(flow_request(Release::V1_5, &["42", "48"]));
    assert_eq!(
        value(&form, "scope"),
        "eenofanderezorgaanbieder~42 eenofanderezorgaanbieder~48"
    );
    assert_eq!(value(&build(flow_request(Release::V1_0, &["42"])), "scope"), "42");
    let two = FlowRequest::verzamelen(Release::V1_4, name(), &group(&["42", "48"]), redirect());
    assert_eq!(two.unwrap_err(), OauthError::ScopeGegevensdienstCount);
    // A12 cannot be built: a Scope has one Aanbieder. Nor can a scope of another Aanbieder than the flow's.
    let other = Scope::parse(
        Release::V1_5,
        medmij_oauth::Function::Verzamelen,
        "anderezorgaanbieder~42",
    )
    .unwrap();
    let request = FlowRequest::new(name(), other, &group(&["42"]), redirect());
    assert_eq!(
        dvp()
            .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
            .unwrap_err(),
        FlowRequestError::Aanbieder
    );
}

#[test]
fn ext_abo_authint_200_a13_a14_the_scope_of_abonneren_is_built() {
    for (days, expected) in [
        (180, "subscribe~180/eenofanderezorgaanbieder~42"),
        (0, "subscribe~0/eenofanderezorgaanbieder~42"),
    ] {
        let scope = Scope::abonneren(Release::V2_2, days, name(), id("42")).unwrap();
        let form = build(FlowRequest::new(name(), scope, &group(&["42"]), redirect()));
        assert_eq!(value(&form, "scope"), expected);
    }
}

#[test]
fn ext_vert_authint_200_a16_a17_vertegenwoordiging() {
    let date = || Geboortedatum::parse("19700901").unwrap();
    for (kind, scope) in [
        (Vertegenwoordiging::Voluntary, "eenofanderezorgaanbieder onbehalfof"),
        (
            Vertegenwoordiging::ParentalAuthority,
            "eenofanderezorgaanbieder onbehalfofchild",
        ),
    ] {
        let form = build(flow_request(Release::V2_2, &["42"]).on_behalf_of(kind, date()).unwrap());
        assert_eq!(value(&form, "scope"), scope);
        assert_eq!(value(&form, "MedMij_geboortedatum"), "19700901");
    }
    let child_in_1_6 = flow_request(Release::V1_6, &["42"]).on_behalf_of(Vertegenwoordiging::ParentalAuthority, date());
    assert_eq!(child_in_1_6.unwrap_err(), OauthError::ScopeVertegenwoordiging);
    let mut without_date = flow_request(Release::V2_2, &["42"])
        .on_behalf_of(Vertegenwoordiging::Voluntary, date())
        .unwrap();
    without_date.geboortedatum = None;
    assert_eq!(
        dvp()
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                without_date,
                SESSION
            )
            .unwrap_err(),
        FlowRequestError::Geboortedatum
    );
}

#[test]
fn core_authint_208_a18_a21_fresh_ids_and_state() {
    let (one, two) = (
        build(flow_request(Release::V2_2, &["42"])),
        build(flow_request(Release::V2_2, &["42"])),
    );
    for name in ["MedMij-Request-ID", "X-Correlation-ID", "state"] {
        assert_ne!(value(&one, name), value(&two, name), "{name}");
    }
    assert_ne!(value(&one, "MedMij-Request-ID"), value(&one, "X-Correlation-ID"));
    let state = value(&one, "state");
    assert!(
        state.len() == 43
            && state
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    );
}

#[test]
fn core_authint_208_a19_no_ids_in_1_6() {
    let form = build(flow_request(Release::V1_6, &["42"]));
    assert!(!form.has("MedMij-Request-ID") && !form.has("X-Correlation-ID"));
}

#[test]
fn rfc_6749_3_1_a22_peers_42_an_endpoint_with_a_query_keeps_it() {
    let mut group: FlowGroup = group(&["42"]);
    group.authorization_endpoint = FrontchannelUri::parse("https://dvza.example.nl/authorize?v=1").unwrap();
    let request = FlowRequest::verzamelen(Release::V2_2, name(), &group, redirect()).unwrap();
    let location = dvp()
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
        .unwrap()
        .location;
    assert!(
        location.starts_with("https://dvza.example.nl/authorize?v=1&response_type=code&"),
        "{location}"
    );
}

#[test]
fn core_authint_200_peers_41_the_request_compared_parsed() {
    let endpoint = "https://medmij.za982.xisbridge.net/oauth/authorize";
    let name = medmij_types::Aanbiedernaam::parse("umcharderwijk@medmij").unwrap();
    let mut group = group(&["4"]);
    group.authorization_endpoint = FrontchannelUri::parse(endpoint).unwrap();
    let request = FlowRequest::verzamelen(Release::V1_4, name, &group, redirect()).unwrap();
    let started = dvp()
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, SESSION)
        .unwrap();
    let (address, query) = started.location.split_once('?').unwrap();
    assert_eq!(address, endpoint);
    let form = Form::parse(query.as_bytes()).unwrap();
    let state = started.flow.state().expose();
    assert_eq!(
        form.iter().collect::<Vec<_>>(),
        [
            ("response_type", "code"),
            ("client_id", "pgo.example.nl"),
            ("redirect_uri", "https://pgo.example.nl/cb"),
            ("scope", "umcharderwijk~4"),
            ("state", state),
        ]
    );
}
