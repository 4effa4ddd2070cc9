// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the steps of the server cost by themselves, without sockets: whole authorization flows, token requests, guarded
//! requests, on the store in memory, on one thread. `cargo bench -p medmij-oauth --bench in_process`
//!
//! Over sockets, on the other stores, and what a row weighs: `support/medmij-load`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;
use medmij_dvp::{Callback, Dvp, FlowGroup, FlowRequest, PendingFlows, group_by_endpoints};
use medmij_dvza::{
    Aanbieder, Aanbieders, Arrived, Authentication, Client, Clients, Dvza, LoginCallback, LoginOutcome, LoginRequest,
    LoginStart, Next, OfferedService, Persoon, Server, ServerConfig, SourceBirthDate, Submitted, SupplierError, Toets,
    ToetsOutcome, ToetsQuery, store::MemoryStore,
};
use medmij_oauth::{ClientId, Function, RedirectUri, form::Form, seal::LocalKeyRing};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, Bsn, FrontchannelUri, GegevensdienstId, Hostname, Organisatienaam, OsEntropy,
    PeerNames, Release,
};

const FLOWS: usize = 5_000;

struct Bundle(MemoryStore);

impl Dvza for Bundle {
    type Store = MemoryStore;
    type Clients = Self;
    type Aanbieders = Self;
    type Authentication = Self;
    type Toets = Self;

    fn store(&self) -> &MemoryStore {
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

impl Clients for Bundle {
    async fn client(&self, _: &ClientId) -> Result<Option<Client>, SupplierError> {
        Ok(Some(Client::new(
            Organisatienaam::parse("De Enige Echte PGO").unwrap(),
            None,
        )))
    }
}

impl Aanbieders for Bundle {
    async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        let services = vec![OfferedService::new(bgz(), Function::Verzamelen, "Basisgegevens Zorg")];
        Ok(Some(Aanbieder::new(
            name.clone(),
            "Praktijk",
            "https://praktijk.example.nl/privacy",
            services,
        )))
    }
}

impl Authentication for Bundle {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        Ok(LoginStart::new(format!("RelayState={}", login.flow)))
    }

    async fn finish(&self, _: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        Ok(LoginOutcome::LoggedIn(Persoon::new(Bsn::parse("999990019").unwrap())))
    }
}

impl Toets for Bundle {
    async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        Ok(ToetsOutcome::Available(query.gegevensdiensten.to_vec()))
    }
    async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(SourceBirthDate::parse("19700101").ok())
    }
}

fn name() -> Aanbiedernaam {
    Aanbiedernaam::parse("eenofanderezorgaanbieder").unwrap()
}

fn bgz() -> GegevensdienstId {
    GegevensdienstId::parse("48").unwrap()
}

fn group() -> FlowGroup {
    let front = FrontchannelUri::parse("https://dvza.example.nl/authorize").unwrap();
    let back = BackchannelUri::parse("https://dvza.example.nl/token").unwrap();
    group_by_endpoints([(bgz(), front, back)]).remove(0)
}

async fn submit(server: &Server<Bundle>, visitor: &medmij_dvza::Visitor, answer: &str) -> Next {
    let csrf = server.page(visitor).await.csrf.unwrap();
    let form = Form::parse(format!("csrf={csrf}&answer={answer}").as_bytes()).unwrap();
    server
        .submit(visitor, &Submitted::new(&form, "https://dvza.example.nl/login"))
        .await
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let total: Duration = times.iter().sum();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a rate to read")]
    let rate = times.len() as f64 / total.as_secs_f64();
    println!(
        "{what:<22} {rate:>9.0} /s   p50 {:>8.1?}   p99 {:>8.1?}",
        at(50),
        at(99)
    );
}

fn main() {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(run());
}

async fn run() {
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let config = ServerConfig::new(Hostname::parse("dvza.example.nl").unwrap(), "DVZA", "088", keys);
    let server = Server::danger_example(Arc::new(Bundle(MemoryStore::default())), config);
    let dvp = Dvp::new(ClientId::parse("pgo.example.nl").unwrap());
    let flows = PendingFlows::new(FLOWS);
    let peer = PeerNames::new(None, ["pgo.example.nl"]);

    let (mut authorizing, mut requests, mut exchanging, mut guarding) = (vec![], vec![], vec![], vec![]);
    for _ in 0..FLOWS {
        let name = name();
        let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
        let started = dvp
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                FlowRequest::verzamelen(Release::DEFAULT, name, &group(), redirect).unwrap(),
                "s",
            )
            .unwrap();
        flows.insert(started.flow);
        let clock = Instant::now();
        let query = started.location.split_once('?').unwrap().1;
        let Arrived::Flow(visitor) = server.authorize(query, &HeaderMap::new()).await else {
            panic!("no flow")
        };
        let Next::Login {
            visitor,
            location: relay,
            ..
        } = submit(&server, &visitor, "login").await
        else {
            panic!("no login")
        };
        let Next::Flow(visitor) = server.login(&visitor, relay.as_str()).await else {
            panic!("no way back")
        };
        let Next::Away(back) = submit(&server, &visitor, "yes").await else {
            panic!("no code")
        };
        authorizing.push(clock.elapsed());
        let callback = Callback::new("s", "/cb", back.split_once('?').unwrap().1);
        requests.push(dvp.token_request(dvp.finish(&flows, &callback).unwrap()).unwrap());
    }
    report("authorization flows", authorizing);

    let mut tokens = Vec::with_capacity(FLOWS);
    for (request, exchange) in requests {
        let clock = Instant::now();
        let response = server.token(&request, &peer).await;
        exchanging.push(clock.elapsed());
        tokens.push(dvp.tokens(exchange, &response).unwrap());
    }
    report("token requests", exchanging);

    for tokens in &tokens {
        let headers = tokens.resource_headers(&OsEntropy).unwrap();
        let clock = Instant::now();
        server.guard(&headers, None, &peer, (&name(), &bgz())).await.unwrap();
        guarding.push(clock.elapsed());
    }
    report("guarded requests", guarding);
}
