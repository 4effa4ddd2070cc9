// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.203 — the audit log: who answered what.

use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::Aanbiedernaam;

use super::GrantId;

/// What an audit entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AuditKind {
    /// Toestemming or Bevestiging was given.
    Gegeven,
    /// Toestemming or Bevestiging was refused.
    Geweigerd,
    /// The Persoon was told that there is nothing to share, and went back. Written where a refusal is written, so that the two
    /// are the same work (autoriseren 1 and 2).
    GeenGegevens,
    /// A langdurige toestemming was withdrawn by the Persoon.
    Ingetrokken,
    /// A grant was ended by the DVZA: a code or refresh token was offered again, or an operator ended it. The store makes
    /// this entry itself, from the grant, in the transaction that ends it.
    Beeindigd,
}

impl AuditKind {
    /// A stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gegeven => "gegeven",
            Self::Geweigerd => "geweigerd",
            Self::GeenGegevens => "geen-gegevens",
            Self::Ingetrokken => "ingetrokken",
            Self::Beeindigd => "beeindigd",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Gegeven,
            Self::Geweigerd,
            Self::GeenGegevens,
            Self::Ingetrokken,
            Self::Beeindigd,
        ]
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
    /// The scope that was asked, or `*` for a withdrawal or an end.
    pub scope: String,
    /// The grant, where there is one.
    pub grant: Option<GrantId>,
    /// The version of the screen texts that were shown; empty where no screen was.
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
