// SPDX-License-Identifier: AGPL-3.0-or-later
//! B. Judging the authorization request.

use axum::body::Body;
use http::Request;
use medmij_log::EventType;
use medmij_oauth::{Vertegenwoordiging, form, policy::IdStrictness};
use medmij_types::Release;

use crate::cases::{
    browser::Seen,
    dvza::{Login, Setup, setup, setup_2_2},
    whole_flow::{browser, consent, dvp, flow_request, land, log_in, path},
};

const GOOD: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("client_id", "pgo.example.nl"),
    ("redirect_uri", "https://pgo.example.nl/cb"),
    ("scope", "eenofanderezorgaanbieder"),
    ("state", "a b&c=~"),
    ("MedMij-Request-ID", "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a"),
    ("X-Correlation-ID", "1b2c3d4e-7d1c-4e0e-9a7a-1f5f2d3c4b5a"),
];

/// The good request with changes: another value, `None` to leave out, a new name to add.
fn request(changes: &[(&'static str, Option<&'static str>)]) -> String {
    let mut pairs: Vec<(&str, &str)> = GOOD.to_vec();
    for (name, value) in changes {
        match value {
            None => pairs.retain(|(each, _)| each != name),
            Some(value) => match pairs.iter_mut().find(|(each, _)| each == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            },
        }
    }
    format!("/oauth/authorize?{}", form::encode(pairs))
}

async fn ask(setup: &Setup, target: &str) -> Seen {
    browser(setup).get(target).await
}

fn assert_page_1a(seen: &Seen, setup: &Setup, what: &str) {
    assert_eq!(seen.status, 400, "{what}");
    assert!(!seen.headers.contains_key("location"), "{what}");
    assert!(!seen.body.contains("evil.nl"), "{what}");
    assert_eq!(
        setup
            .log
            .drain()
            .into_iter()
            .map(|event| event.event_type)
            .collect::<Vec<_>>(),
        [
            EventType::AuthorizationRequestError,
            EventType::ShowAuthorizationRequestErrorPage
        ],
        "{what}"
    );
}

fn assert_redirect_1b(seen: &Seen, error: &str, what: &str) {
    assert_eq!(seen.status, 302, "{what}: {}", seen.body);
    assert_eq!(
        seen.location(),
        format!("https://pgo.example.nl/cb?error={error}&state=a%20b%26c%3D~"),
        "{what}"
    );
}

#[tokio::test]
async fn core_authint_202_b01_a_valid_request_is_accepted() {
    let setup = setup_2_2();
    let seen = ask(&setup, &request(&[])).await;
    assert_eq!(seen.status, 302);
    assert!(seen.location().starts_with("/oauth/flow/"));
    assert_eq!(setup.log.types(), [EventType::ReceiveAuthorizationRequest]);
    let event = setup.log.events().remove(0);
    assert_eq!(event.trace_id.unwrap().as_str(), "1b2c3d4e-7d1c-4e0e-9a7a-1f5f2d3c4b5a");
}

#[tokio::test]
async fn core_authint_202_b01_peers_47_the_flow_keeps_all_that_was_asked() {
    let setup = setup_2_2();
    let target = request(&[
        ("redirect_uri", Some("https://pgo.example.nl/terug/een")),
        ("state", Some("a b&c=~")),
    ]);
    let back = consent(&mut browser(&setup), &target, "answer=yes").await;
    let (address, query) = back.split_once('?').unwrap();
    assert_eq!(address, "https://pgo.example.nl/terug/een");
    let answer = form::Form::parse(query.as_bytes()).unwrap();
    assert_eq!(answer.one("state").unwrap(), Some("a b&c=~"));
    let ask = async |client: &str, redirect: &str| {
        let body = form::encode([
            ("grant_type", "authorization_code"),
            ("code", answer.one("code").unwrap().unwrap()),
            ("client_id", client),
            ("redirect_uri", redirect),
        ]);
        let request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(bytes::Bytes::from(body)).unwrap();
        setup.server.token(&request, &crate::cases::whole_flow::peer()).await
    };
    let response = ask("pgo.example.nl", "https://pgo.example.nl/terug/een").await;
    assert_eq!(crate::cases::whole_flow::json(&response)["scope"], "42 48");
    // both ids are those of the request
    let event = setup.log.events().remove(0);
    assert_eq!(event.trace_id.unwrap().as_str(), "1b2c3d4e-7d1c-4e0e-9a7a-1f5f2d3c4b5a");
    let id = event.request.unwrap().id.unwrap();
    assert_eq!(id.as_str(), "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a");
}

