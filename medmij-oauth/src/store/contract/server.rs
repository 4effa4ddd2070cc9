// SPDX-License-Identifier: AGPL-3.0-or-later
//! The cases of the server that turn on the store, run through [`Server`] itself: whoever writes a store runs
//! [`server_contract!`](crate::server_contract) beside [`store_contract!`](crate::store_contract).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, Bsn, FrontchannelUri, GegevensdienstId, Hostname, Organisatienaam, OsEntropy,
    PeerNames, Release,
};

use crate::{
    ClientId, Functie, RedirectUri,
    client::{Aanvraag, Callback, Dvp, ReceivedCode, Renewal, Tokens, group_by_endpoints},
    seal::{LocalKeyRing, SealingKey},
    server::{
        Aanbieder, Aanbieders, Arrived, Authentication, Client, Clients, Dienst, Dvza, LoginCallback, LoginOutcome,
        LoginRequest, LoginStart, Next, Persoon, Server, ServerConfig, Submitted, SupplierError, Toets, ToetsUitslag,
        ToetsVraag, TokenBinding, Visitor,
    },
    store::DangerShiftClock,
    wire::form::Form,
};

/// Instantiates the server's cases for a store: an expression that makes an empty one (it may `.await`).
#[macro_export]
macro_rules! server_contract {
    ($make:expr) => {
        $crate::server_contract!(@tests $make;
            server_whole_flow_and_replay_e07_a1,
            server_code_lives_900_s_a2_d02_d03,
            server_code_of_another_client_a3_e13,
            server_refresh_family_a15_g04_g08,
            server_stolen_token_o14_a5,
            server_consent_in_two_tabs_peers_56,
            server_two_replicas_r5,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            $crate::store::contract::$name(::std::sync::Arc::new($make)).await;
        }
    )*};
}

/// E07, A1: a code gives a token once; a replay ends the token.
pub async fn server_whole_flow_and_replay_e07_a1<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, TokenBinding::Observe);
    let (dvp, received) = code(&server, false).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .expect("tokens");
    assert!(is_covered(&server, &tokens, "pgo.example.nl").await);
    assert_eq!(
        error_of(&server.token(&request, &peer("pgo.example.nl")).await),
        "invalid_grant"
    );
    assert!(!is_covered(&server, &tokens, "pgo.example.nl").await);
}

/// A2, D02, D03: a code works within 900 seconds, by the clock of the store.
pub async fn server_code_lives_900_s_a2_d02_d03<S: DangerShiftClock>(store: Arc<S>) {
    for (after, status) in [(890, 200), (900, 400)] {
        let server = server(&store, TokenBinding::Observe);
        let (dvp, received) = code(&server, false).await;
        let (request, _) = dvp.token_request(received).expect("request");
        store
            .danger_shift_clock(Duration::from_secs(after))
            .await
            .expect("shift");
        assert_eq!(
            server.token(&request, &peer("pgo.example.nl")).await.status(),
            status,
            "{after}"
        );
    }
}

/// A3, E13: the code of one client with the good certificate of another; it is burnt.
pub async fn server_code_of_another_client_a3_e13<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, TokenBinding::Observe);
    let (dvp, received) = code(&server, false).await;
    let (request, _) = dvp.token_request(received).expect("request");
    let body =
        String::from_utf8_lossy(request.body()).replace("client_id=pgo.example.nl", "client_id=ander.example.nl");
    let stolen = request.clone().map(|_| Bytes::from(body));
    assert_eq!(
        error_of(&server.token(&stolen, &peer("ander.example.nl")).await),
        "invalid_grant"
    );
    assert_eq!(
        error_of(&server.token(&request, &peer("pgo.example.nl")).await),
        "invalid_grant"
    );
}

/// A15, G04, G08: rotation, and reuse that ends the family.
pub async fn server_refresh_family_a15_g04_g08<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, TokenBinding::Observe);
    let (dvp, received) = code(&server, true).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .expect("tokens");
    let first = tokens.renewal.expect("langdurig");
    let second = refresh(&server, &dvp, first.clone()).await.expect("second");
    let third = refresh(&server, &dvp, second.renewal.expect("next"))
        .await
        .expect("third");
    assert!(is_covered(&server, &third, "pgo.example.nl").await);
    assert!(refresh(&server, &dvp, first).await.is_none());
    assert!(!is_covered(&server, &third, "pgo.example.nl").await);
    assert!(refresh(&server, &dvp, third.renewal.expect("next")).await.is_none());
}

