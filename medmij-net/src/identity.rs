// SPDX-License-Identifier: AGPL-3.0-or-later
//! The certificate and key with which a node shows who it is (core.tls.314)
//!
//! A node may need two: one as server, one as client. The coming PKIoverheid generation issues
//! certificates for one purpose only, so the two are configured apart everywhere in this crate.

#[cfg(feature = "encrypted-keys")]
mod encrypted;
mod encryption;
mod order;
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
    /// From PEM: the node's own certificate with its chain, in any order, and an unencrypted PKCS#8, SEC1 or
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
        let chain = in_order(chain, &key);
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

    /// What is shown, its own certificate first.
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

/// From the certificate of this key on.
pub(crate) fn in_order(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> Vec<CertificateDer<'static>> {
    let provider = Cryptography::default().provider();
    order::of(chain, |certificate| {
        CertifiedKey::from_der(vec![certificate.clone()], key.clone_key(), &provider).is_ok()
    })
}

fn chain_from_pem(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    pem::all(file, "certificate chain")
}

pub(crate) fn key_from_pem(file: &[u8]) -> Result<PrivateKeyDer<'static>, ConfigError> {
    if pem::is_der(file) {
        let key = PrivateKeyDer::try_from(file.to_vec());
        return key.map_err(|_| encryption::of_der(file).unwrap_or(ConfigError::Missing("private key")));
    }
    let text = pem::text(file);
    let key = PrivateKeyDer::from_pem_slice(&text);
    key.map_err(|source| {
        encryption::of_pem(&text).unwrap_or(ConfigError::Pem {
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
            (utf_16(chain, false), utf_16(key, true)),
        ] {
            let identity = NodeIdentity::from_pem(&chain, &key).unwrap();
            assert_eq!(identity.names().to_string(), "een.example.nl");
        }
    }

    #[test]
    fn core_tls_314_a_chain_in_any_order_is_shown_from_the_own_certificate_on() {
        let pki = TestPki::new("A").unwrap();
        let node = pki.issue(&LeafSpec::node("een.example.nl")).unwrap();
        let own: Vec<&[u8]> = node.chain_der().iter().map(Vec::as_slice).collect();
        let root = pki.root_der();
        let reversed: Vec<&[u8]> = own.iter().rev().copied().collect();
        for (case, given) in [
            ("as it should be", own.clone()),
            ("the other way round", reversed),
            ("own certificate twice", [&own[..1], &own].concat()),
            ("root first", [&[root.as_slice()][..], &own].concat()),
        ] {
            let pem = |der: &&[u8]| {
                format!(
                    "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                    base64(der)
                )
            };
            let chain: String = given.iter().map(pem).collect();
            let identity = NodeIdentity::from_pem(chain.as_bytes(), node.key_pem().as_bytes()).unwrap();
            let shown: Vec<&[u8]> = identity.chain().iter().map(|der| &**der).take(own.len()).collect();
            assert_eq!(shown, own, "{case}");
        }
        // without its own certificate there is none to show
        let chain = pki.intermediates_pem();
        assert!(NodeIdentity::from_pem(chain.as_bytes(), node.key_pem().as_bytes()).is_err());
    }

    /// As the redirection of some shells writes it.
    fn utf_16(file: &[u8], big: bool) -> Vec<u8> {
        let text = std::str::from_utf8(file).unwrap();
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    fn base64(der: &[u8]) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        STANDARD.encode(der)
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
