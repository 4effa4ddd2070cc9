// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.307, core.whl.309 — the listener for Nodes, met by somebody without a certificate

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use medmij_types::Hostname;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::finding::Finding;
use crate::pki::certificate;

/// What a stranger was shown and told.
#[derive(Default)]
pub(super) struct Met {
    /// The certificate of the server.
    shown: Option<Vec<u8>>,
    /// Whether there was an answer to a request.
    answered: bool,
}

/// Shakes hands without a certificate and asks for something.
pub(super) fn meet(address: SocketAddr, name: &Hostname) -> Met {
    let provider = Arc::new(ring::default_provider());
    let seen = Arc::new(Seen {
        provider: Arc::clone(&provider),
        shown: Mutex::default(),
    });
    let answered = ask(address, name, provider, Arc::clone(&seen)).unwrap_or_default();
    let shown = seen.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
    Met { shown, answered }
}

fn ask(
    address: SocketAddr,
    name: &Hostname,
    provider: Arc<CryptoProvider>,
    seen: Arc<Seen>,
) -> Result<bool, Box<dyn std::error::Error>> {
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(seen)
        .with_no_client_auth();
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from(name.as_str().to_owned())?;
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, stream);
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    Ok(stream.read(&mut [0; 1024])? > 0)
}

pub(super) fn judge(met: &Met, address: SocketAddr, chain: &Path, behind_proxy: bool) -> Vec<Finding> {
    if met.answered {
        return vec![Finding::error(
            "listener-answers-strangers",
            format_args!("{address} answers over TLS whoever shows no certificate (core.whl.309)"),
            "serve the back channel by `Node::listen` only; a proxy in front has to require certificates (`ssl_verify_client on`)",
        )];
    }
    let Some(shown) = &met.shown else {
        // who comes without the header of the proxy is not spoken to
        if behind_proxy {
            return Vec::new();
        }
        return vec![Finding::error(
            "listener-no-tls",
            format_args!("what listens on {address} does not shake hands: it is no listener for Nodes"),
            "see which program has the port (`ss -ltnp`), stop it and start the application, or mend `back`",
        )];
    };
    let own = std::fs::read(chain).ok().and_then(|file| certificate::read(&file).ok());
    let (Some(own), Ok(shown)) = (own.as_deref().and_then(<[_]>::first), certificate::read(shown)) else {
        return Vec::new();
    };
    let other = shown.first().filter(|shown| shown.thumbprint != own.thumbprint);
    other
        .map(|other| {
            Finding::error(
                "listener-other-certificate",
                format_args!(
                    "{address} shows another certificate than that of `chain`: {}, valid until {}",
                    other.subject, other.not_after
                ),
                "a Node takes a new certificate over within seconds: see in its log why not, or which other program has the port",
            )
        })
        .into_iter()
        .collect()
}

/// Takes every certificate and remembers the first: nothing is said to whoever shows it.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    shown: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaf.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

const PATIENCE: Duration = Duration::from_secs(3);
