// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys with a password: PKCS#8 (RFC 5958, RFC 8018) and PKCS#12 (RFC 7292)

use base64::{Engine as _, engine::general_purpose::STANDARD};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::{NodeIdentity, chain_from_pem, encryption};
use crate::{ConfigError, pem};

impl NodeIdentity {
    /// From PEM, with a key of the form `ENCRYPTED PRIVATE KEY` (PKCS#8, PBES2 with AES or triple DES), or that in DER. Chain
    /// and key may occur in one file.
    ///
    /// # Errors
    /// [`ConfigError::Password`] when the password is wrong, [`ConfigError::Encryption`] when the key is encrypted in another
    /// way (older forms of OpenSSL and of PKCS#12, for instance), [`ConfigError::Missing`] when there is no encrypted key,
    /// otherwise as [`from_pem`](Self::from_pem).
    pub fn from_encrypted_pem(chain: &[u8], key: &[u8], password: &str) -> Result<Self, ConfigError> {
        let missing = || ConfigError::Missing("encrypted private key");
        let der = if pem::is_der(key) {
            encryption::of_der(key)
                .is_some()
                .then(|| key.to_vec())
                .ok_or_else(missing)?
        } else {
            let text = pem::text(key);
            block(&text).ok_or_else(|| encryption::of_pem(&text).unwrap_or_else(missing))?
        };
        let unopened = || encryption::of_key(&der);
        let encrypted = EncryptedPrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| unopened())?;
        let plain = encrypted.decrypt(password).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) => ConfigError::Password,
            // what came out of it is no key
            pkcs8::Error::Asn1(_) | pkcs8::Error::KeyMalformed(_) => ConfigError::Password,
            _ => unopened(),
        })?;
        let key = PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec());
        Self::from_der(chain_from_pem(chain)?, key.into())
    }

    /// From a PKCS#12 file (`.p12`, `.pfx`) with exactly one private key and its chain.
    ///
    /// # Errors
    /// [`ConfigError::Password`] when the file cannot be opened with the password, [`ConfigError::Encryption`] when it is
    /// encrypted in a way that no password opens here, [`ConfigError::Missing`] when it is no PKCS#12 file or does not hold one
    /// key with its chain, otherwise as [`from_der`](Self::from_der).
    pub fn from_pkcs12(file: &[u8], password: &str) -> Result<Self, ConfigError> {
        let store = KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Strict).map_err(|error| match error {
            p12_keystore::error::Error::MacError(_) | p12_keystore::error::Error::UnpadError => ConfigError::Password,
            // without a check value a wrong password shows in what comes out
            p12_keystore::error::Error::Pkcs5Error(why) if why == pkcs8::pkcs5::Error::DecryptFailed.to_string() => {
                ConfigError::Password
            }
            p12_keystore::error::Error::UnsupportedEncryptionScheme
            | p12_keystore::error::Error::UnsupportedMacAlgorithm
            | p12_keystore::error::Error::Pkcs5Error(_)
            | p12_keystore::error::Error::InvalidParameters => encryption::of_pkcs12(file),
            _ => encryption::named_in_pkcs12(file).unwrap_or(ConfigError::Missing("readable PKCS#12")),
        })?;
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

/// The encrypted key in a file that may hold other things: its bytes, however its lines are broken and indented.
fn block(file: &[u8]) -> Option<Vec<u8>> {
    let find = |from: usize, text: &[u8]| {
        let rest = file.get(from..)?;
        rest.windows(text.len())
            .position(|window| window == text)
            .map(|at| from + at)
    };
    let start = find(0, BEGIN)? + BEGIN.len();
    let within = file.get(start..find(start, END)?)?;
    let digits: Vec<u8> = within
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied()
        .collect();
    STANDARD.decode(digits).ok()
}

const BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &[u8] = b"-----END ENCRYPTED PRIVATE KEY-----";

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_test::{LeafSpec, TestIdentity, TestPki};
    use p12_keystore::{Certificate, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    use pkcs8::der::pem;

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
            Err(ConfigError::Missing(_))
        ));
    }

    /// Keys as OpenSSL writes them, now and before; `None`, said aloud, where there is no OpenSSL. Not in CI.
    fn openssl(folder: &std::path::Path, arguments: &[&str]) -> Option<Vec<u8>> {
        let mut command = std::process::Command::new("openssl");
        let made = command.args(arguments).current_dir(folder).output();
        match made {
            Ok(made) if made.status.success() => Some(std::fs::read(folder.join("new")).unwrap()),
            _ => {
                medmij_test::skip("openssl cannot do this, a form of encrypted keys was not tried");
                None
            }
        }
    }

    /// The same key with other lines; the traditional form has a head of its own, which stays.
    fn lines(key: &[u8], end: &str, indent: &str) -> Vec<u8> {
        let text = std::str::from_utf8(key).unwrap();
        if text.contains("Proc-Type") {
            return key.to_vec();
        }
        text.lines()
            .flat_map(|line| format!("{indent}{line}{end}").into_bytes())
            .collect()
    }

    #[test]
    fn core_tls_314_an_encrypted_key_in_der_opens_and_is_named_where_none_is_expected() {
        let node = node();
        let text = encrypted(&node, "geheim");
        let der = block(text.as_bytes()).unwrap();
        let chain = node.chain_pem().as_bytes();
        assert!(NodeIdentity::from_encrypted_pem(chain, &der, "geheim").is_ok());
        let wrong = NodeIdentity::from_encrypted_pem(chain, &der, "fout");
        assert!(matches!(wrong, Err(ConfigError::Password)), "{wrong:?}");
        let plain = NodeIdentity::from_pem(chain, &der);
        assert!(matches!(plain, Err(ConfigError::Encryption { .. })), "{plain:?}");
        let none = NodeIdentity::from_encrypted_pem(chain, node.key_der(), "geheim");
        assert!(matches!(none, Err(ConfigError::Missing(_))), "{none:?}");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xFF\xFE", wide.as_slice()].concat();
        assert!(NodeIdentity::from_encrypted_pem(chain, &marked, "geheim").is_ok());
    }

    #[test]
    fn core_tls_314_older_forms_open_or_say_what_they_are() {
        let node = node();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), node.key_pem()).unwrap();
        std::fs::write(folder.path().join("chain"), node.chain_pem()).unwrap();
        let topk8 = [
            "pkcs8",
            "-topk8",
            "-in",
            "key",
            "-out",
            "new",
            "-passout",
            "pass:geheim",
        ];
        let with = |more: &[&'static str]| [&topk8[..], more].concat();
        for (case, arguments, expected) in [
            ("PBES2 with AES", with(&["-v2", "aes-256-cbc"]), Ok(())),
            (
                "PBES2 with AES and SHA-1",
                with(&["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"]),
                Ok(()),
            ),
            ("PBES2 with triple DES", with(&["-v2", "des3"]), Ok(())),
            ("scrypt", with(&["-scrypt"]), Ok(())),
            (
                "PBES2 with SHA-512",
                with(&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"]),
                Ok(()),
            ),
            (
                "PBES2 with a short SHA-512",
                with(&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512-256"]),
                Err("hmacWithSHA512-256"),
            ),
            ("ARIA", with(&["-v2", "aria-256-cbc"]), Err("ARIA-256-CBC")),
            // one that has no name here
            (
                "ARIA in another mode",
                with(&["-v2", "aria-192-cfb"]),
                Err("1.2.410.200046.1.1.8"),
            ),
            (
                "PKCS#12 form",
                with(&["-v1", "PBE-SHA1-3DES"]),
                Err("pbeWithSHA1And3-KeyTripleDES-CBC"),
            ),
            (
                "traditional",
                vec!["ec", "-in", "key", "-aes256", "-out", "new", "-passout", "pass:geheim"],
                Err("the traditional form of OpenSSL (AES-256-CBC)"),
            ),
        ] {
            let Some(key) = openssl(folder.path(), &arguments) else {
                continue;
            };
            for (form, key) in [
                ("alone", key.clone()),
                ("with a byte order mark", [b"\xEF\xBB\xBF", key.as_slice()].concat()),
                ("behind the chain", [node.chain_pem().as_bytes(), &key].concat()),
                ("with other line ends", lines(&key, "\r\n", "")),
                ("indented", lines(&key, "\n", "  ")),
                ("with spaces at the ends", lines(&key, " \t\n", "")),
                ("with empty lines", lines(&key, "\n\n", "")),
                (
                    "behind attributes",
                    [b"Bag Attributes\n    friendlyName: een\n", key.as_slice()].concat(),
                ),
            ] {
                let read = NodeIdentity::from_encrypted_pem(node.chain_pem().as_bytes(), &key, "geheim");
                match (read, &expected) {
                    (Ok(_), Ok(())) => {
                        let wrong = NodeIdentity::from_encrypted_pem(node.chain_pem().as_bytes(), &key, "fout");
                        assert!(matches!(wrong, Err(ConfigError::Password)), "{case} {form}: {wrong:?}");
                    }
                    (Err(ConfigError::Encryption { encryption, command }), Err(name)) => {
                        assert_eq!(&encryption, name, "{case} {form}");
                        assert!(command.starts_with("openssl pkey"), "{command}");
                    }
                    (read, _) => panic!("{case} {form}: {read:?}"),
                }
            }
        }
        let export = [
            "pkcs12",
            "-export",
            "-in",
            "chain",
            "-inkey",
            "key",
            "-out",
            "new",
            "-passout",
            "pass:geheim",
        ];
        for (case, more, expected) in [
            ("of today", &[][..], Ok(())),
            (
                "earlier",
                &[
                    "-legacy",
                    "-certpbe",
                    "PBE-SHA1-3DES",
                    "-keypbe",
                    "PBE-SHA1-3DES",
                    "-macalg",
                    "SHA1",
                ][..],
                Ok(()),
            ),
            (
                "RC2-40",
                &[
                    "-legacy",
                    "-certpbe",
                    "PBE-SHA1-RC2-40",
                    "-keypbe",
                    "PBE-SHA1-3DES",
                    "-macalg",
                    "SHA1",
                ],
                Ok(()),
            ),
            (
                "RC2-128",
                &[
                    "-legacy",
                    "-certpbe",
                    "PBE-SHA1-RC2-128",
                    "-keypbe",
                    "PBE-SHA1-3DES",
                    "-macalg",
                    "SHA1",
                ],
                Err("pbeWithSHA1And128BitRC2-CBC"),
            ),
            (
                "Camellia",
                &["-certpbe", "CAMELLIA-256-CBC", "-keypbe", "CAMELLIA-256-CBC"],
                Err("CAMELLIA-256-CBC"),
            ),
            ("a check value by MD5", &["-macalg", "md5"], Err("MD5")),
            ("without a check value", &["-nomac"], Ok(())),
            ("SHA-512", &["-macalg", "sha512"], Ok(())),
        ] {
            let Some(file) = openssl(folder.path(), &[&export[..], more].concat()) else {
                continue;
            };
            match (NodeIdentity::from_pkcs12(&file, "geheim"), expected) {
                (Ok(_), Ok(())) => {}
                (Err(ConfigError::Encryption { encryption, .. }), Err(name)) => {
                    assert_eq!(encryption, name, "{case}");
                }
                (read, _) => panic!("{case}: {read:?}"),
            }
            let wrong = NodeIdentity::from_pkcs12(&file, "fout");
            let no_check = matches!(wrong, Err(ConfigError::Encryption { .. })) && expected == Err("MD5");
            assert!(
                no_check || matches!(wrong, Err(ConfigError::Password)),
                "{case}: {wrong:?}"
            );
        }
    }
}
