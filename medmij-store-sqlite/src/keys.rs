// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which keys rows need, and grants that come under others. What a key ring seals begins with the byte 1 and the id of the
//! key; an index begins with the version of its key.

use std::collections::BTreeMap;

use medmij_dvza::store::{Grant, GrantId, KeyUse, Resealed};
use rusqlite::params;

use crate::{error::Failure, reader::View, row, writer::Tx};

pub(crate) fn used(view: &View<'_>) -> Result<KeyUse, Failure> {
    let mut used = KeyUse::new();
    used.sealing = count(
        view,
        "SELECT substr(body, 2, 4), count(*) FROM
             (SELECT body FROM grants UNION ALL SELECT body FROM flows)
         WHERE substr(body, 1, 1) = x'01' AND length(body) > 4 GROUP BY 1",
    )?;
    used.index = count(
        view,
        "SELECT substr(persoon, 1, 4), count(*) FROM
             (SELECT persoon FROM grants UNION ALL SELECT persoon FROM audit WHERE persoon IS NOT NULL UNION ALL SELECT persoon FROM abonnementen)
         GROUP BY 1",
    )?;
    Ok(used)
}

pub(crate) fn to_reseal(
    view: &View<'_>,
    (sealing, index): (u32, u32),
    after: Option<&GrantId>,
    batch: i64,
) -> Result<Vec<Grant>, Failure> {
    let sql = format!(
        "SELECT {} FROM grants g
         WHERE g.id > ?1 AND (substr(g.body, 1, 5) <> ?2 OR substr(g.persoon, 1, 4) <> ?3) ORDER BY g.id LIMIT ?4",
        row::GRANT
    );
    let mut header = vec![1];
    header.extend(sealing.to_be_bytes());
    let mut statement = view.connection.prepare_cached(&sql)?;
    let after = after.map_or("", GrantId::as_str);
    let mut rows = statement.query(params![after, header, index.to_be_bytes(), batch])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        grants.push(row::grant(row, 0)?);
    }
    Ok(grants)
}

pub(crate) fn reseal(tx: &Tx<'_>, grant: &GrantId, before: &[u8], new: &Resealed) -> Result<bool, Failure> {
    let changed = tx.execute(
        "UPDATE grants SET persoon = ?3, body = ?4 WHERE id = ?1 AND body = ?2",
        params![grant.as_str(), before, new.persoon.as_bytes(), new.body],
    )?;
    Ok(changed > 0)
}

fn count(view: &View<'_>, sql: &str) -> Result<BTreeMap<u32, u64>, Failure> {
    let mut statement = view.connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut counted = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let rows: i64 = row.get(1)?;
        counted.insert(u32::from_be_bytes(row.get(0)?), rows.unsigned_abs());
    }
    Ok(counted)
}
