// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — what a DVP keeps, shared by its replicas: refresh tokens, one refresh of each at a time, and Abonnementen.

use std::{fmt, sync::Arc, time::Duration};

use medmij_dvp::vault::{Advanced, DangerShiftVault, RefreshStart, StoreError, TokenVault, VaultKey};
use tokio_postgres::Row;

use crate::{
    Migrated, OpenError, PostgresOptions,
    error::Failure,
    floor::Floor,
    pool::{Connections, Params},
    row::{bounded, column, micros},
    schema::{self, Schema},
    settings::check_sessions,
};

/// The vault of a DVP in a PostgreSQL database, in the schema `medmij_dvp`: refresh tokens ([`TokenVault`], use it through a
/// [`RefreshTokens`](medmij_dvp::vault::RefreshTokens)), Abonnementen
/// ([`AbonnementRegister`](medmij_abonneren::AbonnementRegister)) and what is collected automatically
/// ([`OrderStore`](medmij_dvp::collecting::OrderStore)). Replicas open the same one: a token is refreshed by
/// one of them at a time.
///
/// ```no_run
/// use std::sync::Arc;
/// use medmij_dvp::vault::RefreshTokens;
/// use medmij_oauth::seal::LocalKeyRing;
/// use medmij_store_postgres::{PostgresOptions, PostgresVault};
/// use medmij_types::OsEntropy;
///
/// # async fn doc() -> Result<(), Box<dyn std::error::Error>> {
/// let options = PostgresOptions::parse("host=/run/postgresql user=dvp dbname=dvp")?;
/// PostgresVault::migrate(&options).await?;
/// // keys that outlive the process, and stay out of the database
/// let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy)?);
/// let refresh_tokens = RefreshTokens::new(PostgresVault::open(&options).await?, keys, Arc::new(OsEntropy));
/// # drop(refresh_tokens);
/// # Ok(())
/// # }
/// ```
pub struct PostgresVault {
    pub(crate) connections: Connections,
    floor: Floor,
}

impl PostgresVault {
    /// Brings the schema of the database up to date, as [`PostgresStore::migrate`](crate::PostgresStore::migrate) does.
    ///
    /// # Errors
    ///
    /// [`OpenError`], where the database cannot be reached or a step fails; then none of that step stayed.
    pub async fn migrate(options: &PostgresOptions) -> Result<Migrated, OpenError> {
        schema::migrate(options, &SCHEMA).await
    }

    /// Connects, and checks that the schema is not too old and that the server keeps what it commits.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub async fn open(options: &PostgresOptions) -> Result<Self, OpenError> {
        let connections = Connections::new(options)?;
        check_sessions(options).await?;
        schema::check(&connections, &SCHEMA, options.danger_not_durable).await?;
        let floor = Floor::new(SCHEMA.name, Arc::clone(&options.clock));
        floor.advance(&connections).await.map_err(OpenError::from)?;
        Ok(Self { connections, floor })
    }

    async fn run(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        self.connections.rows(sql, params).await.map_err(StoreError::from)
    }
}

impl fmt::Debug for PostgresVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresVault").finish_non_exhaustive()
    }
}

impl TokenVault for PostgresVault {
    async fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> Result<(), StoreError> {
        self.floor.keep(&self.connections).await.map_err(StoreError::from)?;
        self.run(KEEP, &[&key.as_str(), &sealed]).await?;
        Ok(())
    }

