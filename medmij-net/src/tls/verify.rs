// SPDX-License-Identifier: AGPL-3.0-or-later
//! The judgement over a peer's certificate: core.tls.314, and no wildcards
//!
//! Path, dates, purpose, name and CRLs are webpki's. On top of it come a revocation check of one's own and,
//! for servers, that the asked name stands literally among the dNSNames: a wildcard that happens to match is
//! no MedMij hostname.

#[cfg(feature = "axum")]
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[cfg(feature = "axum")]
use medmij_types::PeerNames;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
#[cfg(feature = "axum")]
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

#[cfg(feature = "axum")]
use crate::names::peer_names;
use crate::{PeerChain, Revocation};

#[derive(Debug)]
pub(crate) struct ServerJudge {
    pub(crate) inner: Arc<WebPkiServerVerifier>,
    pub(crate) revocation: Revocation,
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
        let verified = self
            .inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        if !is_literal(end_entity, server_name) {
            return Err(CertificateError::NotValidForName.into());
        }
        let chain = PeerChain::new(end_entity, intermediates, ocsp_response, moment(now));
        self.revocation.judge(&chain)?;
        Ok(verified)
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
    pub(crate) revocation: Revocation,
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
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        self.revocation
            .judge(&PeerChain::new(end_entity, intermediates, &[], moment(now)))?;
        Ok(verified)
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
