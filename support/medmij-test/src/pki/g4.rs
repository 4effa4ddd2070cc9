// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.314: a PKI in the shape of PKIoverheid's generation 4 (G4)
//!
//! Four levels, and all signatures RSASSA-PSS with SHA-512 and a salt of 64 bytes, over certificates and CRLs alike. Keys are
//! plain `rsaEncryption`, 4096 bits for authorities and 3072 for leaves. Certificates are made at run time, so that their
//! dates fit; their keys are in `keys/`, because RSA keys of that length take seconds to make. They are public, and
//! nothing but a test may trust them.

mod authority;
mod crl;
mod leaf;
mod signature;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey as _;
use x509_cert::der::{Encode as _, EncodePem as _, pem::LineEnding};
use x509_cert::{Certificate, builder};

use super::{HOUR, PkiError, TestIdentity};
use authority::Authority;
pub use crl::G4Crl;
pub use leaf::G4Leaf;
pub use signature::G4Signature;

/// Root, intermediate and TSP authority of a G4-shaped PKI.
///
/// ```
/// use medmij_test::{G4Leaf, G4Level, G4Pki};
///
/// let pki = G4Pki::new("A")?;
/// let node = pki.issue(&G4Leaf::system("node.example.nl"))?;
/// assert_eq!(node.chain_der().len(), 3); // leaf, TSP, intermediate
/// let crls = pki.crls(&[node.serial()])?;
/// assert_eq!(crls.len(), G4Level::ALL.len());
/// # Ok::<(), medmij_test::PkiError>(())
/// ```
#[derive(Debug)]
pub struct G4Pki {
    authorities: [Authority; 3],
    /// Whose key makes a forged signature.
    stranger: PrivateKey,
    now: SystemTime,
    serial: AtomicU64,
}

/// An authority of a [`G4Pki`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a chain of G4 has four levels, and one of them is the leaf"
)]
pub enum G4Level {
    /// "Staat der Nederlanden - G4 Root Priv G-TLS"
    Root,
    /// "G4 Intm Priv G-TLS SYS"
    Intermediate,
    /// The Trust Service Provider, which issues leaves.
    Tsp,
}

impl G4Level {
    /// From the root down.
    pub const ALL: [Self; 3] = [Self::Root, Self::Intermediate, Self::Tsp];
}

impl G4Pki {
    /// A PKI whose authorities are valid now; `label` ends up in their names.
    ///
    /// # Errors
    /// [`PkiError`] when something cannot be signed.
    pub fn new(label: &str) -> Result<Self, PkiError> {
        Self::at(label, SystemTime::now())
    }

    /// The same, dated around `now`, for use with a steered clock.
    ///
    /// # Errors
    /// [`PkiError`] when something cannot be signed.
    pub fn at(label: &str, now: SystemTime) -> Result<Self, PkiError> {
        let keys = [ROOT_KEY, INTERMEDIATE_KEY, TSP_KEY].map(key);
        let [root, intermediate, tsp] = keys;
        Self::of(label, now, [root?, intermediate?, tsp?], key(STRANGER_KEY)?)
    }

    /// A PKI with other keys than [`new`](Self::new) has: with the same label it has the same names too, as a forger would
    /// take them.
    ///
    /// # Errors
    /// [`PkiError`] when something cannot be signed.
    pub fn foreign(label: &str) -> Result<Self, PkiError> {
        let other = key(STRANGER_KEY)?;
        let keys = [other.clone(), other.clone(), other];
        Self::of(label, SystemTime::now(), keys, key(ROOT_KEY)?)
    }

    fn of(label: &str, now: SystemTime, keys: [PrivateKey; 3], stranger: PrivateKey) -> Result<Self, PkiError> {
        let [root, intermediate, tsp] = keys;
        let root = Authority::root(&format!("TEST - G4 Root Priv G-TLS {label} - 2024"), root, now)?;
        let name = format!("TEST - G4 Intm Priv G-TLS SYS {label} - 2024");
        let intermediate = root.certify(&name, 1, INTERMEDIATE_SERIAL, intermediate, now)?;
        let name = format!("TEST TSP - G4 PKIo Priv G-TLS SYS {label} - 2025");
        let tsp = intermediate.certify(&name, 0, TSP_SERIAL, tsp, now)?;
        Ok(Self {
            authorities: [root, intermediate, tsp],
            stranger,
            now,
            serial: AtomicU64::new(1000),
        })
    }

    /// The root certificate as PEM: what a trust store holds.
    pub fn roots_pem(&self) -> String {
        self.authority(G4Level::Root).pem.clone()
    }

    /// The certificates of intermediate and TSP as PEM.
    pub fn intermediates_pem(&self) -> String {
        let [_, intermediate, tsp] = &self.authorities;
        format!("{}{}", intermediate.pem, tsp.pem)
    }

    /// The certificate of an authority as DER.
    pub fn authority_der(&self, level: G4Level) -> &[u8] {
        &self.authority(level).der
    }

    /// The serial number of an authority, as it is on the CRL of the level above.
    pub fn authority_serial(&self, level: G4Level) -> u64 {
        self.authority(level).serial
    }