/// O14, A5: under the policy `require` a token with another certificate is refused and stays valid.
pub async fn server_stolen_token_o14_a5<S: DangerShiftClock>(store: Arc<S>) {
    let server = server(&store, TokenBinding::Require);
    let (dvp, received) = code(&server, false).await;
    let (request, exchange) = dvp.token_request(received).expect("request");
    let tokens = dvp
        .tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .expect("tokens");
    assert!(!is_covered(&server, &tokens, "ander.example.nl").await);
    assert!(is_covered(&server, &tokens, "pgo.example.nl").await);
}

/// Case 56: the question is answered in two tabs at once; one code comes of it.
pub async fn server_consent_in_two_tabs_peers_56<S: DangerShiftClock>(store: Arc<S>) {
    for _ in 0..10 {
        let server = server(&store, TokenBinding::Observe);
        let (_, location) = start();
        let (visitor, csrf) = at_consent(&server, &location).await;
        let mut tasks = Vec::new();
        for antwoord in ["ja", "ja", "nee", "ja"] {
            let (server, visitor) = (server.clone(), visitor.clone());
            let form = format!("csrf={csrf}&antwoord={antwoord}");
            tasks.push(tokio::spawn(async move { submit(&server, &visitor, &form).await }));
        }
        let mut codes = 0;
        let mut refusals = 0;
        for task in tasks {
            match task.await.expect("task") {
                Next::Away(url) => codes += usize::from(url.contains("code=")),
                Next::Flow(_) => refusals += 1,
                Next::Page(page) => assert_eq!(page.status, 403),
            }
        }
        assert_eq!(codes + refusals, 1, "{codes} codes, {refusals} refusals");
    }
}

/// R5: two replicas share one store; each code gives one token.
pub async fn server_two_replicas_r5<S: DangerShiftClock>(store: Arc<S>) {
    let replicas = [
        server(&store, TokenBinding::Observe),
        server(&store, TokenBinding::Observe),
    ];
    for _ in 0..20 {
        let (dvp, received) = code(&replicas[0], false).await;
        let (request, _) = dvp.token_request(received).expect("request");
        let mut tasks = Vec::new();
        for i in 0..8 {
            let (server, request) = (replicas[i % 2].clone(), request.clone());
            tasks.push(tokio::spawn(async move {
                server.token(&request, &peer("pgo.example.nl")).await.status()
            }));
        }
        let mut good = 0;
        for task in tasks {
            good += usize::from(task.await.expect("task") == 200);
        }
        assert_eq!(good, 1);
    }
}

struct Bundle<S: DangerShiftClock>(Arc<S>);

impl<S: DangerShiftClock> Dvza for Bundle<S> {
    type Store = Arc<S>;
    type Clients = Self;
    type Aanbieders = Self;
    type Authentication = Self;
    type Toets = Self;

    fn store(&self) -> &Arc<S> {
        &self.0
    }

    fn clients(&self) -> &Self {
        self
    }

    fn aanbieders(&self) -> &Self {
        self
    }

    fn authentication(&self) -> &Self {
        self
    }

    fn toets(&self) -> &Self {
        self
    }
}

impl<S: DangerShiftClock> Clients for Bundle<S> {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        let naam = Organisatienaam::parse("De Enige Echte PGO").expect("naam");
        Ok(["pgo.example.nl", "ander.example.nl"]
            .contains(&id.as_str())
            .then(|| Client::new(naam, None)))
    }
}

impl<S: DangerShiftClock> Aanbieders for Bundle<S> {
    async fn aanbieder(&self, naam: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        let diensten = vec![Dienst::new(bgz(), Functie::Verzamelen, "Basisgegevens Zorg")];
        Ok(Some(Aanbieder::new(
            naam.clone(),
            "Praktijk",
            "https://praktijk.example.nl/privacy",
            diensten,
        )))
    }
}

impl<S: DangerShiftClock> Authentication for Bundle<S> {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        Ok(LoginStart::new(format!("RelayState={}", login.flow)))
    }

    async fn finish(&self, _: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        Ok(LoginOutcome::Ingelogd(Persoon::new(
            Bsn::parse(CONTRACT_BSN).expect("bsn"),
        )))
    }
}

impl<S: DangerShiftClock> Toets for Bundle<S> {
    async fn toets(&self, _: &ToetsVraag<'_>) -> Result<ToetsUitslag, SupplierError> {
        Ok(ToetsUitslag::Beschikbaar(vec![bgz()]))
    }
}

