// SPDX-License-Identifier: AGPL-3.0-or-later
//! The judgement over a server's certificate: core.tls.314, and no wildcards
//!
//! Path, dates, purpose, name and CRLs are webpki's. On top of it the asked name must stand literally
//! among the dNSNames: a wildcard that happens to match is no MedMij hostname.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

#[derive(Debug)]
pub(crate) struct LiteralName {
    inner: Arc<WebPkiServerVerifier>,
    refuses_all: bool,
}

impl LiteralName {
    /// With `refuses_all` revocation is hard fail and nothing is known: a certificate that is good in every
    /// other way is refused because of that.
    pub(crate) fn new(inner: Arc<WebPkiServerVerifier>, refuses_all: bool) -> Self {
        Self { inner, refuses_all }
    }
}

impl ServerCertVerifier for LiteralName {
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
        let certificate = webpki::EndEntityCert::try_from(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let ServerName::DnsName(asked) = server_name else {
            return Err(Error::InvalidCertificate(CertificateError::NotValidForName));
        };
        let literal = certificate
            .valid_dns_names()
            .any(|name| name.eq_ignore_ascii_case(asked.as_ref()));
        if !literal {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        } else if self.refuses_all {
            Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus))
        } else {
            Ok(verified)
        }
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

/// The judgement over a client's certificate while revocation is hard fail and nothing is known: refused.
#[cfg(feature = "axum")]
#[derive(Debug)]
pub(crate) struct NothingKnown(pub(crate) Arc<dyn rustls::server::danger::ClientCertVerifier>);

#[cfg(feature = "axum")]
impl rustls::server::danger::ClientCertVerifier for NothingKnown {
    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<rustls::server::danger::ClientCertVerified, Error> {
        self.0.verify_client_cert(end_entity, intermediates, now)?;
        Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
