// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.101, core.gegevensuitwisseling.102 — orders and runs of automatic collecting, beside the tokens
//! of the vault. Schedulers share the runs by the locks of the database: what another leases at this moment is passed over.

use std::time::SystemTime;

use medmij_dvp::{
    collecting::{CollectingPolicy, Lease, Order, OrderStore, Run, RunKey, RunOutcome, Slot, SlotKey, StoreError},
    person::PersonId,
};
use medmij_types::{GegevensdienstId, Hostname};
use tokio_postgres::Row;

use crate::{
    PostgresVault,
    error::Failure,
    moment,
    pool::Params,
    row::{self, bounded, column, micros},
};

impl OrderStore for PostgresVault {
    async fn add_order(
        &self,
        order: Order,
        now: SystemTime,
        (policy, key): (&CollectingPolicy, &SlotKey),
    ) -> Result<(), StoreError> {
        let slot = key.slot(order.person, &order.dva);
        let next = policy.next_start(slot, None, now).unwrap_or(now);
        let person = bytes(order.person);
        let params: Params<'_> = &[
            &person.as_slice(),
            &order.dva.as_str(),
            &i64::from(slot.number()),
            &order.aanbieder.as_str(),
            &order.gegevensdienst.as_str(),
            &moment::now(now),
            &moment::not_before(next),
        ];
        self.ask(ADD, params).await?;
        Ok(())
    }

    async fn cancel_order(&self, order: &Order) -> Result<bool, StoreError> {
        let person = bytes(order.person);
        let params: Params<'_> = &[
            &person.as_slice(),
            &order.dva.as_str(),
            &order.aanbieder.as_str(),
            &order.gegevensdienst.as_str(),
        ];
        let rows = self.ask(CANCEL, params).await?;
        first(&rows)
            .and_then(|row| column(row, "gone"))
            .map_err(StoreError::from)
    }

    async fn cancel_orders(&self, person: PersonId) -> Result<usize, StoreError> {
        let rows = self.ask(CANCEL_ALL, &[&bytes(person).as_slice()]).await?;
        let gone: i64 = first(&rows)
            .and_then(|row| column(row, "gone"))
            .map_err(StoreError::from)?;
        Ok(usize::try_from(gone).unwrap_or_default())
    }

    async fn orders(&self, person: PersonId) -> Result<Vec<Order>, StoreError> {
        let rows = self.ask(ORDERS, &[&bytes(person).as_slice()]).await?;
        let read = |row| {
            let (aanbieder, service) = (row::name(column(row, "aanbieder")?)?, row::gegevensdienst(row)?);
            Ok(Order::new(person, dva(row)?, aanbieder, service))
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, Failure>>()
            .map_err(StoreError::from)
    }

    async fn lease_runs(&self, now: SystemTime, until: SystemTime, most: usize) -> Result<Vec<Lease>, StoreError> {
        let params: Params<'_> = &[&moment::now(now), &moment::not_before(until), &bounded(most)];
        let rows = self.ask(LEASE, params).await?;
        let read = |row| {
            let number = u64::try_from(column::<i64>(row, "lease")?);
            let number = number.map_err(|_| Failure::Broken("number of a lease"))?;
            let slot = u32::try_from(column::<i64>(row, "slot")?).map_err(|_| Failure::Broken("slot of a run"))?;
            Ok(Lease::new(run_key(row)?, Slot::from_number(slot), number, until))
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, Failure>>()
            .map_err(StoreError::from)
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
        let person = bytes(lease.key.person);
        let params: Params<'_> = &[
            &person.as_slice(),
            &lease.key.dva.as_str(),
            &number(lease),
            &moment::now(now).saturating_sub(micros(policy.pause())),
            &moment::not_before(now),
            &moment::not_before(next),
        ];
        let rows = self.ask(START, params).await?;
        rows.first()
            .map(|row| run(row, &lease.key))
            .transpose()
            .map_err(StoreError::from)
    }

    async fn finish_run(&self, lease: &Lease, outcome: RunOutcome, now: SystemTime) -> Result<(), StoreError> {
        let success = (outcome == RunOutcome::Collected).then(|| moment::now(now));
        self.leased(lease, FINISH, success).await
    }

    async fn skip_run(&self, lease: &Lease, now: SystemTime, policy: &CollectingPolicy) -> Result<(), StoreError> {
        // as if it had started now: the next night then, without counting for the 24 hours
        let next = policy.next_start(lease.slot, Some(now), now).unwrap_or(now);
        self.leased(lease, SKIP, Some(moment::not_before(next))).await
    }

    async fn silent_runs(&self, since: SystemTime, most: usize) -> Result<Vec<RunKey>, StoreError> {
        let rows = self.ask(SILENT, &[&moment::now(since), &bounded(most)]).await?;
        rows.iter()
            .map(run_key)
            .collect::<Result<_, Failure>>()
            .map_err(StoreError::from)
    }

    async fn purge_runs(&self, now: SystemTime, most: usize) -> Result<usize, StoreError> {
        Ok(self.ask(PURGE, &[&moment::now(now), &bounded(most)]).await?.len())
    }
}