#[tokio::test]
async fn core_authint_207_1a_b02_to_b10_b30_o1_peers_48_49_50_a_page_and_no_redirect() {
    let setup = setup_2_2();
    for changes in [
        &[
            ("client_id", Some("onbekend.example.nl")),
            ("redirect_uri", Some("https://onbekend.example.nl/cb")),
        ][..],
        &[("client_id", None)],
        &[("client_id", Some(""))],
        &[("client_id", Some("https://pgo.example.nl"))],
        &[("client_id", Some("PGO.example.nl"))],
        &[("redirect_uri", None)],
        &[("redirect_uri", Some(""))],
        &[("redirect_uri", Some("https://"))],
        &[("redirect_uri", Some("https://evil.nl/cb"))],
        &[("redirect_uri", Some("https://pgo.example.nl.evil.nl/cb"))],
        &[("redirect_uri", Some("https://pgo.example.nlevil.nl/cb"))],
        &[("redirect_uri", Some("https://pgo.example.nl@evil.nl/cb"))],
        &[("redirect_uri", Some("https://pgo.example.nl\\evil.nl/cb"))],
        &[("redirect_uri", Some("https://sub.pgo.example.nl/cb"))],
        &[("redirect_uri", Some("https://pgo.example.nl./cb"))],
        &[("redirect_uri", Some("https://pgo.example.nl:443/cb"))],
        &[("redirect_uri", Some("http://pgo.example.nl/cb"))],
        &[("redirect_uri", Some("https://pgo.example.nl/cb#x"))],
        &[("redirect_uri", Some("https://pgo.example.nl/cb#"))],
        &[("redirect_uri", Some("https://pgo.example.nl/cb\r\nX: y"))],
        &[("redirect_uri", Some("https%3A%2F%2Fpgo.example.nl%2Fcb"))],
        // B30: the client goes before the scope
        &[("client_id", Some("onbekend.example.nl")), ("scope", Some("FOUT"))],
    ] {
        assert_page_1a(&ask(&setup, &request(changes)).await, &setup, &format!("{changes:?}"));
    }
    for raw in [
        "/oauth/authorize",
        "/oauth/authorize?client_id=%ff",
        "/oauth/authorize?%",
    ] {
        assert_page_1a(&ask(&setup, raw).await, &setup, raw);
    }
    let long = format!("{}&x={}", request(&[]), "a".repeat(9_000));
    assert_page_1a(&ask(&setup, &long).await, &setup, "too long");
}

#[tokio::test]
async fn rfc_6749_3_1_b24_a_parameter_twice_suite_6_8_peers_53() {
    let setup = setup_2_2();
    for name in [
        "client_id=pgo.example.nl",
        "redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb",
    ] {
        assert_page_1a(&ask(&setup, &format!("{}&{name}", request(&[]))).await, &setup, name);
    }
    for name in ["scope=x", "response_type=code", "MedMij-Request-ID="] {
        let seen = ask(&setup, &format!("{}&{name}", request(&[]))).await;
        assert_redirect_1b(&seen, "invalid_request", name);
    }
    // a state that occurs twice is none
    let seen = ask(&setup, &format!("{}&state=x", request(&[]))).await;
    assert_eq!(seen.location(), "https://pgo.example.nl/cb?error=invalid_request");
}

#[tokio::test]
async fn core_authint_203_1b_b12_to_b17_b19_b21_b22_b28_suite_7_8_peers_51_52() {
    let setup = setup_2_2();
    for (changes, error) in [
        (&[("response_type", Some("token"))][..], "unsupported_response_type"),
        (&[("response_type", Some("code id_token"))], "unsupported_response_type"),
        (&[("response_type", Some("Code"))], "unsupported_response_type"),
        (&[("response_type", None)], "invalid_request"),
        (&[("scope", None)], "invalid_scope"),
        (&[("scope", Some(""))], "invalid_scope"),
        (&[("scope", Some("eenofanderezorgaanbieder@medmij"))], "invalid_scope"),
        (&[("scope", Some("anderezorgaanbieder"))], "invalid_scope"),
        (
            &[("scope", Some("eenofanderezorgaanbieder tweedezorgaanbieder"))],
            "invalid_scope",
        ),
        (&[("scope", Some("eenofanderezorgaanbieder~99"))], "invalid_scope"),
        (&[("scope", Some("eenofanderezorgaanbieder~60"))], "unauthorized_client"),
        (
            &[("scope", Some("subscribe~180/eenofanderezorgaanbieder~48"))],
            "invalid_scope",
        ),
        (
            &[("scope", Some("subscribe~-1/eenofanderezorgaanbieder~42"))],
            "invalid_scope",
        ),
        (
            &[("scope", Some("subscribe~abc/eenofanderezorgaanbieder~42"))],
            "invalid_scope",
        ),
        (
            &[("scope", Some("eenofanderezorgaanbieder onbehalfof"))],
            "invalid_request",
        ),
    ] {
        let what = format!("{changes:?}");
        let seen = ask(&setup, &request(changes)).await;
        assert_redirect_1b(&seen, error, &what);
        let types: Vec<_> = setup.log.drain().into_iter().map(|event| event.event_type).collect();
        assert!(types.contains(&EventType::SendAuthorizationRequestError), "{what}");
        assert!(!types.contains(&EventType::ShowLandingPage), "{what}");
    }
    // B28: without a state there is none to return
    for state in [None, Some("regel\nregel")] {
        let seen = ask(&setup, &request(&[("state", state)])).await;
        assert_eq!(seen.location(), "https://pgo.example.nl/cb?error=invalid_request");
    }
}

