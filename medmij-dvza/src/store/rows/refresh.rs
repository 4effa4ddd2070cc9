// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — exchanging a refresh token of a langdurige toestemming.
//!
//! A grant keeps two refresh tokens: the current one and the one before. Every older one is recognised by the generation
//! that it carries under a MAC, so the number of rows does not grow with the number of refreshes.

use std::time::Duration;

use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::Hostname;

use super::{Acting, Actor, Grant, GrantId, NewAccess};

/// A refresh token to write.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewRefresh {
    /// The hash of the token.
    pub token: SecretHash,
    /// Which refresh token of the grant it is, from 1 on.
    pub generation: u32,
    /// How long it works.
    pub lifetime: Duration,
}

impl NewRefresh {
    /// A refresh token.
    #[must_use]
    pub fn new(token: SecretHash, generation: u32, lifetime: Duration) -> Self {
        Self {
            token,
            generation,
            lifetime,
        }
    }
}

/// A grant that has not ended, with its refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveGrant {
    /// The grant.
    pub grant: Grant,
    /// The refresh tokens, where one was issued.
    pub refresh: Option<RefreshState>,
}

impl LiveGrant {
    /// A grant with its refresh tokens.
    #[must_use]
    pub fn new(grant: Grant, refresh: Option<RefreshState>) -> Self {
        Self { grant, refresh }
    }
}

/// The two refresh tokens that a grant keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshState {
    /// Which refresh token of the grant the current one is.
    pub generation: u32,
    /// The hash of the current one.
    pub current: SecretHash,
    /// The hash of the one for which the current one came.
    pub previous: Option<SecretHash>,
}

impl RefreshState {
    /// The two tokens.
    #[must_use]
    pub fn new(generation: u32, current: SecretHash, previous: Option<SecretHash>) -> Self {
        Self {
            generation,
            current,
            previous,
        }
    }

    /// Whether this is one of the two.
    #[must_use]
    pub fn has(&self, token: &SecretHash) -> bool {
        self.current == *token || self.previous == Some(*token)
    }
}

/// How often the refresh tokens of one grant may be exchanged, so that the rows of a grant are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshRate {
    /// So many times, at least 1,
    pub most: u32,
    /// within this time.
    pub within: Duration,
}

impl RefreshRate {
    /// A rate.
    #[must_use]
    pub fn new(most: u32, within: Duration) -> Self {
        Self {
            most: most.max(1),
            within,
        }
    }
}

impl Default for RefreshRate {
    /// Sixty times in a quarter of an hour: far more than a DVP needs, whatever answers are lost.
    fn default() -> Self {
        Self::new(60, Duration::from_secs(900))
    }
}

/// The sealed part of a grant under other keys.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resealed {
    /// The Persoon, by the current version of the index key.
    pub persoon: PersoonIndex,
    /// The body, by the current sealing key.
    pub body: Vec<u8>,
}

impl Resealed {
    /// The sealed part.
    #[must_use]
    pub fn new(persoon: PersoonIndex, body: Vec<u8>) -> Self {
        Self { persoon, body }
    }
}

/// An offer of a refresh token, and what is written when it is exchanged. The caller has checked its MAC.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotateRefresh {
    /// The grant that the token names.
    pub grant: GrantId,
    /// The client of the request; any other than the grant's gets nothing.
    pub client_id: ClientId,
    /// The hash of the token that is offered.
    pub offered: SecretHash,
    /// The generation that it carries.
    pub generation: u32,
    /// The next refresh token: one generation after the current one.
    pub next: NewRefresh,
    /// The access token.
    pub access: NewAccess,
    /// The names of the client certificate.
    pub names: Vec<Hostname>,
    /// Within this time after the first use, a second use is put off.
    pub race: Duration,
    /// How often the tokens of the grant may be exchanged.
    pub rate: RefreshRate,
    /// The sealed part under the current keys, where it is under others.
    pub reseal: Option<Resealed>,
    /// Who offers it, for the entry of the grant that ends where an older one is offered.
    pub by: Acting,
}

impl RotateRefresh {
    /// What to write; with a race window of five seconds and the default rate.
    #[must_use]
    pub fn new(
        grant: GrantId,
        client_id: ClientId,
        offered: (SecretHash, u32),
        next: NewRefresh,
        access: NewAccess,
        names: Vec<Hostname>,
    ) -> Self {
        let by = Acting::new(Actor::Client(names.first().cloned()));
        Self {
            grant,
            client_id,
            offered: offered.0,
            generation: offered.1,
            next,
            access,
            names,
            race: Duration::from_secs(5),
            rate: RefreshRate::default(),
            reseal: None,
            by,
        }
    }
}

/// The answer to exchanging a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotated {
    /// The current one: the next tokens are written.
    Fresh(Box<Grant>),
    /// The one before, and the current one was never used (a lost answer): the current one is replaced, and the tokens
    /// are written.
    Replaced(Box<Grant>),
    /// The one before, a moment after its first use, or another caller was first: nothing happened; try again later.
    Race,
    /// An older one: the grant has ended.
    Reused,
    /// Of another client. Nothing happened to it.
    Mismatch,
    /// Too late.
    Expired,
    /// Never issued by this store as it is, or the grant is gone.
    Unknown,
    /// The access token was issued before; nothing happened. Draw another.
    Collision,
    /// More often than [`RotateRefresh::rate`]: nothing happened; try again later.
    TooOften,
}
