// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows of a store, and the answers of its operations.

mod ids;

use std::time::Duration;

use medmij_types::{Aanbiedernaam, Hostname};

pub use self::ids::{FlowId, GrantId, SecretHash};
use crate::{ClientId, seal::PersoonIndex};

/// A flow to keep.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewFlow {
    /// Its id.
    pub id: FlowId,
    /// The hash of the session secret that the browser holds.
    pub session: SecretHash,
    /// What the server knows, sealed.
    pub body: Vec<u8>,
    /// How long the flow may take.
    pub lifetime: Duration,
}

impl NewFlow {
    /// A flow.
    #[must_use]
    pub fn new(id: FlowId, session: SecretHash, body: Vec<u8>, lifetime: Duration) -> Self {
        Self {
            id,
            session,
            body,
            lifetime,
        }
    }
}

/// A flow that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFlow {
    /// Goes up with every change, from 1.
    pub version: u32,
    /// The hash of the session secret.
    pub session: SecretHash,
    /// What the server knows, sealed.
    pub body: Vec<u8>,
}

impl StoredFlow {
    /// A row.
    #[must_use]
    pub fn new(version: u32, session: SecretHash, body: Vec<u8>) -> Self {
        Self { version, session, body }
    }
}

/// A change of a flow.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Advance {
    /// The flow.
    pub id: FlowId,
    /// The version that the caller saw.
    pub version: u32,
    /// The session from now on: another one after a login (session fixation).
    pub session: SecretHash,
    /// What the server knows, sealed.
    pub body: Vec<u8>,
    /// Whether the Persoon is authenticated, so that the flow is not the first to go when the store is full.
    pub authenticated: bool,
}

impl Advance {
    /// A change.
    #[must_use]
    pub fn new(id: FlowId, version: u32, session: SecretHash, body: Vec<u8>, authenticated: bool) -> Self {
        Self {
            id,
            version,
            session,
            body,
            authenticated,
        }
    }
}

/// The answer to a change of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advanced {
    /// Done, by this caller.
    Done,
    /// Another caller was first: the flow has another version, is closed, expired or was never there.
    Stale,
}

/// What a Persoon granted, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The Persoon.
    pub persoon: PersoonIndex,
    /// The Aanbieder; releases before 1.2 name none.
    pub aanbieder: Option<Aanbiedernaam>,
    /// The DVP.
    pub client_id: ClientId,
    /// Whether this is a langdurige toestemming: only then refresh tokens are written.
    pub langdurig: bool,
    /// Everything else, sealed.
    pub body: Vec<u8>,
}

impl Grant {
    /// A grant.
    #[must_use]
    pub fn new(
        id: GrantId,
        persoon: PersoonIndex,
        aanbieder: Option<Aanbiedernaam>,
        client_id: ClientId,
        langdurig: bool,
        body: Vec<u8>,
    ) -> Self {
        Self {
            id,
            persoon,
            aanbieder,
            client_id,
            langdurig,
            body,
        }
    }
}

/// A grant to write, with its code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewGrant {
    /// The grant.
    pub grant: Grant,
    /// The hash of the code.
    pub code: SecretHash,
    /// The hash of what the code is bound to: client and redirect_uri.
    pub binding: SecretHash,
    /// How long the code works.
    pub lifetime: Duration,
    /// The flow that ends, and the version that the caller saw.
    pub flow: (FlowId, u32),
    /// The audit entry of the consent.
    pub audit: AuditEntry,
}

impl NewGrant {
    /// A grant with its code.
    #[must_use]
    pub fn new(
        grant: Grant,
        code: SecretHash,
        binding: SecretHash,
        lifetime: Duration,
        flow: (FlowId, u32),
        audit: AuditEntry,
    ) -> Self {
        Self {
            grant,
            code,
            binding,
            lifetime,
            flow,
            audit,
        }
    }
}

/// The answer to a new grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Granted {
    /// Written.
    Done,
    /// The flow was ended or changed by another caller; nothing is written.
    Stale,
    /// The code was issued before; nothing is written. Draw another (case D04).
    Collision,
}

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

/// What an audit entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AuditKind {
    /// Toestemming or Bevestiging was given.
    Gegeven,
    /// Toestemming or Bevestiging was refused.
    Geweigerd,
    /// A langdurige toestemming was withdrawn.
    Ingetrokken,
}

impl AuditKind {
    /// A stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gegeven => "gegeven",
            Self::Geweigerd => "geweigerd",
            Self::Ingetrokken => "ingetrokken",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Gegeven, Self::Geweigerd, Self::Ingetrokken]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// An entry of the audit log (core.logging.203): who answered what, by index and ids; the store adds the time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// What happened.
    pub kind: AuditKind,
    /// The Persoon.
    pub persoon: PersoonIndex,
    /// The Aanbieder.
    pub aanbieder: Option<Aanbiedernaam>,
    /// The DVP.
    pub client_id: ClientId,
    /// The scope that was asked, or `*` for a withdrawal.
    pub scope: String,
    /// The grant, where there is one.
    pub grant: Option<GrantId>,
    /// The version of the screen texts that were shown.
    pub texts: String,
}

impl AuditEntry {
    /// An entry.
    #[must_use]
    pub fn new(
        kind: AuditKind,
        persoon: PersoonIndex,
        aanbieder: Option<Aanbiedernaam>,
        client_id: ClientId,
        scope: impl Into<String>,
        texts: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            persoon,
            aanbieder,
            client_id,
            scope: scope.into(),
            grant: None,
            texts: texts.into(),
        }
    }

    /// The entry with its grant.
    #[must_use]
    pub fn of_grant(mut self, grant: GrantId) -> Self {
        self.grant = Some(grant);
        self
    }
}