    async fn begin(&self, key: &VaultKey, lease: Duration) -> Result<RefreshStart, StoreError> {
        let rows = self.run(BEGIN, &[&key.as_str(), &micros(lease)]).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::from(Failure::Broken("no row")))?;
        started(row).map_err(StoreError::from)
    }

    async fn finish(&self, key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Result<Advanced, StoreError> {
        let changed = self.run(FINISH, &[&key.as_str(), &number(attempt), &sealed]).await?;
        Ok(finished(&changed))
    }

    async fn release(&self, key: &VaultKey, attempt: u64) -> Result<(), StoreError> {
        self.run(RELEASE, &[&key.as_str(), &number(attempt)]).await?;
        Ok(())
    }

    async fn lapse(&self, key: &VaultKey, attempt: u64) -> Result<Advanced, StoreError> {
        let changed = self.run(LAPSE, &[&key.as_str(), &number(attempt)]).await?;
        Ok(finished(&changed))
    }

    async fn forget(&self, key: &VaultKey) -> Result<(), StoreError> {
        self.run(FORGET, &[&key.as_str()]).await?;
        Ok(())
    }

    async fn purge(&self, older_than: Duration, batch: usize) -> Result<usize, StoreError> {
        if self
            .floor
            .advance(&self.connections)
            .await
            .map_err(StoreError::from)?
            .jumped()
        {
            return Ok(0);
        }
        Ok(self.run(PURGE, &[&micros(older_than), &bounded(batch)]).await?.len())
    }
}

impl DangerShiftVault for PostgresVault {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.run(DANGER_SHIFT, &[&micros(by)]).await?;
        Ok(())
    }
}

fn started(row: &Row) -> Result<RefreshStart, Failure> {
    match column(row, "outcome")? {
        "refresh" => Ok(RefreshStart::Refresh {
            sealed: column(row, "sealed")?,
            attempt: u64::try_from(column::<i64>(row, "attempt")?)
                .map_err(|_| Failure::Broken("number of a refresh"))?,
        }),
        "under way" => Ok(RefreshStart::UnderWay),
        "unknown" => Ok(RefreshStart::Unknown),
        _ => Err(Failure::Broken("outcome of a refresh")),
    }
}

/// No row has a number that is too large for one.
fn number(attempt: u64) -> i64 {
    i64::try_from(attempt).unwrap_or(-1)
}

fn finished(changed: &[Row]) -> Advanced {
    if changed.is_empty() {
        Advanced::Stale
    } else {
        Advanced::Done
    }
}

const KEEP: &str = "
INSERT INTO medmij_dvp.tokens (name, sealed, kept) VALUES ($1, $2, medmij_dvp.floor())
ON CONFLICT (name) DO UPDATE
SET sealed = EXCLUDED.sealed, kept = medmij_dvp.floor(), attempt = NULL, lease = NULL";

const BEGIN: &str = "SELECT outcome, sealed, attempt FROM medmij_dvp.begin_refresh($1, $2)";

const FINISH: &str = "
UPDATE medmij_dvp.tokens SET sealed = $3, kept = medmij_dvp.floor(), attempt = NULL, lease = NULL
WHERE name = $1 AND attempt = $2 RETURNING name";

const RELEASE: &str = "
UPDATE medmij_dvp.tokens SET attempt = NULL, lease = NULL WHERE name = $1 AND attempt = $2";

const LAPSE: &str = "DELETE FROM medmij_dvp.tokens WHERE name = $1 AND attempt = $2 RETURNING name";

const FORGET: &str = "DELETE FROM medmij_dvp.tokens WHERE name = $1";

const PURGE: &str = "
DELETE FROM medmij_dvp.tokens WHERE name = ANY (ARRAY(
    SELECT name FROM medmij_dvp.tokens WHERE kept <= medmij_dvp.floor() - $1::bigint * interval '1 microsecond'
    ORDER BY kept LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING name";

/// Moving the clock forward is the same as making every row older.
const DANGER_SHIFT: &str = "
UPDATE medmij_dvp.tokens
SET kept = kept - $1::bigint * interval '1 microsecond', lease = lease - $1::bigint * interval '1 microsecond'";

const SCHEMA: Schema = Schema {
    name: "medmij_dvp",
    migrations: &[
        include_str!("../migrations/vault/0001_vault.sql"),
        include_str!("../migrations/vault/0002_floor.sql"),
        include_str!("../migrations/vault/0003_orders.sql"),
        include_str!("../migrations/vault/0004_dossiers.sql"),
        include_str!("../migrations/vault/0005_journal.sql"),
    ],
};
