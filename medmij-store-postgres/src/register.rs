// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subnotint, ext.abo.rscnotint — the Abonnementen of a DVP, beside its tokens.

use medmij_abonneren::{AbonnementBron, AbonnementId, AbonnementRegister, Created};
use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::Datum;
use medmij_types::Hostname;
use tokio_postgres::Row;

use crate::{
    PostgresVault,
    error::Failure,
    pool::Params,
    row::{self, bounded, column},
};

impl AbonnementRegister for PostgresVault {
    async fn add(&self, id: &AbonnementId, bron: AbonnementBron, most: u32) -> Result<Created, StoreError> {
        let dvza: Vec<&str> = bron.dvza.iter().map(Hostname::as_str).collect();
        let voor: &[u8] = bron.voor.as_bytes();
        let params: Params<'_> = &[
            &id.as_str(),
            &dvza,
            &bron.aanbieder.as_str(),
            &bron.gegevensdienst.as_str(),
            &voor,
            &bron.end.to_string(),
            &i64::from(most),
        ];
        row::created(self.connections.row(ADD, params).await)
    }

    async fn bron(&self, id: &AbonnementId) -> Result<Option<AbonnementBron>, StoreError> {
        let rows = self.connections.rows(BRON, &[&id.as_str()]).await?;
        Ok(rows.first().map(read).transpose()?)
    }

    async fn set_end(&self, id: &AbonnementId, end: Datum) -> Result<(), StoreError> {
        let params: Params<'_> = &[&id.as_str(), &end.to_string()];
        self.connections.rows(SET_END, params).await?;
        Ok(())
    }

    async fn remove(&self, id: &AbonnementId) -> Result<(), StoreError> {
        self.connections.rows(REMOVE, &[&id.as_str()]).await?;
        Ok(())
    }

    async fn of(&self, voor: &PersoonIndex) -> Result<Vec<(AbonnementId, AbonnementBron)>, StoreError> {
        let voor: &[u8] = voor.as_bytes();
        let rows = self.connections.rows(OF, &[&voor]).await?;
        let read = |found| Ok((row::abonnement_id(found)?, read(found)?));
        Ok(rows.iter().map(read).collect::<Result<_, Failure>>()?)
    }

    async fn purge_before(&self, day: Datum, batch: usize) -> Result<usize, StoreError> {
        let params: Params<'_> = &[&day.to_string(), &bounded(batch)];
        Ok(self.connections.rows(PURGE, params).await?.len())
    }
}

fn read(found: &Row) -> Result<AbonnementBron, Failure> {
    let dvza = column::<Vec<&str>>(found, "dvza")?;
    let dvza: Result<Vec<_>, _> = dvza.into_iter().map(Hostname::parse).collect();
    Ok(AbonnementBron::new(
        dvza.map_err(|_| Failure::Broken("host names of a dvza"))?,
        row::naam(column(found, "aanbieder")?)?,
        row::gegevensdienst(found)?,
        PersoonIndex::from_bytes(row::bytes(found, "voor")?),
        row::day(found)?,
    ))
}

const ADD: &str = "SELECT medmij_dvp.add_abonnement($1, $2, $3, $4, $5, $6, $7) AS done";

const BRON: &str = "
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
