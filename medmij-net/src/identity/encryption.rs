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

/// The same of a file in DER.
pub(super) fn of_der(file: &[u8]) -> Option<ConfigError> {
    let is_encrypted = oids(file)
        .iter()
        .any(|oid| ENCRYPTED.iter().any(|form| oid.starts_with(form)));
    is_encrypted.then(|| ConfigError::Encryption {
        encryption: "a password".to_owned(),
        command: REMOVE_PASSWORD_DER,
    })
}

/// An encryption of PKCS#8 that is not opened: what in it is not.
#[cfg(feature = "encrypted-keys")]
pub(super) fn of_key(der: &[u8]) -> ConfigError {
    let oids = oids(der);
    let unopened = oids.iter().filter(|oid| !OPENED.contains(oid));
    let names: Vec<String> = unopened.map(|oid| name_of(oid)).collect();
    ConfigError::Encryption {
        encryption: joined(names),
        command: CONVERT_KEY,
    }
}

/// An encryption of PKCS#12 that is not opened.
#[cfg(feature = "encrypted-keys")]
pub(super) fn of_pkcs12(der: &[u8]) -> ConfigError {
    named_in_pkcs12(der).unwrap_or_else(|| ConfigError::Encryption {
        encryption: joined(Vec::new()),
        command: CONVERT_PKCS12,
    })
}

/// The same, where one that is not opened is named in it.
#[cfg(feature = "encrypted-keys")]
pub(super) fn named_in_pkcs12(der: &[u8]) -> Option<ConfigError> {
    let known = NAMES
        .iter()
        .filter(|(oid, _)| !OPENED_PKCS12.contains(oid) && der.windows(oid.len()).any(|window| window == *oid));
    let names: Vec<String> = known.map(|(_, name)| (*name).to_owned()).collect();
    (!names.is_empty()).then(|| ConfigError::Encryption {
        encryption: joined(names),
        command: CONVERT_PKCS12,
    })
}

#[cfg(feature = "encrypted-keys")]
fn joined(names: Vec<String>) -> String {
    if names.is_empty() {
        "an encryption that is not known here".to_owned()
    } else {
        names.join(" and ")
    }
}

/// As OpenSSL calls it, or else as it is there.
#[cfg(feature = "encrypted-keys")]
fn name_of(oid: &[u8]) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == oid);
    let dotted = || x509_cert::der::asn1::ObjectIdentifier::from_bytes(oid).map(|oid| oid.to_string());
    known.map_or_else(
        || dotted().unwrap_or_else(|_| "an encryption that is not known here".to_owned()),
        |(_, name)| (*name).to_owned(),
    )
}

/// The object identifiers in DER, in their order. What is within a string of bytes is not looked at.
fn oids(der: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut left) = (Vec::new(), vec![der]);
    while let Some(input) = left.pop() {
        let Some((tag, content, rest)) = value(input) else {
            continue;
        };
        left.push(rest);
        match tag {
            0x06 => found.push(content),
            // constructed
            _ if tag & 0x20 != 0 => left.push(content),
            _ => {}
        }
    }
    found
}

/// The first value: its tag, its content, and what comes after it.
fn value(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Forms of encryption by a password: all of PKCS#5, and those of PKCS#12.
const ENCRYPTED: &[&[u8]] = &[
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x05",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01",
];

const CONVERT_KEY: &str = "openssl pkey -provider default -provider legacy -in KEY -aes-256-cbc -out NEW";
const REMOVE_PASSWORD: &str = "openssl pkey -in KEY -out NEW";
const REMOVE_PASSWORD_DER: &str = "openssl pkey -inform DER -in KEY -out NEW";
#[cfg(feature = "encrypted-keys")]
const CONVERT_PKCS12: &str = "openssl pkcs12 -legacy -in KEY -aes-256-cbc -out NEW";

/// Object identifiers as they are in DER, of PKCS#5 (RFC 8018) and PKCS#12 (RFC 7292), as OpenSSL calls them.
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
    (b"\x2a\x86\x48\x86\xf7\x0d\x02\x05", "MD5"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x02\x06", "hmacWithMD5"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x02\x0c", "hmacWithSHA512-224"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x02\x0d", "hmacWithSHA512-256"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x03\x02", "RC2-CBC"),
    (b"\x2b\x0e\x03\x02\x07", "DES-CBC"),
    (b"\x2b\x06\x01\x04\x01\x97\x55\x01\x02", "BF-CBC"),
    (b"\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x02", "CAMELLIA-128-CBC"),
    (b"\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x03", "CAMELLIA-192-CBC"),
    (b"\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x04", "CAMELLIA-256-CBC"),
    (b"\x2a\x83\x1a\x8c\x9a\x6e\x01\x01\x02", "ARIA-128-CBC"),
    (b"\x2a\x83\x1a\x8c\x9a\x6e\x01\x01\x07", "ARIA-192-CBC"),
    (b"\x2a\x83\x1a\x8c\x9a\x6e\x01\x01\x0c", "ARIA-256-CBC"),
    (b"\x2a\x83\x1a\x8c\x9a\x44\x01\x04", "SEED-CBC"),
    (b"\x2a\x86\x48\x86\xf6\x7d\x07\x42\x0a", "CAST5-CBC"),
    (b"\x2a\x81\x1c\xcf\x55\x01\x68\x02", "SM4-CBC"),
];

/// What is opened: the two schemes of PKCS#5, their derivations and ciphers. Another one beside them is what is in the way.
#[cfg(feature = "encrypted-keys")]
const OPENED: &[&[u8]] = &[
    // PBES2, PBKDF2, scrypt
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c",
    b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b",
    // HMAC with SHA-1 and SHA-2
    b"\x2a\x86\x48\x86\xf7\x0d\x02\x07",
    b"\x2a\x86\x48\x86\xf7\x0d\x02\x08",
    b"\x2a\x86\x48\x86\xf7\x0d\x02\x09",
    b"\x2a\x86\x48\x86\xf7\x0d\x02\x0a",
    b"\x2a\x86\x48\x86\xf7\x0d\x02\x0b",
    // AES in CBC mode, and triple DES
    b"\x60\x86\x48\x01\x65\x03\x04\x01\x02",
    b"\x60\x86\x48\x01\x65\x03\x04\x01\x16",
    b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a",
    b"\x2a\x86\x48\x86\xf7\x0d\x03\x07",
];

/// Those of PKCS#12 that are opened: with triple DES, and with RC2 of 40 bits.
#[cfg(feature = "encrypted-keys")]
const OPENED_PKCS12: &[&[u8]] = &[
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06",
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
