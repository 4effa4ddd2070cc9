// SPDX-License-Identifier: AGPL-3.0-or-later
//! D. Authorization response and code; C1, C2 of the threat model.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use medmij_dvp::{Callback, CallbackError, PendingFlow, PendingFlows, UserMessage};
use medmij_oauth::{OauthError, wire::ErrorCode};
use medmij_types::{Entropy, EntropyError, OsEntropy, Release, State};

use crate::cases::{
    dvza::{setup, setup_2_2},
    whole_flow::{SESSION, browser, consent, dvp, flow_request, log_in, name, peer, query},
};

#[tokio::test]
async fn core_autorisatie_207_d01_d05_d06_peers_55_code_and_state_only() {
    for release in Release::ALL.iter().copied() {
        let setup = setup(|config| {
            config.release = release;
            config.aanbieder = Some(name());
        });
        let started = dvp()
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request(release, &["42"]),
                SESSION,
            )
            .unwrap();
        let back = consent(&mut browser(&setup), &started.location, "answer=yes").await;
        let form = medmij_oauth::form::Form::parse(query(&back).as_bytes()).unwrap();
        let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["code", "state"], "{release}");
        let code = form.one("code").unwrap().unwrap();
        if release < Release::V1_2 {
            assert_eq!((code.len(), &code[14..15]), (36, "4"));
            assert!(matches!(&code[19..20], "8" | "9" | "a" | "b"));
        } else {
            assert_eq!(code.len(), 43);
        }
    }
}

#[test]
fn core_tknint_202_d07_d09_c1_peers_43_44_state_is_spent_once_in_its_session() {
    let dvp = dvp();
    let flows = PendingFlows::default();
    let started = dvp
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let state = started.flow.state().clone();
    flows.insert(started.flow);
    let good = format!("code=abc&state={}", state.expose());
    let prefix = format!("code=abc&state={}", &state.expose()[..42]);
    for (session, query, error) in [
        (SESSION, "code=abc&state=onbekend", CallbackError::UnknownState),
        (SESSION, prefix.as_str(), CallbackError::UnknownState),
        ("another session", good.as_str(), CallbackError::UnknownState),
        (SESSION, "code=abc", CallbackError::Response(OauthError::ResponseState)),
        (
            SESSION,
            "code=abc&state=",
            CallbackError::Response(OauthError::ResponseState),
        ),
        (SESSION, "", CallbackError::Response(OauthError::ResponseState)),
    ] {
        let found = dvp.finish(&flows, &Callback::new(session, "/cb", query)).unwrap_err();
        assert_eq!(found, error, "{query}");
        assert_eq!(found.user_message(), UserMessage::StartAgain);
    }
    assert_eq!(flows.len(), 1);
    assert!(dvp.finish(&flows, &Callback::new(SESSION, "/cb", &good)).is_ok());
    let again = dvp.finish(&flows, &Callback::new(SESSION, "/cb", &good)).unwrap_err();
    assert_eq!(again, CallbackError::UnknownState);
}

#[test]
fn rfc_6749_4_1_2_1_d08_d10_errors_end_the_flow() {
    for (error, user_message) in [
        ("access_denied", UserMessage::NotGranted),
        ("server_error", UserMessage::OutageAtAanbieder),
        ("invalid_scope", UserMessage::OutageAtUs),
        ("iets_nieuws", UserMessage::OutageAtAanbieder),
    ] {
        let dvp = dvp();
        let flows = PendingFlows::default();
        let started = dvp
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request(Release::V2_2, &["42"]),
                SESSION,
            )
            .unwrap();
        let query = format!("error={error}&code=x&state={}", started.flow.state().expose());
        flows.insert(started.flow);
        let found = dvp.finish(&flows, &Callback::new(SESSION, "/cb", &query)).unwrap_err();
        assert!(matches!(&found, CallbackError::Refused(refused) if refused.error == ErrorCode::from_wire(error)));
        assert_eq!(found.user_message(), user_message);
        assert!(flows.is_empty());
    }
}

#[test]
fn c2_suite_16_an_answer_on_the_path_of_another_server_is_refused() {
    let dvp = dvp();
    let flows = PendingFlows::default();
    let started = dvp
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42"]),
            SESSION,
        )
        .unwrap();
    let query = format!("code=x&state={}", started.flow.state().expose());
    flows.insert(started.flow);
    let found = dvp
        .finish(&flows, &Callback::new(SESSION, "/cb/ander", &query))
        .unwrap_err();
    assert_eq!(found, CallbackError::OtherPath);
}

