// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — the outbox of a DVZA, beside its store, shared by its replicas.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medmij_abonneren::{Leased, SharedOutbox, Waiting};
use medmij_oauth::storage::{Advanced, StoreError};
use tokio_postgres::Row;

use crate::{
    PostgresStore,
    error::Failure,
    pool::Params,
    row::{self, bounded, column, done},
};

impl SharedOutbox for PostgresStore {
    async fn position(&self, feed: &str) -> Result<Option<String>, StoreError> {
        let rows = self.connections.rows(PLACE, &[&feed]).await?;
        Ok(rows.first().map(|row| column(row, "place")).transpose()?)
    }

    async fn take_in(
        &self,
        feed: &str,
        seen: Option<&str>,
        position: &str,
        waiting: Vec<Waiting>,
    ) -> Result<Advanced, StoreError> {
        let ids: Vec<&str> = waiting.iter().map(|each| each.abonnement.as_str()).collect();
        let clients: Vec<&str> = waiting.iter().map(|each| each.client_id.as_str()).collect();
        let available: Vec<i64> = waiting.iter().map(|each| micros(each.available)).collect();
        let params: Params<'_> = &[&feed, &seen, &position, &ids, &clients, &available];
        let row = self.connections.row(TAKE_IN, params).await?;
        Ok(done(column(&row, "done")?))
    }

    async fn lease(&self, now: SystemTime, until: SystemTime, most: usize) -> Result<Vec<Leased>, StoreError> {
        let params: Params<'_> = &[&micros(now), &micros(until), &bounded(most)];
        let rows = self.connections.rows(LEASE, params).await?;
        Ok(rows.iter().map(read).collect::<Result<_, Failure>>()?)
    }

    async fn done(&self, leased: &Leased) -> Result<Advanced, StoreError> {
        let params: Params<'_> = &[&signed(leased.number), &signed(leased.fence)];
        let rows = self.connections.rows(DONE, params).await?;
        Ok(done(!rows.is_empty()))
    }

    async fn again(&self, leased: &Leased, at: SystemTime) -> Result<Advanced, StoreError> {
        let params: Params<'_> = &[&signed(leased.number), &signed(leased.fence), &micros(at)];
        let row = self.connections.row(AGAIN, params).await?;
        Ok(done(column(&row, "done")?))
    }
}

fn read(found: &Row) -> Result<Leased, Failure> {
    let available: i64 = column(found, "available")?;
    let available = UNIX_EPOCH + Duration::from_micros(u64::try_from(available).unwrap_or_default());
    let waiting = Waiting::new(row::abonnement_id(found)?, row::client_id(found)?, available);
    let (number, fence): (i64, i64) = (column(found, "number")?, column(found, "fence")?);
    let attempts: i32 = column(found, "attempts")?;
    Ok(Leased::new(
        waiting,
        number.unsigned_abs(),
        fence.unsigned_abs(),
        attempts.unsigned_abs(),
    ))
}

fn micros(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const PLACE: &str = "SELECT place FROM medmij.outbox_positions WHERE feed = $1";

const TAKE_IN: &str = "SELECT medmij.outbox_take_in($1, $2, $3, $4, $5, $6) AS done";

const LEASE: &str =
    "SELECT number, abonnement AS id, client_id, available, fence, attempts FROM medmij.outbox_lease($1, $2, $3)";

const DONE: &str =
    "DELETE FROM medmij.outbox WHERE number = $1 AND fence = $2 AND leased_until IS NOT NULL RETURNING number";

const AGAIN: &str = "SELECT medmij.outbox_again($1, $2, $3) AS done";
