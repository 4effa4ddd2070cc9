// SPDX-License-Identifier: AGPL-3.0-or-later
//! The certificate and key with which a node shows who it is (core.tls.314)
//!
//! A node may need two: one as server, one as client. The coming PKIoverheid generation issues
//! certificates for one purpose only, so the two are configured apart everywhere in this crate.

#[cfg(feature = "encrypted-keys")]
mod encrypted;
mod signer;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use medmij_types::PeerNames;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::names::peer_names;
use crate::{ConfigError, Cryptography};
pub use signer::{NodeSigner, SignatureKind};

/// A certificate chain with its private key. Cheap to clone; `Debug` shows names, never the key.
///
/// ```
/// use medmij_net::NodeIdentity;
/// use medmij_test::{LeafSpec, TestPki};
/// use medmij_types::Hostname;
///
/// let pki = TestPki::new("A")?;
/// let (node, other) = (pki.issue(&LeafSpec::node("dvp.localhost"))?, pki.issue(&LeafSpec::node("dvza.localhost"))?);
/// let identity = NodeIdentity::from_pem(node.chain_pem().as_bytes(), node.key_pem().as_bytes())?;
/// assert!(identity.names().contains(&Hostname::parse("dvp.localhost")?));
/// // The key of another certificate is refused.
/// assert!(NodeIdentity::from_pem(node.chain_pem().as_bytes(), other.key_pem().as_bytes()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct NodeIdentity {
    certified: Arc<CertifiedKey>,
    names: PeerNames,
    not_after: SystemTime,
}

impl NodeIdentity {
    /// From PEM: the chain with the node's own certificate first, and an unencrypted PKCS#8, SEC1 or
    /// PKCS#1 key.
    ///
    /// # Errors
    /// [`ConfigError`] when either cannot be read or they do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, ConfigError> {
        let chain = chain_from_pem(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| ConfigError::Pem {
            what: "private key",
            source,
        })?;
        Self::from_der(chain, key)
    }

    /// The same from DER.
    ///
    /// # Errors
    /// [`ConfigError`] when either cannot be used or they do not belong together.
    pub fn from_der(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, ConfigError> {
        let (names, not_after) = leaf(&chain)?;
        let provider = Cryptography::default().provider();
        let certified = CertifiedKey::from_der(chain, key, &provider).map_err(ConfigError::Key)?;
        Ok(Self {
            certified: Arc::new(certified),
            names,
            not_after,
        })
    }

    /// The names by which other nodes know this one (core.whl.307).
    pub fn names(&self) -> &PeerNames {
        &self.names
    }

    /// The moment at which the certificate ends, so that an application can alarm in time.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    pub(crate) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.certified)))
    }
}

impl fmt::Debug for NodeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeIdentity")
            .field("names", &self.names)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn chain_from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| ConfigError::Pem {
            what: "certificate chain",
            source,
        })
}

fn leaf(chain: &[CertificateDer<'static>]) -> Result<(PeerNames, SystemTime), ConfigError> {
    let der = chain.first().ok_or(ConfigError::Missing("certificate"))?;
    let certificate = Certificate::from_der(der).map_err(|error| ConfigError::Certificate {
        what: "certificate",
        number: 1,
        source: error.into(),
    })?;
    Ok((
        peer_names(der),
        certificate.tbs_certificate().validity().not_after.to_system_time(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_test::{KeyKind, LeafSpec, TestPki};

    #[test]
    fn core_tls_314_keys_of_every_kind_are_read_and_never_shown() {
        let pki = TestPki::new("A").unwrap();
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519] {
            let node = pki.issue(&LeafSpec::node("een.example.nl").key(kind)).unwrap();
            let identity = NodeIdentity::from_pem(node.chain_pem().as_bytes(), node.key_pem().as_bytes()).unwrap();
            let shown = format!("{identity:?}");
            assert!(
                shown.contains("een.example.nl") && !shown.contains("key"),
                "{kind:?}: {shown}"
            );
            assert!(identity.not_after() > SystemTime::now());
        }
    }

    #[test]
    fn core_tls_314_an_empty_chain_is_refused() {
        let node = TestPki::new("A")
            .unwrap()
            .issue(&LeafSpec::node("een.example.nl"))
            .unwrap();
        let error = NodeIdentity::from_pem(b"", node.key_pem().as_bytes()).unwrap_err();
        assert!(matches!(error, ConfigError::Missing(_)), "{error}");
    }
}
