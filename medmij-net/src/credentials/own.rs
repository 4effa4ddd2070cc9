// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tls.314 — our own certificate as the other side sees it: what is wrong with it is found here, not by a peer that says nothing

use std::cell::RefCell;
use std::time::SystemTime;

use rustls::CertificateError;
use rustls_pki_types::UnixTime;
use webpki::{KeyUsage, VerifiedPath};

use super::Credentials;
use crate::Cryptography;

/// Why a peer with the same roots and revocation lists would refuse our own certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnFault {
    /// What the chain file holds leads to none of the roots: an intermediate is missing, or it is of another generation.
    #[error(
        "the chain leads to no root of the back channel: an intermediate is missing, or it is of another generation"
    )]
    Path,
    /// It is past its end.
    #[error("the certificate has ended")]
    Ended,
    /// An authority above it is past its end.
    #[error("an authority above the certificate has ended")]
    AuthorityEnded,
    /// It has not begun.
    #[error("the certificate is not yet valid")]
    NotYetValid,
    /// It is not for servers.
    #[error("the certificate is not for servers")]
    NotForServers,
    /// It is not for clients.
    #[error("the certificate is not for clients")]
    NotForClients,
    /// It, or an authority above it, was withdrawn.
    #[error("the certificate, or an authority above it, is revoked")]
    Revoked,
    /// An authority above it has no revocation list here, under hard fail.
    #[error("there is no revocation list of an authority above the certificate")]
    RevocationUnknown,
    /// The revocation list of an authority above it is past its next update, under hard fail.
    #[error("the revocation list of an authority above the certificate is stale")]
    RevocationStale,
    /// The revocation list of an authority above it is of later than now, under hard fail.
    #[error("a revocation list of an authority above the certificate is of the future")]
    RevocationOfFuture,
}

