// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — exchanging a refresh token of a langdurige toestemming.

use std::time::Duration;

use medmij_oauth::{ClientId, storage::SecretHash};
use medmij_types::Hostname;

use super::Grant;

/// What is written when a refresh token is exchanged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotateRefresh {
    /// The client of the request; another one than the grant's gets nothing.
    pub client_id: ClientId,
    /// The hash of the next refresh token.
    pub next: SecretHash,
    /// How long it works.
    pub lifetime: Duration,
    /// The hash of the access token.
    pub access: SecretHash,
    /// How long it works.
    pub access_lifetime: Duration,
    /// Within this time after the first use, a second use is put off.
    pub race: Duration,
    /// The names of the client certificate.
    pub names: Vec<Hostname>,
}

impl RotateRefresh {
    /// What to write.
    #[must_use]
    pub fn new(
        client_id: ClientId,
        next: (SecretHash, Duration),
        access: (SecretHash, Duration),
        race: Duration,
        names: Vec<Hostname>,
    ) -> Self {
        Self {
            client_id,
            next: next.0,
            lifetime: next.1,
            access: access.0,
            access_lifetime: access.1,
            race,
            names,
        }
    }
}

/// The answer to exchanging a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotated {
    /// First use: the next tokens are written.
    Fresh(Box<Grant>),
    /// Used before, but the successor never was: it is replaced, and the tokens are written.
    Replaced(Box<Grant>),
    /// Used a moment ago: two requests at once. Nothing happened; try again later.
    Race,
    /// Used before, and so was the successor: the grant has ended.
    Reused,
    /// Of another client. Nothing happened to it.
    Mismatch,
    /// Too late.
    Expired,
    /// Never issued, withdrawn, or forgotten.
    Unknown,
    /// A new token was issued before; nothing happened. Draw another.
    Collision,
}
