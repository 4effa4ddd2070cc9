// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the Abonnementen of a DVZA, in the file of its store.

use medmij_abonneren::{Abonnement, AbonnementId, AbonnementRow, Abonnementen, Created};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, StoreError},
};
use medmij_types::CalendarDate;
use rusqlite::{Row, params};

use crate::{
    SqliteStore,
    error::Failure,
    persoon,
    row::{self, bounded},
    writer::{Tx, first},
};

impl Abonnementen for SqliteStore {
    async fn create(&self, row: AbonnementRow, most: u32, today: CalendarDate) -> Result<Created, StoreError> {
        self.write(move |tx| create(tx, &row, most, today)).await
    }

    async fn find(&self, id: &AbonnementId, today: CalendarDate) -> Result<Option<AbonnementRow>, StoreError> {
        let (id, today) = (id.clone(), today.to_string());
        let sql = format!("SELECT {COLUMNS} FROM abonnementen WHERE id = ?1 AND last_day > ?2");
        self.read(move |view| first(view.connection, &sql, [id.as_str(), &today], read))
            .await
    }

    async fn change(&self, id: &AbonnementId, seen: CalendarDate, end: CalendarDate) -> Result<Advanced, StoreError> {
        let (id, seen, end) = (id.clone(), seen.to_string(), end.to_string());
        let sql = "UPDATE abonnementen SET last_day = ?3 WHERE id = ?1 AND last_day = ?2";
        let changed = self
            .write(move |tx| tx.execute(sql, [id.as_str(), &seen, &end]))
            .await?;
        Ok(if changed == 1 { Advanced::Done } else { Advanced::Stale })
    }

    async fn end(&self, id: &AbonnementId) -> Result<bool, StoreError> {
        let id = id.clone();
        let sql = "DELETE FROM abonnementen WHERE id = ?1";
        Ok(self.write(move |tx| tx.execute(sql, [id.as_str()])).await? == 1)
    }

    async fn of_persoon(&self, persoon: &PersoonIndex, today: CalendarDate) -> Result<Vec<AbonnementRow>, StoreError> {
        let (persoon, today) = (*persoon, today.to_string());
        self.read(move |view| {
            let sql = format!("SELECT {COLUMNS} FROM abonnementen WHERE persoon = ?1 AND last_day > ?2 ORDER BY id");
            let mut statement = view.connection.prepare_cached(&sql)?;
            let mut found = statement.query(params![persoon.as_bytes(), today])?;
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                rows.push(read(row)?);
            }
            Ok(rows)
        })
        .await
    }

    async fn count(&self, client_id: &ClientId, today: CalendarDate) -> Result<u64, StoreError> {
        let (client_id, today) = (client_id.clone(), today.to_string());
        let sql = "SELECT count(*) FROM abonnementen WHERE client_id = ?1 AND last_day > ?2";
        let count = self
            .read(move |view| {
                first(view.connection, sql, [client_id.as_str(), &today], |row| {
                    Ok(row.get::<_, i64>(0)?)
                })
            })
            .await?;
        Ok(u64::try_from(count.unwrap_or_default()).unwrap_or_default())
    }

    async fn over(
        &self,
        today: CalendarDate,
        after: Option<&AbonnementId>,
        most: usize,
    ) -> Result<Vec<AbonnementRow>, StoreError> {
        let (today, most) = (today.to_string(), bounded(most));
        let after = after.map_or_else(String::new, |after| after.as_str().to_owned());
        self.read(move |view| {
            let sql =
                format!("SELECT {COLUMNS} FROM abonnementen WHERE last_day <= ?1 AND id > ?2 ORDER BY id LIMIT ?3");
            let mut statement = view.connection.prepare_cached(&sql)?;
            let mut found = statement.query(params![today, after, most])?;
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                rows.push(read(row)?);
            }
            Ok(rows)
        })
        .await
    }

    async fn purge_over(&self, today: CalendarDate, batch: usize) -> Result<usize, StoreError> {
        let sql = "DELETE FROM abonnementen
                   WHERE seq IN (SELECT seq FROM abonnementen WHERE last_day <= ?1 ORDER BY last_day LIMIT ?2)";
        let (today, batch) = (today.to_string(), bounded(batch));
        self.write(move |tx| tx.execute(sql, params![today, batch])).await
    }
}

/// One thread writes and one transaction is open, so nothing comes in between counting and writing.
fn create(tx: &Tx<'_>, row: &AbonnementRow, most: u32, today: CalendarDate) -> Result<Created, Failure> {
    let id = row.abonnement.id.as_str();
    let there = "SELECT 1 FROM abonnementen WHERE id = ?1";
    if tx.first(there, [id], |_| Ok(()))?.is_some() {
        return Ok(Created::Collision);
    }
    let count = "SELECT count(*) FROM abonnementen WHERE persoon = ?1 AND client_id = ?2 AND last_day > ?3";
    let live = tx.first(
        count,
        params![row.persoon.as_bytes(), row.client_id.as_str(), today.to_string()],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    if live.unwrap_or_default() >= i64::from(most) || persoon::is_held(tx, &row.persoon)? {
        return Ok(Created::Full);
    }
    tx.execute(
        "INSERT INTO abonnementen (id, persoon, client_id, aanbieder, gegevensdienst, last_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id,
            row.persoon.as_bytes(),
            row.client_id.as_str(),
            row.aanbieder.as_str(),
            row.gegevensdienst.as_str(),
            row.abonnement.end.to_string()
        ],
    )?;
    Ok(Created::Done)
}

fn read(row: &Row<'_>) -> Result<AbonnementRow, Failure> {
    Ok(AbonnementRow::new(
        Abonnement::new(row::abonnement_id(row, 0)?, row::day(row, 5)?),
        PersoonIndex::from_bytes(row.get(1)?),
        row::client_id(row, 2)?,
        row::name(row, 3)?,
        row::gegevensdienst(row, 4)?,
    ))
}

const COLUMNS: &str = "id, persoon, client_id, aanbieder, gegevensdienst, last_day";
