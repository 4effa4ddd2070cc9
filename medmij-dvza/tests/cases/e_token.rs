// SPDX-License-Identifier: AGPL-3.0-or-later
//! E, F. Token request and response.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use medmij_dvza::store::DangerShiftClock as _;
use medmij_oauth::{
    form::{self, Form},
    policy::{ClientBinding, IdStrictness},
};
use medmij_types::{Hostname, PeerNames, Release};

use crate::cases::{
    dvza::{setup, setup_2_2},
    whole_flow::{code_for, dvp, flow_request, json, peer, token_request},
};

fn with(request: &Request<Bytes>, changes: &[(&str, Option<&str>)]) -> Request<Bytes> {
    let form = Form::parse(request.body()).unwrap();
    let mut pairs: Vec<(String, String)> = form.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    for (name, value) in changes {
        pairs.retain(|(each, _)| each != name);
        if let Some(value) = value {
            pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    request
        .clone()
        .map(|_| Bytes::from(form::encode(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())))))
}

#[tokio::test]
async fn core_tknint_200_208_e01_e02_e03_the_token_request_has_its_form() {
    let setup = setup_2_2();
    let received = code_for(&setup, &dvp(), flow_request(Release::V2_2, &["42"]), "answer=yes").await;
    let correlation = received.flow().correlation_id().unwrap().clone();
    let authorization_id = setup.log.events()[0].request.clone().unwrap().id.unwrap();
    let (request, _) = dvp().token_request(received).unwrap();
    let form = Form::parse(request.body()).unwrap();
    let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["grant_type", "code", "client_id", "redirect_uri"]);
    assert_eq!(request.headers()["x-correlation-id"], correlation.as_str());
    assert_ne!(request.headers()["medmij-request-id"], authorization_id.as_str());
    assert_eq!(request.uri().query(), None);
}

#[tokio::test]
async fn core_tknint_208_e05_no_headers_in_1_5() {
    let setup = setup(|config| config.release = Release::V1_5);
    let received = code_for(&setup, &dvp(), flow_request(Release::V1_5, &["42"]), "answer=yes").await;
    let (request, _) = dvp().token_request(received).unwrap();
    assert!(
        !request.headers().contains_key("medmij-request-id") && !request.headers().contains_key("x-correlation-id")
    );
}

#[tokio::test]
async fn core_tknint_201_f01_peers_57_the_answer_has_its_form() {
    let setup = setup_2_2();
    let response = setup.server.token(&token_request(&setup).await, &peer()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body = json(&response);
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&"Bearer".into(), &900.into(), &"42 48".into())
    );
    assert!(body.get("refresh_token").is_none());
}

#[tokio::test]
async fn ext_abo_tknint_200_f04_release_1_5_names_what_is_available() {
    let setup = setup(|config| config.release = Release::V1_5);
    let only = medmij_dvza::ToetsOutcome::Available(vec![crate::cases::whole_flow::id("48")]);
    *setup.dvza.outcome.lock().unwrap() = Some(only);
    let received = code_for(&setup, &dvp(), flow_request(Release::V1_5, &["42", "48"]), "answer=yes").await;
    let response = setup
        .server
        .token(&dvp().token_request(received).unwrap().0, &peer())
        .await;
    assert_eq!(json(&response)["scope"], "eenofanderezorgaanbieder~48");
}

#[tokio::test]
async fn core_tknint_205_207_e08_to_e14_e18_e21_e22_peers_58_refused_and_the_code_is_retired() {
    let setup = setup_2_2();
    let other = PeerNames::new(None, ["ander.example.nl"]);
    let double = "https%3A%2F%2Fpgo.example.nl%2Fcb";
    for (changes, peer, error, status) in [
        (&[("redirect_uri", None)][..], peer(), "invalid_request", 400),
        (
            &[("redirect_uri", Some("https://pgo.example.nl/ander"))],
            peer(),
            "invalid_grant",
            400,
        ),
        (
            &[("redirect_uri", Some("https://pgo.example.nl/cb/"))],
            peer(),
            "invalid_grant",
            400,
        ),
        (&[("redirect_uri", Some(double))], peer(), "invalid_grant", 400),
        (&[("client_id", None)], peer(), "invalid_request", 400),
        // A3: code of A, client B with its own good certificate
        (
            &[("client_id", Some("ander.example.nl"))],
            other.clone(),
            "invalid_grant",
            400,
        ),
        // W4: client A, certificate of B
        (&[], other.clone(), "invalid_client", 401),
        (&[], PeerNames::new(None, []), "invalid_client", 401),
        (
            &[("client_id", Some("onbekend.example.nl"))],
            PeerNames::new(None, ["onbekend.example.nl"]),
            "invalid_client",
            401,
        ),
        (
            &[("grant_type", Some("password"))],
            peer(),
            "unsupported_grant_type",
            400,
        ),
        (&[("grant_type", None)], peer(), "invalid_request", 400),
    ] {
        let request = token_request(&setup).await;
        let response = setup.server.token(&with(&request, changes), &peer).await;
        assert_eq!(
            (response.status().as_u16(), json(&response)["error"].as_str()),
            (status, Some(error)),
            "{changes:?}"
        );
        assert_eq!(response.headers()["cache-control"], "no-store");
        let second = setup.server.token(&request, &crate::cases::whole_flow::peer()).await;
        assert_eq!(json(&second)["error"], "invalid_grant", "core.tknint.204: {changes:?}");
    }
}

