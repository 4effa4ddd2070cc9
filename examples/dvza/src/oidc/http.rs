// SPDX-License-Identifier: AGPL-3.0-or-later
//! Requests to the OpenID provider: bounded in bytes and time, no redirects, certificates of the configured authorities.

use super::{
    OidcConfig, OidcError,
    discovery::{Discovered, Document},
};
use reqwest::{Client, redirect::Policy};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use std::{sync::Arc, time::Duration};

/// The client, for one provider. Cheap to clone.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    plain_http: bool,
}

impl Http {
    /// `plain_http` is for a provider on loopback.
    pub(super) fn new(config: &OidcConfig, plain_http: bool) -> Result<Self, OidcError> {
        let on_loopback = plain_http && config.issuer.starts_with("http://127.0.0.1:");
        if !(config.issuer.starts_with("https://") || on_loopback) {
            return Err(OidcError::Address("issuer"));
        }
        let mut roots = RootCertStore::empty();
        if let Some(path) = &config.roots {
            let pem = std::fs::read(path).map_err(|source| OidcError::File {
                what: "certificate authorities",
                path: path.clone(),
                source,
            })?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| OidcError::Tls(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| OidcError::Tls(error.to_string()))?;
            }
        }
        let client = client(roots)?;
        Ok(Self { client, plain_http })
    }

    /// Fetches what the provider says about itself, and its keys.
    pub(super) async fn discover(&self, config: &OidcConfig, now: Duration) -> Result<Discovered, HttpError> {
        let issuer = config.issuer.trim_end_matches('/');
        let document = self.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let document = Document::parse(&document, &config.issuer, self.plain_http)?;
        let keys = self.get(&document.jwks_uri).await?;
        document.with_keys(&keys, now)
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, HttpError> {
        let request = http::Request::get(address).body(Vec::new());
        let answer = self
            .send(request.map_err(|_| HttpError::Document("with an address that is none"))?)
            .await?;
        if answer.status() != http::StatusCode::OK {
            return Err(HttpError::Status(answer.status().as_u16()));
        }
        Ok(answer.into_body())
    }

    /// Sends a request of any kind.
    pub(super) async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
        let unreachable = |error: reqwest::Error| HttpError::Unreachable(error.without_url());
        let request = reqwest::Request::try_from(request).map_err(unreachable)?;
        let mut answer = self.client.execute(request).await.map_err(unreachable)?;
        let mut response = http::Response::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if response.body().len() + chunk.len() > MOST {
                return Err(HttpError::TooLong);
            }
            response.body_mut().extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

pub(super) fn client(roots: RootCertStore) -> Result<Client, OidcError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OidcError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| OidcError::Tls(error.to_string()))
}

/// Why there is no answer of the provider that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// It cannot be reached.
    #[error("openid provider cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It answers with another status.
    #[error("openid provider answers with status {0}")]
    Status(u16),
    /// Its answer is longer than 256 KiB.
    #[error("answer of the openid provider is too long")]
    TooLong,
    /// Its discovery document is not usable.
    #[error("discovery document is {0}")]
    Document(&'static str),
}

const TIMEOUT: Duration = Duration::from_secs(10);
const MOST: usize = 256 * 1024;
