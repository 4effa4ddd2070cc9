// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.101, core.gegevensuitwisseling.102 — orders and runs of automatic collecting, in the file of the
//! vault. A lease is one transaction of the only writer, so schedulers in several processes share the runs.

use std::time::SystemTime;

use medmij_dvp::{
    collecting::{CollectingPolicy, Lease, Order, OrderStore, Run, RunKey, RunOutcome, Slot, SlotKey, StoreError},
    person::PersonId,
};
use rusqlite::{Row, params};

use crate::{
    SqliteVault,
    clock::micros,
    error::Failure,
    moment,
    row::{self, bounded},
    writer::{Tx, first},
};

impl OrderStore for SqliteVault {
    async fn add_order(
        &self,
        order: Order,
        now: SystemTime,
        (policy, key): (&CollectingPolicy, &SlotKey),
    ) -> Result<(), StoreError> {
        let slot = key.slot(order.person, &order.dva);
        let next = policy.next_start(slot, None, now).unwrap_or(now);
        self.write(move |tx| add(tx, &order, slot, now, next)).await
    }

    async fn cancel_order(&self, order: &Order) -> Result<bool, StoreError> {
        let order = order.clone();
        self.write(move |tx| cancel(tx, &order)).await
    }

    async fn cancel_orders(&self, person: PersonId) -> Result<usize, StoreError> {
        let person = bytes(person);
        self.write(move |tx| {
            let gone = tx.execute(
                "DELETE FROM orders WHERE run IN (SELECT seq FROM runs WHERE person = ?1)",
                [person],
            )?;
            tx.execute("UPDATE runs SET ordered = 0 WHERE person = ?1", [person])?;
            Ok(gone)
        })
        .await
    }

    async fn orders(&self, person: PersonId) -> Result<Vec<Order>, StoreError> {
        self.read(move |view| {
            let mut statement = view.connection.prepare_cached(
                "SELECT r.dva, o.aanbieder, o.gegevensdienst FROM runs r JOIN orders o ON o.run = r.seq
                 WHERE r.person = ?1 ORDER BY r.seq, o.aanbieder, o.gegevensdienst",
            )?;
            let mut found = statement.query([bytes(person)])?;
            let mut orders = Vec::new();
            while let Some(row) = found.next()? {
                let (aanbieder, service) = (row::name(row, 1)?, row::gegevensdienst(row, 2)?);
                orders.push(Order::new(person, row::hostname(row, 0)?, aanbieder, service));
            }
            Ok(orders)
        })
        .await
    }

    async fn lease_runs(&self, now: SystemTime, until: SystemTime, most: usize) -> Result<Vec<Lease>, StoreError> {
        self.write(move |tx| lease(tx, moment::now(now), until, bounded(most)))
            .await
    }

    async fn start_run(
        &self,
        lease: &Lease,
        now: SystemTime,
        policy: &CollectingPolicy,
    ) -> Result<Option<Run>, StoreError> {
        if now >= lease.until || !policy.is_open(now) {
            return Ok(None);
        }
        let next = policy.next_start(lease.slot, Some(now), now).unwrap_or(lease.until);
        let (lease, pause) = (lease.clone(), micros(policy.pause()));
        self.write(move |tx| start(tx, &lease, now, pause, next)).await
    }

    async fn finish_run(&self, lease: &Lease, outcome: RunOutcome, now: SystemTime) -> Result<(), StoreError> {
        let success = (outcome == RunOutcome::Collected).then(|| moment::now(now));
        let changed = self.leased(
            lease,
            "UPDATE runs SET lease = NULL, last_success = max(last_success, coalesce(?4, last_success)),
                 told = CASE WHEN ?4 IS NULL THEN told ELSE 0 END
             WHERE person = ?1 AND dva = ?2 AND lease = ?3",
            success,
        );
        changed.await
    }

    async fn skip_run(&self, lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> Result<(), StoreError> {
        // as if it had started now: the next night then, without counting for the 24 hours
        let next = policy.next_start(lease.slot, Some(now), now).unwrap_or(now);
        let changed = self.leased(
            lease,
            "UPDATE runs SET lease = NULL, next = ?4 WHERE person = ?1 AND dva = ?2 AND lease = ?3",
            Some(moment::not_before(next)),
        );
        changed.await
    }

    async fn silent_runs(&self, since: SystemTime, most: usize) -> Result<Vec<RunKey>, StoreError> {
        self.write(move |tx| {
            let mut statement = tx.connection.prepare_cached(
                "UPDATE runs SET told = 1 WHERE seq IN (
                     SELECT seq FROM runs WHERE ordered = 1 AND told = 0 AND last_success <= ?1
                     ORDER BY last_success LIMIT ?2)
                 RETURNING person, dva",
            )?;
            let mut found = statement.query([moment::now(since), bounded(most)])?;
            let mut runs = Vec::new();
            while let Some(row) = found.next()? {
                runs.push(run_key(row)?);
            }
            Ok(runs)
        })
        .await
    }

    async fn purge_runs(&self, now: SystemTime, most: usize) -> Result<usize, StoreError> {
        // the moment of a run that started lies after its 24 hours
        let sql = "DELETE FROM runs
                   WHERE seq IN (SELECT seq FROM runs WHERE ordered = 0 AND next <= ?1 ORDER BY next LIMIT ?2)";
        self.write(move |tx| tx.execute(sql, [moment::now(now), bounded(most)]))
            .await
    }
}

