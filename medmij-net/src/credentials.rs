// SPDX-License-Identifier: AGPL-3.0-or-later
//! Identity, roots and revocation as one thing that can be replaced while running (fault R16)

mod files;
mod own;

use crate::{NodeIdentity, Revocation, TrustRoots};
pub use files::{CredentialFiles, FileError};
pub use own::OwnFault;

/// Who we are, whom we trust, and how we find out about withdrawn certificates: one side, one direction.
///
/// A DVZA has one for its listener and one for its client; with certificates for one purpose each they hold
/// different chains and roots.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a bundle of the three, made by hand")]
pub struct Credentials {
    /// The certificate and key that are shown.
    pub identity: NodeIdentity,
    /// The authorities under which the other side's certificate must be.
    pub roots: TrustRoots,
    /// What makes a certificate of the other side withdrawn.
    pub revocation: Revocation,
}