#[tokio::test]
async fn core_authint_200_b11_upper_case_host_is_accepted_and_kept() {
    let setup = setup_2_2();
    let changes = [("redirect_uri", Some("https://PGO.Example.NL/cb"))];
    assert!(
        ask(&setup, &request(&changes))
            .await
            .location()
            .starts_with("/oauth/flow/")
    );
    let seen = ask(&setup, &request(&[changes[0], ("response_type", Some("token"))])).await;
    assert!(seen.location().starts_with("https://PGO.Example.NL/cb?error="));
}

#[tokio::test]
async fn core_authint_200_b18_b20_suite_10_release_1_5() {
    let setup = setup(|config| config.release = Release::V1_5);
    for (scope, accepted) in [
        ("eenofanderezorgaanbieder~42 eenofanderezorgaanbieder~48", true),
        ("eenofanderezorgaanbieder~48 eenofanderezorgaanbieder~42", true),
        ("eenofanderezorgaanbieder~53", true),
        ("eenofanderezorgaanbieder~42 tweedezorgaanbieder~42", false),
        ("eenofanderezorgaanbieder~42  eenofanderezorgaanbieder~48", false),
        ("eenofanderezorgaanbieder", false),
    ] {
        let seen = ask(&setup, &request(&[("scope", Some(scope))])).await;
        assert_eq!(
            seen.location().starts_with("/oauth/flow/"),
            accepted,
            "{scope}: {}",
            seen.location()
        );
        assert_eq!(seen.location().contains("error=invalid_scope"), !accepted, "{scope}");
    }
}

#[tokio::test]
async fn core_authint_200_b23_suite_9_unknown_parameters_are_ignored_twice_too() {
    let setup = setup_2_2();
    let target = format!(
        "{}&foo=1&foo=2&code_challenge=x&acr_values=y&MedMij_geboortedatum=geen",
        request(&[])
    );
    assert!(ask(&setup, &target).await.location().starts_with("/oauth/flow/"));
}

