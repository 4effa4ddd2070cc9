// SPDX-License-Identifier: AGPL-3.0-or-later
//! A private key that is not here: an HSM or a signing service (core.tls.314)

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::CertificateDer;

use super::{NodeIdentity, leaf};
use crate::{ConfigError, Cryptography};

/// Signs on behalf of a node. The private key never enters this process.
///
/// It is called during a TLS handshake, in the task of that handshake, and should answer in milliseconds; an
/// implementation that waits longer keeps a thread of the runtime busy.
pub trait NodeSigner: Send + Sync + 'static {
    /// The kinds of signature that the key can make, most wanted first.
    fn kinds(&self) -> &[SignatureKind];

    /// Signs `message`, which is hashed by the signer as the kind says. ECDSA signatures are DER.
    ///
    /// # Errors
    /// Any boxed `Error`: what the device says. The handshake fails and the text is logged.
    fn sign(&self, kind: SignatureKind, message: &[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>>;
}

/// A kind of signature of TLS (RFC 8446 section 4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureKind {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
    /// RSA-PSS with SHA-256, an ordinary RSA key.
    RsaPssSha256,
    /// RSA-PSS with SHA-384, an ordinary RSA key.
    RsaPssSha384,
    /// RSA-PSS with SHA-512, an ordinary RSA key.
    RsaPssSha512,
    /// RSA PKCS#1 v1.5 with SHA-256, for TLS 1.2 only.
    RsaPkcs1Sha256,
    /// RSA PKCS#1 v1.5 with SHA-384, for TLS 1.2 only.
    RsaPkcs1Sha384,
    /// RSA PKCS#1 v1.5 with SHA-512, for TLS 1.2 only.
    RsaPkcs1Sha512,
    /// Ed25519.
    Ed25519,
}

impl SignatureKind {
    fn scheme(self) -> SignatureScheme {
        match self {
            Self::EcdsaP256Sha256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            Self::EcdsaP384Sha384 => SignatureScheme::ECDSA_NISTP384_SHA384,
            Self::RsaPssSha256 => SignatureScheme::RSA_PSS_SHA256,
            Self::RsaPssSha384 => SignatureScheme::RSA_PSS_SHA384,
            Self::RsaPssSha512 => SignatureScheme::RSA_PSS_SHA512,
            Self::RsaPkcs1Sha256 => SignatureScheme::RSA_PKCS1_SHA256,
            Self::RsaPkcs1Sha384 => SignatureScheme::RSA_PKCS1_SHA384,
            Self::RsaPkcs1Sha512 => SignatureScheme::RSA_PKCS1_SHA512,
            Self::Ed25519 => SignatureScheme::ED25519,
        }
    }

    fn family(self) -> SignatureAlgorithm {
        match self {
            Self::EcdsaP256Sha256 | Self::EcdsaP384Sha384 => SignatureAlgorithm::ECDSA,
            Self::Ed25519 => SignatureAlgorithm::ED25519,
            _ => SignatureAlgorithm::RSA,
        }
    }
}

impl NodeIdentity {
    /// A chain (the node's own certificate first) with a key elsewhere.
    ///
    /// One signature of each kind is asked for and checked against the certificate, so that a wrong key slot
    /// is found here and not at the first handshake.
    ///
    /// # Errors
    /// [`ConfigError`] when the chain cannot be used, the signer offers nothing, or a signature is not the
    /// certificate's.
    pub fn with_signer(chain: Vec<CertificateDer<'static>>, signer: Arc<dyn NodeSigner>) -> Result<Self, ConfigError> {
        let (names, not_after) = leaf(&chain)?;
        let provider = Cryptography::default().provider();
        let kinds = signer.kinds().to_vec();
        let first = *kinds
            .first()
            .ok_or(ConfigError::Signer("signer offers no kind of signature".into()))?;
        for kind in &kinds {
            prove(&chain, signer.as_ref(), *kind, &provider)?;
        }
        let key = RemoteKey {
            signer,
            kinds,
            family: first.family(),
        };
        let certified = Arc::new(CertifiedKey::new(chain, Arc::new(key)));
        Ok(Self {
            certified,
            names,
            not_after,
        })
    }
}

fn prove(
    chain: &[CertificateDer<'static>],
    signer: &dyn NodeSigner,
    kind: SignatureKind,
    provider: &CryptoProvider,
) -> Result<(), ConfigError> {
    let signature = signer.sign(kind, PROBE).map_err(ConfigError::Signer)?;
    let der = chain.first().ok_or(ConfigError::Missing("certificate"))?;
    let certificate = webpki::EndEntityCert::try_from(der).map_err(|error| ConfigError::Signer(error.into()))?;
    let algorithms = provider.signature_verification_algorithms.mapping;
    let fits = algorithms
        .iter()
        .filter(|(scheme, _)| *scheme == kind.scheme())
        .flat_map(|(_, algorithms)| algorithms.iter())
        .any(|algorithm| certificate.verify_signature(*algorithm, PROBE, &signature).is_ok());
    if fits {
        Ok(())
    } else {
        Err(ConfigError::Signer(
            "signature does not belong to the certificate".into(),
        ))
    }
}

/// No message of TLS begins like this, so the signature is good for nothing else.
const PROBE: &[u8] = b"medmij-net: is this the key of the certificate?";

struct RemoteKey {
    signer: Arc<dyn NodeSigner>,
    kinds: Vec<SignatureKind>,
    family: SignatureAlgorithm,
}

impl SigningKey for RemoteKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let kind = *self.kinds.iter().find(|kind| offered.contains(&kind.scheme()))?;
        Some(Box::new(RemoteSigner {
            signer: Arc::clone(&self.signer),
            kind,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.family
    }
}

struct RemoteSigner {
    signer: Arc<dyn NodeSigner>,
    kind: SignatureKind,
}

impl Signer for RemoteSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.signer.sign(self.kind, message).map_err(|error| {
            tracing::error!(%error, kind = ?self.kind, "signer of the node's key failed");
            rustls::Error::General("the signer of the node's key failed".to_owned())
        })
    }

    fn scheme(&self) -> SignatureScheme {
        self.kind.scheme()
    }
}

impl fmt::Debug for RemoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKey")
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSigner")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
