// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, core.logging.101, NEN 7513 — the audit log: chains of hashes that the database makes, as many as
//! transactions write at once.

mod row;

use medmij_dvza::store::{
    Acting, AuditEntry, AuditHead, AuditQuery, AuditRecord, AuditTerm, GrantId, SignedCheckpoint,
};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::StoreError};
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Hostname};
use serde_json::{Map, Value};
use tokio_postgres::types::ToSql;

use crate::{
    error::Failure,
    pool::{Connections, Params},
    row::{self as rows, column, micros},
};

/// An entry as `medmij.append_audit` reads it.
pub(crate) fn json(entry: &AuditEntry) -> String {
    value(entry).to_string()
}

/// Who did it, to be filled in by `medmij.end_grant`.
pub(crate) fn by(by: &Acting) -> String {
    Value::Object(acting(by)).to_string()
}

fn acting(by: &Acting) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, text: Option<&str>| {
        if let Some(text) = text {
            map.insert(name.to_owned(), text.into());
        }
    };
    put("actor_kind", Some(by.actor.kind()));
    put("actor_id", by.actor.id());
    put("source", by.source.as_ref().map(Hostname::as_str));
    put("trace_id", by.trace_id.as_ref().map(CorrelationId::as_str));
    map
}

fn value(entry: &AuditEntry) -> Value {
    let mut map = acting(&entry.by);
    let ids: Vec<&str> = entry.gegevensdiensten.iter().map(GegevensdienstId::as_str).collect();
    let persoon = entry.persoon.map(|persoon| hex(persoon.as_bytes()));
    for (name, text) in [
        ("kind", Some(entry.kind.as_str())),
        ("aanbieder", entry.aanbieder.as_ref().map(Aanbiedernaam::as_str)),
        ("gegevensdiensten", Some(ids.join(" ").as_str())),
        ("client_id", entry.client_id.as_ref().map(ClientId::as_str)),
        ("scope", Some(&entry.scope)),
        ("outcome", Some(entry.outcome.as_str())),
        ("object", Some(entry.object.as_str())),
        ("grant_id", entry.grant.as_ref().map(GrantId::as_str)),
        ("texts", Some(&entry.texts)),
        ("persoon", persoon.as_deref()),
    ] {
        if let Some(text) = text {
            map.insert(name.to_owned(), text.into());
        }
    }
    if let Some(at) = entry.at {
        map.insert("at".to_owned(), row::micros_of(at).into());
    }
    Value::Object(map)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn write(connections: &Connections, entries: &[AuditEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let all = Value::Array(entries.iter().map(value).collect()).to_string();
    connections.rows(WRITE, &[&all]).await?;
    Ok(())
}

pub(crate) async fn entries(
    connections: &Connections,
    query: &AuditQuery,
    batch: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let (from, until) = (query.from.map(row::micros_of), query.until.map(row::micros_of));
    let after = query.after.map(|after| i64::try_from(after).unwrap_or(i64::MAX));
    let persons = query.persoon.as_deref().map(rows::persons);
    let params: Params<'_> = &[&after, &from, &until, &batch];
    let (sql, mut params) = (select(query), params.to_vec());
    if let Some(persons) = &persons {
        params.push(persons as &(dyn ToSql + Sync));
    }
    read(connections, &sql, &params).await
}

/// One statement for each order, with and without a Persoon: so each finds its index.
fn select(query: &AuditQuery) -> String {
    let (beyond, order) = if query.newest_first {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    let of = if query.persoon.is_some() {
        "AND persoon = ANY ($5)"
    } else {
        ""
    };
    format!(
        "SELECT {} FROM medmij.audit
         WHERE ($1::bigint IS NULL OR number {beyond} $1) AND ($2::bigint IS NULL OR at >= $2)
             AND ($3::bigint IS NULL OR at < $3) {of}
         ORDER BY number {order} LIMIT $4",
        row::COLUMNS
    )
}

pub(crate) async fn chain(
    connections: &Connections,
    chain: u32,
    after: u64,
    batch: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let chain = i32::try_from(chain).unwrap_or(i32::MAX);
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let sql = format!(
        "SELECT {} FROM medmij.audit WHERE chain = $1 AND position > $2 ORDER BY position LIMIT $3",
        row::COLUMNS
    );
    read(connections, &sql, &[&chain, &after, &batch]).await
}

async fn read(connections: &Connections, sql: &str, params: Params<'_>) -> Result<Vec<AuditRecord>, StoreError> {
    let rows = connections.rows(sql, params).await?;
    Ok(rows.iter().map(row::record).collect::<Result<_, Failure>>()?)
}

pub(crate) async fn heads(connections: &Connections) -> Result<Vec<AuditHead>, StoreError> {
    let rows = connections.rows(HEADS, &[]).await?;
    Ok(rows.iter().map(row::head).collect::<Result<_, Failure>>()?)
}

pub(crate) async fn planned(connections: &Connections, term: AuditTerm) -> Result<Vec<AuditHead>, StoreError> {
    let rows = connections.rows(PLANNED, &[&micros(term.duration())]).await?;
    Ok(rows.iter().map(row::head).collect::<Result<_, Failure>>()?)
}

pub(crate) async fn add_checkpoint(
    connections: &Connections,
    checkpoint: &SignedCheckpoint,
) -> Result<bool, StoreError> {
    let number = i64::try_from(checkpoint.number).unwrap_or(i64::MAX);
    let params: Params<'_> = &[&number, &checkpoint.text, &checkpoint.key, &checkpoint.signature];
    let row = connections.row(ADD_CHECKPOINT, params).await?;
    Ok(column(&row, "done")?)
}

pub(crate) async fn checkpoints(
    connections: &Connections,
    after: u64,
    batch: i64,
) -> Result<Vec<SignedCheckpoint>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = connections.rows(CHECKPOINTS, &[&after, &batch]).await?;
    Ok(rows.iter().map(row::checkpoint).collect::<Result<_, Failure>>()?)
}

pub(crate) async fn last_checkpoint(connections: &Connections) -> Result<Option<SignedCheckpoint>, StoreError> {
    let rows = connections.rows(LAST_CHECKPOINT, &[]).await?;
    Ok(rows.first().map(row::checkpoint).transpose()?)
}

pub(crate) async fn destroy(
    connections: &Connections,
    term: AuditTerm,
    checkpoint: &SignedCheckpoint,
) -> Result<Option<u64>, StoreError> {
    let number = i64::try_from(checkpoint.number).unwrap_or(i64::MAX);
    let params: Params<'_> = &[
        &micros(term.duration()),
        &number,
        &checkpoint.text,
        &checkpoint.key,
        &checkpoint.signature,
    ];
    let row = connections.row(DESTROY, params).await?;
    Ok(u64::try_from(column::<i64>(&row, "gone")?).ok())
}

pub(crate) async fn replace_persoon(
    connections: &Connections,
    persoon: &[PersoonIndex],
    with: Option<&PersoonIndex>,
) -> Result<u64, StoreError> {
    let with: Option<&[u8]> = with.map(|index| index.as_bytes().as_slice());
    let row = connections
        .row(REPLACE_PERSOON, &[&rows::persons(persoon), &with])
        .await?;
    Ok(column::<i64>(&row, "changed")?.unsigned_abs())
}

const WRITE: &str = "SELECT medmij.append_audits($1::text::jsonb)";

const HEADS: &str = "
SELECT chain, cut, base, kept_count, kept_digest, position, head
FROM medmij.audit_chains WHERE position > 0 ORDER BY chain";

const PLANNED: &str = "
SELECT chain, cut, base, kept_count, kept_digest, position, head
FROM medmij.audit_to_destroy(medmij.floor() - medmij.micros($1)) ORDER BY chain";

const ADD_CHECKPOINT: &str = "SELECT medmij.add_checkpoint($1, $2, $3, $4) AS done";

const CHECKPOINTS: &str = "
SELECT number, text, key, signature FROM medmij.audit_checkpoints WHERE number > $1 ORDER BY number LIMIT $2";

const LAST_CHECKPOINT: &str = "
SELECT number, text, key, signature FROM medmij.audit_checkpoints ORDER BY number DESC LIMIT 1";

const DESTROY: &str = "SELECT medmij.destroy_audit($1, $2, $3, $4, $5) AS gone";

const REPLACE_PERSOON: &str = "
WITH changed AS (UPDATE medmij.audit SET persoon = $2, salt = NULL WHERE persoon = ANY ($1) RETURNING 1)
SELECT count(*) AS changed FROM changed";
