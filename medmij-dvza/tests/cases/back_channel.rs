// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, core.tknint.203, core.tknint.206, core.whl.306 – core.whl.308, core.rscint.202 — the exchange over real
//! mutual TLS: who gets in, what is sent, how long it may take, and that it goes once.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, middleware::Next, response::Response, routing::get};
use bytes::Bytes;
use medmij_dvp::{Callback, FlowRequest, PendingFlows, ReceivedCode, SendError, Tokens};
use medmij_dvza::router::{Guard, RouterOptions, back_channel};
use medmij_net::{
    BackChannel, BackChannelListener, DangerLoopback, NetError, NodeIdentity, Revocation, SendLimits, TrustRoots,
};
use medmij_oauth::policy::ClientBinding;
use medmij_test::{LeafSpec, TestPki};
use medmij_types::{BackchannelUri, Hostname, Release};
use medmij_whitelist::HostPolicy;
use tokio::sync::Notify;

use crate::cases::{
    dvza::{Setup, setup},
    whole_flow::{SESSION, code_for, dvp, flow_request, id},
};

const DVZA: &str = "dvza.localhost";
const DVP: &str = "pgo.example.nl";
const OTHER: &str = "ander.example.nl";

/// A DVZA on a mutual-TLS listener that lets two DVPs in.
struct Net {
    setup: Setup,
    pki: TestPki,
    address: SocketAddr,
    /// Requests that reached HTTP.
    requests: Arc<AtomicUsize>,
    /// While it is set, answers wait for it.
    hold: Arc<Notify>,
}

impl Net {
    async fn start(held: bool) -> Self {
        let setup = setup(|config| config.binding = ClientBinding::require());
        let pki = TestPki::new("ours").unwrap();
        let (requests, hold) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, wait) = (Arc::clone(&requests), Arc::clone(&hold));
        let gate = move |request: Request, next: Next| {
            let (count, wait) = (Arc::clone(&count), Arc::clone(&wait));
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                if held {
                    wait.notified().await;
                }
                let response: Response = next.run(request).await;
                response
            }
        };
        let guard = Guard::new(setup.server.clone(), crate::cases::whole_flow::name(), id("48"));
        let fhir = guard.protect(Router::new().route("/fhir/Patient", get(async || "data")));
        let router = back_channel(
            setup.server.clone(),
            RouterOptions::at("/oauth").danger_without_limits(),
        )
        .merge(fhir)
        .layer(axum::middleware::from_fn(gate));
        let policy = HostPolicy::danger_fixed([DVP, OTHER].map(|name| Hostname::parse(name).unwrap()));
        let identity = identity(&pki, DVZA);
        let listener = BackChannelListener::builder(identity, roots(&pki), policy)
            .revocation(Revocation::danger_off())
            .bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let address = listener.local_addr();
        tokio::spawn(listener.serve(router, std::future::pending()));
        Self {
            setup,
            pki,
            address,
            requests,
            hold,
        }
    }

    /// The back channel of a Node with this name, whose certificate an authority issued.
    fn node(&self, name: &str, issuer: &TestPki) -> BackChannel {
        let dvza = Hostname::parse(DVZA).unwrap();
        let map = DangerLoopback::new().back(dvza.clone(), self.address).unwrap();
        BackChannel::builder(
            identity(issuer, name),
            roots(&self.pki),
            HostPolicy::danger_fixed([dvza]),
        )
        .revocation(Revocation::danger_off())
        .danger_loopback(map)
        .build()
        .unwrap()
    }

    async fn code(&self) -> ReceivedCode {
        let mut request: FlowRequest = flow_request(Release::V2_2, &["42", "48"]);
        request.token_endpoint = BackchannelUri::parse(&format!("https://{DVZA}/oauth/token")).unwrap();
        code_for(&self.setup, &dvp(), request, "answer=yes").await
    }

    async fn patient(&self, channel: &BackChannel, tokens: &Tokens) -> Result<http::Response<Bytes>, NetError> {
        let mut request = http::Request::get(format!("https://{DVZA}/fhir/Patient"))
            .body(Bytes::new())
            .unwrap();
        *request.headers_mut() = tokens.resource_headers(&medmij_types::OsEntropy).unwrap();
        channel.send(request).await
    }
}

fn identity(pki: &TestPki, name: &str) -> NodeIdentity {
    let issued = pki.issue(&LeafSpec::node(name)).unwrap();
    NodeIdentity::from_pem(issued.chain_pem().as_bytes(), issued.key_pem().as_bytes()).unwrap()
}

