// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — many Aanbieders at one DVZA: none gets what is another's, and each comes, changes and goes while
//! the others are served. `MEDMIJ_TENANTS` and `MEDMIJ_SERVICES` make them more (`cargo xtask prove`).

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, body::Body, extract::Path, routing::get};
use http::{Request, StatusCode};
use medmij_dvp::{Callback, Dvp, FlowRequest, PendingFlows, Tokens};
use medmij_dvza::{
    Aanbieder, Authentication, Client, Clients, Dvza, GrantedAccess, LoginCallback, LoginOutcome, LoginRequest,
    LoginStart, Persoon, Server, ServerConfig, SourceBirthDate, SupplierError, Toets, ToetsOutcome, ToetsQuery,
    registratie::{Follower, Reading, Registratie, RegistratieError, RegistrationSource, Rows},
    router::{Guard, RouterOptions, front_channel},
    store::MemoryStore,
};
use medmij_oauth::{ClientId, RedirectUri, seal::LocalKeyRing};
use medmij_test::{ManualClock, SeededEntropy};
use medmij_types::{
    Aanbiedernaam, Bsn, Entropy as _, GegevensdienstId, Hostname, Organisatienaam, OsEntropy, PeerNames, Release,
};
use tokio::sync::Mutex;
use tower::ServiceExt as _;

use crate::cases::{
    browser::Browser,
    whole_flow::{SESSION, consent, group, id, query},
};

const CLIENTS: [&str; 2] = ["pgo.example.nl", "ander.example.nl"];

struct Tenants {
    store: MemoryStore,
    registratie: Arc<Registratie>,
    /// Whether each Aanbieder has data for every other gegevensdienst only, so that tokens cover a part of what is offered.
    every_other: bool,
}

impl Dvza for Tenants {
    type Store = MemoryStore;
    type Clients = Self;
    type Aanbieders = Arc<Registratie>;
    type Authentication = Self;
    type Toets = Self;

    fn store(&self) -> &MemoryStore {
        &self.store
    }
    fn clients(&self) -> &Self {
        self
    }
    fn aanbieders(&self) -> &Arc<Registratie> {
        &self.registratie
    }
    fn authentication(&self) -> &Self {
        self
    }
    fn toets(&self) -> &Self {
        self
    }
}

impl Clients for Tenants {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        let name = Organisatienaam::parse("De Enige Echte PGO").unwrap();
        Ok(CLIENTS.contains(&id.as_str()).then(|| Client::new(name, None)))
    }
}

impl Authentication for Tenants {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        Ok(LoginStart::new(format!(
            "https://login.example.nl/?RelayState={}",
            login.flow
        )))
    }
    async fn finish(&self, _: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        Ok(LoginOutcome::LoggedIn(Persoon::new(Bsn::parse("999990019").unwrap())))
    }
}

impl Toets for Tenants {
    async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        let has = |id: &&GegevensdienstId| !self.every_other || covered(query.aanbieder.name.short(), id.as_str());
        Ok(ToetsOutcome::Available(
            query.gegevensdiensten.iter().filter(has).cloned().collect(),
        ))
    }
    async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(SourceBirthDate::parse("19700901").ok())
    }
}

/// An even gegevensdienst at an even Aanbieder, an odd one at an odd one.
fn covered(aanbieder: &str, service: &str) -> bool {
    let parity = |text: &str| text.bytes().next_back().unwrap() % 2;
    parity(aanbieder) == parity(service)
}

/// A registration that the test changes, as a file or a table.
#[derive(Default)]
struct Registered(Mutex<(usize, Vec<String>)>);

impl RegistrationSource for Registered {
    async fn read(&self, seen: Option<&str>) -> Result<Option<Reading>, RegistratieError> {
        let held = self.0.lock().await;
        let version = held.0.to_string();
        if seen == Some(&version) {
            return Ok(None);
        }
        Ok(Some(Reading::new(version, Rows::of_entries((1..).zip(held.1.iter())))))
    }
}

fn name(n: usize) -> Aanbiedernaam {
    Aanbiedernaam::parse(&format!("praktijk{n:04}")).unwrap()
}

fn entry(n: usize, weergavenaam: &str, services: usize) -> String {
    let service = |n: usize| format!(r#"{{"id":"{}","function":"Verzamelen","name":"dienst {n}"}}"#, 40 + n);
    let services: Vec<_> = (0..services).map(service).collect();
    format!(
        r#"{{"aanbieder":"praktijk{n:04}","weergavenaam":"{weergavenaam} {n}","privacy_statement":"https://p.example/",
        "gegevensdiensten":[{}],"limits":{{"at_once":1000}}}}"#,
        services.join(",")
    )
}

struct World {
    front: Router,
    back: Router,
    server: Server<Tenants>,
    /// How often a route gave data.
    served: Arc<AtomicUsize>,
}

