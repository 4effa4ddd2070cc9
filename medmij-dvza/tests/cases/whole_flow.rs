// SPDX-License-Identifier: AGPL-3.0-or-later
//! One whole flow, and the pieces of it that other cases start from.

use bytes::Bytes;
use http::{Request, Response};
use medmij_dvp::{Callback, Dvp, FlowGroup, FlowRequest, PendingFlows, ReceivedCode, Tokens, group_by_endpoints};
use medmij_dvza::router::{RouterOptions, front_channel};
use medmij_log::EventType;
use medmij_oauth::{ClientId, RedirectUri, Scope};
use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, PeerNames, Release};

use crate::cases::{
    browser::{Browser, Seen},
    dvza::{Setup, setup_2_2},
};

pub(crate) const SESSION: &str = "secret of the session at the dvp";

pub(crate) fn peer() -> PeerNames {
    PeerNames::new(Some("pgo.example.nl"), ["pgo.example.nl"])
}

pub(crate) fn dvp() -> Dvp {
    Dvp::new(ClientId::parse("pgo.example.nl").unwrap())
}

pub(crate) fn name() -> Aanbiedernaam {
    Aanbiedernaam::parse("eenofanderezorgaanbieder@medmij").unwrap()
}

pub(crate) fn id(text: &str) -> GegevensdienstId {
    GegevensdienstId::parse(text).unwrap()
}

pub(crate) fn redirect() -> RedirectUri {
    RedirectUri::parse("https://pgo.example.nl/cb").unwrap()
}

pub(crate) fn group(ids: &[&str]) -> FlowGroup {
    let front = FrontchannelUri::parse("https://dvza.example.nl/oauth/authorize").unwrap();
    let back = BackchannelUri::parse("https://dvza.example.nl/oauth/token").unwrap();
    group_by_endpoints(ids.iter().map(|each| (id(each), front.clone(), back.clone()))).remove(0)
}

pub(crate) fn flow_request(release: Release, ids: &[&str]) -> FlowRequest {
    FlowRequest::verzamelen(release, name(), &group(ids), redirect()).unwrap()
}

/// The path and query of an absolute address.
pub(crate) fn path(url: &str) -> &str {
    let rest = url.strip_prefix("https://dvza.example.nl").unwrap_or(url);
    assert!(rest.starts_with('/'), "{url}");
    rest
}

pub(crate) fn query(url: &str) -> &str {
    url.split_once('?').unwrap().1
}

pub(crate) fn browser(setup: &Setup) -> Browser {
    Browser::new(front_channel(
        setup.server.clone(),
        RouterOptions::at("/oauth").danger_without_limits(),
    ))
}

/// From the authorization request to the page of the flow: its path and the landingspagina.
pub(crate) async fn land(browser: &mut Browser, location: &str) -> (String, Seen) {
    let arrived = browser.get(path(location)).await;
    assert_eq!(arrived.status, 302, "{}", arrived.body);
    let flow = arrived.location().to_owned();
    let landing = browser.get(&flow).await;
    (flow, landing)
}

/// Through the login to the page after it.
pub(crate) async fn log_in(browser: &mut Browser, location: &str) -> (String, Seen) {
    let (flow, landing) = land(browser, location).await;
    let away = browser.answer(&flow, &landing, "answer=login").await;
    assert_eq!(away.status, 303);
    let relay = away
        .location()
        .split_once("RelayState=")
        .expect("to the login")
        .1
        .to_owned();
    let back = browser.get(&format!("/oauth/login?RelayState={relay}")).await;
    assert_eq!((back.status.as_u16(), back.location()), (302, flow.as_str()));
    let page = browser.get(&flow).await;
    (flow, page)
}

/// Through consent to the redirect back to the DVP.
pub(crate) async fn consent(browser: &mut Browser, location: &str, answer: &str) -> String {
    let (flow, page) = log_in(browser, location).await;
    let back = browser.answer(&flow, &page, answer).await;
    assert_eq!(back.status, 303, "{}", back.body);
    back.location().to_owned()
}

/// A code at the DVP, for a request.
pub(crate) async fn code_for(setup: &Setup, dvp: &Dvp, flow_request: FlowRequest, answer: &str) -> ReceivedCode {
    let flows = PendingFlows::default();
    let started = dvp
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request,
            SESSION,
        )
        .unwrap();
    flows.insert(started.flow);
    let back = consent(&mut browser(setup), &started.location, answer).await;
    assert!(back.starts_with("https://pgo.example.nl/cb?code="), "{back}");
    dvp.finish(&flows, &Callback::new(SESSION, "/cb", query(&back)))
        .unwrap()
}

pub(crate) async fn tokens_for(setup: &Setup, dvp: &Dvp, flow_request: FlowRequest, answer: &str) -> Tokens {
    let (request, exchange) = dvp
        .token_request(code_for(setup, dvp, flow_request, answer).await)
        .unwrap();
    let response = setup.server.token(&request, &peer()).await;
    dvp.tokens(exchange, &response).unwrap()
}

