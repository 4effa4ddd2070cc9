// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — the Abonnementen of a DVP, beside its tokens.

use medmij_abonneren::{AbonnementId, AbonnementRegister, AbonnementSource, Created};
use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::CalendarDate;
use medmij_types::Hostname;
use tokio_postgres::Row;

use crate::{
    PostgresVault,
    error::Failure,
    pool::Params,
    row::{self, bounded, column},
};

impl AbonnementRegister for PostgresVault {
    async fn add(&self, id: &AbonnementId, source: AbonnementSource, most: u32) -> Result<Created, StoreError> {
        let dvza: Vec<&str> = source.dvza.iter().map(Hostname::as_str).collect();
        let owner: &[u8] = source.owner.as_bytes();
        let params: Params<'_> = &[
            &id.as_str(),
            &dvza,
            &source.aanbieder.as_str(),
            &source.gegevensdienst.as_str(),
            &owner,
            &source.end.to_string(),
            &i64::from(most),
        ];
        row::created(self.connections.row(ADD, params).await)
    }

    async fn source(&self, id: &AbonnementId) -> Result<Option<AbonnementSource>, StoreError> {
        let rows = self.connections.rows(SOURCE, &[&id.as_str()]).await?;
        Ok(rows.first().map(read).transpose()?)
    }

    async fn set_end(&self, id: &AbonnementId, end: CalendarDate) -> Result<(), StoreError> {
        let params: Params<'_> = &[&id.as_str(), &end.to_string()];
        self.connections.rows(SET_END, params).await?;
        Ok(())
    }

    async fn remove(&self, id: &AbonnementId) -> Result<(), StoreError> {
        self.connections.rows(REMOVE, &[&id.as_str()]).await?;
        Ok(())
    }

    async fn of(&self, owner: &PersoonIndex) -> Result<Vec<(AbonnementId, AbonnementSource)>, StoreError> {
        let owner: &[u8] = owner.as_bytes();
        let rows = self.connections.rows(OF, &[&owner]).await?;
        let read = |found| Ok((row::abonnement_id(found)?, read(found)?));
        Ok(rows.iter().map(read).collect::<Result<_, Failure>>()?)
    }

    async fn purge_before(&self, day: CalendarDate, batch: usize) -> Result<usize, StoreError> {
        let params: Params<'_> = &[&day.to_string(), &bounded(batch)];
        Ok(self.connections.rows(PURGE, params).await?.len())
    }
}

fn read(found: &Row) -> Result<AbonnementSource, Failure> {
    let dvza = column::<Vec<&str>>(found, "dvza")?;
    let dvza: Result<Vec<_>, _> = dvza.into_iter().map(Hostname::parse).collect();
    Ok(AbonnementSource::new(
        dvza.map_err(|_| Failure::Broken("host names of a dvza"))?,
        row::name(column(found, "aanbieder")?)?,
        row::gegevensdienst(found)?,
        PersoonIndex::from_bytes(row::bytes(found, "voor")?),
        row::day(found)?,
    ))
}

const ADD: &str = "SELECT medmij_dvp.add_abonnement($1, $2, $3, $4, $5, $6, $7) AS done";

const SOURCE: &str = "
SELECT dvza, aanbieder, gegevensdienst, voor, last_day FROM medmij_dvp.abonnementen WHERE id = $1";

const SET_END: &str = "UPDATE medmij_dvp.abonnementen SET last_day = $2 WHERE id = $1";

const REMOVE: &str = "DELETE FROM medmij_dvp.abonnementen WHERE id = $1";

const OF: &str = "
SELECT id, dvza, aanbieder, gegevensdienst, voor, last_day
FROM medmij_dvp.abonnementen WHERE voor = $1 ORDER BY id COLLATE \"C\"";

const PURGE: &str = "
DELETE FROM medmij_dvp.abonnementen WHERE id = ANY (ARRAY(
    SELECT id FROM medmij_dvp.abonnementen WHERE last_day < $1 ORDER BY last_day LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING id";
