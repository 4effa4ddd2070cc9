// SPDX-License-Identifier: AGPL-3.0-or-later
//! Connections: a bounded number, each operation within its deadline, none that hangs is ever used again (R7, R8).

use std::time::Duration;

use deadpool_postgres::{Object, Pool, Runtime, Timeouts};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Row, types::ToSql};

use crate::{OpenError, PostgresOptions, error::Failure, settings::Settings};

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(crate) struct Connections {
    pool: Pool,
    deadline: Duration,
}

impl Connections {
    /// Makes no connection yet.
    pub(crate) fn new(options: &PostgresOptions) -> Result<Self, OpenError> {
        // every statement finds its rows by a key, whatever its values are: planned once per connection.
        // the server gives up before we do, so that what was reported to have failed does not happen later: waiting for a
        // connection, preparing and running together stay within the deadline
        let millis = (options.deadline * 28 / 100).as_millis().max(1);
        let millis = millis.to_string();
        let settings = Settings::new(&[
            ("statement_timeout", &millis),
            ("lock_timeout", &millis),
            ("idle_in_transaction_session_timeout", &millis),
            ("default_transaction_isolation", "read committed"),
            ("plan_cache_mode", "force_generic_plan"),
        ]);
        let pool = Pool::builder(options.manager("medmij-oauth")?)
            .max_size(options.pool_size)
            .post_create(settings.hook())
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| OpenError::Config(Box::new(error)))?;
        Ok(Self {
            pool,
            deadline: options.deadline,
        })
    }

    /// Runs one statement, which is one transaction, prepared once per connection.
    pub(crate) async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Failure> {
        let started = Instant::now();
        let without = Timeouts::default();
        let connecting = self.pool.timeout_get(&without);
        let late = |_| Failure::Deadline(self.deadline);
        let connected = timeout_at(started + self.deadline * 4 / 10, connecting).await;
        let lease = Lease(Some(connected.map_err(late)??));
        let answer = timeout_at(started + self.deadline, lease.run(sql, params))
            .await
            .unwrap_or_else(|elapsed| Err(late(elapsed)));
        if !answer.as_ref().is_err_and(Failure::spoils_connection) {
            lease.give_back();
        }
        answer
    }

    /// The only row of a statement that always gives one.
    pub(crate) async fn row(&self, sql: &str, params: Params<'_>) -> Result<Row, Failure> {
        let rows = self.rows(sql, params).await?;
        rows.into_iter().next().ok_or(Failure::Broken("no row"))
    }
}

/// A connection in use. Where whoever waits goes away or the deadline passes, the statement still runs: the connection is
/// closed then, and another takes its place in the pool.
struct Lease(Option<Object>);

impl Lease {
    async fn run(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Failure> {
        let client = self.0.as_ref().ok_or(Failure::Broken("no connection"))?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query(&statement, params).await?)
    }

    fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}
