// SPDX-License-Identifier: AGPL-3.0-or-later
//! The authorities that a node of the back channel may have its certificate from (core.tls.314)
//!
//! Roots are configuration: PKIoverheid's private generation changes, and its next one has a root per
//! purpose. The roots of the back channel are never merged with the public ones of the front channel.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::ConfigError;
use crate::names::organisations;

/// A set of trusted root certificates for one direction of the back channel.
///
/// ```
/// use medmij_net::TrustRoots;
/// use medmij_test::TestPki;
///
/// let roots = TrustRoots::from_pem(TestPki::new("A")?.roots_pem().as_bytes())?;
/// assert_eq!(roots.len(), 1);
/// assert!(roots.are_test_roots());
/// assert!(TrustRoots::from_pem(b"").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TrustRoots {
    store: Arc<RootCertStore>,
    intermediates: Vec<CertificateDer<'static>>,
    subjects: Vec<String>,
    test_only: bool,
}

impl TrustRoots {
    /// Reads one or more root certificates, in PEM or one in DER. One that cannot be used refuses the whole file.
    ///
    /// # Errors
    /// [`ConfigError`] when the PEM is damaged or empty or a certificate is no usable root.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ConfigError> {
        Self::from_der(crate::pem::all(pem, "roots")?)
    }

    /// Adds the CA certificates between the roots and the nodes, as in the bundle of PKIoverheid. They are no roots: peers still
    /// have to show their chain. CRLs of these authorities are verified as soon as they are fetched, and certificates that a
    /// reverse proxy passes on find their way to a root.
    ///
    /// ```
    /// use medmij_net::TrustRoots;
    /// use medmij_test::TestPki;
    ///
    /// let pki = TestPki::new("A")?;
    /// let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes())?.with_intermediates(pki.intermediates_pem().as_bytes())?;
    /// assert_eq!(roots.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError::Pem`] when the PEM is damaged, [`ConfigError::Certificate`] when one is no certificate. One that leads to
    /// none of the roots is logged and left aside.
    pub fn with_intermediates(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        for (index, der) in crate::pem::all::<CertificateDer<'static>>(pem, "intermediates")?
            .into_iter()
            .enumerate()
        {
            Certificate::from_der(&der).map_err(|error| ConfigError::Certificate {
                what: "intermediate",
                number: index + 1,
                source: error.into(),
            })?;
            self.intermediates.push(der);
        }
        Ok(self)
    }

    /// The same from DER.
    ///
    /// # Errors
    /// [`ConfigError`] when there is none or a certificate is no usable root.
    pub fn from_der(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, ConfigError> {
        let mut store = RootCertStore::empty();
        let mut subjects = Vec::new();
        let mut test_only = true;
        for (index, der) in certificates.into_iter().enumerate() {
            let unusable = |source: Box<dyn std::error::Error + Send + Sync>| ConfigError::Certificate {
                what: "root",
                number: index + 1,
                source,
            };
            let certificate = Certificate::from_der(&der).map_err(|error| unusable(error.into()))?;
            test_only &= organisations(&certificate).any(|name| name == TEST_ORGANISATION);
            subjects.push(certificate.tbs_certificate().subject().to_string());
            store.add(der).map_err(|error| unusable(error.into()))?;
        }
        if subjects.is_empty() {
            return Err(ConfigError::Missing("root certificate"));
        }
        Ok(Self {
            store: Arc::new(store),
            intermediates: Vec::new(),
            subjects,
            test_only,
        })
    }

    /// How many roots there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// The subjects of the roots, for a log line at start-up.
    pub fn subjects(&self) -> &[String] {
        &self.subjects
    }

    /// Whether every root was made by the test PKI of this project, so that nothing real can be reached.
    pub fn are_test_roots(&self) -> bool {
        self.test_only
    }

    pub(crate) fn intermediates(&self) -> &[CertificateDer<'static>] {
        &self.intermediates
    }

    pub(crate) fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.store)
    }
}

impl fmt::Debug for TrustRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustRoots").field(&self.subjects).finish()
    }
}

/// The organisation that `medmij-test` writes into every certificate; a test keeps the two equal.
const TEST_ORGANISATION: &str = "MedMij bouwstenen TEST PKI - do not trust";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_the_test_pki_is_the_same_on_both_sides() {
        assert_eq!(TEST_ORGANISATION, medmij_test::TEST_ORGANISATION);
    }

    #[test]
    fn core_tls_314_a_damaged_root_refuses_the_whole_file() {
        let good = medmij_test::TestPki::new("A").unwrap().roots_pem();
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = TrustRoots::from_pem(format!("{good}{bad}").as_bytes()).unwrap_err();
        assert!(matches!(error, ConfigError::Certificate { number: 2, .. }), "{error}");
    }
}
