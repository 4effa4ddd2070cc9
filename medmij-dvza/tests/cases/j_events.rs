// SPDX-License-Identifier: AGPL-3.0-or-later
//! J. The events of both sides, at their moment (core.logging.202, core.logging.203). Lines and batches are not here.

use std::sync::Arc;

use medmij_dvp::{Callback, PendingFlows, Renewal};
use medmij_dvza::store::{Acting, DangerShiftClock as _};
use medmij_log::{EventType, InitiatedBy, MemoryObserver};
use medmij_oauth::Scope;
use medmij_types::{Bsn, RefreshToken, Release};

use crate::cases::{
    dvza::{Login, setup_2_2},
    whole_flow::{SESSION, browser, consent, dvp, flow_request, land, log_in, peer, query},
};

#[tokio::test]
async fn core_logging_202_j05_the_events_of_a_dvp() {
    let setup = setup_2_2();
    let log = Arc::new(MemoryObserver::new());
    let dvp = dvp().with_observer(Arc::clone(&log) as _);
    let flows = PendingFlows::default();
    let started = dvp
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let trace_id = started.flow.correlation_id().cloned();
    flows.insert(started.flow);
    let back = consent(&mut browser(&setup), &started.location, "answer=yes&langdurig=yes").await;
    let received = dvp
        .finish(&flows, &Callback::new(SESSION, "/cb", query(&back)))
        .unwrap();
    let (request, exchange) = dvp.token_request(received).unwrap();
    let tokens = dvp
        .tokens(exchange, &setup.server.token(&request, &peer()).await)
        .unwrap();
    assert_eq!(
        log.types(),
        [
            EventType::SendAuthorizationRequest,
            EventType::ReceiveAuthorizationResponse,
            EventType::SendTokenRequest,
            EventType::ReceiveTokenResponse,
        ]
    );
    let events = log.drain();
    assert!(
        events
            .iter()
            .all(|event| event.trace_id == trace_id && event.at.is_some())
    );
    assert!(events.iter().all(|event| {
        event
            .location
            .as_ref()
            .is_some_and(|host| host.as_str() == "pgo.example.nl")
    }));
    let sent = events[2].request.as_ref().unwrap();
    assert_eq!(sent.grant_type, Some("authorization_code"));
    assert_eq!(sent.server_id.as_ref().unwrap().as_str(), "dvza.example.nl");
    assert_eq!(sent.initiated_by, Some(InitiatedBy::Person));
    assert_eq!(sent.uri(), Some("https://dvza.example.nl/oauth/token"));

    // a refresh is started by a machine, in a chain of its own; a refusal carries the code of the other side
    let (request, exchange) = dvp
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            tokens.renewal.unwrap(),
            InitiatedBy::Machine,
        )
        .unwrap();
    setup.dvza.clients.lock().unwrap().clear();
    assert!(
        dvp.tokens(exchange, &setup.server.token(&request, &peer()).await)
            .is_err()
    );
    let events = log.drain();
    let sent = events[0].request.as_ref().unwrap();
    assert_eq!(
        (sent.grant_type, sent.initiated_by),
        (Some("refresh_token"), Some(InitiatedBy::Machine))
    );
    assert_ne!(events[0].trace_id, trace_id);
    assert_eq!(events[1].event_type, EventType::ReceiveTokenRequestError);
    assert_eq!(events[1].error.as_ref().unwrap().code, "invalid_client");
    assert_eq!(events[1].response.as_ref().unwrap().status, 401);
}

#[tokio::test]
async fn core_gegevensuitwisseling_200_a_refresh_is_logged_as_what_started_it() {
    let renewal = || {
        Renewal::new(
            RefreshToken::from_wire("r").unwrap(),
            "een@medmij".parse().unwrap(),
            Scope::verzamelen(Release::V2_2, "een@medmij".parse().unwrap(), &["42".parse().unwrap()]).unwrap(),
            vec!["42".parse().unwrap()],
            "https://dvza.example.nl/oauth/token".parse().unwrap(),
        )
    };
    for by in [InitiatedBy::Person, InitiatedBy::Machine] {
        let log = Arc::new(MemoryObserver::new());
        let dvp = dvp().with_observer(log.clone());
        let _ = dvp
            .refresh_request(medmij_dvp::person::ActiveAccount::danger_unchecked(), renewal(), by)
            .unwrap();
        assert_eq!(log.drain()[0].request.as_ref().unwrap().initiated_by, Some(by));
    }
}

