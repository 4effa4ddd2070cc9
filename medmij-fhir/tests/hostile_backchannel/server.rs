// SPDX-License-Identifier: AGPL-3.0-or-later
//! A server of plain rustls that says what it is told, and the client that talks to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use medmij_net::{BackChannel, DangerLoopback, NodeIdentity, Revocation, TrustRoots};
use medmij_test::{LeafSpec, TestIdentity, TestPki};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Bytes for one request, and whether the connection ends after them.
#[derive(Clone)]
pub(crate) struct Said {
    bytes: Vec<u8>,
    cut: bool,
}

impl Said {
    pub(crate) fn keep(bytes: Vec<u8>) -> Self {
        Self { bytes, cut: false }
    }

    pub(crate) fn cut(bytes: Vec<u8>) -> Self {
        Self { bytes, cut: true }
    }
}

/// An answer whose length is right.
pub(crate) fn http(status: u16, content_type: &str, body: &[u8]) -> Said {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Said::keep([head.as_bytes(), body].concat())
}

type Say = dyn Fn(&str, usize) -> Said + Send + Sync;

/// What it says to the path of a request, and to the how manieth request it is.
pub(crate) struct Hostile(Arc<Say>);

impl Hostile {
    pub(crate) fn saying(say: impl Fn(&str, usize) -> Said + Send + Sync + 'static) -> Self {
        Self(Arc::new(say))
    }
}

/// A hostile server, another host that counts who dials it, and a client that may talk to both.
pub(crate) struct World {
    pub(crate) channel: BackChannel,
    asked: Arc<Mutex<Vec<String>>>,
    elsewhere: Arc<AtomicUsize>,
}

impl World {
    pub(crate) async fn start(hostile: Hostile) -> Self {
        let pki = TestPki::new("ours").unwrap();
        let node = |name: &str| pki.issue(&LeafSpec::node(name)).unwrap();
        let acceptor = acceptor(&node("dvza.localhost"), &pki);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = |name: &str| Hostname::parse(name).unwrap();
        let map = DangerLoopback::new()
            .back(host("dvza.localhost"), listener.local_addr().unwrap())
            .unwrap()
            .back(host("elders.localhost"), other.local_addr().unwrap())
            .unwrap();
        let (asked, elsewhere) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
        let (heard, dialled) = (Arc::clone(&asked), Arc::clone(&elsewhere));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(
                    acceptor.clone(),
                    stream,
                    Arc::clone(&hostile.0),
                    Arc::clone(&heard),
                ));
            }
        });
        tokio::spawn(async move {
            while other.accept().await.is_ok() {
                dialled.fetch_add(1, Ordering::SeqCst);
            }
        });
        let own = node("dvp.localhost");
        let identity = NodeIdentity::from_pem(own.chain_pem().as_bytes(), own.key_pem().as_bytes()).unwrap();
        let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
        // both are on the Whitelist: what keeps the token at home is the ResourceEndpoint
        let policy = HostPolicy::danger_fixed([host("dvza.localhost"), host("elders.localhost")]);
        let channel = BackChannel::builder(identity, roots, policy)
            .revocation(Revocation::danger_off())
            .danger_loopback(map)
            .build()
            .unwrap();
        Self {
            channel,
            asked,
            elsewhere,
        }
    }

    /// The path and query of every request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Connections to the other host.
    pub(crate) fn elsewhere(&self) -> usize {
        self.elsewhere.load(Ordering::SeqCst)
    }
}

fn acceptor(identity: &TestIdentity, pki: &TestPki) -> TlsAcceptor {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(pki.root_der())).unwrap();
    let provider = Arc::new(ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
        .build()
        .unwrap();
    let chain = identity.chain_der().iter().cloned().map(CertificateDer::from).collect();
    let key = PrivatePkcs8KeyDer::from(identity.key_der().to_vec()).into();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn converse(acceptor: TlsAcceptor, stream: TcpStream, say: Arc<Say>, heard: Arc<Mutex<Vec<String>>>) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        head.clear();
        let nth = {
            let mut heard = heard.lock().unwrap();
            heard.push(path.clone());
            heard.len() - 1
        };
        let said = say(&path, nth);
        if stream.write_all(&said.bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        if said.cut {
            let _ = stream.shutdown().await;
            return;
        }
    }
}
