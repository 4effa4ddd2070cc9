// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, NEN 7513 — the audit log: one chain in one file, since one transaction writes at a time.

mod destroy;
mod row;

use medmij_dvza::store::{
    AuditEntry, AuditHead, AuditQuery, AuditRecord, EntryHash, GrantId, KeptEntries, SignedCheckpoint,
};
use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Hostname};
use rusqlite::{Connection, Row, params};

pub(crate) use self::destroy::{destroy, planned};
use crate::{clock, error::Failure, reader::View, writer::Tx};

/// Adds an entry to the chain, in the transaction of what it tells of.
pub(crate) fn write(tx: &Tx<'_>, entry: &AuditEntry) -> Result<(), Failure> {
    append(tx.connection, entry, (tx.wall, tx.floor))
}

/// Adds an entry: `wall` is the moment where it says none, `floor` from when on it is kept.
pub(crate) fn append(connection: &Connection, entry: &AuditEntry, (wall, floor): (i64, i64)) -> Result<(), Failure> {
    let sql = "SELECT position, head, randomblob(16) FROM audit_chain";
    let (position, head, salt): (i64, [u8; 32], [u8; 16]) = connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let position = position + 1;
    let place = (0, 1, position.unsigned_abs());
    let record = AuditRecord::chained(
        entry,
        place,
        &EntryHash::from_bytes(head),
        wall.max(0).unsigned_abs(),
        salt,
    );
    let entry = &record.entry;
    let ids: Vec<&str> = entry.gegevensdiensten.iter().map(GegevensdienstId::as_str).collect();
    connection
        .prepare_cached(
            "INSERT INTO audit (chain, position, at, kind, actor_kind, actor_id, aanbieder, gegevensdiensten, client_id,
                 scope, outcome, trace_id, object, source, grant_id, texts, commitment, hash, written, kept_from,
                 persoon, salt)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?18, ?19, ?20)",
        )?
        .execute(params![
            position,
            i64::try_from(record.micros).unwrap_or(i64::MAX),
            entry.kind.as_str(),
            entry.by.actor.kind(),
            entry.by.actor.id(),
            entry.aanbieder.as_ref().map(Aanbiedernaam::as_str),
            ids.join(" "),
            entry.client_id.as_ref().map(ClientId::as_str),
            entry.scope,
            entry.outcome.as_str(),
            entry.by.trace_id.as_ref().map(CorrelationId::as_str),
            entry.object.as_str(),
            entry.by.source.as_ref().map(Hostname::as_str),
            entry.grant.as_ref().map(GrantId::as_str),
            entry.texts,
            record.commitment.as_ref().map(EntryHash::as_bytes),
            record.hash.as_bytes(),
            floor,
            entry.persoon.as_ref().map(PersoonIndex::as_bytes),
            record.salt,
        ])?;
    connection
        .prepare_cached("UPDATE audit_chain SET position = ?1, head = ?2")?
        .execute(params![position, record.hash.as_bytes()])?;
    Ok(())
}

/// The consents of a grant that ends are kept from now on, for their term.
pub(crate) fn end_grant(tx: &Tx<'_>, grant: &str) -> Result<(), Failure> {
    let sql = "UPDATE audit SET kept_from = ?2 WHERE grant_id = ?1 AND kind = 'consented'";
    tx.execute(sql, params![grant, tx.floor])?;
    Ok(())
}

/// Entries as versions of the schema before 6 have them come into the chain, in their order.
pub(crate) fn take_in_old(connection: &Connection) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT at, kept_from, kind, persoon, aanbieder, client_id, scope, grant_id, texts
         FROM audit_before_6 ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        append(connection, &row::old(row)?, (row.get(0)?, row.get(1)?))?;
    }
    drop(rows);
    drop(statement);
    connection.execute_batch("DROP TABLE audit_before_6")?;
    Ok(())
}

