// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long it takes to plan many runs that are due at once.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use medmij_dvp::{
    collecting::{Order, OrderStore},
    person::PersonId,
};

use crate::{
    place::{Place, Work},
    world::{LEASE, morning},
};

/// The best of three.
pub(crate) fn measure(place: &Place, runs: u32) -> Result<Duration, Box<dyn Error>> {
    place.work(Plan(runs))
}

struct Plan(u32);

impl Work for Plan {
    type Output = Duration;

    async fn run<S: OrderStore + 'static>(self, store: S) -> Result<Duration, Box<dyn Error>> {
        let store = std::sync::Arc::new(store);
        let orders = (0..self.0).map(|person| {
            let (name, service) = ("een@medmij".parse()?, "48".parse()?);
            Ok(Order::new(
                PersonId::new(person.into()),
                "dva.nl".parse()?,
                name,
                service,
            ))
        });
        let orders: Vec<Order> = orders.collect::<Result<_, Box<dyn Error>>>()?;
        crate::world::give(std::sync::Arc::clone(&store), orders).await?;
        let (mut now, mut best) = (morning(0)? - Duration::from_secs(3_600), Duration::MAX);
        // all of them count as due, whatever their slots are
        now += Duration::from_secs(48 * 3_600);
        for _ in 0..3 {
            let begin = Instant::now();
            let leases = store.lease_runs(now, now + LEASE, usize::try_from(self.0)?).await?;
            best = best.min(begin.elapsed());
            if leases.len() != usize::try_from(self.0)? {
                return Err(format!("{} of {} were planned", leases.len(), self.0).into());
            }
            now += LEASE;
        }
        Ok(best)
    }
}
