// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, RFC 8705 — names of certificates that were seen with a client, or confirmed.

use medmij_dvza::store::{Binding, Learned, MAX_LEARNED};
use medmij_oauth::ClientId;
use medmij_types::Hostname;
use rusqlite::params;

use crate::{error::Failure, reader::View, row, writer::Tx};

pub(crate) fn all(view: &View<'_>) -> Result<Vec<Binding>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM bindings ORDER BY client_id, name");
    let mut statement = view.connection.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut bindings = Vec::new();
    while let Some(row) = rows.next()? {
        bindings.push(row::binding(row)?);
    }
    Ok(bindings)
}

pub(crate) fn of(view: &View<'_>, names: &[Hostname]) -> Result<Vec<Binding>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM bindings WHERE name = ?1");
    let mut statement = view.connection.prepare_cached(&sql)?;
    let mut bindings = Vec::new();
    for name in names {
        let mut rows = statement.query([name.as_str()])?;
        while let Some(row) = rows.next()? {
            bindings.push(row::binding(row)?);
        }
    }
    Ok(bindings)
}

pub(crate) fn learn(tx: &Tx<'_>, client_id: &ClientId, name: &Hostname) -> Result<Learned, Failure> {
    let there = "SELECT 1 FROM bindings WHERE client_id = ?1 AND name = ?2";
    if tx
        .first(there, [client_id.as_str(), name.as_str()], |_| Ok(()))?
        .is_some()
    {
        return Ok(Learned::Known);
    }
    let count = "SELECT count(*) FROM bindings WHERE client_id = ?1 AND confirmed = 0";
    let learned = tx.first(count, [client_id.as_str()], |row| Ok(row.get::<_, i64>(0)?))?;
    if learned.unwrap_or_default() >= i64::try_from(MAX_LEARNED).unwrap_or(i64::MAX) {
        return Ok(Learned::Full);
    }
    tx.execute(
        "INSERT INTO bindings (client_id, name, since) VALUES (?1, ?2, ?3)",
        params![client_id.as_str(), name.as_str(), tx.wall],
    )?;
    Ok(Learned::New)
}

pub(crate) fn confirm(tx: &Tx<'_>, client_id: &ClientId, name: &Hostname) -> Result<(), Failure> {
    tx.execute(
        "INSERT INTO bindings (client_id, name, confirmed, since) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT (client_id, name) DO UPDATE SET confirmed = 1",
        params![client_id.as_str(), name.as_str(), tx.wall],
    )?;
    Ok(())
}

pub(crate) fn forget(tx: &Tx<'_>, client_id: &ClientId, name: &Hostname) -> Result<bool, Failure> {
    let sql = "DELETE FROM bindings WHERE client_id = ?1 AND name = ?2";
    Ok(tx.execute(sql, [client_id.as_str(), name.as_str()])? > 0)
}

const COLUMNS: &str = "client_id, name, confirmed, since";
