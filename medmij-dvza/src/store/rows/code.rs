// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204 — taking a code, and the access token that comes of it.

use medmij_oauth::{ClientId, storage::SecretHash};
use medmij_types::{GegevensdienstId, Hostname};

use super::{Acting, Actor, Grant, NewAccess, NewRefresh};

/// An offer of a code, and what is written when it is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Redeem {
    /// The client of the request.
    pub client_id: ClientId,
    /// The hash of client and redirect_uri of the request.
    pub binding: SecretHash,
    /// The names of the client certificate, for the guard.
    pub names: Vec<Hostname>,
    /// Whether a name of the certificate is known to belong to the client. Where it is not, only the certificate with
    /// which the code was taken counts as that of the grant.
    pub own: bool,
    /// The access token to issue.
    pub access: NewAccess,
    /// The refresh token to issue, where the grant is langdurig.
    pub refresh: Option<NewRefresh>,
    /// Who offers it, for the entry of the grant that ends where the code was offered before.
    pub by: Acting,
}

impl Redeem {
    /// An offer of a client whose certificate is known to be its own, without a refresh token.
    #[must_use]
    pub fn new(client_id: ClientId, binding: SecretHash, names: Vec<Hostname>, access: NewAccess) -> Self {
        let by = Acting::new(Actor::Client(names.first().cloned()));
        Self {
            client_id,
            binding,
            names,
            own: true,
            access,
            refresh: None,
            by,
        }
    }

    /// The same with a refresh token to issue where the grant is langdurig.
    #[must_use]
    pub fn with_refresh(mut self, refresh: NewRefresh) -> Self {
        self.refresh = Some(refresh);
        self
    }
}

/// The answer to taking a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedeemedCode {
    /// First offer, right client and binding: the tokens are written. One caller ever gets this.
    Fresh(Box<Grant>),
    /// First offer, other client or redirect_uri: burnt, nothing written.
    Mismatch,
    /// Offered before, and again by the client of the grant with a certificate of the grant: the grant and everything
    /// issued from it has ended.
    Replayed,
    /// Offered before, and now by another client or with another certificate: nothing ended.
    Spent,
    /// Too late; burnt.
    Expired,
    /// Never issued, or its grant is gone.
    Unknown,
    /// The access token was issued before; nothing happened, the code is not burnt. Draw another (case F13).
    Collision,
}

/// The answer to burning a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BurntCode {
    /// It was unused and is burnt now.
    Burnt,
    /// It was offered before; nothing happened.
    Spent,
    /// Never issued, or its grant is gone.
    Unknown,
}

/// A live access token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredAccess {
    /// The grant from which it was issued.
    pub grant: Grant,
    /// The names of the certificate that asked for it.
    pub names: Vec<Hostname>,
    /// What it admits.
    pub gegevensdiensten: Vec<GegevensdienstId>,
}

impl StoredAccess {
    /// A live access token.
    #[must_use]
    pub fn new(grant: Grant, names: Vec<Hostname>, gegevensdiensten: Vec<GegevensdienstId>) -> Self {
        Self {
            grant,
            names,
            gegevensdiensten,
        }
    }
}
