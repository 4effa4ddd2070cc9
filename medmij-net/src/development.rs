// SPDX-License-Identifier: AGPL-3.0-or-later
//! The proof that a program runs on this machine only, with certificates that nobody trusts
//!
//! A stub for logging in, or anything else that must never meet a real Persoon, asks for this proof in its
//! constructor. It cannot be made any other way.

use std::net::SocketAddr;

use medmij_types::Hostname;

use crate::{DangerLoopback, LoopbackError, TrustRoots};

/// Proof: every listener is on loopback under a `.localhost` name, traffic goes through a
/// [`DangerLoopback`] and the roots are those of the test PKI.
///
/// ```
/// use medmij_net::{DangerDevelopment, DangerLoopback, TrustRoots};
/// use medmij_test::TestPki;
/// use medmij_types::Hostname;
///
/// let roots = TrustRoots::from_pem(TestPki::new("A")?.roots_pem().as_bytes())?;
/// let dvza = Hostname::parse("dvza.localhost")?;
/// let proof = DangerDevelopment::prove(&DangerLoopback::new(), &roots, [(&dvza, "127.0.0.1:8081".parse()?)]);
/// assert!(proof.is_ok());
/// // Reachable from outside: no proof.
/// let proof = DangerDevelopment::prove(&DangerLoopback::new(), &roots, [(&dvza, "0.0.0.0:8081".parse()?)]);
/// assert!(proof.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct DangerDevelopment(());

impl DangerDevelopment {
    /// Checks the three conditions over all listeners of the program, front and back.
    ///
    /// # Errors
    /// [`LoopbackError`] names the condition that does not hold; no listener at all is no proof either.
    pub fn prove<'a>(
        _loopback: &DangerLoopback,
        roots: &TrustRoots,
        listeners: impl IntoIterator<Item = (&'a Hostname, SocketAddr)>,
    ) -> Result<Self, LoopbackError> {
        if !roots.are_test_roots() {
            return Err(LoopbackError::RealRoots);
        }
        let mut any = false;
        for (host, address) in listeners {
            any = true;
            if !host.is_under_localhost() {
                return Err(LoopbackError::NotLocalhost(host.clone()));
            }
            if !address.ip().is_loopback() {
                return Err(LoopbackError::NotLoopback(address));
            }
        }
        if any {
            Ok(Self(()))
        } else {
            Err(LoopbackError::NoListener)
        }
    }
}
