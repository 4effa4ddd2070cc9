// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — the Abonnementen of a DVP, in the file of its vault.

use medmij_abonneren::{AbonnementId, AbonnementRegister, AbonnementSource, Created};
use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::CalendarDate;
use medmij_types::Hostname;
use rusqlite::{Row, params};

use crate::{
    SqliteVault,
    error::Failure,
    row::{self, bounded},
    writer::{Tx, first},
};

impl AbonnementRegister for SqliteVault {
    async fn add(&self, id: &AbonnementId, source: AbonnementSource, most: u32) -> Result<Created, StoreError> {
        let id = id.clone();
        self.write(move |tx| add(tx, &id, &source, most)).await
    }

    async fn source(&self, id: &AbonnementId) -> Result<Option<AbonnementSource>, StoreError> {
        let id = id.clone();
        let sql = format!("SELECT {COLUMNS} FROM abonnementen WHERE id = ?1");
        self.read(move |view| first(view.connection, &sql, [id.as_str()], read))
            .await
    }

    async fn set_end(&self, id: &AbonnementId, end: CalendarDate) -> Result<(), StoreError> {
        let (id, end) = (id.clone(), end.to_string());
        let sql = "UPDATE abonnementen SET last_day = ?2 WHERE id = ?1";
        self.write(move |tx| tx.execute(sql, [id.as_str(), &end])).await?;
        Ok(())
    }

    async fn remove(&self, id: &AbonnementId) -> Result<(), StoreError> {
        let id = id.clone();
        let sql = "DELETE FROM abonnementen WHERE id = ?1";
        self.write(move |tx| tx.execute(sql, [id.as_str()])).await?;
        Ok(())
    }

    async fn of(&self, owner: &PersoonIndex) -> Result<Vec<(AbonnementId, AbonnementSource)>, StoreError> {
        let owner = *owner;
        self.read(move |view| {
            let sql = format!("SELECT {COLUMNS}, id FROM abonnementen WHERE voor = ?1 ORDER BY id");
            let mut statement = view.connection.prepare_cached(&sql)?;
            let mut found = statement.query([owner.as_bytes()])?;
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                rows.push((row::abonnement_id(row, 5)?, read(row)?));
            }
            Ok(rows)
        })
        .await
    }

    async fn purge_before(&self, day: CalendarDate, batch: usize) -> Result<usize, StoreError> {
        let sql = "DELETE FROM abonnementen
                   WHERE seq IN (SELECT seq FROM abonnementen WHERE last_day < ?1 ORDER BY last_day LIMIT ?2)";
        let (day, batch) = (day.to_string(), bounded(batch));
        self.write(move |tx| tx.execute(sql, params![day, batch])).await
    }
}

fn add(tx: &Tx<'_>, id: &AbonnementId, source: &AbonnementSource, most: u32) -> Result<Created, Failure> {
    let there = "SELECT 1 FROM abonnementen WHERE id = ?1";
    if tx.first(there, [id.as_str()], |_| Ok(()))?.is_some() {
        return Ok(Created::Collision);
    }
    let count = "SELECT count(*) FROM abonnementen WHERE voor = ?1";
    let there = tx.first(count, [source.owner.as_bytes()], |row| Ok(row.get::<_, i64>(0)?))?;
    if there.unwrap_or_default() >= i64::from(most) {
        return Ok(Created::Full);
    }
    let dvza: Vec<Hostname> = source.dvza.iter().cloned().collect();
    tx.execute(
        "INSERT INTO abonnementen (id, dvza, aanbieder, gegevensdienst, voor, last_day)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id.as_str(),
            row::join(&dvza),
            source.aanbieder.as_str(),
            source.gegevensdienst.as_str(),
            source.owner.as_bytes(),
            source.end.to_string()
        ],
    )?;
    Ok(Created::Done)
}

fn read(row: &Row<'_>) -> Result<AbonnementSource, Failure> {
    Ok(AbonnementSource::new(
        row::names(row, 0)?,
        row::name(row, 1)?,
        row::gegevensdienst(row, 2)?,
        PersoonIndex::from_bytes(row.get(3)?),
        row::day(row, 4)?,
    ))
}

const COLUMNS: &str = "dvza, aanbieder, gegevensdienst, voor, last_day";
