// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.208 — grants: written with their audit entry and code or not at all, ended with all that came of them.
//!
//! A grant that ends loses its row, and with it code, refresh tokens and the sealed Persoon; its access tokens point at nothing
//! then, so nothing that is issued at the same moment escapes.

use medmij_dvza::store::{Acting, AuditEntry, Grant, GrantId, Granted, LiveGrant, NewGrant};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::Advanced};
use medmij_types::Aanbiedernaam;
use rusqlite::params;

use crate::{
    audit,
    clock::micros,
    error::Failure,
    flows, persoon,
    reader::View,
    row,
    writer::{Tx, first},
};

pub(crate) fn add(tx: &Tx<'_>, new: &NewGrant) -> Result<Granted, Failure> {
    let taken = "SELECT 1 FROM grants WHERE code = ?1 OR id = ?2";
    let (id, code) = (new.grant.id.as_str(), new.code.as_bytes());
    if tx.first(taken, params![code, id], |_| Ok(()))?.is_some() {
        return Ok(Granted::Collision);
    }
    if persoon::is_held(tx, &new.grant.persoon)? || flows::end(tx, &new.flow.0, new.flow.1)? != Advanced::Done {
        return Ok(Granted::Stale);
    }
    let (grant, lifetime) = (&new.grant, micros(new.lifetime));
    tx.execute(
        "INSERT INTO grants (id, persoon, aanbieder, client_id, langdurig, body, code, binding, code_expires,
             live_until, purge_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            grant.persoon.as_bytes(),
            grant.aanbieder.as_ref().map(Aanbiedernaam::as_str),
            grant.client_id.as_str(),
            grant.langdurig,
            grant.body,
            code,
            new.binding.as_bytes(),
            tx.now.saturating_add(lifetime),
            tx.floor.saturating_add(lifetime),
            // a while longer, so that a late offer is known to be late
            tx.floor.saturating_add(lifetime).saturating_add(lifetime)
        ],
    )?;
    audit::write(tx, &new.audit)?;
    Ok(Granted::Done)
}

/// The grants that somebody can still collect with, oldest first.
pub(crate) fn of_persoon(view: &View<'_>, persoon: &[PersoonIndex]) -> Result<Vec<Grant>, Failure> {
    let sql = format!(
        "SELECT {}, g.seq FROM grants g WHERE g.persoon = ?1 AND g.langdurig = 1 AND g.live_until > ?2",
        row::GRANT
    );
    let (mut statement, floor) = (view.connection.prepare_cached(&sql)?, view.reading()?.floor);
    let mut grants = Vec::new();
    for index in persoon {
        let mut rows = statement.query(params![index.as_bytes(), floor])?;
        while let Some(row) = rows.next()? {
            grants.push((row.get::<_, i64>(6)?, row::grant(row, 0)?));
        }
    }
    grants.sort_by_key(|(seq, _)| *seq);
    Ok(grants.into_iter().map(|(_, grant)| grant).collect())
}

/// A grant that has not ended, with its refresh tokens.
pub(crate) fn live(view: &View<'_>, id: &GrantId) -> Result<Option<LiveGrant>, Failure> {
    let sql = format!(
        "SELECT {}, g.generation, g.refresh, g.previous FROM grants g WHERE g.id = ?1",
        row::GRANT
    );
    first(view.connection, &sql, [id.as_str()], |row| {
        Ok(LiveGrant::new(row::grant(row, 0)?, row::refresh(row, 6)?))
    })
}

pub(crate) fn withdraw(
    tx: &Tx<'_>,
    persoon: &[PersoonIndex],
    aanbieder: Option<&Aanbiedernaam>,
    client_id: &ClientId,
    entry: &AuditEntry,
) -> Result<u64, Failure> {
    let mut ended: Vec<String> = Vec::new();
    for index in persoon {
        let mut statement = tx.connection.prepare_cached(
            "DELETE FROM grants WHERE persoon = ?1 AND aanbieder IS ?2 AND client_id = ?3 AND purge_at > ?4 RETURNING id",
        )?;
        let mut rows = statement.query(params![
            index.as_bytes(),
            aanbieder.map(Aanbiedernaam::as_str),
            client_id.as_str(),
            tx.floor
        ])?;
        while let Some(row) = rows.next()? {
            ended.push(row.get(0)?);
        }
    }
    for grant in &ended {
        audit::end_grant(tx, grant)?;
    }
    if !ended.is_empty() {
        audit::write(tx, entry)?;
    }
    Ok(ended.len() as u64)
}

pub(crate) fn revoke(tx: &Tx<'_>, id: &GrantId, by: &Acting) -> Result<(), Failure> {
    let sql = format!("SELECT {} FROM grants g WHERE g.id = ?1", row::GRANT);
    match tx.first(&sql, [id.as_str()], |row| row::grant(row, 0))? {
        Some(grant) => end(tx, &grant, by),
        None => Ok(()),
    }
}

/// Ends a grant for another reason than that the Persoon withdrew it.
pub(crate) fn end(tx: &Tx<'_>, grant: &Grant, by: &Acting) -> Result<(), Failure> {
    tx.execute("DELETE FROM grants WHERE id = ?1", [grant.id.as_str()])?;
    audit::end_grant(tx, grant.id.as_str())?;
    audit::write(tx, &AuditEntry::ended(grant, by.clone()))
}
