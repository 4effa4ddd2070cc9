// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.208 — what a Persoon granted, with its code.

use std::time::Duration;

use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::Aanbiedernaam;

use super::{Acting, AuditEntry, AuditKind, FlowId, GrantId};

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

impl AuditEntry {
    /// The entry of a grant that the DVZA ended: somebody offered a code or token again, or an operator ended it.
    #[must_use]
    pub fn ended(grant: &Grant, by: Acting) -> Self {
        let (persoon, client_id) = (grant.persoon, grant.client_id.clone());
        Self::new(AuditKind::Ended, persoon, grant.aanbieder.clone(), client_id, "*", "")
            .by(by)
            .of_grant(grant.id.clone())
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
