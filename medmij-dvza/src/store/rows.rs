// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows of a store, and the answers of its operations.

mod audit;
mod code;
mod flow;
mod grant;
mod ids;
mod refresh;

pub use self::{
    audit::{AuditEntry, AuditKind},
    code::{Access, Redeem, TakenCode},
    flow::{Advance, NewFlow, StoredFlow},
    grant::{Grant, Granted, NewGrant},
    ids::{FlowId, GrantId},
    refresh::{RotateRefresh, Rotated},
};