#[tokio::test]
async fn core_tknint_200_peers_59_no_code_touches_no_session() {
    let setup = setup_2_2();
    let request = token_request(&setup).await;
    for code in [None, Some(""), Some("None"), Some("null"), Some("\u{0}")] {
        let response = setup.server.token(&with(&request, &[("code", code)]), &peer()).await;
        let error = if code.is_none_or(str::is_empty) {
            "invalid_request"
        } else {
            "invalid_grant"
        };
        assert_eq!(json(&response)["error"], error, "{code:?}");
    }
    assert_eq!(setup.server.token(&request, &peer()).await.status(), 200);
}

#[tokio::test]
async fn core_tknint_203_204_e07_suite_1_a_second_use_ends_the_token() {
    let setup = setup_2_2();
    let received = code_for(&setup, &dvp(), flow_request(Release::V2_2, &["42"]), "answer=yes").await;
    let (request, exchange) = dvp().token_request(received).unwrap();
    let tokens = dvp()
        .tokens(exchange, &setup.server.token(&request, &peer()).await)
        .unwrap();
    let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
    assert!(setup.server.danger_token_of(&headers, None, &peer()).await.is_ok());
    assert_eq!(
        json(&setup.server.token(&request, &peer()).await)["error"],
        "invalid_grant"
    );
    assert!(setup.server.danger_token_of(&headers, None, &peer()).await.is_err());
}

#[tokio::test]
async fn core_autorisatie_204_d02_d03_peers_60_900_seconds() {
    for (after, status) in [(898, 200), (900, 400)] {
        let setup = setup_2_2();
        let request = token_request(&setup).await;
        setup
            .dvza
            .store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .unwrap();
        assert_eq!(setup.server.token(&request, &peer()).await.status(), status, "{after}");
    }
}

#[tokio::test]
async fn e17_e19_suite_12_extra_parameters_and_methods() {
    let setup = setup_2_2();
    let request = token_request(&setup).await;
    let mut get = request.clone();
    *get.method_mut() = Method::GET;
    let response = setup.server.token(&get, &peer()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &HeaderValue::from_static("POST"))
    );
    let extra = with(
        &request,
        &[
            ("client_secret", Some("x")),
            ("scope", Some("alles")),
            ("foo", Some("1")),
        ],
    );
    assert_eq!(setup.server.token(&extra, &peer()).await.status(), 200);
}

#[tokio::test]
async fn client_binding_by_table_and_the_ocl_now() {
    let back = Hostname::parse("back.leverancier.nl").unwrap();
    let client = medmij_oauth::ClientId::parse("pgo.example.nl").unwrap();
    let setup = setup(|config| config.binding = ClientBinding::learn().allow(client, back));
    let from_back = PeerNames::new(None, ["back.leverancier.nl"]);
    let request = token_request(&setup).await;
    assert_eq!(setup.server.token(&request, &from_back).await.status(), 200);
    // off the list between authorization and token request
    let request = token_request(&setup).await;
    setup.dvza.clients.lock().unwrap().clear();
    assert_eq!(
        json(&setup.server.token(&request, &peer()).await)["error"],
        "invalid_client"
    );
}

#[tokio::test]
async fn core_tknint_208_strict_ids_are_demanded() {
    let setup = setup(|config| config.ids = IdStrictness::Strict);
    let mut request = token_request(&setup).await;
    request
        .headers_mut()
        .insert("medmij-request-id", HeaderValue::from_static("abc"));
    assert_eq!(
        json(&setup.server.token(&request, &peer()).await)["error"],
        "invalid_request"
    );
}

#[tokio::test]
async fn a_register_that_fails_gives_503_and_keeps_no_token() {
    let setup = setup_2_2();
    let request = token_request(&setup).await;
    *setup.dvza.broken.lock().unwrap() = true;
    let response = setup.server.token(&request, &peer()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &HeaderValue::from_static("5"))
    );
}

