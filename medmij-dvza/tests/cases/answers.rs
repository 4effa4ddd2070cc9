// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 9110, RFC 6749 section 5.2 — every answer of the routers, also those that are given before anything is judged.

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{Method, Request, StatusCode, header};
use medmij_dvza::router::{RouterOptions, back_channel, front_channel};
use medmij_oauth::{
    policy::InvalidClient,
    wire::{ErrorCode, TokenResponse, TokenResponseError},
};
use medmij_types::{PeerNames, Release};
use tower::ServiceExt as _;

use crate::cases::{
    browser::Browser,
    dvza::{Setup, setup, setup_2_2},
    whole_flow::{SESSION, browser, dvp, flow_request, land, token_request},
};

fn back(setup: &Setup) -> Router {
    back_channel(
        setup.server.clone(),
        RouterOptions::at("/oauth").danger_without_limits(),
    )
}

fn request(method: Method, at: &str, body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(at);
    request = request.header("content-type", "application/x-www-form-urlencoded");
    let mut request = request.body(body).unwrap();
    let peer = PeerNames::new(None, ["pgo.example.nl"]);
    request.extensions_mut().insert(peer);
    request
}

#[tokio::test]
async fn o7_o9_every_answer_has_the_security_headers_whatever_its_status() {
    let setup = setup_2_2();
    let front = front_channel(
        setup.server.clone(),
        RouterOptions::at("/oauth").danger_without_limits(),
    );
    let long = || Body::from(vec![b'a'; 300_000]);
    for (app, method, at, body, status) in [
        (&front, Method::GET, "/oauth/nergens", Body::empty(), 404),
        (&front, Method::GET, "/", Body::empty(), 404),
        (&front, Method::POST, "/oauth/authorize", Body::empty(), 405),
        (&front, Method::PUT, "/oauth/login", Body::empty(), 405),
        (&front, Method::DELETE, "/oauth/flow/x", Body::empty(), 405),
        (&front, Method::GET, "/oauth/authorize", Body::empty(), 400),
        (&front, Method::POST, "/oauth/flow/x", long(), 403),
        (&front, Method::POST, "/oauth/login", long(), 413),
        (&front, Method::GET, "/oauth/style.css", Body::empty(), 200),
        (&back(&setup), Method::GET, "/oauth/nergens", Body::empty(), 404),
        (&back(&setup), Method::GET, "/oauth/token", Body::empty(), 405),
        (&back(&setup), Method::POST, "/oauth/token", Body::empty(), 400),
        (&back(&setup), Method::POST, "/oauth/token", long(), 413),
    ] {
        let shown = format!("{method} {at}");
        let answer = app.clone().oneshot(request(method, at, body)).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{shown}");
        for name in [
            "cache-control",
            "referrer-policy",
            "x-content-type-options",
            "x-frame-options",
            "content-security-policy",
            "strict-transport-security",
        ] {
            assert!(answer.headers().contains_key(name), "{name} of {shown} ({status})");
        }
        assert_eq!(answer.headers().contains_key(header::ALLOW), status == 405, "{shown}");
    }
}

#[tokio::test]
async fn core_tknint_207_invalid_client_has_a_challenge_or_is_400() {
    for (chosen, status, challenge) in [
        (InvalidClient::Unauthorized, 401, true),
        (InvalidClient::BadRequest, 400, false),
    ] {
        let setup = setup(|config| config.invalid_client = chosen);
        let (parts, body) = token_request(&setup).await.into_parts();
        let mut request = Request::from_parts(parts, Body::from(body));
        let peer = PeerNames::new(None, ["ander.example.nl"]);
        request.extensions_mut().insert(peer);
        let answer = back(&setup).oneshot(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().contains_key(header::WWW_AUTHENTICATE), challenge);
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        let refused = TokenResponse::parse(&http::Response::from_parts(parts, body)).unwrap_err();
        let TokenResponseError::Refused(refused) = refused else {
            panic!("an OAuth error");
        };
        assert_eq!(refused.error, ErrorCode::InvalidClient);
        assert!(
            refused
                .description
                .is_some_and(|text| !text.contains("ander.example.nl"))
        );
    }
}

/// A body that comes in parts, and then what `then` says.
fn dripping(then: Option<std::io::Error>) -> Body {
    struct Parts(Option<Bytes>, Option<std::io::Error>);
    impl axum::body::HttpBody for Parts {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            use std::task::Poll;
            match (self.0.take(), self.1.take()) {
                (Some(data), then) => {
                    self.1 = then;
                    Poll::Ready(Some(Ok(http_body::Frame::data(data))))
                }
                (None, Some(error)) => Poll::Ready(Some(Err(error))),
                (None, None) => Poll::Pending,
            }
        }
    }
    Body::new(Parts(Some(Bytes::from_static(b"grant_type=")), then))
}

