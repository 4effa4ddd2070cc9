// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.203 — the audit log: an entry is written in the transaction of what it is about.

use medmij_dvza::store::{AuditEntry, GrantId};
use medmij_types::Aanbiedernaam;
use rusqlite::params;

use crate::{error::Failure, reader::View, row, writer::Tx};

pub(crate) fn write(tx: &Tx<'_>, entry: &AuditEntry) -> Result<(), Failure> {
    tx.execute(
        "INSERT INTO audit (at, kept_from, kind, persoon, aanbieder, client_id, scope, grant_id, texts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            tx.wall,
            tx.floor,
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

/// Every entry, oldest first.
pub(crate) fn all(view: &View<'_>) -> Result<Vec<AuditEntry>, Failure> {
    let sql = "SELECT kind, persoon, aanbieder, client_id, scope, grant_id, texts FROM audit ORDER BY seq";
    let mut statement = view.connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(row::audit(row)?);
    }
    Ok(entries)
}
