// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.rscnotint.206 — the outbox of a DVZA, in the file of its store.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medmij_abonneren::{Leased, SharedOutbox, Waiting};
use medmij_oauth::storage::{Advanced, StoreError};
use rusqlite::{Row, params};

use crate::{
    SqliteStore,
    error::Failure,
    row::{self, bounded},
    writer::{Tx, first},
};

impl SharedOutbox for SqliteStore {
    async fn position(&self, feed: &str) -> Result<Option<String>, StoreError> {
        let feed = feed.to_owned();
        self.read(move |view| first(view.connection, PLACE, [&feed], |row| Ok(row.get(0)?)))
            .await
    }

    async fn take_in(
        &self,
        feed: &str,
        seen: Option<&str>,
        position: &str,
        waiting: Vec<Waiting>,
    ) -> Result<Advanced, StoreError> {
        let (feed, seen, position) = (feed.to_owned(), seen.map(str::to_owned), position.to_owned());
        self.write(move |tx| take_in(tx, &feed, seen.as_deref(), &position, &waiting))
            .await
    }

    async fn lease(&self, now: SystemTime, until: SystemTime, most: usize) -> Result<Vec<Leased>, StoreError> {
        let (now, until, most) = (micros(now), micros(until), bounded(most));
        self.write(move |tx| lease(tx, now, until, most)).await
    }

    async fn done(&self, leased: &Leased) -> Result<Advanced, StoreError> {
        let (number, fence) = (signed(leased.number), signed(leased.fence));
        let sql = "DELETE FROM outbox WHERE number = ?1 AND fence = ?2 AND leased_until IS NOT NULL";
        let changed = self.write(move |tx| tx.execute(sql, params![number, fence])).await?;
        Ok(advanced(changed))
    }

    async fn again(&self, leased: &Leased, at: SystemTime) -> Result<Advanced, StoreError> {
        let (number, fence, at) = (signed(leased.number), signed(leased.fence), micros(at));
        let abonnement = leased.waiting.abonnement.clone();
        self.write(move |tx| {
            let back = "UPDATE outbox SET leased_until = NULL, attempts = attempts + 1, due = ?3
                        WHERE number = ?1 AND fence = ?2 AND leased_until IS NOT NULL";
            let changed = tx.execute(back, params![number, fence, at])?;
            if changed == 1 {
                // news that came while it was being sent waits already: this one, which is older, stands for both
                let others = "DELETE FROM outbox WHERE abonnement = ?1 AND number <> ?2 AND leased_until IS NULL";
                tx.execute(others, params![abonnement.as_str(), number])?;
            }
            Ok(advanced(changed))
        })
        .await
    }
}

fn take_in(
    tx: &Tx<'_>,
    feed: &str,
    seen: Option<&str>,
    position: &str,
    waiting: &[Waiting],
) -> Result<Advanced, Failure> {
    let place: Option<String> = tx.first(PLACE, [feed], |row| Ok(row.get(0)?))?;
    if place.as_deref() != seen {
        return Ok(Advanced::Stale);
    }
    let advance = "INSERT INTO outbox_positions (feed, place) VALUES (?1, ?2)
                   ON CONFLICT (feed) DO UPDATE SET place = excluded.place";
    tx.execute(advance, [feed, position])?;
    for each in waiting {
        let (id, available) = (each.abonnement.as_str(), micros(each.available));
        let older = "UPDATE outbox SET available = min(available, ?2)
                     WHERE number = (SELECT min(number) FROM outbox WHERE abonnement = ?1 AND leased_until IS NULL)";
        if tx.execute(older, params![id, available])? == 0 {
            let add = "INSERT INTO outbox (abonnement, client_id, available, due) VALUES (?1, ?2, ?3, ?3)";
            tx.execute(add, params![id, each.client_id.as_str(), available])?;
        }
    }
    Ok(Advanced::Done)
}

fn lease(tx: &Tx<'_>, now: i64, until: i64, most: i64) -> Result<Vec<Leased>, Failure> {
    let mut leased: Vec<Leased> = Vec::new();
    let next = "UPDATE outbox SET leased_until = ?2, fence = fence + 1
                WHERE number = (SELECT number FROM outbox WHERE due <= ?1 AND coalesce(leased_until, 0) <= ?1
                                ORDER BY available, number LIMIT 1)
                RETURNING number, abonnement, client_id, available, fence, attempts";
    for _ in 0..most {
        let Some(one) = tx.first(next, params![now, until], read)? else {
            break;
        };
        let others = "DELETE FROM outbox WHERE abonnement = ?1 AND number <> ?2 AND coalesce(leased_until, 0) <= ?3";
        tx.execute(
            others,
            params![one.waiting.abonnement.as_str(), signed(one.number), now],
        )?;
        leased.push(one);
    }
    Ok(leased)
}

fn read(row: &Row<'_>) -> Result<Leased, Failure> {
    let available: i64 = row.get(3)?;
    let available = UNIX_EPOCH + Duration::from_micros(u64::try_from(available).unwrap_or_default());
    let waiting = Waiting::new(row::abonnement_id(row, 1)?, row::client_id(row, 2)?, available);
    let number: i64 = row.get(0)?;
    let fence: i64 = row.get(4)?;
    Ok(Leased::new(
        waiting,
        number.unsigned_abs(),
        fence.unsigned_abs(),
        row.get(5)?,
    ))
}

fn micros(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn advanced(changed: usize) -> Advanced {
    if changed == 1 { Advanced::Done } else { Advanced::Stale }
}

const PLACE: &str = "SELECT place FROM outbox_positions WHERE feed = ?1";
