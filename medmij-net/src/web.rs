// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.315 — the certificate of the front channel: publicly trusted, of organisation level, no wildcard
//!
//! The complete list of requirements behind the rule could not be read; what is checked here is what is
//! known of it: not domain validated only (OV or more), and no wildcard names. Whether a browser trusts the
//! issuer is the browser's judgement.

use std::fmt;
#[cfg(feature = "axum")]
use std::sync::Arc;
use std::time::SystemTime;

use medmij_types::PeerNames;
#[cfg(feature = "axum")]
use rustls::sign::SingleCertAndKey;
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::CertificatePolicies;

use crate::identity::{in_order, key_from_pem};
use crate::names::{common_names, organisations};
use crate::{ConfigError, NodeIdentity};

/// A certificate chain and key for the front channel. It is another type than [`NodeIdentity`], so that
/// the two channels cannot be mixed up.
///
/// ```
/// use medmij_net::WebIdentity;
/// use medmij_test::{LeafSpec, TestPki};
///
/// let pki = TestPki::new("web")?;
/// let good = pki.issue(&LeafSpec::front("inloggen.example.nl"))?;
/// assert!(WebIdentity::from_pem(good.chain_pem().as_bytes(), good.key_pem().as_bytes()).is_ok());
/// let wildcard = pki.issue(&LeafSpec::front("*.example.nl"))?;
/// assert!(WebIdentity::from_pem(wildcard.chain_pem().as_bytes(), wildcard.key_pem().as_bytes()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct WebIdentity {
    identity: NodeIdentity,
}

impl WebIdentity {
    /// From PEM: the server's own certificate with its chain, in any order, and an unencrypted key.
    ///
    /// # Errors
    /// [`ConfigError::Web`] when the certificate has no place on the front channel, otherwise as
    /// [`NodeIdentity::from_pem`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, ConfigError> {
        let certificates = crate::pem::all::<CertificateDer<'static>>(chain, "certificate chain")?;
        let key = key_from_pem(key)?;
        let certificates = in_order(certificates, &key);
        let leaf = certificates.first().ok_or(ConfigError::Missing("certificate"))?;
        judge(leaf).map_err(ConfigError::Web)?;
        let identity = NodeIdentity::from_der(certificates, key)?;
        Ok(Self { identity })
    }

    /// The names of the server.
    pub fn names(&self) -> &PeerNames {
        self.identity.names()
    }

    /// The moment at which the certificate ends.
    pub fn not_after(&self) -> SystemTime {
        self.identity.not_after()
    }

    #[cfg(feature = "axum")]
    pub(crate) fn resolver(&self) -> Arc<SingleCertAndKey> {
        self.identity.resolver()
    }
}

impl fmt::Debug for WebIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebIdentity").field(&self.identity).finish()
    }
}

fn judge(leaf: &CertificateDer<'_>) -> Result<(), &'static str> {
    let certificate = Certificate::from_der(leaf).map_err(|_| NO_NAME)?;
    let webpki = webpki::EndEntityCert::try_from(leaf).map_err(|_| NO_NAME)?;
    let names: Vec<_> = webpki.valid_dns_names().collect();
    if names.iter().any(|name| name.contains('*')) || common_names(&certificate).any(|name| name.contains('*')) {
        return Err(WILDCARD);
    }
    if names.is_empty() {
        return Err(NO_NAME);
    }
    let policies = certificate.tbs_certificate().get_extension::<CertificatePolicies>();
    let domain_only = matches!(policies, Ok(Some((_, policies)))
        if policies.0.iter().any(|policy| policy.policy_identifier.to_string() == DOMAIN_VALIDATED));
    if domain_only || organisations(&certificate).next().is_none() {
        return Err(DOMAIN_ONLY);
    }
    Ok(())
}

const WILDCARD: &str = "it has a wildcard name";
const DOMAIN_ONLY: &str = "it is domain validated, no organisation is in it";
const NO_NAME: &str = "it has no usable server name";

/// The CA/Browser Forum's policy identifier.
const DOMAIN_VALIDATED: &str = "2.23.140.1.2.1";

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_test::{LeafSpec, TestPki};

    #[test]
    fn core_tls_315_the_own_certificate_is_judged_wherever_it_stands() {
        let pki = TestPki::new("web").unwrap();
        for (name, good) in [("inloggen.example.nl", true), ("*.example.nl", false)] {
            let issued = pki.issue(&LeafSpec::front(name)).unwrap();
            let certificates: Vec<&str> = issued
                .chain_pem()
                .split_inclusive("-----END CERTIFICATE-----\n")
                .collect();
            let reversed: String = certificates.iter().rev().copied().collect();
            let other = pki.issue(&LeafSpec::front("www.example.nl")).unwrap();
            for chain in [reversed, format!("{}{}", other.chain_pem(), issued.chain_pem())] {
                let read = WebIdentity::from_pem(chain.as_bytes(), issued.key_pem().as_bytes());
                match read {
                    Ok(identity) => assert!(good && identity.names().to_string() == name, "{name}"),
                    Err(error) => assert!(!good && matches!(error, ConfigError::Web(WILDCARD)), "{error}"),
                }
            }
        }
    }

    #[test]
    fn core_tls_315_organisation_level_and_no_wildcard() {
        let pki = TestPki::new("web").unwrap();
        let good = LeafSpec::front("inloggen.example.nl");
        let cases = [
            ("organisation", good.clone(), None),
            ("two names", good.clone().dns("www.example.nl"), None),
            ("wildcard", LeafSpec::front("*.example.nl"), Some(WILDCARD)),
            (
                "wildcard beside a name",
                good.clone().dns("*.example.nl"),
                Some(WILDCARD),
            ),
            (
                "wildcard as common name",
                good.clone().common_name(Some("*.example.nl")),
                Some(WILDCARD),
            ),
            ("domain validated", good.clone().domain_validated(), Some(DOMAIN_ONLY)),
            ("common name only", good.without_dns(), Some(NO_NAME)),
        ];
        for (case, spec, expected) in cases {
            let made = pki.issue(&spec).unwrap();
            let result = WebIdentity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes());
            match (result, expected) {
                (Ok(_), None) => {}
                (Err(ConfigError::Web(fault)), Some(expected)) => assert_eq!(fault, expected, "{case}"),
                (result, _) => panic!("{case}: {result:?}"),
            }
        }
    }
}
