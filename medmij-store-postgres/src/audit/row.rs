// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of the audit log as values of the store.

use std::time::{SystemTime, UNIX_EPOCH};

use medmij_dvza::store::{
    Acting, Actor, AuditEntry, AuditHead, AuditKind, AuditObject, AuditOutcome, AuditRecord, EntryHash, GrantId,
    KeptEntries, SignedCheckpoint,
};
use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Hostname};
use tokio_postgres::Row;

use crate::{
    error::Failure,
    row::{bytes, column},
};

/// The columns that [`record`] reads.
pub(super) const COLUMNS: &str = "number, chain, position, at, kind, actor_kind, actor_id, aanbieder, gegevensdiensten, \
     client_id, scope, outcome, trace_id, object, source, grant_id, texts, commitment, hash, persoon, salt";

pub(super) fn record(row: &Row) -> Result<AuditRecord, Failure> {
    let kind = AuditKind::from_name(column(row, "kind")?).ok_or(BROKEN)?;
    let object = AuditObject::from_name(column(row, "object")?).ok_or(BROKEN)?;
    let actor = Actor::parse(column(row, "actor_kind")?, column(row, "actor_id")?).ok_or(BROKEN)?;
    let mut by = Acting::new(actor);
    by.source = parsed(row, "source", |text| Hostname::parse(text).ok())?;
    by.trace_id = parsed(row, "trace_id", |text| CorrelationId::parse(text).ok())?;
    let mut entry = AuditEntry::of(kind, object, by);
    entry.persoon = optional(row, "persoon")?.map(PersoonIndex::from_bytes);
    entry.aanbieder = parsed(row, "aanbieder", |text| Aanbiedernaam::parse(text).ok())?;
    entry.gegevensdiensten = column::<&str>(row, "gegevensdiensten")?
        .split(' ')
        .filter(|id| !id.is_empty())
        .map(|id| GegevensdienstId::parse(id).map_err(|_| BROKEN))
        .collect::<Result<_, _>>()?;
    entry.client_id = parsed(row, "client_id", |text| ClientId::parse(text).ok())?;
    entry.scope = column(row, "scope")?;
    entry.outcome = AuditOutcome::from_name(column(row, "outcome")?).ok_or(BROKEN)?;
    entry.grant = parsed(row, "grant_id", GrantId::parse)?;
    entry.texts = column(row, "texts")?;
    let chain = u32::try_from(column::<i32>(row, "chain")?).map_err(|_| BROKEN)?;
    Ok(AuditRecord::new(
        (number(row, "number")?, chain, number(row, "position")?),
        number(row, "at")?,
        entry,
        (
            optional(row, "commitment")?.map(EntryHash::from_bytes),
            optional(row, "salt")?,
        ),
        hash(row, "hash")?,
    ))
}

/// A chain in the columns of `audit_chains`.
pub(super) fn head(row: &Row) -> Result<AuditHead, Failure> {
    let chain = u32::try_from(column::<i32>(row, "chain")?).map_err(|_| BROKEN)?;
    let kept = KeptEntries::new(number(row, "kept_count")?, hash(row, "kept_digest")?);
    Ok(AuditHead::empty(chain)
        .cut_at(number(row, "cut")?, hash(row, "base")?, kept)
        .at(number(row, "position")?, hash(row, "head")?))
}

pub(super) fn checkpoint(row: &Row) -> Result<SignedCheckpoint, Failure> {
    let (text, key): (String, String) = (column(row, "text")?, column(row, "key")?);
    let signature = column(row, "signature")?;
    Ok(SignedCheckpoint::new(number(row, "number")?, text, key, signature))
}

/// A moment in microseconds since 1970.
pub(super) fn micros_of(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn number(row: &Row, name: &str) -> Result<u64, Failure> {
    Ok(column::<i64>(row, name)?.unsigned_abs())
}

fn hash(row: &Row, name: &str) -> Result<EntryHash, Failure> {
    Ok(EntryHash::from_bytes(bytes(row, name)?))
}

fn optional<const N: usize>(row: &Row, name: &str) -> Result<Option<[u8; N]>, Failure> {
    match column::<Option<&[u8]>>(row, name)? {
        Some(_) => bytes(row, name).map(Some),
        None => Ok(None),
    }
}

fn parsed<T>(row: &Row, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failure> {
    match column::<Option<&str>>(row, name)? {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or(BROKEN),
    }
}

const BROKEN: Failure = Failure::Broken("audit entry");