fn world(registratie: Arc<Registratie>, every_other: bool) -> World {
    let dvza = Tenants {
        store: MemoryStore::default(),
        registratie,
        every_other,
    };
    let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
    let host = Hostname::parse("dvza.example.nl").unwrap();
    let config = ServerConfig::new(host, "DVZA Test BV", "088 123 45 67", keys);
    let server = Server::danger_example(Arc::new(dvza), config);
    let served = Arc::new(AtomicUsize::new(0));
    let by_path = Guard::by_request(server.clone(), |request| {
        let mut parts = request.uri().path().split('/').skip(2);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    let counted = Arc::clone(&served);
    let patient = async move |Extension(granted_access): Extension<GrantedAccess>,
                              Path((aanbieder, service)): Path<(String, String)>| {
        counted.fetch_add(1, Ordering::Relaxed);
        // what a route that trusts the guard would answer with
        format!(
            "{} {} {aanbieder} {service}",
            granted_access.aanbieder.short(),
            granted_access.client_id
        )
    };
    World {
        front: front_channel(server.clone(), RouterOptions::at("/oauth").danger_without_limits()),
        back: by_path.protect(Router::new().route("/fhir/{aanbieder}/{service}/Patient", get(patient))),
        server,
        served,
    }
}

impl World {
    async fn tokens(&self, client: &str, aanbieder: usize, ids: &[&str]) -> Tokens {
        let dvp = Dvp::new(ClientId::parse(client).unwrap());
        let redirect = RedirectUri::parse(&format!("https://{client}/cb")).unwrap();
        let asked = FlowRequest::verzamelen(Release::V2_2, name(aanbieder), &group(ids), redirect).unwrap();
        let flows = PendingFlows::default();
        let started = dvp
            .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), asked, SESSION)
            .unwrap();
        flows.insert(started.flow);
        let back = consent(&mut Browser::new(self.front.clone()), &started.location, "answer=yes").await;
        let code = dvp
            .finish(&flows, &Callback::new(SESSION, "/cb", query(&back)))
            .unwrap();
        let (request, exchange) = dvp.token_request(code).unwrap();
        let response = self.server.token(&request, &PeerNames::new(None, [client])).await;
        dvp.tokens(exchange, &response).unwrap()
    }

    async fn ask(&self, token: &str, client: &str, aanbieder: usize, service: &str) -> (StatusCode, String) {
        let uri = format!("/fhir/{}/{service}/Patient", name(aanbieder).short());
        let request = Request::get(uri).header("authorization", format!("Bearer {token}"));
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(PeerNames::new(None, [client]));
        let answer = self.back.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

fn from_environment(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

fn draw(entropy: &SeededEntropy, below: usize) -> usize {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes).unwrap();
    usize::try_from(u64::from_le_bytes(bytes) % below as u64).unwrap()
}

/// Ten thousand requests with a token of somebody, for something of somebody: those that a token covers are served, and no
/// other, whatever is nearly right about it.
#[tokio::test]
async fn core_rscint_200_of_ten_thousand_requests_across_tenants_none_is_served() {
    const TENANTS: usize = 12;
    const SERVICES: usize = 4;
    let clock = Arc::new(ManualClock::starting_now());
    let keep = Arc::new(Nowhere);
    let registratie = Arc::new(Registratie::open(keep, Arc::clone(&clock) as _).unwrap());
    let everybody: Vec<_> = (0..TENANTS).map(|n| entry(n, "Praktijk", SERVICES)).collect();
    let rows = |rows: &[String]| Rows::of_entries((1..).zip(rows.to_vec()));
    registratie.follow_rows(rows(&everybody)).unwrap();
    let world = world(Arc::clone(&registratie), true);

    // every Aanbieder has a token of each DVP, for some of its gegevensdiensten
    let mut tokens = Vec::new();
    for aanbieder in 0..TENANTS {
        for client in CLIENTS {
            let granted = world.tokens(client, aanbieder, &["40", "41"]).await;
            tokens.push((granted.access_token.expose().to_owned(), client, aanbieder));
        }
    }
    let offered: BTreeSet<_> = (0..SERVICES).map(|n| id(&(40 + n).to_string())).collect();
    let entropy = SeededEntropy::new(20);
    let (mut across, mut own) = (0_usize, 0_usize);
    while across < 10_000 {
        let (token, owner, of) = &tokens[draw(&entropy, tokens.len())];
        let client = CLIENTS[draw(&entropy, CLIENTS.len())];
        // half of them at the Aanbieder of the token, so that the other parts are tried too
        let at = if draw(&entropy, 2) == 0 {
            *of
        } else {
            draw(&entropy, TENANTS + 1)
        };
        let service = id(&(40 + draw(&entropy, SERVICES + 1)).to_string());
        let before = world.served.load(Ordering::Relaxed);
        let (status, body) = world.ask(token, client, at, service.as_str()).await;
        let served = world.served.load(Ordering::Relaxed) - before;
        let within = offered.contains(&service) && covered(name(*of).short(), service.as_str());
        if at == *of && client == *owner && within {
            own += 1;
            let expected = format!("{} {client} {} {service}", name(*of).short(), name(*of).short());
            assert_eq!((status, body, served), (StatusCode::OK, expected, 1));
        } else {
            across += 1;
            assert_eq!(
                (status.is_success(), body.as_str(), served),
                (false, "", 0),
                "{of} at {at}: {service}"
            );
        }
    }
    assert!(own > 100, "the guard serves what is right: {own}");

    // the registration ends one: an hour later its token gives nothing, and that of the others does
    registratie.follow_rows(rows(&everybody[1..])).unwrap();
    clock.advance(Duration::from_secs(3_598));
    assert_eq!(world.ask(&tokens[0].0, CLIENTS[0], 0, "40").await.0, StatusCode::OK);
    clock.advance(Duration::from_secs(3));
    assert_eq!(
        world.ask(&tokens[0].0, CLIENTS[0], 0, "40").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.ask(&tokens[2].0, CLIENTS[0], 1, "41").await.0, StatusCode::OK);
}

struct Nowhere;

impl medmij_dvza::registratie::RegistratieStorage for Nowhere {
    fn load(&self) -> std::io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
    fn store(&self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }
}

/// One Aanbieder is added, one changed and one ended while all the others are asked, from the authorization request to the data.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn core_gegevensdiensten_104_aanbieders_come_change_and_go_under_load_without_an_error() {
    let tenants = from_environment("MEDMIJ_TENANTS", 16);
    let services = from_environment("MEDMIJ_SERVICES", 3);
    let clock = Arc::new(ManualClock::starting_now());
    let registratie = Arc::new(Registratie::open(Arc::new(Nowhere), Arc::clone(&clock) as _).unwrap());
    let source = Arc::new(Registered::default());
    let follower = Follower::new(Arc::clone(&registratie), Arc::clone(&source)).with_clock(Arc::clone(&clock) as _);
    let publish = async |rows: &[String]| {
        let mut held = source.0.lock().await;
        *held = (held.0 + 1, rows.to_vec());
        drop(held);
        follower.poll().await.unwrap().unwrap()
    };
    let mut rows: Vec<_> = (0..tenants).map(|n| entry(n, "Praktijk", services)).collect();
    assert_eq!(publish(&rows).await.added, tenants * services);
    let world = Arc::new(world(Arc::clone(&registratie), false));
    let mut tokens = Vec::new();
    for n in 0..tenants {
        tokens.push(
            world
                .tokens(CLIENTS[0], n, &["40"])
                .await
                .access_token
                .expose()
                .to_owned(),
        );
    }
    let tokens = Arc::new(tokens);
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..3)
        .map(|start| {
            let (world, tokens) = (Arc::clone(&world), Arc::clone(&tokens));
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut errors = 0_usize;
                for n in (start..).step_by(5).map(|n: usize| n % tokens.len()) {
                    errors += usize::from(world.ask(&tokens[n], CLIENTS[0], n, "40").await.0 != StatusCode::OK);
                    let dvp = Dvp::new(ClientId::parse(CLIENTS[0]).unwrap());
                    let redirect = RedirectUri::parse("https://pgo.example.nl/cb").unwrap();
                    let wanted = FlowRequest::verzamelen(Release::V2_2, name(n), &group(&["40"]), redirect).unwrap();
                    let location = dvp
                        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), wanted, SESSION)
                        .unwrap()
                        .location;
                    let mut browser = Browser::new(world.front.clone());
                    let arrived = browser.get(crate::cases::whole_flow::path(&location)).await;
                    // into a flow, and not back with an error
                    errors += usize::from(!arrived.location().starts_with("/oauth/flow/"));
                    asked.fetch_add(1, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                errors
            })
        })
        .collect();
    let more = async |than: usize| {
        while asked.load(Ordering::Relaxed) < than {
            assert!(!load.iter().any(tokio::task::JoinHandle::is_finished), "load goes on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    more(20).await;
    rows.push(entry(tenants, "Nieuw", services));
    rows[0] = entry(0, "Anders", services + 1);
    rows.remove(1);
    let changes = publish(&rows).await;
    assert_eq!((changes.added, changes.ended), (services + 1, services));
    more(asked.load(Ordering::Relaxed) + 20).await;
    // the new one is served from the request to the data, the changed one has its new name
    let fresh = world.tokens(CLIENTS[0], tenants, &["40"]).await;
    let status = world
        .ask(fresh.access_token.expose(), CLIENTS[0], tenants, "40")
        .await
        .0;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(registratie.lookup(&name(0)).unwrap().weergavenaam, "Anders 0");
    stop.store(true, Ordering::Relaxed);
    let mut errors = 0;
    for load in load {
        errors += load.await.unwrap();
    }
    assert_eq!(errors, 0, "of {} rounds", asked.load(Ordering::Relaxed));
    println!(
        "{tenants} Aanbieders x {services}: {} rounds under load, {errors} errors",
        asked.load(Ordering::Relaxed)
    );
    // an hour later the one that was ended is gone
    clock.advance(Duration::from_secs(3_602));
    assert_eq!(
        world.ask(&tokens[1], CLIENTS[0], 1, "40").await.0,
        StatusCode::NOT_FOUND
    );
}