impl Credentials {
    /// Judges our own chain as a peer would that has the same roots and revocation lists, in both directions.
    ///
    /// ```
    /// use medmij_net::{Credentials, NodeIdentity, OwnFault, Revocation, TrustRoots};
    /// use medmij_test::{LeafSpec, TestPki};
    /// use std::time::SystemTime;
    ///
    /// let pki = TestPki::new("A")?;
    /// let node = pki.issue(&LeafSpec::node("node.example.nl"))?;
    /// let mut credentials = Credentials {
    ///     identity: NodeIdentity::from_pem(node.chain_pem().as_bytes(), node.key_pem().as_bytes())?,
    ///     roots: TrustRoots::from_pem(pki.roots_pem().as_bytes())?,
    ///     revocation: Revocation::hard_fail(pki.crls(&[])?)?,
    /// };
    /// assert_eq!(credentials.own_fault(SystemTime::now()), None);
    /// credentials.revocation = Revocation::hard_fail(pki.crls(&[&node])?)?;
    /// assert_eq!(credentials.own_fault(SystemTime::now()), Some(OwnFault::Revoked));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn own_fault(&self, now: SystemTime) -> Option<OwnFault> {
        let usages = [
            (KeyUsage::server_auth(), OwnFault::NotForServers),
            (KeyUsage::client_auth(), OwnFault::NotForClients),
        ];
        usages
            .into_iter()
            .find_map(|(usage, purpose)| self.fault(usage, purpose, now))
    }

    fn fault(&self, usage: KeyUsage, purpose: OwnFault, now: SystemTime) -> Option<OwnFault> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (wall, now) = (now, UnixTime::since_unix_epoch(since));
        let chain = self.identity.chain();
        let (leaf, above) = chain.split_first()?;
        let Ok(leaf) = webpki::EndEntityCert::try_from(leaf) else {
            return Some(OwnFault::Path);
        };
        let refused = RefCell::new(None);
        let judge = |path: &VerifiedPath<'_>| {
            self.revocation.judge_path(path, now).map_err(|reason| {
                *refused.borrow_mut() = Some(reason);
                webpki::Error::UnknownRevocationStatus
            })
        };
        let algorithms = Cryptography::default().provider().signature_verification_algorithms.all;
        let roots = self.roots.store();
        let verified = leaf.verify_for_usage(algorithms, &roots.roots, above, now, usage, None, Some(&judge));
        let error = verified.err()?;
        Some(match (refused.take(), error) {
            (Some(CertificateError::Revoked), _) => OwnFault::Revoked,
            (Some(CertificateError::ExpiredRevocationList), _) => OwnFault::RevocationStale,
            (Some(_), _) if self.revocation.crls().any(|crl| crl.this_update > wall) => OwnFault::RevocationOfFuture,
            (Some(_), _) => OwnFault::RevocationUnknown,
            (None, webpki::Error::CertExpired { .. }) if self.identity.not_after() > wall => OwnFault::AuthorityEnded,
            (None, webpki::Error::CertExpired { .. }) => OwnFault::Ended,
            (None, webpki::Error::CertNotValidYet { .. }) => OwnFault::NotYetValid,
            (None, webpki::Error::RequiredEkuNotFoundContext(_)) => purpose,
            (None, _) => OwnFault::Path,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, Purpose, TestIdentity, Validity};

    use super::*;
    use crate::{NodeIdentity, Revocation, TrustRoots};

    fn credentials(pki: &G4Pki, own: &TestIdentity, levels: usize, crls: Vec<Vec<u8>>) -> Credentials {
        let chain = own.chain_der().iter().take(levels).cloned().map(Into::into).collect();
        let key = rustls_pki_types::PrivatePkcs8KeyDer::from(own.key_der().to_vec());
        Credentials {
            identity: NodeIdentity::from_der(chain, key.into()).unwrap(),
            roots: TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap(),
            revocation: Revocation::hard_fail(crls).unwrap(),
        }
    }

    #[test]
    fn core_tls_314_what_a_peer_would_refuse_is_named() {
        let (pki, now, hour) = (G4Pki::new("A").unwrap(), SystemTime::now(), Duration::from_secs(3600));
        let leaf = |leaf: G4Leaf| pki.issue(&leaf).unwrap();
        let system = || G4Leaf::system("node.example.nl");
        let good = pki.crls(&[]).unwrap();
        let own = leaf(system());
        let with = |at: usize, client_config: G4Crl| {
            let mut crls = good.clone();
            crls[at] = pki.crl(&client_config).unwrap();
            crls
        };
        let stale = G4Crl::of(G4Level::Root).between(now - 48 * hour, now - hour);
        let future = G4Crl::of(G4Level::Tsp).between(now + hour, now + 48 * hour);
        let withdrawn = G4Crl::of(G4Level::Intermediate).revoked([pki.authority_serial(G4Level::Tsp)]);
        let cases = [
            (credentials(&pki, &own, 3, good.clone()), None),
            (credentials(&pki, &own, 2, good.clone()), Some(OwnFault::Path)),
            (
                credentials(&pki, &own, 3, pki.crls(&[own.serial()]).unwrap()),
                Some(OwnFault::Revoked),
            ),
            (credentials(&pki, &own, 3, with(1, withdrawn)), Some(OwnFault::Revoked)),
            (
                credentials(&pki, &own, 3, with(0, stale)),
                Some(OwnFault::RevocationStale),
            ),
            (
                credentials(&pki, &own, 3, with(2, future)),
                Some(OwnFault::RevocationOfFuture),
            ),
            (
                credentials(&pki, &own, 3, good[1..].to_vec()),
                Some(OwnFault::RevocationUnknown),
            ),
            (
                credentials(&pki, &leaf(system().validity(Validity::Expired)), 3, good.clone()),
                Some(OwnFault::Ended),
            ),
            (
                credentials(&pki, &leaf(system().validity(Validity::NotYet)), 3, good.clone()),
                Some(OwnFault::NotYetValid),
            ),
            (
                credentials(&pki, &leaf(system().purposes(&[Purpose::ClientAuth])), 3, good.clone()),
                Some(OwnFault::NotForServers),
            ),
            (
                credentials(&pki, &leaf(system().purposes(&[Purpose::ServerAuth])), 3, good.clone()),
                Some(OwnFault::NotForClients),
            ),
        ];
        for (at, (credentials, expected)) in cases.into_iter().enumerate() {
            assert_eq!(credentials.own_fault(now), expected, "case {at}");
        }
    }
}
