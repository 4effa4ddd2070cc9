// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys with a password: PKCS#8 (RFC 5958, RFC 8018) and PKCS#12 (RFC 7292)

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::pem;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::{NodeIdentity, chain_from_pem};
use crate::ConfigError;

impl NodeIdentity {
    /// From PEM, with a key of the form `ENCRYPTED PRIVATE KEY` (PKCS#8, PBES2 with AES).
    ///
    /// The older form of OpenSSL, with `Proc-Type: 4,ENCRYPTED` inside, is refused; `openssl pkcs8 -topk8`
    /// converts it.
    ///
    /// # Errors
    /// [`ConfigError::Password`] when the password or the form is wrong, otherwise as
    /// [`from_pem`](Self::from_pem).
    pub fn from_encrypted_pem(chain: &[u8], key: &[u8], password: &str) -> Result<Self, ConfigError> {
        let (label, der) = pem::decode_vec(key).map_err(|_| ConfigError::Missing("encrypted private key"))?;
        if label != "ENCRYPTED PRIVATE KEY" {
            return Err(ConfigError::Missing("encrypted private key"));
        }
        let encrypted = EncryptedPrivateKeyInfoRef::try_from(der.as_slice())
            .map_err(|_| ConfigError::Missing("encrypted private key"))?;
        let plain = encrypted.decrypt(password).map_err(|_| ConfigError::Password)?;
        let key = PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec());
        Self::from_der(chain_from_pem(chain)?, key.into())
    }

    /// From a PKCS#12 file (`.p12`, `.pfx`) with exactly one private key and its chain.
    ///
    /// # Errors
    /// [`ConfigError::Password`] when the file cannot be opened with the password,
    /// [`ConfigError::Missing`] when it does not hold one key with its chain, otherwise as
    /// [`from_der`](Self::from_der).
    pub fn from_pkcs12(file: &[u8], password: &str) -> Result<Self, ConfigError> {
        let store =
            KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Strict).map_err(|_| ConfigError::Password)?;
        let keys = store
            .entries()
            .filter(|(_, entry)| matches!(entry, p12_keystore::KeyStoreEntry::PrivateKeyChain(_)));
        if keys.count() != 1 {
            return Err(ConfigError::Missing("single private key"));
        }
        let (_, found) = store
            .private_key_chain()
            .ok_or(ConfigError::Missing("single private key"))?;
        let chain = found
            .certs()
            .iter()
            .map(|certificate| CertificateDer::from(certificate.as_der().to_vec()));
        let key = PrivatePkcs8KeyDer::from(found.key().as_der().to_vec());
        Self::from_der(chain.collect(), key.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_test::{LeafSpec, TestIdentity, TestPki};
    use p12_keystore::{Certificate, KeyStoreEntry, PrivateKey, PrivateKeyChain};

    fn node() -> TestIdentity {
        TestPki::new("A")
            .unwrap()
            .issue(&LeafSpec::node("een.example.nl"))
            .unwrap()
    }

    fn encrypted(node: &TestIdentity, password: &str) -> String {
        let key = pkcs8::PrivateKeyInfoRef::try_from(node.key_der()).unwrap();
        let parameters =
            pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(2048, &[7; 16], [9; 16]).unwrap();
        let document = key.encrypt_with_params(parameters, password).unwrap();
        pem::encode_string("ENCRYPTED PRIVATE KEY", pem::LineEnding::LF, document.as_bytes()).unwrap()
    }

    #[test]
    fn core_tls_314_an_encrypted_pkcs8_key_opens_with_its_password_only() {
        let node = node();
        let key = encrypted(&node, "geheim");
        let open = |password| NodeIdentity::from_encrypted_pem(node.chain_pem().as_bytes(), key.as_bytes(), password);
        assert!(open("geheim").unwrap().names().to_string().contains("een.example.nl"));
        assert!(matches!(open("fout"), Err(ConfigError::Password)));
        let plain = NodeIdentity::from_encrypted_pem(node.chain_pem().as_bytes(), node.key_pem().as_bytes(), "geheim");
        assert!(matches!(plain, Err(ConfigError::Missing(_))));
    }

    #[test]
    fn core_tls_314_a_pkcs12_file_opens_with_its_password_only() {
        let node = node();
        let certs: Vec<_> = node
            .chain_der()
            .iter()
            .map(|der| Certificate::from_der(der).unwrap())
            .collect();
        let chain = PrivateKeyChain::new("1", PrivateKey::from_der(node.key_der()).unwrap(), certs);
        let mut store = KeyStore::new();
        store.add_entry("node", KeyStoreEntry::PrivateKeyChain(chain));
        let file = store
            .writer("geheim")
            .encryption_iterations(2048)
            .mac_iterations(2048)
            .write()
            .unwrap();
        let identity = NodeIdentity::from_pkcs12(&file, "geheim").unwrap();
        assert_eq!(identity.names().to_string(), "een.example.nl");
        assert!(matches!(
            NodeIdentity::from_pkcs12(&file, "fout"),
            Err(ConfigError::Password)
        ));
        assert!(matches!(
            NodeIdentity::from_pkcs12(b"geen p12", "geheim"),
            Err(ConfigError::Password)
        ));
    }
}
