// SPDX-License-Identifier: AGPL-3.0-or-later
//! RSASSA-PSS as G4 prescribes it, and the ways in which a signature can be wrong

use rsa::PrivateKey;
use rsa::pkcs8::spki::{AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, Error as SpkiError};
use rsa::pss::{Signature, SigningKey, VerifyingKey};
use rsa::signature::{Error, Keypair, Signer};
use sha2::Sha512;

/// How a certificate or a CRL is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum G4Signature {
    /// By its issuer, with SHA-512 and a salt of 64 bytes.
    #[default]
    Right,
    /// By its issuer, with a salt of 32 bytes, and it says so.
    ShortSalt,
    /// By its issuer, with a salt of 32 bytes, and it says 64.
    OtherSaltThanStated,
    /// By another key than that of the issuer whom it names.
    Forged,
}

/// A key that signs in one of these ways.
pub(super) struct Pen {
    real: SigningKey<Sha512>,
    stated: SigningKey<Sha512>,
}

impl Pen {
    pub(super) fn new(signature: G4Signature, issuer: &PrivateKey, stranger: &PrivateKey) -> Self {
        let with = |key: &PrivateKey, salt| SigningKey::new_with_salt_len(key.clone(), salt);
        let (real, stated) = match signature {
            G4Signature::Right => (with(issuer, SALT), with(issuer, SALT)),
            G4Signature::ShortSalt => (with(issuer, 32), with(issuer, 32)),
            G4Signature::OtherSaltThanStated => (with(issuer, 32), with(issuer, SALT)),
            // the key identifiers stay those of the issuer
            G4Signature::Forged => (with(stranger, SALT), with(issuer, SALT)),
        };
        Self { real, stated }
    }
}

impl Signer<Signature> for Pen {
    fn try_sign(&self, message: &[u8]) -> Result<Signature, Error> {
        self.real.try_sign(message)
    }
}

impl Keypair for Pen {
    type VerifyingKey = VerifyingKey<Sha512>;

    fn verifying_key(&self) -> Self::VerifyingKey {
        self.stated.verifying_key()
    }
}

impl DynSignatureAlgorithmIdentifier for Pen {
    fn signature_algorithm_identifier(&self) -> Result<AlgorithmIdentifierOwned, SpkiError> {
        self.stated.signature_algorithm_identifier()
    }
}

const SALT: usize = 64;
