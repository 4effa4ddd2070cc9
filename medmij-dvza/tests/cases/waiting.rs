// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13, O8 — a flow that waits for its login costs the server nothing, cannot be thrown out, and does not come back after it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use http::{HeaderMap, Request};
use medmij_dvza::{Arrived, Server, SessionSecret, router::PeerAddress};
use medmij_test::ManualClock;
use medmij_types::Release;
use tower::ServiceExt as _;

use crate::cases::{
    browser::Browser,
    dvza::{Login, Setup, setup, setup_2_2},
    whole_flow::{SESSION, browser, dvp, flow_request, land, log_in, path},
};

fn start() -> String {
    dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap()
        .location
}

/// To the login: the flow, and where the login sends the browser back to.
async fn at_login(browser: &mut Browser) -> (String, String) {
    let (flow, landing) = land(browser, &start()).await;
    let away = browser.answer(&flow, &landing, "answer=login").await;
    let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
    (flow, format!("/oauth/login?RelayState={relay}"))
}

/// Another process over the same store with the same keys.
fn replica(setup: &Setup) -> Browser {
    let server = Server::danger_example(Arc::clone(&setup.dvza), setup.server.config().clone());
    let options = medmij_dvza::router::RouterOptions::at("/oauth").danger_without_limits();
    Browser::new(medmij_dvza::router::front_channel(server, options))
}

#[tokio::test]
async fn o13_before_the_login_nothing_is_asked_of_the_store() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    setup.dvza.store.take();
    let (flow, back) = at_login(&mut browser).await;
    browser.get(&flow).await;
    assert_eq!(setup.dvza.store.take(), [""; 0]);
    assert_eq!(browser.get(&back).await.location(), flow);
    assert_eq!(setup.dvza.store.take(), ["open_flow", "open_flow", "advance_flow"]);
    // nor where the Persoon stops before it
    let (flow, landing) = land(&mut browser, &start()).await;
    browser.answer(&flow, &landing, "answer=cancel").await;
    let page = browser.get(&flow).await;
    let away = browser.answer(&flow, &page, "answer=back").await;
    assert!(
        away.location()
            .starts_with("https://pgo.example.nl/cb?error=access_denied")
    );
    assert_eq!(setup.dvza.store.take(), [""; 0]);
    assert_eq!(browser.get(&flow).await.status, 403);
}

#[tokio::test]
async fn o13_nobody_at_the_login_is_thrown_out() {
    let setup = setup_2_2();
    let mut victim = browser(&setup);
    let (flow, back) = at_login(&mut victim).await;
    let location = start();
    let query = location.split_once('?').unwrap().1;
    for _ in 0..10_000 {
        let arrived = setup.server.authorize(query, &HeaderMap::new()).await;
        assert!(matches!(arrived, Arrived::Flow(_)));
    }
    assert_eq!(victim.get(&back).await.location(), flow);
    assert!(victim.get(&flow).await.body.contains("Toestemming geven"));
}

#[tokio::test]
async fn o8_neither_an_old_cookie_nor_a_used_answer_comes_back_past_the_login() {
    for login in [Login::Succeeded(None), Login::Cancelled, Login::Failed] {
        let setup = setup_2_2();
        *setup.dvza.login.lock().unwrap() = login;
        let mut browser = browser(&setup);
        let (flow, back) = at_login(&mut browser).await;
        let before = browser.cookies.clone();
        assert_eq!(browser.get(&back).await.location(), flow);
        let page = browser.get(&flow).await;
        let mut replica = replica(&setup);
        for other in [&mut browser.clone(), &mut replica] {
            other.cookies.clone_from(&before);
            assert_eq!(other.get(&back).await.status, 403, "the answer was used");
            assert!(other.get(&flow).await.body.find("Toestemming geven").is_none());
        }
        // and the flow goes on where it was; when it is over, the same holds
        let answer = match login {
            Login::Succeeded(_) => "answer=yes",
            _ => "answer=back",
        };
        let away = browser.answer(&flow, &page, answer).await;
        assert!(
            away.location().starts_with("https://pgo.example.nl/cb?"),
            "{}",
            away.body
        );
        for other in [&mut browser, &mut replica] {
            other.cookies.clone_from(&before);
            assert_eq!(other.get(&back).await.status, 403, "the answer was used");
        }
    }
}

#[tokio::test]
async fn o8_replicas_open_what_another_sealed() {
    let setup = setup_2_2();
    let mut one = browser(&setup);
    let (flow, back) = at_login(&mut one).await;
    let mut other = replica(&setup);
    other.cookies.clone_from(&one.cookies);
    assert_eq!(other.get(&back).await.location(), flow);
    assert!(other.get(&flow).await.body.contains("Toestemming geven"));
}

#[tokio::test]
async fn o13_four_flows_a_browser_and_windows_push_out_each_other() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (logged_in, _) = log_in(&mut browser, &start()).await;
    let (reading, _) = land(&mut browser, &start()).await;
    let mut last = String::new();
    for _ in 0..10 {
        last = browser.get(path(&start())).await.location().to_owned();
        assert!(browser.cookies.len() <= 4, "{}", browser.cookies.len());
    }
    for flow in [&logged_in, &reading, &last] {
        assert_eq!(browser.get(flow).await.status, 200, "{flow}");
    }
    // made-up cookies go first
    let other = "A".repeat(22);
    browser
        .cookies
        .insert(format!("__Host-medmij-{other}"), "s.AAAA".to_owned());
    browser.get(path(&start())).await;
    assert!(!browser.cookies.keys().any(|name| name.ends_with(&other)));
    assert_eq!(browser.get(&logged_in).await.status, 200);
}