/// A token request as HTTP, with a code from a whole flow.
pub(crate) async fn token_request(setup: &Setup) -> Request<Bytes> {
    let received = code_for(setup, &dvp(), flow_request(Release::V2_2, &["42", "48"]), "answer=yes").await;
    dvp().token_request(received).unwrap().0
}

pub(crate) fn json(response: &Response<Bytes>) -> serde_json::Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn core_logging_102_202_203_204_core_autorisatie_200_a_whole_verzamelen_flow_in_2_2() {
    let setup = setup_2_2();
    let seen_by_the_dvp = std::sync::Arc::new(medmij_log::MemoryObserver::new());
    let dvp = dvp().with_observer(seen_by_the_dvp.clone());
    let tokens = tokens_for(&setup, &dvp, flow_request(Release::V2_2, &["42", "48"]), "answer=yes").await;
    assert_eq!(
        seen_by_the_dvp.types(),
        [
            EventType::SendAuthorizationRequest,
            EventType::ReceiveAuthorizationResponse,
            EventType::SendTokenRequest,
            EventType::ReceiveTokenResponse,
        ]
    );
    assert_eq!(tokens.granted.gegevensdiensten, [id("42"), id("48")]);
    assert!(tokens.granted.dropped.is_empty());
    assert!(tokens.renewal.is_none());

    let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
    let granted_access = setup
        .server
        .guard(&headers, None, &peer(), (&name(), &id("48")))
        .await
        .unwrap();
    assert_eq!(granted_access.persoon.bsn.expose(), crate::cases::dvza::BSN);
    assert_eq!(granted_access.aanbieder, name());
    assert_eq!(granted_access.correlation_id, tokens.correlation_id);
    assert_eq!(granted_access.client_id.as_str(), "pgo.example.nl");

    assert_eq!(
        setup.log.types(),
        [
            EventType::ReceiveAuthorizationRequest,
            EventType::ShowLandingPage,
            EventType::SendAuthenticationRequest,
            EventType::ReceiveAuthenticationResponse,
            EventType::SendAuthorizationResponse,
            EventType::ReceiveTokenRequest,
            EventType::SendTokenResponse,
            EventType::ReceiveResourceRequest,
        ]
    );
    let trace_ids: Vec<_> = setup.log.events().into_iter().map(|event| event.trace_id).collect();
    assert!(trace_ids.iter().all(|id| *id == tokens.correlation_id), "one trace id");
}

#[tokio::test]
async fn every_release_runs_from_end_to_end() {
    for release in Release::ALL.iter().copied() {
        let setup = crate::cases::dvza::setup(|config| {
            config.release = release;
            config.aanbieder = Some(name());
        });
        let dvp = dvp();
        let ids: &[&str] = if release < Release::V1_5 {
            &["42"]
        } else {
            &["42", "48"]
        };
        let tokens = tokens_for(&setup, &dvp, flow_request(release, ids), "answer=yes&langdurig=yes").await;
        let granted: Vec<_> = tokens
            .granted
            .gegevensdiensten
            .iter()
            .map(GegevensdienstId::as_str)
            .collect();
        assert_eq!(granted, ids, "{release}");
        // F03: no refresh token before 2.0
        assert_eq!(tokens.renewal.is_some(), release >= Release::V2_0, "{release}");
        let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
        assert_eq!(
            headers.contains_key("x-correlation-id"),
            release >= Release::V2_0,
            "{release}"
        );
        assert!(
            setup
                .server
                .guard(&headers, None, &peer(), (&name(), &id("42")))
                .await
                .is_ok(),
            "{release}"
        );
    }
}

#[tokio::test]
async fn delen_and_abonneren_run_from_end_to_end_g16_i12_f05() {
    let setup = setup_2_2();
    let dvp = dvp();
    let delen = Scope::delen(Release::V2_2, name(), id("53")).unwrap();
    let request = FlowRequest::new(name(), delen, &group(&["53"]), redirect());
    let tokens = tokens_for(&setup, &dvp, request, "answer=yes&langdurig=yes").await;
    assert_eq!(tokens.granted.gegevensdiensten, [id("53")]);
    assert!(tokens.renewal.is_none(), "a Bevestiging holds for one run");

    let abonneren = Scope::abonneren(Release::V2_2, 180, name(), id("42")).unwrap();
    let request = FlowRequest::new(name(), abonneren, &group(&["42"]), redirect());
    let tokens = tokens_for(&setup, &dvp, request, "answer=yes&langdurig=yes").await;
    assert_eq!(tokens.granted.days, Some(90), "never more than the maximum of the list");
    assert!(tokens.renewal.is_none());
    let headers = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
    // I12: consent to notifications gives no right to data
    let (none, peer) = (None, peer());
    assert_eq!(
        setup
            .server
            .guard(&headers, none, &peer, (&name(), &id("42")))
            .await
            .unwrap_err()
            .status(),
        403
    );
    let functions = [medmij_oauth::Function::Abonneren];
    let granted_access = setup
        .server
        .guard_for(&functions, &headers, none, &peer, (&name(), &id("42")))
        .await
        .unwrap();
    assert_eq!(granted_access.days, Some(90));
}
