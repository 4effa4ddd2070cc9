// SPDX-License-Identifier: AGPL-3.0-or-later
//! The encryption of a key that cannot be opened, by its name, and what to do about it

use crate::ConfigError;

/// What stands in the way in a PEM file with a key; `None` where it is not encrypted.
pub(super) fn of_pem(file: &[u8]) -> Option<ConfigError> {
    let text = String::from_utf8_lossy(file);
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        let info = text.lines().find_map(|line| line.trim().strip_prefix("DEK-Info: "));
        let cipher = info
            .and_then(|info| info.split(',').next())
            .unwrap_or("an unknown cipher");
        let cipher: String = cipher.chars().filter(char::is_ascii_graphic).take(40).collect();
        return Some(ConfigError::Encryption {
            encryption: format!("the traditional form of OpenSSL ({cipher})"),
            command: CONVERT_KEY,
        });
    }
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        .then(|| ConfigError::Encryption {
            encryption: "a password".to_owned(),
            command: REMOVE_PASSWORD,
        })
}

/// An encryption of PKCS#8 that is not opened.
#[cfg(feature = "encrypted-keys")]
pub(super) fn of_key(der: &[u8]) -> ConfigError {
    ConfigError::Encryption {
        encryption: name_in(der),
        command: CONVERT_KEY,
    }
}

/// An encryption of PKCS#12 that is not opened.
#[cfg(feature = "encrypted-keys")]
pub(super) fn of_pkcs12(der: &[u8]) -> ConfigError {
    ConfigError::Encryption {
        encryption: name_in(der),
        command: CONVERT_PKCS12,
    }
}

/// The first encryption that is named in it.
#[cfg(feature = "encrypted-keys")]
fn name_in(der: &[u8]) -> String {
    let known = NAMES
        .iter()
        .filter(|(oid, _)| der.windows(oid.len()).any(|window| window == *oid));
    let names: Vec<_> = known.map(|(_, name)| *name).collect();
    if names.is_empty() {
        "an encryption that is not known here".to_owned()
    } else {
        names.join(" and ")
    }
}

const CONVERT_KEY: &str = "openssl pkey -provider default -provider legacy -in KEY -aes-256-cbc -out NEW";
const REMOVE_PASSWORD: &str = "openssl pkey -in KEY -out NEW";
#[cfg(feature = "encrypted-keys")]
const CONVERT_PKCS12: &str = "openssl pkcs12 -legacy -in KEY -aes-256-cbc -out NEW";

/// Object identifiers as they stand in DER, of PKCS#5 (RFC 8018) and PKCS#12 (RFC 7292), as OpenSSL calls them.
#[cfg(feature = "encrypted-keys")]
const NAMES: &[(&[u8], &str)] = &[
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x01", "pbeWithMD2AndDES-CBC"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03", "pbeWithMD5AndDES-CBC"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x04", "pbeWithMD2AndRC2-CBC"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x06", "pbeWithMD5AndRC2-CBC"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0a", "pbeWithSHA1AndDES-CBC"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0b", "pbeWithSHA1AndRC2-CBC"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e", "PBMAC1"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x01", "pbeWithSHA1And128BitRC4"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x02", "pbeWithSHA1And40BitRC4"),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03",
        "pbeWithSHA1And3-KeyTripleDES-CBC",
    ),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x04",
        "pbeWithSHA1And2-KeyTripleDES-CBC",
    ),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x05",
        "pbeWithSHA1And128BitRC2-CBC",
    ),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06",
        "pbeWithSHA1And40BitRC2-CBC",
    ),
    (b"\x2a\x86\x48\x86\xf7\x0d\x03\x02", "RC2-CBC"),
    (b"\x2b\x0e\x03\x02\x07", "DES-CBC"),
    (b"\x2b\x06\x01\x04\x01\x97\x55\x01\x02", "BF-CBC"),
    (b"\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x02", "CAMELLIA-128-CBC"),
    (b"\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x04", "CAMELLIA-256-CBC"),
];

#[cfg(test)]
mod tests {
    use crate::NodeIdentity;
    use medmij_test::{LeafSpec, TestPki};

    #[test]
    fn core_tls_314_a_key_that_needs_a_password_says_so() {
        let node = TestPki::new("A")
            .unwrap()
            .issue(&LeafSpec::node("een.example.nl"))
            .unwrap();
        for (key, encryption) in [
            (
                "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,5B80\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
                "the traditional form of OpenSSL (AES-256-CBC)",
            ),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "a password",
            ),
        ] {
            let error = NodeIdentity::from_pem(node.chain_pem().as_bytes(), key.as_bytes()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(encryption) && text.contains("openssl pkey"), "{text}");
        }
    }
}