/// The BSN that these cases log in with: search a dump of the store for it after they have run.
pub const CONTRACT_BSN: &str = "999990019";

fn bgz() -> GegevensdienstId {
    GegevensdienstId::parse("48").expect("id")
}

fn peer(name: &str) -> PeerNames {
    PeerNames::new(None, [name])
}

/// Replicas share their keys, as they share their store.
fn server<S: DangerShiftClock>(store: &Arc<S>, binding: TokenBinding) -> Server<Bundle<S>> {
    let keys = LocalKeyRing::new(1, SealingKey::from_bytes([1; 32]), SealingKey::from_bytes([2; 32]));
    let host = Hostname::parse("dvza.example.nl").expect("host");
    let mut config = ServerConfig::new(host, "DVZA", "088", Arc::new(keys));
    config.token_binding = binding;
    // so that a case need not wait between two uses of a refresh token
    config.lifetimes.refresh_race = Duration::ZERO;
    Server::new(Arc::new(Bundle(Arc::clone(store))), config)
}

fn start() -> (crate::client::PendingFlow, String) {
    let group = group_by_endpoints([(
        bgz(),
        FrontchannelUri::parse("https://dvza.example.nl/authorize").expect("uri"),
        BackchannelUri::parse("https://dvza.example.nl/token").expect("uri"),
    )]);
    let naam = Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("naam");
    let redirect = RedirectUri::parse("https://pgo.example.nl/cb").expect("uri");
    let group = group.first().expect("one group");
    let aanvraag = Aanvraag::verzamelen(Release::DEFAULT, naam, group, redirect).expect("aanvraag");
    let started = dvp().start(aanvraag, "s").expect("start");
    (started.flow, started.location)
}

fn dvp() -> Dvp {
    Dvp::new(ClientId::parse("pgo.example.nl").expect("client"))
}

async fn submit<S: DangerShiftClock>(server: &Server<Bundle<S>>, visitor: &Visitor, form: &str) -> Next {
    let form = Form::parse(form.as_bytes()).expect("form");
    server
        .submit(visitor, &Submitted::new(&form, "https://dvza.example.nl/login"))
        .await
}

async fn at_consent<S: DangerShiftClock>(server: &Server<Bundle<S>>, location: &str) -> (Visitor, String) {
    let query = location.split_once('?').expect("query").1;
    let Arrived::Flow(visitor) = server.authorize(query, &HeaderMap::new()).await else {
        panic!("no flow")
    };
    let csrf = server.page(&visitor).await.csrf.expect("form");
    let next = submit(server, &visitor, &format!("csrf={csrf}&antwoord=inloggen")).await;
    let Next::Away(relay) = next else {
        panic!("no login: {next:?}")
    };
    let next = server.login(&visitor, &relay).await;
    let Next::Flow(visitor) = next else {
        panic!("no way back: {next:?}")
    };
    let csrf = server.page(&visitor).await.csrf.expect("form");
    (visitor, csrf)
}

async fn code<S: DangerShiftClock>(server: &Server<Bundle<S>>, langdurig: bool) -> (Dvp, ReceivedCode) {
    let (flow, location) = start();
    let (visitor, csrf) = at_consent(server, &location).await;
    let choice = if langdurig { "&langdurig=ja" } else { "" };
    let next = submit(server, &visitor, &format!("csrf={csrf}&antwoord=ja{choice}")).await;
    let Next::Away(back) = next else {
        panic!("no code: {next:?}")
    };
    let query = back.split_once('?').expect("query").1;
    let received = flow
        .finish(&Callback::new("s", "/cb", query), std::time::SystemTime::now())
        .expect("code");
    (dvp(), received)
}

async fn refresh<S: DangerShiftClock>(server: &Server<Bundle<S>>, dvp: &Dvp, renewal: Renewal) -> Option<Tokens> {
    let (request, exchange): (Request<Bytes>, _) = dvp.refresh_request(renewal).expect("request");
    dvp.tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .ok()
}

async fn is_covered<S: DangerShiftClock>(server: &Server<Bundle<S>>, tokens: &Tokens, node: &str) -> bool {
    let headers = tokens.resource_headers(&OsEntropy).expect("headers");
    server.guard(&headers, None, &peer(node), &bgz()).await.is_ok()
}

fn error_of(response: &Response<Bytes>) -> String {
    crate::wire::TokenError::parse(response.body())
        .map(|error| error.error.to_string())
        .unwrap_or_default()
}