fn roots(pki: &TestPki) -> TrustRoots {
    TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn core_tknint_200_peers_46_an_exchange_over_mutual_tls() {
    let net = Net::start(false).await;
    let channel = net.node(DVP, &net.pki);
    let tokens = dvp().exchange(net.code().await, &channel).await.unwrap();
    assert_eq!(net.requests.load(Ordering::SeqCst), 1, "really sent, and once");
    assert_eq!(tokens.granted.gegevensdiensten, [id("42"), id("48")]);
    assert_eq!(net.patient(&channel, &tokens).await.unwrap().status(), 200);
    // a refusal of the other side is told as what it is, by its code only
    let received = net.code().await;
    net.setup.dvza.clients.lock().unwrap().retain(|name| *name == OTHER);
    let refused = dvp().exchange(received, &channel).await.unwrap_err();
    assert!(matches!(refused, SendError::Exchange { .. }));
    assert_eq!(refused.to_string(), "token request was refused: invalid_client");
}

#[tokio::test]
async fn core_whl_306_308_core_tknint_200_e15_e16_suite_5_who_gets_in() {
    let net = Net::start(false).await;
    let other = TestPki::new("other").unwrap();
    // a Node that is not on the Whitelist, and one whose certificate is of no authority here: no word of HTTP
    for channel in [net.node("vreemd.example.nl", &net.pki), net.node(DVP, &other)] {
        let refused = dvp().exchange(net.code().await, &channel).await.unwrap_err();
        assert!(matches!(refused, SendError::Net(_)), "{refused}");
    }
    assert_eq!(net.requests.load(Ordering::SeqCst), 0);
    // a Node that is on the Whitelist and is another DVP: at the token endpoint, and at the resource server
    let (own, other) = (net.node(DVP, &net.pki), net.node(OTHER, &net.pki));
    let refused = dvp().exchange(net.code().await, &other).await.unwrap_err();
    assert_eq!(refused.to_string(), "token request was refused: invalid_client");
    let tokens = dvp().exchange(net.code().await, &own).await.unwrap();
    let stolen = net.patient(&other, &tokens).await.unwrap();
    assert_eq!(stolen.status(), 401);
    assert_eq!(stolen.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
    assert_eq!(
        net.patient(&own, &tokens).await.unwrap().status(),
        200,
        "the token stays valid"
    );
}

/// Moves the clock of the runtime while a request is under way. It stands still only for this moment: a clock that stood
/// still would run ahead by itself whenever nothing but the network is waited for.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
    tokio::task::yield_now().await;
}

async fn until_it_arrived(net: &Net) {
    while net.requests.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn core_tknint_206_e20_ten_seconds_are_waited_for() {
    let net = Net::start(true).await;
    let (channel, received) = (net.node(DVP, &net.pki), net.code().await);
    let exchange = tokio::spawn(async move { dvp().exchange(received, &channel).await });
    until_it_arrived(&net).await;
    pass(Duration::from_secs(11)).await;
    assert!(!exchange.is_finished());
    net.hold.notify_one();
    assert!(exchange.await.unwrap().is_ok());
}

#[tokio::test]
async fn core_tknint_203_e06_a_code_that_was_sent_is_not_sent_again() {
    let net = Net::start(true).await;
    let (channel, received) = (net.node(DVP, &net.pki), net.code().await);
    let state = received.flow().state().clone();
    let flows = PendingFlows::default();
    let exchange = tokio::spawn(async move { dvp().exchange(received, &channel).await });
    until_it_arrived(&net).await;
    pass(Duration::from_secs(61)).await;
    let Err(SendError::Net(error)) = exchange.await.unwrap() else {
        panic!("an answer that did not come")
    };
    assert!(error.is_timeout());
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(net.requests.load(Ordering::SeqCst), 1);
    // nor does the browser bring it again: the flow was spent before the exchange
    let again = format!("code=x&state={}", state.expose());
    let callback = Callback::new(SESSION, "/cb", &again);
    assert!(dvp().finish(&flows, &callback).is_err());
}

#[tokio::test]
async fn core_rscint_202_h13_a_resource_has_sixty_seconds() {
    let net = Net::start(true).await;
    let channel = net.node(DVP, &net.pki);
    let request = http::Request::get(format!("https://{DVZA}/fhir/Patient"))
        .body(Bytes::new())
        .unwrap();
    let asked = tokio::spawn(async move { channel.send_within(request, SendLimits::default()).await });
    until_it_arrived(&net).await;
    pass(Duration::from_secs(59)).await;
    assert!(!asked.is_finished());
    pass(Duration::from_secs(2)).await;
    assert!(asked.await.unwrap().unwrap_err().is_timeout());
}
