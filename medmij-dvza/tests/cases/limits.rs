// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, core.gegevensdiensten.103 — limits before the endpoints: 429, with a page where a Persoon sees it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, StatusCode, header};
use medmij_dvza::{
    RequestLimits,
    router::{PeerAddress, RouterOptions, back_channel, front_channel},
};
use medmij_oauth::policy::{LimitPolicy, Rate};
use medmij_test::ManualClock;
use medmij_types::{PeerNames, Release};
use tower::ServiceExt as _;

use crate::cases::{
    dvza::{Setup, setup_2_2},
    whole_flow::{SESSION, dvp, flow_request, path, token_request},
};

fn few(clock: &Arc<ManualClock>) -> Arc<RequestLimits> {
    let mut policy = LimitPolicy::default();
    (policy.front_address, policy.back_node) = (Rate::new(1, 3), Rate::new(1, 3));
    Arc::new(RequestLimits::new(policy).with_clock(clock.clone()))
}

async fn arrive(setup: &Setup, limits: &Arc<RequestLimits>, from: &str, at: &str) -> http::Response<Body> {
    let app = front_channel(
        setup.server.clone(),
        RouterOptions::at("/oauth").with_limits(limits.clone()),
    );
    let mut request = Request::get(at).body(Body::empty()).unwrap();
    request
        .extensions_mut()
        .insert(PeerAddress(from.parse::<IpAddr>().unwrap()));
    app.oneshot(request).await.unwrap()
}

#[tokio::test]
async fn core_gegevensdiensten_103_o13_authorization_requests_of_an_address_are_limited_with_a_page() {
    let (setup, clock) = (setup_2_2(), Arc::new(ManualClock::starting_now()));
    let limits = few(&clock);
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let authorize = path(&started.location).to_owned();
    for status in [302, 302, 302, 429, 429] {
        assert_eq!(arrive(&setup, &limits, "192.0.2.1", &authorize).await.status(), status);
    }
    let refused = arrive(&setup, &limits, "192.0.2.1", &authorize).await;
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    assert_eq!(refused.headers()[header::CACHE_CONTROL], "no-store");
    assert!(!refused.headers().contains_key(header::LOCATION) && !refused.headers().contains_key(header::SET_COOKIE));
    let page = axum::body::to_bytes(refused.into_body(), 100_000).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(
        page.contains("DVZA Test BV") && page.contains("088 123 45 67"),
        "{page}"
    );
    assert!(
        setup
            .log
            .types()
            .iter()
            .all(|kind| kind.as_str() != "send_authorization_request_error")
    );

    // one limit for both ways in, none for another address, and the clock gives it back
    let beheren = authorize.replace("/authorize", "/toestemmingen");
    assert_eq!(arrive(&setup, &limits, "192.0.2.1", &beheren).await.status(), 429);
    assert_eq!(arrive(&setup, &limits, "192.0.2.2", &authorize).await.status(), 302);
    clock.advance(Duration::from_secs(1));
    assert_eq!(arrive(&setup, &limits, "192.0.2.1", &authorize).await.status(), 302);
    assert_eq!(arrive(&setup, &limits, "192.0.2.1", &authorize).await.status(), 429);
    // pages of a flow, and without limits anything
    assert_ne!(
        arrive(&setup, &limits, "192.0.2.1", "/oauth/style.css").await.status(),
        429
    );
    let unlimited = front_channel(
        setup.server.clone(),
        RouterOptions::at("/oauth").danger_without_limits(),
    );
    for _ in 0..10 {
        let request = Request::get(&authorize).body(Body::empty()).unwrap();
        assert_eq!(unlimited.clone().oneshot(request).await.unwrap().status(), 302);
    }
}

#[tokio::test]
async fn core_gegevensdiensten_103_o13_token_requests_of_a_node_are_limited_and_burn_no_code() {
    let (setup, clock) = (setup_2_2(), Arc::new(ManualClock::starting_now()));
    let options = RouterOptions::at("/oauth").with_limits(few(&clock));
    let app = back_channel(setup.server.clone(), options);
    let ask = |request: Request<Body>, node: &str| {
        let mut request = request;
        request.extensions_mut().insert(PeerNames::new(None, [node]));
        app.clone().oneshot(request)
    };
    let empty = || Request::post("/oauth/token").body(Body::empty()).unwrap();
    let good = token_request(&setup).await.map(Body::from);
    for node in ["pgo.example.nl", "ander.example.nl"] {
        for status in [400, 400, 400, 429] {
            let answered = ask(empty(), node).await.unwrap();
            assert_eq!(answered.status(), status, "{node}");
        }
    }
    let (parts, body) = good.into_parts();
    let body = axum::body::to_bytes(body, 100_000).await.unwrap();
    let again = || Request::from_parts(parts.clone(), Body::from(body.clone()));
    let refused = ask(again(), "pgo.example.nl").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    let error = axum::body::to_bytes(refused.into_body(), 1_000).await.unwrap();
    assert_eq!(
        error,
        r#"{"error":"temporarily_unavailable","error_description":"too many requests, try again later"}"#
    );
    // it was not read, so it was not offered
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(again(), "pgo.example.nl").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn o13_every_route_is_limited_with_made_up_cookies_too() {
    let (setup, clock) = (setup_2_2(), Arc::new(ManualClock::starting_now()));
    let mut policy = LimitPolicy::default();
    policy.front_pages = Rate::new(1, 5);
    let limits = Arc::new(RequestLimits::new(policy).with_clock(clock));
    for (n, at) in ["/oauth/flow/", "/oauth/login?RelayState="].iter().enumerate() {
        let mut statuses = Vec::new();
        for round in 0..8 {
            let flow = format!("{round:043}");
            let from = format!("192.0.2.{n}");
            statuses.push(
                arrive(&setup, &limits, &from, &format!("{at}{flow}"))
                    .await
                    .status()
                    .as_u16(),
            );
        }
        assert_eq!(statuses, [403, 403, 403, 403, 403, 429, 429, 429], "{at}");
    }
}

#[tokio::test]
async fn o13_limits_that_see_nobody_answer_nobody() {
    let setup = setup_2_2();
    let limits = || Arc::new(RequestLimits::new(LimitPolicy::default()));
    let options = || RouterOptions::at("/oauth").with_limits(limits());
    let front = front_channel(setup.server.clone(), options());
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    for at in [path(&started.location), "/oauth/login?RelayState=x", "/oauth/flow/x"] {
        let request = Request::get(at).body(Body::empty()).unwrap();
        let answer = front.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{at}");
    }
    let back = back_channel(setup.server.clone(), options());
    let request = Request::post("/oauth/token").body(Body::empty()).unwrap();
    let answer = back.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
