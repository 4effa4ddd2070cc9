// SPDX-License-Identifier: AGPL-3.0-or-later
//! The other side, hand-made: a server and a client of plain rustls that do what they are told

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use medmij_test::{TestIdentity, TestPki};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::world::{DVZA, any_port};

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

pub(crate) fn store(pki: &TestPki) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(pki.root_der())).unwrap();
    Arc::new(store)
}

pub(crate) fn parts(identity: &TestIdentity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = identity.chain_der().iter().cloned().map(CertificateDer::from).collect();
    (chain, PrivatePkcs8KeyDer::from(identity.key_der().to_vec()).into())
}

/// A server configuration that asks for a client certificate under `pki`.
pub(crate) fn server_config(
    identity: &TestIdentity,
    pki: &TestPki,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ServerConfig {
    let (chain, key) = parts(identity);
    let clients = WebPkiClientVerifier::builder_with_provider(store(pki), provider())
        .build()
        .unwrap();
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .unwrap()
}

/// The same without a question for a certificate, and with an OCSP answer stapled.
pub(crate) fn stapling_config(
    identity: &TestIdentity,
    versions: &[&'static rustls::SupportedProtocolVersion],
    ocsp: Vec<u8>,
) -> ServerConfig {
    let (chain, key) = parts(identity);
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert_with_ocsp(chain, key, ocsp)
        .unwrap()
}

/// What a [`RawServer`] does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// Writes these bytes and waits for the next request.
    Say(String),
    /// Writes these bytes and ends the connection.
    SayAndCut(String),
    /// Writes these bytes and then nothing, for ever.
    SayAndHang(String),
}

impl Then {
    pub(crate) fn ok(body: &str) -> Self {
        Self::Say(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

/// A TLS server that counts and answers every request alike.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl RawServer {
    pub(crate) async fn start(identity: &TestIdentity, clients: &TestPki, then: Then) -> Self {
        Self::with(server_config(identity, clients, rustls::ALL_VERSIONS), then).await
    }

    pub(crate) async fn with(config: ServerConfig, then: Then) -> Self {
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = Self {
            address,
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(acceptor.clone(), stream, then.clone(), Arc::clone(&requests)));
            }
        });
        server
    }

    /// TCP connections that were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Heads of requests that were read so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn converse(acceptor: TlsAcceptor, stream: TcpStream, then: Then, requests: Arc<AtomicUsize>) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        head.clear();
        requests.fetch_add(1, Ordering::SeqCst);
        let (Then::Say(text) | Then::SayAndCut(text) | Then::SayAndHang(text)) = &then;
        if stream.write_all(text.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        match then {
            Then::Say(_) => {}
            Then::SayAndCut(_) => return,
            Then::SayAndHang(_) => std::future::pending().await,
        }
    }
}

/// A client configuration that trusts `pki` and shows `identity`, if any.
pub(crate) fn client_config(identity: Option<&TestIdentity>, pki: &TestPki) -> ClientConfig {
    let verifier = WebPkiServerVerifier::builder_with_provider(store(pki), provider())
        .build()
        .unwrap();
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_webpki_verifier(verifier);
    match identity {
        Some(identity) => {
            let (chain, key) = parts(identity);
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}

/// Connects; with TLS 1.3 a refusal of the client shows only afterwards.
pub(crate) async fn connect(config: ClientConfig, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    hello(config, TcpStream::connect(address).await?).await
}

/// Connects from an address of one's own, as another machine would.
pub(crate) async fn connect_from(
    local: [u8; 4],
    config: ClientConfig,
    address: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((local, 0).into())?;
    hello(config, socket.connect(address).await?).await
}

/// TLS over a connection that is there.
pub(crate) async fn hello(config: ClientConfig, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(DVZA).unwrap(), stream)
        .await
}

/// Writes `request` and reads whatever comes until the connection ends. A connection that breaks gives
/// what came before.
pub(crate) async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _ = stream.flush().await;
    }
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// Writes `request` and reads one answer with an empty body.
pub(crate) async fn exchange_one(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

pub(crate) const KEEP: &str = "GET / HTTP/1.1\r\nHost: dvza.localhost\r\n\r\n";
pub(crate) const LAST: &str = "GET / HTTP/1.1\r\nHost: dvza.localhost\r\nConnection: close\r\n\r\n";
