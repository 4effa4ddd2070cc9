// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows in PostgreSQL, shared by replicas.

use super::{ADD, AFTER, FIND, Kind, OF_PERSON, PURGE, REMOVE, REMOVE_PERSON, REPLACE, RecordsError, Row};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use medmij_dvp::person::PersonId;
use tokio_postgres::{NoTls, types::ToSql};

pub(crate) struct Postgres(Pool);

// replicas start at once: one of them makes the table
const SCHEMA: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(7046029254386353131);
CREATE TABLE IF NOT EXISTS pgo_records (
    kind smallint NOT NULL,
    id bytea NOT NULL,
    person bytea,
    version bigint NOT NULL,
    expires bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS pgo_records_person ON pgo_records (person, kind);
CREATE INDEX IF NOT EXISTS pgo_records_expires ON pgo_records (expires);
COMMIT;
";

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, RecordsError> {
        let config: tokio_postgres::Config = url.parse().map_err(RecordsError::new)?;
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(8)
            .build()
            .map_err(RecordsError::new)?;
        let client = pool.get().await.map_err(RecordsError::new)?;
        client.batch_execute(SCHEMA).await.map_err(RecordsError::new)?;
        Ok(Self(pool))
    }

    async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<tokio_postgres::Row>, RecordsError> {
        let client = self.0.get().await.map_err(RecordsError::new)?;
        let statement = client.prepare_cached(sql).await.map_err(RecordsError::new)?;
        client.query(&statement, params).await.map_err(RecordsError::new)
    }

    async fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, RecordsError> {
        let client = self.0.get().await.map_err(RecordsError::new)?;
        let statement = client.prepare_cached(sql).await.map_err(RecordsError::new)?;
        client.execute(&statement, params).await.map_err(RecordsError::new)
    }

    pub(super) async fn find(&self, kind: Kind, id: &[u8]) -> Result<Option<Row>, RecordsError> {
        let rows = self.query(FIND, &[&(kind as i16), &id]).await?;
        rows.first().map(|found| row(kind, found)).transpose()
    }

    pub(super) async fn add(&self, row: Row) -> Result<bool, RecordsError> {
        let person = row.person.map(|person| person.number().to_be_bytes().to_vec());
        let params: Params<'_> = &[
            &(row.kind as i16),
            &row.id,
            &person,
            &row.version,
            &row.expires,
            &row.sealed,
        ];
        Ok(self.execute(ADD, params).await? > 0)
    }

    pub(super) async fn replace(&self, row: Row) -> Result<bool, RecordsError> {
        let params: Params<'_> = &[&row.sealed, &row.expires, &(row.kind as i16), &row.id, &row.version];
        Ok(self.execute(REPLACE, params).await? > 0)
    }

    pub(super) async fn remove(&self, kind: Kind, id: &[u8]) -> Result<bool, RecordsError> {
        Ok(self.execute(REMOVE, &[&(kind as i16), &id]).await? > 0)
    }

    pub(super) async fn of_person(&self, kind: Kind, person: PersonId) -> Result<Vec<Row>, RecordsError> {
        let person = person.number().to_be_bytes();
        let rows = self.query(OF_PERSON, &[&(kind as i16), &person.as_slice()]).await?;
        rows.iter().map(|found| row(kind, found)).collect()
    }

    pub(super) async fn after(&self, kind: Kind, id: &[u8], most: i64) -> Result<Vec<Row>, RecordsError> {
        let rows = self.query(AFTER, &[&(kind as i16), &id, &most]).await?;
        rows.iter().map(|found| row(kind, found)).collect()
    }

    pub(super) async fn remove_person(&self, person: PersonId) -> Result<(), RecordsError> {
        let person = person.number().to_be_bytes();
        self.execute(REMOVE_PERSON, &[&person.as_slice()]).await.map(|_| ())
    }

    pub(super) async fn purge(&self, second: i64) -> Result<(), RecordsError> {
        self.execute(PURGE, &[&second]).await.map(|_| ())
    }
}

fn row(kind: Kind, found: &tokio_postgres::Row) -> Result<Row, RecordsError> {
    let person: Option<Vec<u8>> = found.try_get(1).map_err(RecordsError::new)?;
    let person = person.map(|number| {
        let number: [u8; 16] = number
            .try_into()
            .map_err(|_| RecordsError::new("number of a Persoon"))?;
        Ok::<_, RecordsError>(PersonId::new(u128::from_be_bytes(number)))
    });
    Ok(Row {
        kind,
        id: found.try_get(0).map_err(RecordsError::new)?,
        person: person.transpose()?,
        version: found.try_get(2).map_err(RecordsError::new)?,
        expires: found.try_get(3).map_err(RecordsError::new)?,
        sealed: found.try_get(4).map_err(RecordsError::new)?,
    })
}
