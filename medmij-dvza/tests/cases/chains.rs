// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102, core.logging.202, core.logging.203 — a whole chain is rebuilt from the log files of both sides, for each
//! function and for each way in which it can end.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use medmij_dvp::{Callback, Dvp, FlowRequest, PendingFlows, Tokens, person::ActiveAccount};
use medmij_dvza::ToetsOutcome;
use medmij_log::{Chain, InitiatedBy, LineFormat, MemoryObserver, check};
use medmij_oauth::{Function, Scope};
use medmij_types::{FrontchannelUri, OsEntropy, Release};

use crate::cases::{
    dvza::{Setup, setup_2_2},
    whole_flow::{SESSION, browser, consent, dvp, flow_request, group, id, log_in, name, peer, query, redirect},
};

const DVP: &str = "pgo.example.nl";
const DVA: &str = "dvza.example.nl";

struct World {
    setup: Setup,
    log: Arc<MemoryObserver>,
    dvp: Dvp,
}

impl World {
    fn new() -> Self {
        let log = Arc::new(MemoryObserver::new());
        let dvp = dvp().with_observer(Arc::clone(&log) as _);
        let setup = setup_2_2();
        Self { setup, log, dvp }
    }

    /// From the request to the answer that comes back, and to the tokens where it brings a code.
    async fn authorize(&self, flow_request: FlowRequest, answer: &str) -> Option<Tokens> {
        let flows = PendingFlows::default();
        let started = self
            .dvp
            .start(ActiveAccount::danger_unchecked(), flow_request, SESSION)
            .unwrap();
        flows.insert(started.flow);
        let back = consent(&mut browser(&self.setup), &started.location, answer).await;
        let received = self
            .dvp
            .finish(&flows, &Callback::new(SESSION, "/cb", query(&back)))
            .ok()?;
        let (request, exchange) = self.dvp.token_request(received).unwrap();
        let response = self.setup.server.token(&request, &peer()).await;
        self.dvp.tokens(exchange, &response).ok()
    }

    async fn refresh(&self, tokens: Tokens, by: InitiatedBy) -> Option<Tokens> {
        let (request, exchange) = self
            .dvp
            .refresh_request(ActiveAccount::danger_unchecked(), tokens.renewal.unwrap(), by)
            .unwrap();
        let response = self.setup.server.token(&request, &peer()).await;
        self.dvp.tokens(exchange, &response).ok()
    }

    /// A resource request, answered with a status by what is behind the guard.
    async fn resource(&self, tokens: &Tokens, (function, service): (Function, &str), method: Method, status: u16) {
        let service = id(service);
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = "https://dvza.example.nl/fhir/Patient?_id=17&_count=5".parse().unwrap();
        *request.headers_mut() = tokens.resource_headers(&OsEntropy).unwrap();
        let log = self.dvp.resource_log(tokens, &service);
        let sent = log.sent(&request);
        let server = &self.setup.server;
        let judged = server
            .guard_request(&[function], &request, &peer(), (&name(), &service))
            .await;
        let response = match judged {
            Ok(granted_access) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                server.answered(&granted_access, response.status());
                response
            }
            Err(error) => error.to_http(),
        };
        log.answered(sent, &response);
    }

    /// Writes both files, checks every line of them, and reads the chains back.
    fn chains(&self) -> (Vec<Chain>, String) {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, log: &MemoryObserver| {
            let path = folder.path().join(file);
            let now = std::time::SystemTime::UNIX_EPOCH;
            let lines: Vec<_> = log
                .drain()
                .iter()
                .map(|event| LineFormat::default().line(event, now))
                .collect();
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
            path
        };
        let files = [write("dvp.log", &self.log), write("dva.log", &self.setup.log)];
        let texts = files.map(|path: std::path::PathBuf| std::fs::read_to_string::<&Path>(path.as_ref()).unwrap());
        for text in &texts {
            let faults: Vec<_> = check(text).into_iter().filter(|found| found.fault.is_error()).collect();
            assert!(faults.is_empty(), "{faults:?}\n{text}");
        }
        (Chain::read(texts.iter().map(String::as_str)), texts.concat())
    }

    /// The one chain, whole: what each side logged, in order.
    fn chain(&self) -> (Vec<String>, Vec<String>, String) {
        let (chains, text) = self.chains();
        assert_eq!(chains.len(), 1, "{text}");
        let (dvp, dva) = sides(&chains[0]);
        (dvp, dva, text)
    }
}

fn sides(chain: &Chain) -> (Vec<String>, Vec<String>) {
    assert!(chain.one_sided().is_empty(), "{chain}");
    let of = |node: &str| {
        let events = chain.events.iter().filter(|event| event.node == node);
        events.map(|event| event.name.clone()).collect::<Vec<_>>()
    };
    (of(DVP), of(DVA))
}

