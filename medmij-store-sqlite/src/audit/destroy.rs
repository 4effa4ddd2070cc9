// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.101 — entries past their term are destroyed, at a checkpoint and not otherwise.

use medmij_dvza::store::{AuditHead, AuditTerm, EntryHash, KeptEntries, SignedCheckpoint};
use rusqlite::{Connection, params};

use super::{add_checkpoint, heads, last_checkpoint, row};
use crate::{clock::micros, error::Failure, writer::Tx};

/// The chain as it would be: see `Store::audit_to_destroy`.
pub(crate) fn planned(connection: &Connection, term: AuditTerm, floor: i64) -> Result<Vec<AuditHead>, Failure> {
    let heads = heads(connection)?;
    let Some(last) = last_checkpoint(connection)? else {
        return Ok(heads);
    };
    let last = last.checkpoint().ok_or(Failure::Broken("checkpoint"))?;
    let oldest = floor - micros(term.duration());
    heads
        .into_iter()
        .map(|head| {
            let covered = last.head(head.chain).map_or(0, |head| head.position);
            let covered = i64::try_from(covered).unwrap_or(i64::MAX);
            let cut = connection
                .prepare_cached(
                    "SELECT position, hash FROM audit WHERE chain = ?1 AND position > ?2 AND position <= ?3 AND written < ?4
                     ORDER BY position DESC LIMIT 1",
                )?
                .query_map(
                    params![head.chain, i64::try_from(head.cut).unwrap_or(i64::MAX), covered, oldest],
                    |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)),
                )?
                .next()
                .transpose()?;
            let (cut, base) = cut.map_or((head.cut, head.base), |(position, hash)| {
                (position.unsigned_abs(), EntryHash::from_bytes(hash))
            });
            let kept = kept(connection, head.chain, cut, oldest)?;
            Ok(head.cut_at(cut, base, kept))
        })
        .collect()
}

/// Destroys what was planned, where the checkpoint says the same.
pub(crate) fn destroy(tx: &Tx<'_>, term: AuditTerm, checkpoint: &SignedCheckpoint) -> Result<Option<u64>, Failure> {
    if tx.jumped {
        return Ok(None);
    }
    let planned = planned(tx.connection, term, tx.floor)?;
    let said = checkpoint.checkpoint().ok_or(Failure::Broken("checkpoint"))?;
    let same = |head: &AuditHead| said.head(head.chain).is_some_and(|other| other.is_cut_as(head));
    if !planned.iter().all(same) || !add_checkpoint(tx, checkpoint)? {
        return Ok(None);
    }
    let oldest = tx.floor - micros(term.duration());
    let mut gone = 0;
    tx.execute("UPDATE audit_chain SET destroying = 1", [])?;
    for head in planned {
        let cut = i64::try_from(head.cut).unwrap_or(i64::MAX);
        let sql = format!("DELETE FROM audit WHERE chain = ?1 AND position <= ?2 AND NOT ({KEPT})");
        gone += tx.execute(&sql, params![head.chain, cut, oldest])?;
        tx.execute(
            "UPDATE audit_chain SET cut = ?2, base = ?3, kept_count = ?4, kept_digest = ?5 WHERE chain = ?1",
            params![
                head.chain,
                cut,
                head.base.as_bytes(),
                i64::try_from(head.kept.count).unwrap_or(i64::MAX),
                head.kept.digest.as_bytes()
            ],
        )?;
    }
    tx.execute("UPDATE audit_chain SET destroying = 0", [])?;
    Ok(Some(gone as u64))
}

fn kept(connection: &Connection, chain: u32, cut: u64, oldest: i64) -> Result<KeptEntries, Failure> {
    let sql = format!(
        "SELECT {} FROM audit WHERE chain = ?1 AND position <= ?2 AND {KEPT} ORDER BY position",
        row::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![chain, i64::try_from(cut).unwrap_or(i64::MAX), oldest])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(row::record(row)?);
    }
    Ok(KeptEntries::of(&records))
}

/// Consents of which the grant lives, or ended not before ?3.
const KEPT: &str =
    "(kind = 'consented' AND (kept_from >= ?3 OR EXISTS (SELECT 1 FROM grants g WHERE g.id = grant_id)))";