#[test]
fn a_pending_flow_survives_storage_and_shows_no_state() {
    let flow = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request(Release::V2_2, &["42", "48"]),
            SESSION,
        )
        .unwrap()
        .flow;
    let read = PendingFlow::from_json(&flow.expose_json()).unwrap();
    assert_eq!(read.state(), flow.state());
    assert_eq!(read.gegevensdiensten(), flow.gegevensdiensten());
    assert_eq!(read.correlation_id(), flow.correlation_id());
    assert!(!format!("{read:?}").contains(flow.state().expose()));
    assert!(PendingFlow::from_json("{}").is_none());
}

#[test]
fn pending_flows_are_bounded() {
    let flows = PendingFlows::new(3);
    let mut states: Vec<State> = Vec::new();
    for _ in 0..5 {
        let flow = dvp()
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request(Release::V2_2, &["42"]),
                SESSION,
            )
            .unwrap()
            .flow;
        states.push(flow.state().clone());
        flows.insert(flow);
    }
    assert_eq!(flows.len(), 3);
    assert!(flows.take(&states[1], SESSION).is_none());
    assert!(flows.take(&states[4], SESSION).is_some());
}

#[tokio::test]
async fn core_authint_200_b29_peers_42_any_state_comes_back_as_it_was() {
    let setup = setup_2_2();
    for state in ["a b&c=~", "%2B+/?#", "\"<>'", &"x".repeat(2_000)] {
        let location = format!(
            "/oauth/authorize?{}",
            medmij_oauth::form::encode([
                ("response_type", "code"),
                ("client_id", "pgo.example.nl"),
                ("redirect_uri", "https://pgo.example.nl/cb"),
                ("scope", "eenofanderezorgaanbieder"),
                ("state", state),
            ])
        );
        let back = consent(&mut browser(&setup), &location, "answer=yes").await;
        let form = medmij_oauth::form::Form::parse(query(&back).as_bytes()).unwrap();
        assert_eq!(form.one("state").unwrap(), Some(state));
    }
}

/// Randomness that can be played again: a generator that gives the same values twice.
#[derive(Default)]
struct Tape {
    played: Mutex<VecDeque<Vec<u8>>>,
    recorded: Mutex<Vec<Vec<u8>>>,
}

impl Tape {
    /// What was drawn since the last time.
    fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.recorded.lock().unwrap())
    }

    fn play(&self, values: Vec<Vec<u8>>) {
        *self.played.lock().unwrap() = values.into();
    }

    fn is_played(&self) -> bool {
        self.played.lock().unwrap().is_empty()
    }
}

impl Entropy for Tape {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match self.played.lock().unwrap().pop_front() {
            Some(value) => bytes.copy_from_slice(&value),
            None => OsEntropy.fill(bytes)?,
        }
        self.recorded.lock().unwrap().push(bytes.to_vec());
        Ok(())
    }
}

#[tokio::test]
async fn core_autorisatie_208_d04_f13_a_value_that_was_issued_never_leaves_again() {
    let tape = Arc::new(Tape::default());
    let setup = setup(|config| config.entropy = Arc::clone(&tape) as _);
    let (mut codes, mut requests) = (Vec::new(), Vec::new());
    for round in 0..2 {
        let started = dvp()
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request(Release::V2_2, &["42"]),
                SESSION,
            )
            .unwrap();
        let mut browser = browser(&setup);
        let (flow, page) = log_in(&mut browser, &started.location).await;
        let drawn = tape.take();
        if round == 1 {
            tape.play(codes.pop().unwrap());
        }
        let back = browser.answer(&flow, &page, "answer=yes").await;
        assert!(tape.is_played() && !drawn.is_empty());
        codes.push(tape.take());
        let callback = Callback::new(SESSION, "/cb", query(back.location()));
        let received = started.flow.finish(&callback, std::time::SystemTime::now()).unwrap();
        requests.push(dvp().token_request(received).unwrap().0);
    }
    assert_ne!(requests[0].body(), requests[1].body(), "a code was issued twice");
    let mut tokens = Vec::new();
    for (round, request) in requests.iter().enumerate() {
        if round == 1 {
            tape.play(tape.take());
        } else {
            tape.take();
        }
        let response = setup.server.token(request, &peer()).await;
        assert_eq!(response.status(), 200);
        assert!(tape.is_played());
        tokens.push(crate::cases::whole_flow::json(&response)["access_token"].clone());
    }
    assert_ne!(tokens[0], tokens[1], "a token was issued twice");
}
