// SPDX-License-Identifier: AGPL-3.0-or-later
//! The judgement over a peer's certificate: core.tls.314, and no wildcards
//!
//! Path, dates, purpose and name are webpki's. Of each path that it finds, revocation is judged here. For servers the
//! asked name has to be literally among the dNSNames as well: a wildcard that happens to match is no MedMij hostname.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[cfg(feature = "axum")]
use medmij_types::PeerNames;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
#[cfg(feature = "axum")]
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{KeyUsage, VerifiedPath};

#[cfg(feature = "axum")]
use crate::names::peer_names;
use crate::{PeerChain, Revocation, TrustRoots};

/// What both sides judge a path by.
pub(crate) struct Paths {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    revocation: Revocation,
}

impl Paths {
    pub(crate) fn new(roots: &TrustRoots, revocation: &Revocation, provider: &CryptoProvider) -> Self {
        revocation.known().configure(roots);
        Self {
            roots: roots.store(),
            algorithms: provider.signature_verification_algorithms,
            revocation: revocation.clone(),
        }
    }

    /// Whether a path leads to a root on which nothing is revoked. What is wrong with certificates themselves is better told
    /// by the verifier of the TLS library, so that is left open.
    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        usage: KeyUsage,
        now: UnixTime,
    ) -> Result<(), Option<CertificateError>> {
        let certificate = webpki::EndEntityCert::try_from(end_entity).map_err(|_| None)?;
        let refused = RefCell::new(None);
        let judge_path = |path: &VerifiedPath<'_>| {
            self.revocation.judge_path(path, now).map_err(|reason| {
                *refused.borrow_mut() = Some(reason);
                webpki::Error::UnknownRevocationStatus
            })
        };
        certificate
            .verify_for_usage(
                self.algorithms.all,
                &self.roots.roots,
                intermediates,
                now,
                usage,
                None,
                Some(&judge_path),
            )
            .map(drop)
            .map_err(|_| refused.take())
    }

    /// Judges a client certificate that a proxy passed on, with the certificates above it as far as they are known.
    #[cfg(feature = "axum")]
    pub(crate) fn judge_forwarded(
        &self,
        end_entity: &CertificateDer<'_>,
        above: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        let known = [above, &self.revocation.known().certificates()].concat();
        self.judge(end_entity, &known, KeyUsage::client_auth(), now)
            .map_err(|reason| reason.unwrap_or(CertificateError::UnknownIssuer))?;
        self.revocation
            .judge(&PeerChain::new(end_entity, above, &[], moment(now)))
    }
}

impl fmt::Debug for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Paths").field(&self.revocation).finish()
    }
}

#[derive(Debug)]
pub(crate) struct ServerJudge {
    pub(crate) inner: Arc<WebPkiServerVerifier>,
    pub(crate) paths: Paths,
}

impl ServerCertVerifier for ServerJudge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self
            .paths
            .judge(end_entity, intermediates, KeyUsage::server_auth(), now);
        let literal = is_literal(end_entity, server_name);
        if judged.is_err() || !literal {
            self.inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        }
        judged.map_err(|reason| reason.unwrap_or(CertificateError::UnknownIssuer))?;
        if !literal {
            return Err(CertificateError::NotValidForName.into());
        }
        let chain = PeerChain::new(end_entity, intermediates, ocsp_response, moment(now));
        self.paths.revocation.judge(&chain)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(feature = "axum")]
#[derive(Debug)]
pub(crate) struct ClientJudge {
    pub(crate) inner: Arc<dyn ClientCertVerifier>,
    pub(crate) paths: Arc<Paths>,
}

#[cfg(feature = "axum")]
tokio::task_local! {
    /// The names in the certificate of the client whose handshake this task is in.
    static SHOWN: RefCell<Option<PeerNames>>;
}

/// Runs a handshake, and says which names the client showed, also where the handshake fails.
#[cfg(feature = "axum")]
pub(crate) async fn overhear<F: Future>(handshake: F) -> (F::Output, Option<PeerNames>) {
    SHOWN
        .scope(RefCell::new(None), async {
            let output = handshake.await;
            (output, SHOWN.with(RefCell::take))
        })
        .await
}

#[cfg(feature = "axum")]
impl ClientCertVerifier for ClientJudge {
    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let _ = SHOWN.try_with(|shown| shown.replace(Some(peer_names(end_entity))));
        let judged = self
            .paths
            .judge(end_entity, intermediates, KeyUsage::client_auth(), now);
        if judged.is_err() {
            self.inner.verify_client_cert(end_entity, intermediates, now)?;
        }
        judged.map_err(|reason| reason.unwrap_or(CertificateError::UnknownIssuer))?;
        self.paths
            .revocation
            .judge(&PeerChain::new(end_entity, intermediates, &[], moment(now)))?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn is_literal(end_entity: &CertificateDer<'_>, server_name: &ServerName<'_>) -> bool {
    let (Ok(certificate), ServerName::DnsName(asked)) = (webpki::EndEntityCert::try_from(end_entity), server_name)
    else {
        return false;
    };
    certificate
        .valid_dns_names()
        .any(|name| name.eq_ignore_ascii_case(asked.as_ref()))
}

fn moment(now: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs())
}
