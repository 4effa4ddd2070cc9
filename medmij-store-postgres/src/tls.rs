// SPDX-License-Identifier: AGPL-3.0-or-later
//! TLS to the database: rustls with the ring provider, own roots, nothing else trusted.

use std::{fmt, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::OpenError;

/// Whom to trust as the database, and who we are to it.
///
/// ```
/// use medmij_store_postgres::PostgresTls;
///
/// assert!(PostgresTls::from_pem(b"no certificate in here").is_err());
/// ```
#[derive(Clone)]
pub struct PostgresTls {
    config: Arc<ClientConfig>,
}

impl PostgresTls {
    /// Trusts a server whose certificate is of these roots and bears the host name of the connection string.
    ///
    /// # Errors
    ///
    /// [`OpenError::Tls`] where the PEM holds no usable certificate.
    pub fn from_pem(roots: &[u8]) -> Result<Self, OpenError> {
        Self::build(roots, None)
    }

    /// The same, with a client certificate and its key for a server that asks for one.
    ///
    /// # Errors
    ///
    /// [`OpenError::Tls`] where one of them cannot be used.
    pub fn from_pem_with_client(roots: &[u8], chain: &[u8], key: &[u8]) -> Result<Self, OpenError> {
        Self::build(roots, Some((chain, key)))
    }

    pub(crate) fn connector(&self) -> MakeRustlsConnect {
        MakeRustlsConnect::new((*self.config).clone())
    }

    fn build(roots: &[u8], client: Option<(&[u8], &[u8])>) -> Result<Self, OpenError> {
        let mut store = RootCertStore::empty();
        for root in certificates(roots)? {
            store.add(root).map_err(refuse)?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refuse)?
            .with_root_certificates(store);
        let config = match client {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(refuse)?;
                builder
                    .with_client_auth_cert(certificates(chain)?, key)
                    .map_err(refuse)?
            }
        };
        Ok(Self {
            config: Arc::new(config),
        })
    }
}

impl fmt::Debug for PostgresTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTls").finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(refuse)?;
    if found.is_empty() {
        return Err(OpenError::Tls("no certificate in the PEM".into()));
    }
    Ok(found)
}

fn refuse(error: impl fmt::Display) -> OpenError {
    OpenError::Tls(error.to_string())
}