#[tokio::test(start_paused = true)]
async fn rfc9110_15_5_9_a_slow_body_is_408_and_a_broken_one_400() {
    use std::io::{Error, ErrorKind};
    let setup = setup_2_2();
    for (then, status) in [
        (None, StatusCode::REQUEST_TIMEOUT),
        (Some(Error::from(ErrorKind::TimedOut)), StatusCode::REQUEST_TIMEOUT),
        (Some(Error::from(ErrorKind::ConnectionReset)), StatusCode::BAD_REQUEST),
    ] {
        let body = dripping(then);
        let answer = back(&setup)
            .oneshot(request(Method::POST, "/oauth/token", body))
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
    }
    let mut browser = browser(&setup);
    let location = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap()
        .location;
    let (flow, landing) = land(&mut browser, &location).await;
    let slow = browser.send(request(Method::POST, &flow, dripping(None))).await;
    assert_eq!(slow.status, StatusCode::REQUEST_TIMEOUT);
    // and the flow is where it was
    let away = browser.answer(&flow, &landing, "answer=login").await;
    assert!(away.location().starts_with("https://login.example.nl/"));
}

/// To the login, and what it sends back in a form.
async fn at_login(setup: &Setup) -> (Browser, String, String) {
    let mut browser = browser(setup);
    let location = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap()
        .location;
    let (flow, landing) = land(&mut browser, &location).await;
    let away = browser.answer(&flow, &landing, "answer=login").await;
    let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
    let form = format!("SAMLResponse={}&RelayState={relay}", "PHNhbWw%2B".repeat(1_000));
    (browser, flow, form)
}

#[tokio::test]
async fn core_authint_204_a_login_may_come_back_with_a_post() {
    let setup = setup_2_2();
    let (mut browser, flow, form) = at_login(&setup).await;
    // from the other site: no cookie comes along
    let cookies = std::mem::take(&mut browser.cookies);
    let post = |form: &str| request(Method::POST, "/oauth/login", Body::from(form.to_owned()));
    let again = browser.send(post(&form)).await;
    assert_eq!(again.status, 200);
    let policy = again.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self'"), "{policy}");
    let field = |name: &str| {
        let (_, rest) = again.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert_eq!(field("SAMLResponse"), "PHNhbWw+".repeat(1_000));
    assert!(!again.body.contains("<script") && again.body.contains("action=\"/oauth/login\""));
    // from our own page: with it
    let form = format!("{form}&medmij-doorgaan={}", field("medmij-doorgaan"));
    assert_eq!(browser.send(post(&form)).await.status, 403, "no page without end");
    browser.cookies = cookies;
    assert_eq!(browser.send(post(&form)).await.location(), flow);
    assert!(browser.get(&flow).await.body.contains("Toestemming geven"));
}

#[tokio::test]
async fn core_authint_204_the_answer_of_a_login_may_be_as_long_as_the_setting_says() {
    for (query, form) in [(16 * 1024, 256 * 1024), (20 * 1024, 300 * 1024)] {
        let setup = setup(|config| {
            (config.login_query, config.login_form) = (query, form);
        });
        for (length, most) in [(query, true), (query + 1, false)] {
            let (mut browser, flow, posted) = at_login(&setup).await;
            let relay = posted.split_once("RelayState=").unwrap().1;
            let rest = format!("&RelayState={relay}");
            let fill = "a".repeat(length - rest.len() - "SAMLart=".len());
            let seen = browser.get(&format!("/oauth/login?SAMLart={fill}{rest}")).await;
            assert_eq!(
                (seen.location() == flow, seen.status.as_u16()),
                if most { (true, 302) } else { (false, 414) }
            );
        }
        for (length, most) in [(form, true), (form + 1, false)] {
            let (mut browser, flow, posted) = at_login(&setup).await;
            let relay = posted.split_once("RelayState=").unwrap().1;
            let rest = format!("&RelayState={relay}");
            let fill = "a".repeat(length - rest.len() - "SAMLResponse=".len());
            let body = Body::from(format!("SAMLResponse={fill}{rest}"));
            let seen = browser.send(request(Method::POST, "/oauth/login", body)).await;
            assert_eq!(
                (seen.location() == flow, seen.status.as_u16()),
                if most { (true, 303) } else { (false, 413) }
            );
        }
    }
}
