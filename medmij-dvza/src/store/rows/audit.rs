// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, NEN 7513 — an entry of the audit log of a DVZA: who did what, for whom, when, and with what outcome.

mod actor;
mod checkpoint;
mod head;
mod query;
mod record;

use std::time::SystemTime;

use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId};

pub(crate) use self::record::micros;
pub use self::{
    actor::{Acting, Actor},
    checkpoint::{Checkpoint, SignedCheckpoint},
    head::{AuditHead, KeptEntries},
    query::{AuditQuery, AuditTerm},
    record::{AuditRecord, EntryHash},
};
use super::GrantId;

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($(#[$of:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $kind {
            $($(#[$of])* $variant,)*
        }

        impl $kind {
            /// A stable name, as stores and exports have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Reads the name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    /// What an audit entry is about.
    AuditKind {
        /// Toestemming or Bevestiging was given.
        Consented = "consented",
        /// Toestemming or Bevestiging was refused.
        Refused = "refused",
        /// The Persoon was told that there is nothing to share, and went back. Written where a refusal is written, so that
        /// the two are the same work (autoriseren 1 and 2).
        NothingToShare = "nothing-to-share",
        /// A langdurige toestemming was withdrawn by the Persoon.
        Withdrawn = "withdrawn",
        /// A grant was ended by the DVZA: a code or refresh token was offered again, or an operator ended it. The store
        /// makes this entry itself, from the grant, in the transaction that ends it.
        Ended = "ended",
        /// A DVP asked for data with a token of the Persoon; the outcome says whether the guard let it through.
        Accessed = "accessed",
        /// Somebody read the audit log itself.
        Read = "read",
        /// An operator did something to the store: keys, clock, bindings, destruction of entries.
        Administered = "administered",
        /// What was kept of a Persoon was erased, after a death or on request.
        Erased = "erased",
        /// A process began to write access entries. One without [`Stopped`](Self::Stopped) runs, or was cut off: what it had
        /// gathered and not written, a second's worth at most, is lost.
        Started = "started",
        /// A process wrote what it had gathered, and ended.
        Stopped = "stopped",
        /// A process was cut off, as another found: with how many access entries it had taken in
        /// ([`Server::count_audit`](crate::Server::count_audit)).
        CutOff = "cut-off",
    }
}

names! {
    /// With what outcome.
    AuditOutcome {
        /// It was done.
        Done = "done",
        /// It was refused.
        Refused = "refused",
    }
}

names! {
    /// What was touched, by kind; never its content.
    AuditObject {
        /// A consent.
        Consent = "consent",
        /// Health data that a DVP collects.
        HealthData = "health-data",
        /// Health data that a Persoon shares with the Aanbieder.
        SharedData = "shared-data",
        /// A subscription.
        Subscription = "subscription",
        /// The audit log.
        AuditLog = "audit-log",
        /// Names of certificates of DVPs.
        Bindings = "bindings",
        /// Sealing and index keys.
        Keys = "keys",
        /// The clock of the store.
        Clock = "clock",
        /// All that is kept of a Persoon.
        Persoon = "persoon",
    }
}

/// An entry of the audit log, with the fields of NEN 7513. It names a Persoon by the keyed hash, and holds no health data and
/// nothing that a Persoon typed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// What happened.
    pub kind: AuditKind,
    /// When, where that was before it is written; `None` is the moment of writing, by the wall clock of the store.
    pub at: Option<SystemTime>,
    /// Who did it, from where, in which chain of requests.
    pub by: Acting,
    /// Whose data or consent it is; `None` where it is about nobody, and after erasure.
    pub persoon: Option<PersoonIndex>,
    /// The Aanbieder.
    pub aanbieder: Option<Aanbiedernaam>,
    /// The gegevensdiensten.
    pub gegevensdiensten: Vec<GegevensdienstId>,
    /// The DVP.
    pub client_id: Option<ClientId>,
    /// The scope that was asked, or `*` for a withdrawal or an end; empty where there is none.
    pub scope: String,
    /// With what outcome.
    pub outcome: AuditOutcome,
    /// What was touched.
    pub object: AuditObject,
    /// The grant, where there is one.
    pub grant: Option<GrantId>,
    /// The version of the screen texts that were shown; empty where no screen was. An access has its process and its number
    /// there, `NAME/17`, and what says that a process began or ended how many there were, `NAME/?` where that is not known.
    pub texts: String,
}

impl AuditEntry {
    /// An entry on a consent of a Persoon, by that Persoon.
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
            persoon: Some(persoon),
            aanbieder,
            client_id: Some(client_id),
            scope: scope.into(),
            texts: texts.into(),
            ..Self::of(kind, AuditObject::Consent, Acting::persoon())
        }
    }

    /// An entry on something else.
    #[must_use]
    pub fn of(kind: AuditKind, object: AuditObject, by: Acting) -> Self {
        Self {
            kind,
            at: None,
            by,
            persoon: None,
            aanbieder: None,
            gegevensdiensten: Vec::new(),
            client_id: None,
            scope: String::new(),
            outcome: AuditOutcome::Done,
            object,
            grant: None,
            texts: String::new(),
        }
    }

    /// The entry with who did it.
    #[must_use]
    pub fn by(mut self, by: Acting) -> Self {
        self.by = by;
        self
    }

    /// The entry with its grant.
    #[must_use]
    pub fn of_grant(mut self, grant: GrantId) -> Self {
        self.grant = Some(grant);
        self
    }

    /// The entry with the gegevensdiensten.
    #[must_use]
    pub fn about(mut self, gegevensdiensten: &[GegevensdienstId]) -> Self {
        self.gegevensdiensten = gegevensdiensten.to_vec();
        self
    }

    /// The id of the chain of requests.
    #[must_use]
    pub fn trace_id(&self) -> Option<&CorrelationId> {
        self.by.trace_id.as_ref()
    }
}
