// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.205 — a flow from its login to its grant, and the changes to it.

use std::time::Duration;

use super::{AuditEntry, FlowId};
use medmij_oauth::storage::SecretHash;

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
    /// What the Persoon answered, where the change tells of it: written with the change, or neither is.
    pub audit: Option<AuditEntry>,
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
            audit: None,
        }
    }

    /// The change with the audit entry that commits with it.
    #[must_use]
    pub fn with_audit(mut self, entry: AuditEntry) -> Self {
        self.audit = Some(entry);
        self
    }
}
