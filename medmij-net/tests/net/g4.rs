// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.314, threat W8: certificates in the shape of PKIoverheid's generation 4, in both directions and both versions of
//! TLS, against rustls and OpenSSL as the other side
//!
//! Each [`Case`] is what a peer shows and what we know about revocation. It is judged as a server's certificate by
//! `BackChannel`, as a client's by `BackChannelListener`, and by two oracles: webpki's own revocation check and
//! `openssl verify`.

mod cases;
mod openssl;
mod oracle;

use std::sync::Arc;

use medmij_net::{BackChannel, BackChannelListener, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::{G4Leaf, G4Pki, TestIdentity};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::listener::counting;
use crate::raw::{LAST, RawServer, Then, connect, exchange, provider};
use crate::world::{DVP, DVZA, Served, host, identity, only, send};
use cases::{Case, Role, Verdict, World};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

#[tokio::test(flavor = "multi_thread")]
async fn core_tls_314_w8_g4_what_a_server_shows() {
    let world = World::new();
    for case in cases::all(&world) {
        for version in VERSIONS {
            let server = RawServer::with(server_config(&world, &case, version), Then::ok("")).await;
            let channel = client(&world, &case, server.address);
            let said = verdict_of(send(&channel, "/").await);
            assert_eq!(said, case.expected(Role::Server), "{} {version:?}", case.name);
            assert_eq!(
                server.requests() > 0,
                said == Verdict::Good,
                "{} {version:?}",
                case.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_307_w8_g4_what_a_client_shows() {
    let world = World::new();
    for case in cases::all(&world) {
        let served = Served::start(listener(&world, &case), counting().0).await;
        for version in VERSIONS {
            let answer = match connect(client_config(&world, &case, version), served.address).await {
                Ok(mut stream) => exchange(&mut stream, LAST).await,
                Err(_) => String::new(),
            };
            let good = case.expected(Role::Client) == Verdict::Good;
            assert_eq!(
                answer.starts_with("HTTP/1.1 200 OK"),
                good,
                "{} {version:?}: {answer}",
                case.name
            );
            assert!(
                good || answer.is_empty(),
                "{}: core.whl.309 wants no byte of http",
                case.name
            );
        }
        served.stop().await;
    }
}

/// Both sides ours, with three CRLs each: what two Nodes of today do.
#[tokio::test]
async fn core_tls_314_two_nodes_of_generation_4() {
    let world = World::new();
    let case = cases::all(&world).swap_remove(0);
    let own = world.pki.issue(&G4Leaf::system(DVZA).second_key()).unwrap();
    let listener = BackChannelListener::builder(identity(&own), case.roots.clone(), only(DVP))
        .revocation(Revocation::hard_fail(case.crls.clone()).unwrap());
    let served = Served::start(listener, counting().0).await;
    let dvp = world.pki.issue(&G4Leaf::system(DVP)).unwrap();
    let channel = BackChannel::builder(identity(&dvp), case.roots.clone(), only(DVZA))
        .revocation(Revocation::hard_fail(case.crls).unwrap())
        .danger_loopback(DangerLoopback::new().back(host(DVZA), served.address).unwrap())
        .build()
        .unwrap();
    assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
    served.stop().await;
}

#[test]
fn core_tls_314_w8_g4_has_the_cases_of_today() {
    let names: Vec<_> = cases::all(&World::new()).into_iter().map(|case| case.name).collect();
    assert!(names.len() >= 24, "{}", names.len());
    let unique: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:#?}");
}

/// A leaf without a host name can be no Node (core.whl.307): it is refused where it is configured, not at the first request.
#[test]
fn core_whl_307_an_own_certificate_without_a_host_name_is_refused_when_it_is_read() {
    let pki = G4Pki::new("A").unwrap();
    let own = pki.issue(&G4Leaf::client_only().uzi("00000001")).unwrap();
    let read = NodeIdentity::from_pem(own.chain_pem().as_bytes(), own.key_pem().as_bytes());
    let error = read.unwrap_err().to_string();
    assert!(error.contains("host name"), "{error}");
}

/// Our client, that of a good Node, towards a server that shows the certificate of the case.
fn client(world: &World, case: &Case, address: std::net::SocketAddr) -> BackChannel {
    BackChannel::builder(identity(&world.dvp), case.roots.clone(), only(DVZA))
        .revocation(Revocation::hard_fail(case.crls.clone()).unwrap())
        .danger_loopback(DangerLoopback::new().back(host(DVZA), address).unwrap())
        .build()
        .unwrap()
}

/// Our listener, that of a good Node, towards a client that shows the certificate of the case.
fn listener(world: &World, case: &Case) -> medmij_net::ListenerBuilder {
    BackChannelListener::builder(identity(&world.dvza), case.roots.clone(), only(DVP))
        .revocation(Revocation::hard_fail(case.crls.clone()).unwrap())
}

fn verdict_of(answer: Result<http::Response<bytes::Bytes>, medmij_net::NetError>) -> Verdict {
    match answer {
        Ok(response) => {
            assert_eq!(response.status(), 200);
            Verdict::Good
        }
        Err(error) if error.is_revoked() => Verdict::Revoked,
        Err(error) if error.is_revocation_unknown() => Verdict::Unknown,
        Err(error) => {
            assert!(error.is_certificate(), "{error:?}");
            Verdict::Unfit
        }
    }
}

fn parts(shown: &[Vec<u8>], own: &TestIdentity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = shown.iter().cloned().map(CertificateDer::from).collect();
    (chain, PrivatePkcs8KeyDer::from(own.key_der().to_vec()).into())
}

fn store(pki: &G4Pki) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    store
        .add(CertificateDer::from(
            pki.authority_der(medmij_test::G4Level::Root).to_vec(),
        ))
        .unwrap();
    Arc::new(store)
}

fn server_config(world: &World, case: &Case, version: &'static SupportedProtocolVersion) -> ServerConfig {
    let shown = case.shown(Role::Server);
    let (chain, key) = parts(&shown.chain, &shown.identity);
    let clients = WebPkiClientVerifier::builder_with_provider(store(&world.pki), provider());
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap()
}

fn client_config(world: &World, case: &Case, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let shown = case.shown(Role::Client);
    let (chain, key) = parts(&shown.chain, &shown.identity);
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(store(&world.pki))
        .with_client_auth_cert(chain, key)
        .unwrap()
}

fn roots(pem: &str) -> TrustRoots {
    TrustRoots::from_pem(pem.as_bytes()).unwrap()
}