#[tokio::test]
async fn core_authint_201_b25_only_get_is_answered() {
    let setup = setup_2_2();
    for method in ["POST", "HEAD", "PUT"] {
        let request = Request::builder()
            .method(method)
            .uri(request(&[]))
            .body(Body::empty())
            .unwrap();
        let seen = browser(&setup).send(request).await;
        assert_eq!(seen.status, 405, "{method}");
        assert_eq!(seen.headers.get("allow").unwrap(), "GET");
        assert!(!seen.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn core_authint_208_b26_b27_request_ids_are_read_or_made() {
    let lenient = setup_2_2();
    let strict = setup(|config| config.ids = IdStrictness::Strict);
    let without = [("MedMij-Request-ID", None), ("X-Correlation-ID", None)];
    for changes in [&without[..], &[("MedMij-Request-ID", Some("abc"))]] {
        assert!(
            ask(&lenient, &request(changes))
                .await
                .location()
                .starts_with("/oauth/flow/"),
            "{changes:?}"
        );
        assert_redirect_1b(&ask(&strict, &request(changes)).await, "invalid_request", "strict");
    }
    lenient.log.drain();
    let with_headers = Request::get(request(&without))
        .header("MedMij-Request-ID", "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a")
        .header("X-Correlation-ID", "aaaaaaaa-7d1c-4e0e-9a7a-1f5f2d3c4b5a");
    browser(&lenient).send(with_headers.body(Body::empty()).unwrap()).await;
    let event = lenient.log.events().remove(0);
    assert_eq!(event.trace_id.unwrap().as_str(), "aaaaaaaa-7d1c-4e0e-9a7a-1f5f2d3c4b5a");
}

#[tokio::test]
async fn ext_vert_authint_201_204_b31_b32_b33_representation_is_asked_as_the_scope_says() {
    for (scope, kind) in [
        ("eenofanderezorgaanbieder", None),
        (
            "eenofanderezorgaanbieder onbehalfof",
            Some(Vertegenwoordiging::Voluntary),
        ),
        (
            "eenofanderezorgaanbieder onbehalfofchild",
            Some(Vertegenwoordiging::ParentalAuthority),
        ),
    ] {
        let setup = setup_2_2();
        *setup.dvza.login.lock().unwrap() = Login::Succeeded(kind);
        let born = match kind {
            Some(Vertegenwoordiging::ParentalAuthority) => "20200615",
            _ => "19700901",
        };
        *setup.dvza.born.lock().unwrap() = Some(born);
        let target = request(&[("scope", Some(scope)), ("MedMij_geboortedatum", Some(born))]);
        let (_, page) = log_in(&mut browser(&setup), &target).await;
        assert!(page.body.contains("Toestemming geven"), "{scope}");
        let logins = setup.dvza.logins.lock().unwrap();
        assert_eq!(logins[0].vertegenwoordiging, kind);
        assert_eq!(logins[0].callback, "https://dvza.example.nl/oauth/login");
    }
}

#[tokio::test]
async fn ext_vert_authint_200_representation_is_offered_by_what_is_registered_and_not_by_the_release() {
    let scopes = [
        "eenofanderezorgaanbieder onbehalfof",
        "eenofanderezorgaanbieder onbehalfofchild",
    ];
    for (registered, taken) in [
        (vec![], [false, false]),
        (vec![Vertegenwoordiging::Voluntary], [true, false]),
        (vec![Vertegenwoordiging::ParentalAuthority], [false, true]),
    ] {
        let setup = setup_2_2();
        *setup.dvza.kinds.lock().unwrap() = registered;
        for (scope, taken) in scopes.into_iter().zip(taken) {
            let changes = [("scope", Some(scope)), ("MedMij_geboortedatum", Some("19700901"))];
            let seen = ask(&setup, &request(&changes)).await;
            if taken {
                assert!(
                    seen.location().starts_with("/oauth/flow/"),
                    "{scope}: {}",
                    seen.location()
                );
            } else {
                assert_redirect_1b(&seen, "invalid_scope", scope);
            }
        }
    }
}

#[tokio::test]
async fn core_authint_200_a_state_may_have_a_minimum() {
    for (minimum, taken) in [(0, true), (7, true), (8, false), (23, false)] {
        let setup = setup(|config| config.state_minimum = minimum);
        let arrived = ask(&setup, &request(&[])).await;
        if taken {
            assert!(arrived.location().starts_with("/oauth/flow/"), "{minimum}");
        } else {
            assert_redirect_1b(&arrived, "invalid_request", "a state of seven");
        }
    }
}

#[tokio::test]
async fn core_alst_101_an_ampersand_in_a_name_travels_encoded() {
    let target = request(&[("scope", Some("jansen&zn"))]);
    assert!(target.contains("scope=jansen%26zn"), "{target}");
    // here nobody of that name is served: the name was read whole
    let setup = setup_2_2();
    assert_redirect_1b(&ask(&setup, &target).await, "invalid_scope", "jansen&zn");
    assert_eq!(
        setup.dvza.asked.lock().unwrap().last().map(String::as_str),
        Some("jansen&zn")
    );
}

#[tokio::test]
async fn ext_vert_autorisatie_201_b34_another_birth_date_stops() {
    let setup = setup_2_2();
    *setup.dvza.login.lock().unwrap() = Login::Succeeded(Some(Vertegenwoordiging::Voluntary));
    *setup.dvza.born.lock().unwrap() = Some("19700902");
    let scope = ("scope", Some("eenofanderezorgaanbieder onbehalfof"));
    let target = request(&[scope, ("MedMij_geboortedatum", Some("19700901"))]);
    let (_, page) = log_in(&mut browser(&setup), &target).await;
    assert!(page.body.contains("geboortedatum klopt niet"));
    assert!(!page.body.contains("value=\"yes\""));
}

#[tokio::test]
async fn core_gegevensdiensten_103_every_listed_client_is_served() {
    // there is nothing to configure that refuses one client: any that the list has gets in
    let setup = setup_2_2();
    for client in ["pgo.example.nl", "ander.example.nl"] {
        let dvp = medmij_dvp::Dvp::new(medmij_oauth::ClientId::parse(client).unwrap());
        let mut request = flow_request(Release::V2_2, &["42"]);
        request.redirect_uri = medmij_oauth::RedirectUri::parse(&format!("https://{client}/cb")).unwrap();
        let started = dvp
            .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), request, "s")
            .unwrap();
        let (_, landing) = land(&mut browser(&setup), &started.location).await;
        assert_eq!(landing.status, 200);
    }
    setup.dvza.clients.lock().unwrap().clear();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            "s",
        )
        .unwrap();
    assert_eq!(ask(&setup, path(&started.location)).await.status, 400);
}