    /// Issues a leaf certificate by the TSP.
    ///
    /// # Errors
    /// [`PkiError`] when a name cannot be written into a certificate or it cannot be signed.
    pub fn issue(&self, leaf: &G4Leaf) -> Result<TestIdentity, PkiError> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let tsp = self.authority(G4Level::Tsp);
        let certificate = leaf.certify(tsp, serial, self.now, &self.stranger)?;
        let [_, intermediate, _] = &self.authorities;
        let der = certificate.to_der()?;
        let key = leaf.key_pem();
        Ok(TestIdentity {
            chain_pem: format!("{}{}{}", pem(&certificate)?, tsp.pem, intermediate.pem),
            key_pem: key.to_owned(),
            chain_der: vec![der, tsp.der.clone(), intermediate.der.clone()],
            key_der: rsa::pkcs8::SecretDocument::from_pem(key)?.1.to_bytes().to_vec(),
            serial,
        })
    }

    /// The CRLs of all three authorities (DER), valid for a day, with `revoked` on that of the TSP.
    ///
    /// # Errors
    /// [`PkiError`] when signing fails.
    pub fn crls(&self, revoked: &[u64]) -> Result<Vec<Vec<u8>>, PkiError> {
        let one = |level| {
            let revoked = if level == G4Level::Tsp { revoked } else { &[] };
            self.crl(&G4Crl::of(level).revoked(revoked.iter().copied()))
        };
        G4Level::ALL.into_iter().map(one).collect()
    }

    /// One CRL (DER).
    ///
    /// # Errors
    /// [`PkiError`] when signing fails or a date cannot be written.
    pub fn crl(&self, crl: &G4Crl) -> Result<Vec<u8>, PkiError> {
        let number = self.serial.fetch_add(1, Ordering::Relaxed);
        crl.sign(self.authority(crl.level()), number, self.now, &self.stranger)
    }

    fn authority(&self, level: G4Level) -> &Authority {
        let [root, intermediate, tsp] = &self.authorities;
        match level {
            G4Level::Root => root,
            G4Level::Intermediate => intermediate,
            G4Level::Tsp => tsp,
        }
    }
}

fn key(pem: &str) -> Result<PrivateKey, PkiError> {
    PrivateKey::from_pkcs8_pem(pem).map_err(|error| builder::Error::PublicKey(error.into()).into())
}

fn pem(certificate: &Certificate) -> Result<String, PkiError> {
    Ok(certificate.to_pem(LineEnding::LF)?)
}

const INTERMEDIATE_SERIAL: u64 = 2;
const TSP_SERIAL: u64 = 3;

const ROOT_KEY: &str = include_str!("../../keys/g4-root.pem");
const INTERMEDIATE_KEY: &str = include_str!("../../keys/g4-intermediate.pem");
const TSP_KEY: &str = include_str!("../../keys/g4-tsp.pem");
const STRANGER_KEY: &str = include_str!("../../keys/g4-stranger.pem");

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// OpenSSL reads what we make, and sees the algorithm that G4 has.
    #[test]
    fn core_tls_314_openssl_sees_pss_with_sha512_and_a_salt_of_64() {
        let folder = std::env::temp_dir().join(format!("medmij-g4-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let pki = G4Pki::new("A").unwrap();
        let leaf = pki.issue(&G4Leaf::system("node.example.nl").uzi("00000001")).unwrap();
        let files = [("leaf.pem", leaf.chain_pem().to_owned()), ("root.pem", pki.roots_pem())];
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        std::fs::write(folder.join("tsp.crl"), &pki.crls(&[leaf.serial()]).unwrap()[2]).unwrap();
        let shown = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).current_dir(&folder).output();
            output
                .ok()
                .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let Some(certificate) = shown(&["x509", "-in", "leaf.pem", "-noout", "-text"]) else {
            return crate::skip("openssl is not installed, g4 certificates were not shown to it");
        };
        for expected in [
            "Signature Algorithm: rsassaPss",
            "Hash Algorithm: sha512",
            "mgf1 with sha512",
            "Salt Length: 0x40",
            "Public Key Algorithm: rsaEncryption",
            "Public-Key: (3072 bit)",
            "organizationIdentifier",
            "TLS Web Server Authentication, TLS Web Client Authentication",
            "DNS:node.example.nl",
            "othername",
            "2.16.528.1.1003.1.2.41.15.35.11",
        ] {
            assert!(certificate.contains(expected), "{expected} in\n{certificate}");
        }
        let crl = shown(&["crl", "-inform", "DER", "-in", "tsp.crl", "-noout", "-text"]).unwrap();
        assert!(crl.contains("rsassaPss") && crl.contains("Salt Length: 0x40"), "{crl}");
        assert!(crl.contains("Serial Number: 03E8"), "{crl}");
        let verified = shown(&["verify", "-CAfile", "root.pem", "-untrusted", "leaf.pem", "leaf.pem"]).unwrap();
        assert_eq!(verified.trim(), "leaf.pem: OK");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
