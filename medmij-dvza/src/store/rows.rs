// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows of a store, and the answers of its operations.

mod access;
mod audit;
mod binding;
mod code;
mod flow;
mod grant;
mod ids;
mod keys;
mod persoon;
mod refresh;

pub(crate) use self::audit::micros;
pub use self::{
    access::NewAccess,
    audit::{
        Acting, Actor, AuditEntry, AuditHead, AuditKind, AuditObject, AuditOutcome, AuditQuery, AuditRecord, AuditTerm,
        Checkpoint, EntryHash, KeptEntries, SignedCheckpoint,
    },
    binding::{Binding, Learned, MAX_LEARNED},
    code::{BurntCode, Redeem, RedeemedCode, StoredAccess},
    flow::{Advance, NewFlow, StoredFlow},
    grant::{Grant, Granted, NewGrant},
    ids::{FlowId, GrantId},
    keys::KeyUse,
    persoon::{EndedPersoon, PersoonEnd},
    refresh::{LiveGrant, NewRefresh, RefreshRate, RefreshState, Resealed, RotateRefresh, Rotated},
};