impl SqliteVault {
    /// Changes a run that this lease still has.
    async fn leased(&self, lease: &Lease, sql: &'static str, value: Option<i64>) -> Result<(), StoreError> {
        let lease = lease.clone();
        let changed = self.write(move |tx| {
            let key = (bytes(lease.key.person), lease.key.dva.as_str(), number(&lease));
            tx.execute(sql, params![key.0, key.1, key.2, value])
        });
        changed.await.map(drop)
    }
}

fn add(tx: &Tx<'_>, order: &Order, slot: Slot, now: SystemTime, next: SystemTime) -> Result<(), Failure> {
    // the first order of a run; what the run says of the 24 hours stays
    let run = "INSERT INTO runs (person, dva, slot, next, last_success) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (person, dva) DO UPDATE
               SET ordered = 1, slot = ?3, next = max(next, ?4), last_success = ?5, told = 0 WHERE ordered = 0";
    let (person, dva) = (bytes(order.person), order.dva.as_str());
    let (next, now) = (moment::not_before(next), moment::now(now));
    tx.execute(run, params![person, dva, slot.number(), next, now])?;
    tx.execute(
        "INSERT INTO orders (run, aanbieder, gegevensdienst)
         SELECT seq, ?3, ?4 FROM runs WHERE person = ?1 AND dva = ?2
         ON CONFLICT DO NOTHING",
        params![person, dva, order.aanbieder.as_str(), order.gegevensdienst.as_str()],
    )?;
    Ok(())
}

fn cancel(tx: &Tx<'_>, order: &Order) -> Result<bool, Failure> {
    let (person, dva) = (bytes(order.person), order.dva.as_str());
    let gone = tx.execute(
        "DELETE FROM orders WHERE run = (SELECT seq FROM runs WHERE person = ?1 AND dva = ?2)
             AND aanbieder = ?3 AND gegevensdienst = ?4",
        params![person, dva, order.aanbieder.as_str(), order.gegevensdienst.as_str()],
    )?;
    tx.execute(
        "UPDATE runs SET ordered = 0
         WHERE person = ?1 AND dva = ?2 AND NOT EXISTS (SELECT 1 FROM orders WHERE run = runs.seq)",
        params![person, dva],
    )?;
    Ok(gone > 0)
}

/// One number for all of them: it tells these leases from later ones.
fn lease(tx: &Tx<'_>, now: i64, until: SystemTime, most: i64) -> Result<Vec<Lease>, Failure> {
    tx.execute("UPDATE leases SET last = last + 1", [])?;
    let number: Option<i64> = tx.first("SELECT last FROM leases", [], |row| Ok(row.get(0)?))?;
    let number = number.ok_or(Failure::Broken("number of a lease"))?;
    let mut statement = tx.connection.prepare_cached(
        "UPDATE runs SET next = ?2, lease = ?3
         WHERE seq IN (SELECT seq FROM runs WHERE ordered = 1 AND next <= ?1 ORDER BY next LIMIT ?4)
         RETURNING person, dva, slot",
    )?;
    let mut found = statement.query([now, moment::not_before(until), number, most])?;
    let number = u64::try_from(number).map_err(|_| Failure::Broken("number of a lease"))?;
    let mut leases = Vec::new();
    while let Some(row) = found.next()? {
        let slot = Slot::from_number(row.get(2)?);
        leases.push(Lease::new(run_key(row)?, slot, number, until));
    }
    Ok(leases)
}

fn start(tx: &Tx<'_>, lease: &Lease, now: SystemTime, pause: i64, next: SystemTime) -> Result<Option<Run>, Failure> {
    let found = first(
        tx.connection,
        "SELECT seq, last_start, last_success FROM runs
         WHERE person = ?1 AND dva = ?2 AND lease = ?3 AND ordered = 1
             AND coalesce(last_start <= ?4, 1)",
        params![
            bytes(lease.key.person),
            lease.key.dva.as_str(),
            number(lease),
            moment::now(now).saturating_sub(pause)
        ],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, i64>(2)?,
            ))
        },
    )?;
    let Some((seq, last_start, last_success)) = found else {
        return Ok(None);
    };
    tx.execute(
        "UPDATE runs SET last_start = ?2, next = ?3 WHERE seq = ?1",
        [seq, moment::not_before(now), moment::not_before(next)],
    )?;
    let mut statement = tx.connection.prepare_cached(
        "SELECT aanbieder, gegevensdienst FROM orders WHERE run = ?1 ORDER BY aanbieder, gegevensdienst",
    )?;
    let mut found = statement.query([seq])?;
    let (mut orders, key) = (Vec::new(), &lease.key);
    while let Some(row) = found.next()? {
        let (aanbieder, service) = (row::name(row, 0)?, row::gegevensdienst(row, 1)?);
        orders.push(Order::new(key.person, key.dva.clone(), aanbieder, service));
    }
    let (last_start, last_success) = (last_start.map(moment::of), moment::of(last_success));
    Ok(Some(Run::new(key.clone(), orders, last_start, last_success)))
}

/// A run in the columns person, dva.
fn run_key(row: &Row<'_>) -> Result<RunKey, Failure> {
    let person = PersonId::new(u128::from_be_bytes(row.get(0)?));
    Ok(RunKey::new(person, row::hostname(row, 1)?))
}

fn bytes(person: PersonId) -> [u8; 16] {
    person.number().to_be_bytes()
}

/// No row has a number that is too large for one.
fn number(lease: &Lease) -> i64 {
    i64::try_from(lease.number).unwrap_or(-1)
}