pub(crate) fn entries(view: &View<'_>, query: &AuditQuery, batch: i64) -> Result<Vec<AuditRecord>, Failure> {
    let micros = |at| clock::wall_micros(at);
    let (from, until) = (query.from.map_or(0, micros), query.until.map_or(i64::MAX, micros));
    let (order, beyond, start) = if query.newest_first {
        ("DESC", "<", i64::MAX)
    } else {
        ("ASC", ">", -1)
    };
    let after = query
        .after
        .map_or(start, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let persons = query.persoon.as_deref().unwrap_or_default();
    let marks: Vec<String> = (5..5 + persons.len()).map(|at| format!("?{at}")).collect();
    let of = if query.persoon.is_some() {
        format!("AND persoon IN ({})", marks.join(", "))
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT {} FROM audit WHERE number {beyond} ?1 AND at >= ?2 AND at < ?3 {of} ORDER BY number {order} LIMIT ?4",
        row::COLUMNS
    );
    let mut values: Vec<rusqlite::types::Value> = vec![after.into(), from.into(), until.into(), batch.into()];
    values.extend(persons.iter().map(|index| index.as_bytes().to_vec().into()));
    let mut statement = view.connection.prepare_cached(&sql)?;
    read(statement.query(rusqlite::params_from_iter(values))?)
}

pub(crate) fn chain(view: &View<'_>, chain: u32, after: u64, batch: i64) -> Result<Vec<AuditRecord>, Failure> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    part(view.connection, chain, after, i64::MAX, batch)
}

/// Entries of a chain after one place, up to another.
fn part(connection: &Connection, chain: u32, after: i64, to: i64, batch: i64) -> Result<Vec<AuditRecord>, Failure> {
    let sql = format!(
        "SELECT {} FROM audit WHERE chain = ?1 AND position > ?2 AND position <= ?3 ORDER BY position LIMIT ?4",
        row::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    read(statement.query(params![chain, after, to, batch])?)
}

fn read(mut rows: rusqlite::Rows<'_>) -> Result<Vec<AuditRecord>, Failure> {
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(row::record(row)?);
    }
    Ok(records)
}

pub(crate) fn heads(connection: &Connection) -> Result<Vec<AuditHead>, Failure> {
    let sql = "SELECT chain, cut, base, kept_count, kept_digest, position, head FROM audit_chain WHERE position > 0";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        let kept = KeptEntries::new(number(3)?, hash(row, 4)?);
        heads.push(
            AuditHead::empty(row.get(0)?)
                .cut_at(number(1)?, hash(row, 2)?, kept)
                .at(number(5)?, hash(row, 6)?),
        );
    }
    Ok(heads)
}

pub(crate) fn add_checkpoint(tx: &Tx<'_>, checkpoint: &SignedCheckpoint) -> Result<bool, Failure> {
    let last = "SELECT coalesce(max(number), 0) FROM audit_checkpoints";
    let last = tx.first(last, [], |row| Ok(row.get::<_, i64>(0)?))?.unwrap_or_default();
    let Some(number) = i64::try_from(checkpoint.number)
        .ok()
        .filter(|number| *number == last + 1)
    else {
        return Ok(false);
    };
    tx.execute(
        "INSERT INTO audit_checkpoints (number, text, key, signature) VALUES (?1, ?2, ?3, ?4)",
        params![number, checkpoint.text, checkpoint.key, checkpoint.signature],
    )?;
    Ok(true)
}

pub(crate) fn checkpoints(connection: &Connection, after: u64, batch: i64) -> Result<Vec<SignedCheckpoint>, Failure> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let sql = "SELECT number, text, key, signature FROM audit_checkpoints WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([after, batch])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number = row.get::<_, i64>(0)?.unsigned_abs();
        let (text, key): (String, String) = (row.get(1)?, row.get(2)?);
        found.push(SignedCheckpoint::new(number, text, key, row.get(3)?));
    }
    Ok(found)
}

pub(crate) fn last_checkpoint(connection: &Connection) -> Result<Option<SignedCheckpoint>, Failure> {
    let sql = "SELECT coalesce(max(number), 0) - 1 FROM audit_checkpoints";
    let before: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(checkpoints(connection, before.max(0).unsigned_abs(), 1)?.pop())
}

pub(crate) fn replace_persoon(
    tx: &Tx<'_>,
    persoon: &[PersoonIndex],
    with: Option<&PersoonIndex>,
) -> Result<u64, Failure> {
    let mut changed = 0;
    for index in persoon {
        changed += tx.execute(
            "UPDATE audit SET persoon = ?2, salt = NULL WHERE persoon = ?1",
            params![index.as_bytes(), with.map(PersoonIndex::as_bytes)],
        )?;
    }
    Ok(changed as u64)
}

fn hash(row: &Row<'_>, at: usize) -> Result<EntryHash, Failure> {
    Ok(EntryHash::from_bytes(row.get(at)?))
}
