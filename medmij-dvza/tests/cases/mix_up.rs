// SPDX-License-Identifier: AGPL-3.0-or-later
//! C2, C5 — two authorization servers of which one is hostile, and texts of the other side.

use medmij_dvp::{Callback, CallbackError, FlowRequest, PendingFlows, ReceivedCode, UserMessage, group_by_endpoints};
use medmij_oauth::{RedirectUri, policy::ClientBinding};
use medmij_types::{BackchannelUri, FrontchannelUri, Hostname, PeerNames, Release};

use crate::cases::{
    dvza::{Setup, setup, setup_2_2},
    whole_flow::{SESSION, browser, consent, dvp, id, json, name, peer, query},
};

/// The redirect path that the DVP has for an authorization server.
fn own_path(host: &str) -> String {
    dvp().redirect_path("/terug", &Hostname::parse(host).unwrap())
}

fn flow_request_at(host: &str) -> FlowRequest {
    let group = group_by_endpoints([(
        id("42"),
        FrontchannelUri::parse(&format!("https://{host}/oauth/authorize")).unwrap(),
        BackchannelUri::parse(&format!("https://{host}/oauth/token")).unwrap(),
    )]);
    let redirect = RedirectUri::parse(&format!("https://pgo.example.nl{}", own_path(host))).unwrap();
    FlowRequest::verzamelen(Release::V2_2, name(), &group[0], redirect).unwrap()
}

const HONEST: &str = "dvza.example.nl";
const HOSTILE: &str = "vijandig.example.nl";

/// A Persoon goes to the hostile server, which sends the browser on to the honest one, with the redirect path of `via`. The
/// Persoon consents there. What the browser brings to the DVP: path and query.
async fn sent_on(setup: &Setup, flows: &PendingFlows, via: &str) -> (String, String) {
    let started = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request_at(HOSTILE),
            SESSION,
        )
        .unwrap();
    flows.insert(started.flow);
    let forwarded = started
        .location
        .replace(HOSTILE, HONEST)
        .replace(&escaped(HOSTILE), &escaped(via));
    let back = consent(&mut browser(setup), &forwarded, "answer=yes").await;
    (own_path(via), query(&back).to_owned())
}

fn escaped(host: &str) -> String {
    own_path(host).replace('/', "%2F")
}

fn at_dvp(flows: &PendingFlows, session: &str, path: &str, query: &str) -> Result<ReceivedCode, CallbackError> {
    dvp().finish(flows, &Callback::new(session, path, query))
}

#[tokio::test]
async fn c2_suite_16_on_the_path_of_the_honest_server_the_code_goes_nowhere() {
    let (setup, flows) = (setup_2_2(), PendingFlows::default());
    let (path, query) = sent_on(&setup, &flows, HONEST).await;
    let found = at_dvp(&flows, SESSION, &path, &query).unwrap_err();
    assert_eq!(found, CallbackError::OtherPath);
    assert!(flows.is_empty(), "and there is no second try");
}

#[tokio::test]
async fn c2_suite_16_on_its_own_path_the_hostile_server_gets_a_code_that_nobody_can_use() {
    // under the default its certificate, which is on the Whitelist and of no client, would be served and reported
    let setup = setup(|config| config.binding = ClientBinding::require());
    // the hostile server gets the code, and offers it with its own certificate
    let flows = PendingFlows::default();
    let (path, query) = sent_on(&setup, &flows, HOSTILE).await;
    let received = at_dvp(&flows, SESSION, &path, &query).unwrap();
    let (request, _) = dvp().token_request(received).unwrap();
    assert_eq!(request.uri().host(), Some(HOSTILE), "only to the server of this flow");
    let hostile = PeerNames::new(None, [HOSTILE]);
    let response = setup.server.token(&request, &hostile).await;
    assert_eq!(json(&response)["error"], "invalid_client");

    // or somebody there puts it into an answer to a flow of their own at the same DVP: another redirect_uri, so it is burnt
    let (_, query) = sent_on(&setup, &flows, HOSTILE).await;
    let stolen = query.split('&').find(|pair| pair.starts_with("code=")).unwrap();
    let own = dvp()
        .start(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            flow_request_at(HONEST),
            "session of the thief",
        )
        .unwrap();
    let answer = format!("{stolen}&state={}", own.flow.state().expose());
    flows.insert(own.flow);
    let received = at_dvp(&flows, "session of the thief", &own_path(HONEST), &answer).unwrap();
    let (request, _) = dvp().token_request(received).unwrap();
    assert_eq!(request.uri().host(), Some(HONEST));
    for _ in 0..2 {
        let response = setup.server.token(&request, &peer()).await;
        assert_eq!(json(&response)["error"], "invalid_grant");
    }
}

/// What the default costs: it has to be seen.
#[tokio::test]
async fn c2_under_learn_a_hostile_server_that_is_no_client_is_reported() {
    let (setup, flows) = (setup_2_2(), PendingFlows::default());
    let (path, query) = sent_on(&setup, &flows, HOSTILE).await;
    let received = at_dvp(&flows, SESSION, &path, &query).unwrap();
    let (request, _) = dvp().token_request(received).unwrap();
    setup.server.token(&request, &PeerNames::new(None, [HOSTILE])).await;
    let raised = setup.log.events();
    let learned = raised
        .iter()
        .filter(|event| event.event_type.as_str() == "client_certificate_learned");
    assert_eq!(learned.count(), 1);
}

#[test]
fn c2_coming_back_from_beheren_needs_the_path_of_the_flow() {
    let (dvp, flows) = (dvp(), PendingFlows::default());
    for (path, good) in [(own_path(HOSTILE), false), (own_path(HONEST), true)] {
        let started = dvp
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request_at(HONEST),
                SESSION,
            )
            .unwrap();
        let query = format!("state={}", started.flow.state().expose());
        flows.insert(started.flow);
        let found = dvp.returned(&flows, &Callback::new(SESSION, &path, &query));
        assert_eq!(found.is_ok(), good);
        assert!(flows.is_empty());
    }
}

#[test]
fn c5_texts_of_the_other_side_steer_no_page_and_no_log() {
    for hostile in [
        "x\r\nSet-Cookie: a=b",
        "\u{1b}[31mrood\u{1b}]0;titel\u{7}",
        "<script>alert(1)</script>",
        "\u{202e}omgekeerd\u{2066}",
        "\0nul\u{85}\u{2028}",
        &"lang".repeat(1_000),
    ] {
        let (dvp, flows) = (dvp(), PendingFlows::default());
        let started = dvp
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request_at(HONEST),
                SESSION,
            )
            .unwrap();
        let answer = medmij_oauth::form::encode([
            ("error", hostile),
            ("error_description", hostile),
            ("state", started.flow.state().expose()),
        ]);
        flows.insert(started.flow);
        let error = at_dvp(&flows, SESSION, &own_path(HONEST), &answer).unwrap_err();
        let CallbackError::Refused(refused) = &error else {
            panic!("{error:?}")
        };
        for text in [
            refused.error.to_string(),
            refused.description.clone().unwrap(),
            error.to_string(),
        ] {
            assert!(
                text.len() <= 300 && text.bytes().all(|b| (b' '..=b'~').contains(&b)),
                "{text:?}"
            );
        }
        // what a Persoon gets to see is one of four things, and none of this text
        assert_eq!(error.user_message(), UserMessage::OutageAtAanbieder);
    }
}