#[tokio::test]
async fn core_logging_203_j02_j03_j04_the_events_of_a_dva_when_it_goes_wrong() {
    let setup = setup_2_2();
    let mut browser = browser(&setup);
    // J02
    browser.get("/oauth/authorize?client_id=onbekend.example.nl").await;
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
        ]
    );
    // J03
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let wrong = started.location.replace("response_type=code", "response_type=token");
    browser.get(crate::cases::whole_flow::path(&wrong)).await;
    let events = setup.log.drain();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, EventType::SendAuthorizationRequestError);
    assert_eq!(events[0].error.as_ref().unwrap().code, "unsupported_response_type");
    // J04
    *setup.dvza.login.lock().unwrap() = Login::Cancelled;
    log_in(&mut browser, &started.location).await;
    assert_eq!(
        setup.log.types().last(),
        Some(&EventType::ReceiveAuthorizationCancellation)
    );
    // the session id is one for a flow, and another for the next
    let sessions = |log: &MemoryObserver| {
        let ids: std::collections::BTreeSet<_> = log.drain().into_iter().filter_map(|event| event.session_id).collect();
        ids
    };
    let first = sessions(&setup.log);
    assert_eq!(first.len(), 1);
    land(&mut browser, &started.location).await;
    assert!(sessions(&setup.log).is_disjoint(&first));
}

#[tokio::test]
async fn core_dossier_108_a_death_ends_what_was_granted_and_the_chain_log_tells_of_each_consent() {
    let setup = setup_2_2();
    let flows = PendingFlows::default();
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    flows.insert(started.flow);
    let back = consent(&mut browser(&setup), &started.location, "answer=yes&langdurig=yes").await;
    let dvp = dvp();
    let callback = Callback::new(SESSION, "/cb", query(&back));
    let (request, exchange) = dvp.token_request(dvp.finish(&flows, &callback).unwrap()).unwrap();
    let tokens = dvp
        .tokens(exchange, &setup.server.token(&request, &peer()).await)
        .unwrap();
    let persoon = Bsn::parse(crate::cases::dvza::BSN).unwrap();
    let mut by = Acting::operator("ann");
    setup.log.drain();
    let ended = setup.server.end_after_death(&persoon, by.clone()).await.unwrap();
    assert_eq!(ended.grants.len(), 1);
    let events = setup.log.drain();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, EventType::ConsentWithdrawn);
    let request = events[0].request.as_ref().unwrap();
    assert_eq!(request.client_id.as_ref().unwrap().as_str(), "pgo.example.nl");
    assert_eq!(request.initiated_by, Some(InitiatedBy::Machine));
    assert!(request.provider_id.is_some() && events[0].trace_id.is_some());
    // the DVP gets what it gets for any consent that is over
    let (request, exchange) = dvp
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            tokens.renewal.unwrap(),
            InitiatedBy::Machine,
        )
        .unwrap();
    let answer = setup.server.token(&request, &peer()).await;
    assert_eq!(answer.status(), 400);
    assert!(String::from_utf8_lossy(answer.body()).contains("invalid_grant"));
    assert!(dvp.tokens(exchange, &answer).is_err());
    setup.log.drain();
    // erased after that: in a chain of the caller, and nothing is left to tell of
    by.trace_id = events[0].trace_id.clone();
    let erased = setup.server.erase(&persoon, by).await.unwrap();
    assert!(erased.grants.is_empty() && erased.entries > 0);
    assert!(setup.log.drain().is_empty());
    let entries = setup.dvza.store.danger_audit().await.unwrap();
    assert!(entries.iter().all(|entry| entry.persoon.is_none()));
}
