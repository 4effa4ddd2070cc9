// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204 — taking a code, and the access token that comes of it.

use std::time::Duration;

use medmij_oauth::storage::SecretHash;
use medmij_types::Hostname;

use super::Grant;

/// What is written when a code is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Redeem {
    /// The hash of client and redirect_uri of the token request.
    pub binding: SecretHash,
    /// The hash of the access token to issue.
    pub access: SecretHash,
    /// How long it works.
    pub access_lifetime: Duration,
    /// The hash of the refresh token to issue, where the grant is langdurig, and how long it works.
    pub refresh: Option<(SecretHash, Duration)>,
    /// The names of the client certificate, for the guard.
    pub names: Vec<Hostname>,
}

impl Redeem {
    /// What to write.
    #[must_use]
    pub fn new(
        binding: SecretHash,
        access: SecretHash,
        access_lifetime: Duration,
        refresh: Option<(SecretHash, Duration)>,
        names: Vec<Hostname>,
    ) -> Self {
        Self {
            binding,
            access,
            access_lifetime,
            refresh,
            names,
        }
    }
}

/// The answer to taking a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TakenCode {
    /// First offer, right binding: the tokens are written. One caller ever gets this.
    Fresh(Box<Grant>),
    /// First offer, other client or redirect_uri: burnt, nothing written.
    Mismatch,
    /// Offered before: the grant and everything issued from it has ended.
    Replayed,
    /// Too late; burnt.
    Expired,
    /// Never issued, or forgotten.
    Unknown,
    /// The access or refresh token was issued before; nothing happened, the code is not burnt. Draw another (case F13).
    Collision,
}

/// A live access token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The grant from which it was issued.
    pub grant: Grant,
    /// The names of the certificate that asked for it.
    pub names: Vec<Hostname>,
}

impl Access {
    /// A live access token.
    #[must_use]
    pub fn new(grant: Grant, names: Vec<Hostname>) -> Self {
        Self { grant, names }
    }
}
