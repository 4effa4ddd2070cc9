// SPDX-License-Identifier: AGPL-3.0-or-later
//! The certificate and key with which a node shows who it is (core.tls.314)
//!
//! A node may need two: one as server, one as client. The coming PKIoverheid generation issues
//! certificates for one purpose only, so the two are configured apart everywhere in this crate.

#[cfg(feature = "encrypted-keys")]
mod encrypted;
mod encryption;
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
use crate::{ConfigError, Cryptography, pem};
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
    /// PKCS#1 key. One file may be both. A file in DER is read as well.
    ///
    /// # Errors
    /// [`ConfigError::Pem`], [`ConfigError::Missing`] or [`ConfigError::Certificate`] when either cannot be read,
    /// [`ConfigError::Encryption`] when the key needs a password, [`ConfigError::Key`] when they do not belong together,
    /// [`ConfigError::NoHostname`] when no dNSName of the certificate is a host name.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, ConfigError> {
        let chain = chain_from_pem(chain)?;
        Self::from_der(chain, key_from_pem(key)?)
    }

    /// The same from DER.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem): [`ConfigError`].
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

    /// What is shown, the own certificate first.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
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

fn chain_from_pem(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    pem::all(file, "certificate chain")
}

fn key_from_pem(file: &[u8]) -> Result<PrivateKeyDer<'static>, ConfigError> {
    if pem::is_der(file) {
        return PrivateKeyDer::try_from(file.to_vec()).map_err(|_| ConfigError::Missing("private key"));
    }
    let key = PrivateKeyDer::from_pem_slice(pem::text(file));
    key.map_err(|source| {
        encryption::of_pem(file).unwrap_or(ConfigError::Pem {
            what: "private key",
            source,
        })
    })
}

fn leaf(chain: &[CertificateDer<'static>]) -> Result<(PeerNames, SystemTime), ConfigError> {
    let der = chain.first().ok_or(ConfigError::Missing("certificate"))?;
    let certificate = Certificate::from_der(der).map_err(|error| ConfigError::Certificate {
        what: "certificate",
        number: 1,
        source: error.into(),
    })?;
    let end = webpki::EndEntityCert::try_from(der).map_err(|error| ConfigError::Certificate {
        what: "certificate",
        number: 1,
        source: error.into(),
    })?;
    if PeerNames::new(None, end.valid_dns_names()).is_empty() {
        return Err(ConfigError::NoHostname);
    }
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
    fn core_whl_307_a_certificate_without_a_host_name_is_refused_at_the_start() {
        let pki = TestPki::new("A").unwrap();
        let node = LeafSpec::node("een.example.nl");
        for (case, spec, good) in [
            ("name", node.clone(), true),
            ("name in SAN only", node.clone().common_name(None), true),
            (
                "free text as common name",
                node.clone().common_name(Some("Praktijk Een")),
                true,
            ),
            ("name in common name only", node.clone().without_dns(), false),
            ("wildcard", LeafSpec::node("*.example.nl"), false),
            ("one label", LeafSpec::node("localhost"), false),
            ("address", node.without_dns().ip([192, 0, 2, 1].into()), false),
        ] {
            let made = pki.issue(&spec).unwrap();
            let read = NodeIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes());
            match read {
                Ok(_) => assert!(good, "{case}"),
                Err(error) => assert!(!good && matches!(error, ConfigError::NoHostname), "{case}: {error}"),
            }
        }
    }

    #[test]
    fn core_tls_314_files_with_a_byte_order_mark_in_one_or_in_der_are_read() {
        let node = TestPki::new("A")
            .unwrap()
            .issue(&LeafSpec::node("een.example.nl"))
            .unwrap();
        let (chain, key) = (node.chain_pem().as_bytes(), node.key_pem().as_bytes());
        let marked = |file: &[u8]| [b"\xEF\xBB\xBF", file].concat();
        let both = [chain, key].concat();
        for (chain, key) in [
            (marked(chain), marked(key)),
            (both.clone(), both),
            (node.chain_der()[0].clone(), node.key_der().to_vec()),
        ] {
            let identity = NodeIdentity::from_pem(&chain, &key).unwrap();
            assert_eq!(identity.names().to_string(), "een.example.nl");
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
