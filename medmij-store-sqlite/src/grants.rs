// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.208 — grants: written with their audit entry and code or not at all, ended with all that came of them.
//!
//! A grant ends by a mark; its codes and tokens work as long as the grant has none, so nothing that is issued at the same
//! moment escapes.

use medmij_dvza::store::{AuditEntry, Grant, GrantId, Granted, NewGrant};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::Advanced};
use medmij_types::Aanbiedernaam;
use rusqlite::params;

use crate::{clock::micros, error::Failure, flows, reader::View, row, writer::Tx};

pub(crate) fn add(tx: &Tx<'_>, new: &NewGrant) -> Result<Granted, Failure> {
    let taken = "SELECT 1 WHERE EXISTS (SELECT 1 FROM codes WHERE hash = ?1)
                 OR EXISTS (SELECT 1 FROM grants WHERE id = ?2)";
    let (id, code) = (new.grant.id.as_str(), new.code.as_bytes());
    if tx.first(taken, params![code, id], |_| Ok(()))?.is_some() {
        return Ok(Granted::Collision);
    }
    if flows::end(tx, &new.flow.0, new.flow.1)? != Advanced::Done {
        return Ok(Granted::Stale);
    }
    let expires = tx.now + micros(new.lifetime);
    // kept for twice its lifetime, so that a replay still finds the token that came of it
    let purge_at = expires + micros(new.lifetime);
    let grant = &new.grant;
    tx.execute(
        "INSERT INTO grants (id, persoon, aanbieder, client_id, langdurig, body, live_until, purge_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id,
            grant.persoon.as_bytes(),
            grant.aanbieder.as_ref().map(Aanbiedernaam::as_str),
            grant.client_id.as_str(),
            grant.langdurig,
            grant.body,
            expires,
            purge_at
        ],
    )?;
    tx.execute(
        "INSERT INTO codes (hash, grant_seq, binding, expires, purge_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            code,
            tx.connection.last_insert_rowid(),
            new.binding.as_bytes(),
            expires,
            purge_at
        ],
    )?;
    audit(tx, &new.audit)?;
    Ok(Granted::Done)
}

/// The grants that somebody can still collect with, oldest first.
pub(crate) fn of_persoon(view: &View<'_>, persoon: &PersoonIndex) -> Result<Vec<Grant>, Failure> {
    let sql = format!(
        "SELECT {} FROM grants g WHERE g.persoon = ?1 AND g.langdurig = 1 AND g.ended = 0 AND g.live_until > ?2
         ORDER BY g.seq",
        row::GRANT
    );
    let mut statement = view.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![persoon.as_bytes(), view.now()?])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        grants.push(row::grant(row, 0)?);
    }
    Ok(grants)
}

pub(crate) fn withdraw(
    tx: &Tx<'_>,
    persoon: &PersoonIndex,
    aanbieder: Option<&Aanbiedernaam>,
    client_id: &ClientId,
    entry: &AuditEntry,
) -> Result<u64, Failure> {
    let ended = tx.execute(
        "UPDATE grants SET ended = 1
         WHERE persoon = ?1 AND aanbieder IS ?2 AND client_id = ?3 AND ended = 0 AND purge_at > ?4",
        params![
            persoon.as_bytes(),
            aanbieder.map(Aanbiedernaam::as_str),
            client_id.as_str(),
            tx.now
        ],
    )?;
    if ended > 0 {
        audit(tx, entry)?;
    }
    Ok(ended as u64)
}

pub(crate) fn revoke(tx: &Tx<'_>, id: &GrantId) -> Result<(), Failure> {
    let seq = "SELECT seq FROM grants WHERE id = ?1";
    match tx.first(seq, [id.as_str()], |row| Ok(row.get(0)?))? {
        Some(seq) => end(tx, seq),
        None => Ok(()),
    }
}

/// Ends the grant of a token or code for another reason than that the Persoon withdrew it.
pub(crate) fn end(tx: &Tx<'_>, seq: i64) -> Result<(), Failure> {
    let Some(grant) = live(tx, seq)? else { return Ok(()) };
    tx.execute("UPDATE grants SET ended = 1 WHERE seq = ?1", [seq])?;
    audit(tx, &AuditEntry::ended(&grant))
}

/// The grant of a token or code, if it has not ended.
pub(crate) fn live(tx: &Tx<'_>, seq: i64) -> Result<Option<Grant>, Failure> {
    let sql = format!("SELECT {} FROM grants g WHERE g.seq = ?1 AND g.ended = 0", row::GRANT);
    tx.first(&sql, [seq], |row| row::grant(row, 0))
}

/// Keeps the grant for as long as its newest rows; `refresh` is when a refresh token of it expires.
pub(crate) fn keep(tx: &Tx<'_>, seq: i64, access: i64, refresh: Option<i64>) -> Result<(), Failure> {
    let live = refresh.unwrap_or(0);
    tx.execute(
        "UPDATE grants SET live_until = max(live_until, ?2), purge_at = max(purge_at, ?3)
         WHERE seq = ?1 AND (live_until < ?2 OR purge_at < ?3)",
        params![seq, live, live.max(access)],
    )?;
    Ok(())
}

pub(crate) fn audit(tx: &Tx<'_>, entry: &AuditEntry) -> Result<(), Failure> {
    tx.execute(
        "INSERT INTO audit (at, kind, persoon, aanbieder, client_id, scope, grant_id, texts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            tx.wall,
            entry.kind.as_str(),
            entry.persoon.as_bytes(),
            entry.aanbieder.as_ref().map(Aanbiedernaam::as_str),
            entry.client_id.as_str(),
            entry.scope,
            entry.grant.as_ref().map(GrantId::as_str),
            entry.texts
        ],
    )?;
    Ok(())
}
