// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who ordered what, and when the nights are.

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medmij_dvp::{
    collecting::{CollectingPolicy, Order, OrderStore, SlotKey},
    person::PersonId,
};
use medmij_types::{AmsterdamTime, CalendarDate};

/// Both processes look so often; a lease is shorter.
pub(crate) const TICK: Duration = Duration::from_secs(15 * 60);
pub(crate) const LEASE: Duration = Duration::from_secs(10 * 60);

/// The orders of so many Personen: two Aanbieders at a first DVA, one each at two more.
pub(crate) fn orders(accounts: u32) -> Result<Vec<Order>, Box<dyn Error>> {
    let mut orders = Vec::new();
    for person in 0..accounts {
        for (aanbieder, dva) in [("een", 0), ("twee", 0), ("drie", 1), ("vier", 2)] {
            orders.push(Order::new(
                PersonId::new(person.into()),
                format!("dva{}.nl", (person + dva) % 7).parse()?,
                format!("{aanbieder}@medmij").parse()?,
                "48".parse()?,
            ));
        }
    }
    Ok(orders)
}

/// Gives orders, many at once.
pub(crate) async fn give<S: OrderStore + 'static>(store: S, orders: Vec<Order>) -> Result<(), Box<dyn Error>> {
    let store = std::sync::Arc::new(store);
    let now = evening(0)?;
    for some in orders.chunks(200) {
        let mut tasks = Vec::new();
        for order in some {
            let (store, order) = (std::sync::Arc::clone(&store), order.clone());
            tasks.push(tokio::spawn(async move {
                let (policy, key) = (CollectingPolicy::default(), SlotKey::new([5; 32]));
                store.add_order(order, now, (&policy, &key)).await
            }));
        }
        for task in tasks {
            task.await??;
        }
    }
    Ok(())
}

/// When the window of a night opens; the first is one of the long night of autumn.
pub(crate) fn evening(night: u32) -> Result<SystemTime, Box<dyn Error>> {
    let first = CalendarDate::parse("2026-10-22")?;
    AmsterdamTime::moment(first.plus(night), 23, 0).ok_or_else(|| "no such evening".into())
}

/// When the window of a night closes.
pub(crate) fn morning(night: u32) -> Result<SystemTime, Box<dyn Error>> {
    let first = CalendarDate::parse("2026-10-23")?;
    AmsterdamTime::moment(first.plus(night), 6, 0).ok_or_else(|| "no such morning".into())
}

pub(crate) fn micros(moment: SystemTime) -> u128 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros()
}

pub(crate) fn moment(micros: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(micros)
}