#[tokio::test]
async fn o8_a_cookie_is_of_its_flow_and_unchanged() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    let (flow, _) = land(&mut browser, &start()).await;
    let (name, value) = browser.cookies.pop_first().unwrap();
    assert!(
        value.starts_with("s.") && value.len() <= SessionSecret::MAX_LEN,
        "{}",
        value.len()
    );
    let changed = |at: usize| {
        let mut bytes = value.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    setup.dvza.store.take();
    for bad in [
        changed(10),
        changed(value.len() - 1),
        value[..100].to_owned(),
        "s.".to_owned(),
    ] {
        browser.cookies.insert(name.clone(), bad);
        assert_eq!(browser.get(&flow).await.status, 403);
    }
    // the cookie of one flow under the name of another
    browser.cookies.clear();
    let (other, _) = land(&mut browser, &start()).await;
    let own = browser.cookies.keys().next().unwrap().clone();
    browser.cookies.insert(own, value.clone());
    assert_eq!(browser.get(&other).await.status, 403);
    browser.cookies.insert(name, value);
    assert_eq!(browser.get(&flow).await.status, 200);
    assert_eq!(setup.dvza.store.take(), [""; 0]);
}

#[tokio::test]
async fn o13_what_is_too_long_for_a_cookie_waits_in_the_store() {
    let setup = setup_2_2();
    for (length, sealed) in [(43, true), (1_000, true), (2_048, false)] {
        let mut browser = browser(&setup);
        let state = "x".repeat(length);
        let at = format!(
            "/oauth/authorize?response_type=code&client_id=pgo.example.nl&redirect_uri=https://pgo.example.nl/cb\
             &scope=eenofanderezorgaanbieder&state={state}"
        );
        let flow = browser.get(&at).await.location().to_owned();
        let value = browser.cookies.values().next().unwrap().clone();
        assert_eq!(value.starts_with("s."), sealed, "{length}");
        let landing = browser.get(&flow).await;
        let away = browser.answer(&flow, &landing, "answer=login").await;
        let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
        browser.get(&format!("/oauth/login?RelayState={relay}")).await;
        let page = browser.get(&flow).await;
        let back = browser.answer(&flow, &page, "answer=yes").await;
        assert!(back.location().ends_with(&format!("state={state}")), "{length}");
    }
}

/// An authorization request with a `state` that makes it too long for a cookie, from an address.
fn long_request(state: usize, client_id: &str, address: IpAddr) -> Request<Body> {
    let at = format!(
        "/oauth/authorize?response_type=code&client_id={client_id}&redirect_uri=https://{client_id}/cb\
         &scope=eenofanderezorgaanbieder&state={state:0>2048}"
    );
    let mut request = Request::get(at).body(Body::empty()).unwrap();
    request.extensions_mut().insert(PeerAddress(address));
    request
}

#[tokio::test]
async fn o13_one_network_with_long_states_throws_nobody_out_and_leaves_room() {
    let setup = setup_2_2();
    let mut waiting = browser(&setup);
    let address: IpAddr = "2a01:4f8:1::1".parse().unwrap();
    let flow = waiting
        .send(long_request(0, "pgo.example.nl", address))
        .await
        .location()
        .to_owned();
    let landing = waiting.get(&flow).await;
    let away = waiting.answer(&flow, &landing, "answer=login").await;
    let relay = away.location().split_once("RelayState=").unwrap().1.to_owned();
    assert_eq!(setup.dvza.store.rows().flows, 1, "it waits in the store");

    let app = waiting.app.clone();
    let mut answers = BTreeMap::new();
    for n in 0..10_000_u16 {
        let address = Ipv6Addr::new(0x2a01, 0x4f8, 0x1234, n, 0, 0, 0, 1);
        let client_id = ["pgo.example.nl", "ander.example.nl"][usize::from(n % 2)];
        let answer = app
            .clone()
            .oneshot(long_request(n.into(), client_id, address.into()))
            .await
            .unwrap();
        *answers.entry(answer.status().as_u16()).or_insert(0) += 1;
    }
    // an eighth of what is free, and never more
    assert_eq!(answers, BTreeMap::from([(302, 455), (429, 9_545)]));

    // who waited goes on, and who comes now is served
    assert_eq!(
        waiting
            .get(&format!("/oauth/login?RelayState={relay}"))
            .await
            .location(),
        flow
    );
    assert!(waiting.get(&flow).await.body.contains("Toestemming geven"));
    let mut late = browser(&setup);
    let address = "192.0.2.7".parse().unwrap();
    let arrived = late.send(long_request(1, "pgo.example.nl", address)).await;
    assert_eq!(arrived.status, 302);
    let flow = arrived.location().to_owned();
    assert_eq!(late.get(&flow).await.status, 200);
}

#[tokio::test]
async fn o13_who_is_at_the_login_keeps_the_flow_whatever_was_open_before() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    for _ in 0..3 {
        browser.get(path(&start())).await;
    }
    let (flow, back) = at_login(&mut browser).await;
    for _ in 0..10 {
        browser.get(path(&start())).await;
    }
    assert_eq!(browser.get(&back).await.location(), flow);
}

#[tokio::test]
async fn o13_a_flow_in_a_browser_is_over_when_its_time_is() {
    let clock = Arc::new(ManualClock::starting_now());
    let setup = setup(|config| config.clock = Arc::clone(&clock) as _);
    let mut browser = browser(&setup);
    let (flow, back) = at_login(&mut browser).await;
    clock.advance(Duration::from_secs(899));
    assert_eq!(browser.get(&flow).await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(browser.get(&flow).await.status, 403);
    assert_eq!(browser.get(&back).await.status, 403);
}