const AUTHORIZED_DVP: [&str; 4] = [
    "send_authorization_request",
    "receive_authorization_response",
    "send_token_request",
    "receive_token_response",
];
const AUTHORIZED_DVA: [&str; 7] = [
    "receive_authorization_request",
    "show_landing_page",
    "send_authentication_request",
    "receive_authentication_response",
    "send_authorization_response",
    "receive_token_request",
    "send_token_response",
];
const RESOURCE_DVP: [&str; 2] = ["send_resource_request", "receive_resource_response"];
const RESOURCE_DVA: [&str; 2] = ["receive_resource_request", "send_resource_response"];

fn joined(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn core_logging_102_a_chain_of_verzamelen() {
    let world = World::new();
    let tokens = world
        .authorize(flow_request(Release::V2_2, &["42"]), "answer=yes")
        .await
        .unwrap();
    world
        .resource(&tokens, (Function::Verzamelen, "42"), Method::GET, 200)
        .await;
    let (dvp, dva, text) = world.chain();
    assert_eq!(dvp, joined(&[&AUTHORIZED_DVP, &RESOURCE_DVP]));
    assert_eq!(dva, joined(&[&AUTHORIZED_DVA, &RESOURCE_DVA]));
    assert!(text.contains("eenofanderezorgaanbieder") && text.contains(r#""service_id":"42""#));
    assert!(
        text.contains("/fhir/Patient?_count=5") && !text.contains("_id="),
        "{text}"
    );
    assert!(!text.contains("machine"));
}

#[tokio::test]
async fn core_logging_102_chains_of_delen_and_of_abonneren() {
    let delen = Scope::delen(Release::V2_2, name(), id("53")).unwrap();
    let abonneren = Scope::abonneren(Release::V2_2, 60, name(), id("42")).unwrap();
    for (scope, function, service) in [(delen, Function::Delen, "53"), (abonneren, Function::Abonneren, "42")] {
        let world = World::new();
        let asked = FlowRequest::new(name(), scope, &group(&[service]), redirect());
        let tokens = world.authorize(asked, "answer=yes").await.unwrap();
        world.resource(&tokens, (function, service), Method::POST, 201).await;
        let (dvp, dva, text) = world.chain();
        assert_eq!(dvp, joined(&[&AUTHORIZED_DVP, &RESOURCE_DVP]), "{function:?}");
        assert_eq!(dva, joined(&[&AUTHORIZED_DVA, &RESOURCE_DVA]), "{function:?}");
        assert!(text.contains(r#""method":"POST""#));
    }
}

#[tokio::test]
async fn core_gegevensuitwisseling_200_chains_of_a_refresh_by_a_person_and_of_automatic_collecting() {
    for (by, said, other) in [
        (InitiatedBy::Person, "person", "machine"),
        (InitiatedBy::Machine, "machine", "person"),
    ] {
        let world = World::new();
        let tokens = world
            .authorize(flow_request(Release::V2_2, &["42"]), "answer=yes&langdurig=yes")
            .await;
        world.chain();
        let tokens = world.refresh(tokens.unwrap(), by).await.unwrap();
        world
            .resource(&tokens, (Function::Verzamelen, "42"), Method::GET, 200)
            .await;
        let (dvp, dva, text) = world.chain();
        assert_eq!(dvp, joined(&[&AUTHORIZED_DVP[2..], &RESOURCE_DVP]));
        assert_eq!(dva, joined(&[&AUTHORIZED_DVA[5..], &RESOURCE_DVA]));
        // said in every request of the DVP, and only that
        let said = format!(r#""initiated_by":"{said}""#);
        assert_eq!(text.matches(&said).count(), 4, "{text}");
        assert!(!text.contains(&format!(r#""initiated_by":"{other}""#)), "{text}");
        assert!(text.contains(r#""grant_type":"refresh_token""#));
    }
}

#[tokio::test]
async fn core_logging_103_autoriseren_1_2_a_refusal_and_no_data_are_one_chain() {
    let mut seen = Vec::new();
    for data in [true, false] {
        let world = World::new();
        *world.setup.dvza.outcome.lock().unwrap() = (!data).then_some(ToetsOutcome::Unavailable);
        assert!(
            world
                .authorize(flow_request(Release::V2_2, &["42"]), "answer=no")
                .await
                .is_none()
        );
        let (dvp, dva, text) = world.chain();
        assert_eq!(dvp, joined(&[&AUTHORIZED_DVP[..2]]));
        assert_eq!(dva, joined(&[&AUTHORIZED_DVA[..5]]));
        assert_eq!(text.matches(r#""code":"access_denied""#).count(), 2);
        let texts: Vec<_> = text
            .lines()
            .map(|line| line.split("\"error\"").nth(1).map(str::to_owned))
            .collect();
        seen.push(texts);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn core_logging_102_203_chains_of_failures_name_grant_and_client() {
    // at the token endpoint
    let world = World::new();
    let tokens = world
        .authorize(flow_request(Release::V2_2, &["42"]), "answer=yes&langdurig=yes")
        .await
        .unwrap();
    world.chain();
    world.setup.dvza.clients.lock().unwrap().clear();
    assert!(world.refresh(tokens, InitiatedBy::Machine).await.is_none());
    let (dvp, dva, text) = world.chain();
    assert_eq!(dvp, ["send_token_request", "receive_token_request_error"]);
    assert_eq!(dva, ["receive_token_request", "send_token_request_error"]);
    for line in text.lines() {
        assert!(line.contains(r#""client_id":"pgo.example.nl""#), "{line}");
        assert!(line.contains(r#""grant_type":"refresh_token""#), "{line}");
    }
    // at the resource server: behind the guard, and by it
    for (function, status) in [(Function::Verzamelen, 503), (Function::Delen, 403)] {
        let world = World::new();
        let tokens = world
            .authorize(flow_request(Release::V2_2, &["42"]), "answer=yes")
            .await
            .unwrap();
        world.chain();
        world.resource(&tokens, (function, "42"), Method::GET, 503).await;
        let (dvp, dva, text) = world.chain();
        assert_eq!(dvp, ["send_resource_request", "receive_resource_error_response"]);
        assert_eq!(dva, ["receive_resource_request", "send_resource_request_error"]);
        assert_eq!(text.matches(&format!(r#""status":{status}"#)).count(), 2, "{text}");
    }
    // an answer that never came
    let world = World::new();
    let tokens = world
        .authorize(flow_request(Release::V2_2, &["42"]), "answer=yes&langdurig=yes")
        .await
        .unwrap();
    world.chain();
    let (_, exchange) = world
        .dvp
        .refresh_request(
            ActiveAccount::danger_unchecked(),
            tokens.renewal.clone().unwrap(),
            InitiatedBy::Person,
        )
        .unwrap();
    world.dvp.unanswered(&exchange);
    let (chains, _) = world.chains();
    let names: Vec<_> = chains[0].events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["send_token_request", "receive_token_request_error"]);
}

#[tokio::test]
async fn core_logging_102_a_chain_of_a_withdrawal() {
    let world = World::new();
    let langdurig = "answer=yes&langdurig=yes";
    world
        .authorize(flow_request(Release::V2_2, &["42"]), langdurig)
        .await
        .unwrap();
    world.chain();
    let mut asked = flow_request(Release::V2_2, &["42"]);
    asked.authorization_endpoint = FrontchannelUri::parse("https://dvza.example.nl/oauth/toestemmingen").unwrap();
    let flows = PendingFlows::default();
    let started = world
        .dvp
        .start(ActiveAccount::danger_unchecked(), asked, SESSION)
        .unwrap();
    flows.insert(started.flow);
    let mut browser = browser(&world.setup);
    let (flow, page) = log_in(&mut browser, &started.location).await;
    browser.answer(&flow, &page, "answer=stop&number=0").await;
    let page = browser.get(&flow).await;
    browser.answer(&flow, &page, "answer=yes").await;
    let page = browser.get(&flow).await;
    let back = browser.answer(&flow, &page, "answer=back").await;
    world
        .dvp
        .returned(&flows, &Callback::new(SESSION, "/cb", query(back.location())))
        .unwrap();
    let (dvp, dva, text) = world.chain();
    assert_eq!(dvp, joined(&[&AUTHORIZED_DVP[..2]]));
    let mut expected = joined(&[&AUTHORIZED_DVA[..4], &["consent_withdrawn"]]);
    expected.extend(joined(&[&AUTHORIZED_DVA[4..5]]));
    assert_eq!(dva, expected);
    assert!(
        text.contains(r#""uri":"https://dvza.example.nl/oauth/toestemmingen""#),
        "{text}"
    );
}

#[tokio::test]
async fn core_rscint_201_a_request_that_went_out_twice_stands_in_the_log_twice_under_two_ids() {
    let world = World::new();
    let tokens = world
        .authorize(flow_request(Release::V2_2, &["42"]), "answer=yes")
        .await
        .unwrap();
    world.chain();
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = "https://dvza.example.nl/fhir/Patient".parse().unwrap();
    *request.headers_mut() = tokens.resource_headers(&OsEntropy).unwrap();
    let log = world.dvp.resource_log(&tokens, &id("42"));
    let second = medmij_types::MedMijRequestId::random(&OsEntropy).unwrap();
    let sent = log.sent_again(log.sent(&request), Some(second.clone()));
    log.answered(sent, &Response::new(()));
    let first = request.headers()["medmij-request-id"].to_str().unwrap().to_owned();
    let events: Vec<_> = world
        .log
        .events()
        .iter()
        .map(|event| {
            let id = event.request.as_ref().unwrap().id.as_ref().unwrap().as_str().to_owned();
            (event.event_type.as_str().to_owned(), id)
        })
        .collect();
    let expected = [
        ("send_resource_request", &first),
        ("receive_resource_request_error", &first),
        ("send_resource_request", &second.as_str().to_owned()),
        ("receive_resource_response", &second.as_str().to_owned()),
    ];
    assert_eq!(events, expected.map(|(name, id)| (name.to_owned(), id.clone())));
}
