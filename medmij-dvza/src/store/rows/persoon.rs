// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — the end of all that a Persoon has at a DVZA: after a death, or because it is to be erased.

use std::time::Duration;

use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::Aanbiedernaam;

use super::{Acting, AuditEntry, AuditKind, AuditObject};

/// All that a Persoon has at this DVZA ends.
///
/// ```
/// use medmij_dvza::store::{Acting, PersoonEnd};
/// use medmij_oauth::seal::PersoonIndex;
///
/// // by every version of the index key: `KeyRing::indexes`
/// let persoon = vec![PersoonIndex::from_bytes([1; 32])];
/// let death = PersoonEnd::after_death(persoon.clone(), Acting::operator("ann"));
/// assert!(!death.erase);
/// let erasure = PersoonEnd::erasure(persoon, Acting::operator("ann"));
/// assert!(erasure.erase && erasure.entry().persoon.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersoonEnd {
    /// The Persoon, by every version of the index key, the current one first.
    pub persoon: Vec<PersoonIndex>,
    /// Whether the Persoon goes from the audit log too.
    pub erase: bool,
    /// Who does it.
    pub by: Acting,
}

impl PersoonEnd {
    /// For so long nothing that was under way becomes a grant or an Abonnement: as long as a flow may take.
    pub const HOLD: Duration = Duration::from_secs(900);

    /// After a death (core.dossier.108). The audit log keeps whose consents these were, for its term.
    #[must_use]
    pub fn after_death(persoon: Vec<PersoonIndex>, by: Acting) -> Self {
        Self {
            persoon,
            erase: false,
            by,
        }
    }

    /// Everything goes, and the audit log says no more whose consents these were.
    #[must_use]
    pub fn erasure(persoon: Vec<PersoonIndex>, by: Acting) -> Self {
        Self {
            erase: true,
            ..Self::after_death(persoon, by)
        }
    }

    /// The one entry that a store writes of it.
    #[must_use]
    pub fn entry(&self) -> AuditEntry {
        let kind = if self.erase {
            AuditKind::Erased
        } else {
            AuditKind::Ended
        };
        let mut entry = AuditEntry::of(kind, AuditObject::Persoon, self.by.clone());
        "*".clone_into(&mut entry.scope);
        entry.persoon = self.persoon.first().copied().filter(|_| !self.erase);
        entry
    }
}

/// What ended with a Persoon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndedPersoon {
    /// The grants, by DVP and Aanbieder, each with its code and tokens.
    pub grants: Vec<(ClientId, Option<Aanbiedernaam>)>,
    /// So many Abonnementen, with the notifications that waited; 0 where they are kept elsewhere.
    pub abonnementen: u64,
    /// From so many entries of the audit log the Persoon was erased.
    pub entries: u64,
}

impl EndedPersoon {
    /// What ended.
    #[must_use]
    pub fn new(grants: Vec<(ClientId, Option<Aanbiedernaam>)>, abonnementen: u64, entries: u64) -> Self {
        Self {
            grants,
            abonnementen,
            entries,
        }
    }
}