#[tokio::test]
async fn router_takes_the_names_from_an_extension_and_bounds_the_body_o6() {
    use axum::body::Body;
    use medmij_dvza::router::{RouterOptions, back_channel};
    use tower::ServiceExt as _;

    let setup = setup_2_2();
    let app = back_channel(
        setup.server.clone(),
        RouterOptions::at("/oauth").danger_without_limits(),
    );
    let request = token_request(&setup).await;
    let mut bare = request.clone().map(Body::from);
    *bare.uri_mut() = "/oauth/token".parse().unwrap();
    let response = app.clone().oneshot(bare).await.unwrap();
    assert_eq!(response.status(), 401, "no names, no client");
    let request = token_request(&setup).await;
    let mut named = request.map(Body::from);
    *named.uri_mut() = "/oauth/token".parse().unwrap();
    named.extensions_mut().insert(peer());
    assert_eq!(app.clone().oneshot(named).await.unwrap().status(), 200);
    let big = Request::post("/oauth/token")
        .body(Body::from(vec![b'a'; 9_000]))
        .unwrap();
    assert_eq!(app.oneshot(big).await.unwrap().status(), 413);
}

/// A clock that runs on by so much each time somebody looks.
struct Leaps(Duration, std::sync::atomic::AtomicU32);

impl medmij_types::Clock for Leaps {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_781_524_800)
    }

    fn monotonic(&self) -> Duration {
        self.0 * self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    }
}

#[tokio::test]
async fn core_tknint_206_e20_more_than_ten_seconds_are_told() {
    for (took, reported) in [(10_000, false), (10_001, true)] {
        let log = crate::cases::secrets::Sink::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let clock = std::sync::Arc::new(Leaps(Duration::from_millis(took), 0.into()));
        let setup = setup(|config| config.clock = clock);
        let request = token_request(&setup).await;
        assert_eq!(setup.server.token(&request, &peer()).await.status(), 200);
        assert_eq!(log.text().contains("core.tknint.206"), reported, "{took} ms");
    }
}

#[test]
fn core_autorisatie_207_f12_a_token_that_looks_like_a_jwt_stays_what_it_is() {
    // header and claims that a client could read, and must not
    let token = "eyJhbGciOiJub25lIn0.eyJleHAiOjEsInNjb3BlIjoiYWxsZXMifQ.";
    let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":60,"scope":"48"}}"#);
    let response = http::Response::builder()
        .header("content-type", "application/json")
        .body(Bytes::from(body))
        .unwrap();
    let read = medmij_oauth::wire::TokenResponse::parse(&response).unwrap();
    assert_eq!(read.access_token.expose(), token);
    // neither the lifetime nor the scope in it counts
    assert_eq!((read.expires_in, read.scope.as_deref()), (Some(60), Some("48")));
    assert!(!format!("{read:?}").contains("eyJ"));
}

#[test]
fn rfc_6749_5_2_peers_61_an_error_knows_its_answer_and_only_a_proven_one_a_redirect() {
    use medmij_dvza::{Client, JudgeOptions, UnprovenRequest};
    use medmij_oauth::wire::{ErrorCode, ErrorResponse, RequestIds};

    let answer = ErrorResponse::new(ErrorCode::InvalidGrant, None).to_http(400);
    assert_eq!(
        (answer.status().as_u16(), json(&answer)),
        (400, serde_json::json!({"error": "invalid_grant"}))
    );
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["pragma"], "no-cache");

    // 1a: the error is a value without an address. There is nothing to ask it for one.
    let error = UnprovenRequest::parse("client_id=pgo.example.nl&redirect_uri=http://evil.nl").unwrap_err();
    assert!(!format!("{error:?} {error}").contains("evil"));
    // 1b: it holds the proven one
    let query = "client_id=pgo.example.nl&redirect_uri=https%3A%2F%2Fpgo.example.nl%2Fcb&state=s&response_type=token";
    let name = medmij_types::Organisatienaam::parse("De Enige Echte PGO").unwrap();
    let proven = UnprovenRequest::parse(query)
        .unwrap()
        .prove(Some(Client::new(name, None)))
        .unwrap();
    let ids = RequestIds::random(&medmij_types::OsEntropy).unwrap();
    let refused = proven
        .judge(&JudgeOptions::new(Release::V2_2), &http::HeaderMap::new(), ids)
        .unwrap_err();
    let rule = medmij_oauth::policy::ExceptionPolicy::default().rule(Release::V2_2, refused.uitzondering);
    assert_eq!(
        refused.redirect.error(&rule),
        "https://pgo.example.nl/cb?error=unsupported_response_type&state=s"
    );
}
