// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203 — the access token that comes of a code or of a refresh token.

use std::time::Duration;

use medmij_oauth::storage::SecretHash;
use medmij_types::GegevensdienstId;

/// An access token to write.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewAccess {
    /// The hash of the token.
    pub token: SecretHash,
    /// How long it works.
    pub lifetime: Duration,
    /// What it admits: all that was granted, or less. The consent itself is in the grant and is never narrowed.
    pub gegevensdiensten: Vec<GegevensdienstId>,
}

impl NewAccess {
    /// An access token for these gegevensdiensten.
    #[must_use]
    pub fn new(token: SecretHash, lifetime: Duration, gegevensdiensten: Vec<GegevensdienstId>) -> Self {
        Self {
            token,
            lifetime,
            gegevensdiensten,
        }
    }
}