impl PostgresVault {
    async fn ask(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        self.connections.rows(sql, params).await.map_err(StoreError::from)
    }

    /// Changes a run that this lease still has.
    async fn leased(&self, lease: &Lease, sql: &str, value: Option<i64>) -> Result<(), StoreError> {
        let person = bytes(lease.key.person);
        let params: Params<'_> = &[&person.as_slice(), &lease.key.dva.as_str(), &number(lease), &value];
        self.ask(sql, params).await?;
        Ok(())
    }
}

fn run(row: &Row, key: &RunKey) -> Result<Run, Failure> {
    let names: Vec<&str> = column(row, "aanbieders")?;
    let services: Vec<&str> = column(row, "gegevensdiensten")?;
    let order = |(name, service): (&str, &str)| {
        let service = GegevensdienstId::parse(service).map_err(|_| Failure::Broken("gegevensdienst"))?;
        Ok(Order::new(key.person, key.dva.clone(), row::name(name)?, service))
    };
    let orders = names.into_iter().zip(services).map(order);
    let last_start = column::<Option<i64>>(row, "last_start")?.map(moment::of);
    let last_success = moment::of(column(row, "last_success")?);
    Ok(Run::new(
        key.clone(),
        orders.collect::<Result<_, Failure>>()?,
        last_start,
        last_success,
    ))
}

/// A run in the columns person, dva.
fn run_key(row: &Row) -> Result<RunKey, Failure> {
    let person = u128::from_be_bytes(row::bytes(row, "person")?);
    Ok(RunKey::new(PersonId::new(person), dva(row)?))
}

fn dva(row: &Row) -> Result<Hostname, Failure> {
    Hostname::parse(column(row, "dva")?).map_err(|_| Failure::Broken("host of a DVA"))
}

fn first(rows: &[Row]) -> Result<&Row, Failure> {
    rows.first().ok_or(Failure::Broken("no row"))
}

fn bytes(person: PersonId) -> [u8; 16] {
    person.number().to_be_bytes()
}

/// No row has a number that is too large for one.
fn number(lease: &Lease) -> i64 {
    i64::try_from(lease.number).unwrap_or(-1)
}

const ADD: &str = "SELECT medmij_dvp.add_order($1, $2, $3, $4, $5, $6, $7)";

const CANCEL: &str = "SELECT medmij_dvp.cancel_order($1, $2, $3, $4) AS gone";

const CANCEL_ALL: &str = "SELECT medmij_dvp.cancel_orders($1) AS gone";

const ORDERS: &str = "
SELECT r.dva, o.aanbieder, o.gegevensdienst
FROM medmij_dvp.runs r JOIN medmij_dvp.orders o ON o.run = r.id
WHERE r.person = $1 ORDER BY r.id, o.aanbieder, o.gegevensdienst";

/// One number for all of them: it tells these leases from later ones.
const LEASE: &str = "
UPDATE medmij_dvp.runs SET next = $2, lease = (SELECT nextval('medmij_dvp.leases'))
WHERE id = ANY (ARRAY(
    SELECT id FROM medmij_dvp.runs WHERE ordered AND next <= $1 ORDER BY next LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING person, dva, slot, lease";

const START: &str = "
SELECT last_start, last_success, aanbieders, gegevensdiensten FROM medmij_dvp.start_run($1, $2, $3, $4, $5, $6)";

const FINISH: &str = "
UPDATE medmij_dvp.runs
SET lease = NULL, last_success = greatest(last_success, $4), told = told AND $4 IS NULL
WHERE person = $1 AND dva = $2 AND lease = $3";

const SKIP: &str = "
UPDATE medmij_dvp.runs SET lease = NULL, next = $4 WHERE person = $1 AND dva = $2 AND lease = $3";

const SILENT: &str = "
UPDATE medmij_dvp.runs SET told = true
WHERE id = ANY (ARRAY(
    SELECT id FROM medmij_dvp.runs WHERE ordered AND NOT told AND last_success <= $1
    ORDER BY last_success LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING person, dva";

/// The moment of a run that started lies after its 24 hours.
const PURGE: &str = "
DELETE FROM medmij_dvp.runs
WHERE id = ANY (ARRAY(
    SELECT id FROM medmij_dvp.runs WHERE NOT ordered AND next <= $1 ORDER BY next LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING id";
