// SPDX-License-Identifier: AGPL-3.0-or-later
//! The version of the schema: brought up to date by one process at a time, checked by all.

use std::time::Duration;

use deadpool_postgres::{Object, Pool, Runtime};
use tokio_postgres::error::SqlState;

use crate::{OpenError, PostgresOptions, error::Failure, pool::Connections, settings::Settings};

/// What [`migrate`](crate::PostgresStore::migrate) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The version that was found; 0 in a new database.
    pub from: u32,
    /// The version that is there now.
    pub to: u32,
}

/// What a database holds: a schema of PostgreSQL with tables and functions.
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    /// Each step brings the schema one version further; a step that was released is never changed.
    pub(crate) migrations: &'static [&'static str],
}

impl Schema {
    fn latest(&self) -> u32 {
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }

    fn version(&self) -> String {
        format!("SELECT coalesce(max(version), 0) FROM {}.migrations", self.name)
    }
}

pub(crate) async fn migrate(options: &PostgresOptions, schema: &Schema) -> Result<Migrated, OpenError> {
    // a large table may take its time
    let settings = Settings::new(&[("statement_timeout", "0"), ("lock_timeout", "0")]);
    let pool = Pool::builder(options.manager("medmij-oauth")?)
        .max_size(1)
        .post_create(settings.hook())
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_secs(5)))
        .create_timeout(Some(options.deadline))
        .build()
        .map_err(|error| OpenError::Config(Box::new(error)))?;
    let client = pool.get().await.map_err(Failure::from)?;
    // held until the connection is closed, whatever happens in between
    let lock = client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await;
    lock.map_err(Failure::from)?;
    let migrated = run(&client, schema).await;
    drop(Object::take(client));
    migrated
}

/// Refuses an older schema and a server that loses commits. A newer schema is fine: what was released keeps its meaning.
pub(crate) async fn check(
    connections: &Connections,
    schema: &Schema,
    allow_not_durable: bool,
) -> Result<(), OpenError> {
    let sql = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
    let settings = connections.row(sql, &[]).await?;
    for (at, setting) in ["fsync", "synchronous_commit"].into_iter().enumerate() {
        let value: String = settings.try_get(at).map_err(Failure::from)?;
        if value == "off" && !allow_not_durable {
            return Err(OpenError::NotDurable { setting });
        }
    }
    let found = match connections.row(&schema.version(), &[]).await {
        Ok(row) => row.try_get::<_, i32>(0).map_err(Failure::from)?,
        Err(failure) if is_absent(failure.state()) => 0,
        Err(failure) => return Err(failure.into()),
    };
    let (found, needed) = (u32::try_from(found).unwrap_or(0), schema.latest());
    if found < needed {
        return Err(OpenError::Older { found, needed });
    }
    Ok(())
}

async fn run(client: &Object, schema: &Schema) -> Result<Migrated, OpenError> {
    let name = schema.name;
    let prepared = client
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {name};
             CREATE TABLE IF NOT EXISTS {name}.migrations (
                 version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT clock_timestamp());",
        ))
        .await;
    prepared.map_err(Failure::from)?;
    let found = client.query_one(&schema.version(), &[]).await.map_err(Failure::from)?;
    let found = u32::try_from(found.try_get::<_, i32>(0).map_err(Failure::from)?).unwrap_or(0);
    for (version, sql) in (1..).zip(schema.migrations).skip(found as usize) {
        let step = format!("BEGIN; {sql}; INSERT INTO {name}.migrations (version) VALUES ({version}); COMMIT;");
        client
            .batch_execute(&step)
            .await
            .map_err(|source| OpenError::Migration {
                version,
                source: Box::new(source),
            })?;
        tracing::info!(version, "schema of the store brought up to date");
    }
    Ok(Migrated {
        from: found,
        to: found.max(schema.latest()),
    })
}

fn is_absent(state: Option<&SqlState>) -> bool {
    state.is_some_and(|state| *state == SqlState::UNDEFINED_TABLE || *state == SqlState::INVALID_SCHEMA_NAME)
}

/// One process migrates a database at a time: "medmij" as a number.
const LOCK: i64 = 0x6D65_646D_696A;
