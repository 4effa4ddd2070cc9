// SPDX-License-Identifier: AGPL-3.0-or-later
//! O13 — the places for flows that are too long for a cookie and wait for their login in the store.
//!
//! Nobody who has a place loses it to others: who asks for one gets it or does not. A network may hold a part of what is *free*,
//! and a client within it half of that part. So the more networks ask, the less each of them holds, and something always stays
//! free for one that holds nothing yet, whoever asks how often.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use medmij_oauth::ClientId;

use crate::{server::limits::network, store::FlowId};

/// The places of one process.
#[derive(Debug, Default)]
pub(in crate::server) struct LongFlows(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    held: HashMap<FlowId, (Duration, Holder)>,
    expiry: BTreeSet<(Duration, FlowId)>,
    networks: HashMap<Option<IpAddr>, usize>,
    clients: HashMap<Holder, usize>,
}

/// A client asks from a network; `None` where no address is known.
type Holder = (Option<IpAddr>, ClientId);

impl LongFlows {
    /// Takes one of `most` places until a monotonic moment; false where the share of who asks is used up.
    pub(super) fn take(
        &self,
        id: &FlowId,
        address: Option<IpAddr>,
        client_id: &ClientId,
        (now, until): (Duration, Duration),
        most: usize,
    ) -> bool {
        let holder: Holder = (address.map(network), client_id.clone());
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.expire(now);
        let free = most.saturating_sub(places.held.len());
        // without addresses there are no networks to share among
        let of_network = if holder.0.is_some() {
            free.div_ceil(NETWORK)
        } else {
            free
        };
        let of_client = of_network.div_ceil(CLIENT);
        let held = |of: Option<&usize>| of.copied().unwrap_or_default();
        if held(places.networks.get(&holder.0)) >= of_network || held(places.clients.get(&holder)) >= of_client {
            return false;
        }
        if !places.held.contains_key(id) {
            *places.networks.entry(holder.0).or_default() += 1;
            *places.clients.entry(holder.clone()).or_default() += 1;
            places.expiry.insert((until, id.clone()));
            places.held.insert(id.clone(), (until, holder));
        }
        true
    }

    /// Gives a place back: the login has come back, or the flow is over.
    pub(super) fn give_back(&self, id: &FlowId) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.drop_one(id);
    }
}

impl Places {
    fn expire(&mut self, now: Duration) {
        while let Some((until, id)) = self.expiry.first().cloned() {
            if until > now {
                break;
            }
            self.drop_one(&id);
        }
    }

    fn drop_one(&mut self, id: &FlowId) {
        if let Some((until, holder)) = self.held.remove(id) {
            self.expiry.remove(&(until, id.clone()));
            one_less(&mut self.networks, &holder.0);
            one_less(&mut self.clients, &holder);
        }
    }
}

fn one_less<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// A network may hold one in so many of the places that are free.
const NETWORK: usize = 8;

/// A client in a network may hold one in so many of what the network may hold.
const CLIENT: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(900);

    fn id(n: u32) -> FlowId {
        FlowId::parse(&format!("{n:022}")).unwrap()
    }

    fn client(n: u32) -> ClientId {
        ClientId::parse(&format!("pgo{n}.example.nl")).unwrap()
    }

    fn asked(places: &LongFlows, n: u32, address: &str, of: u32, now: Duration) -> bool {
        let address = Some(address.parse().unwrap());
        places.take(&id(n), address, &client(of), (now, now + LIFETIME), 4_096)
    }

    #[test]
    fn o13_a_network_takes_its_share_and_leaves_places_to_others() {
        let (places, now) = (LongFlows::default(), Duration::ZERO);
        // 4096 - n places are free where n are held: an eighth of them is n
        let allowed = (0..10_000).filter(|n| {
            let address = format!("2a01:4f8:1234:{:x}::1", n % 0xffff);
            asked(&places, *n, &address, n % 7, now)
        });
        assert_eq!(allowed.count(), 456);
        for network in 0..1_000 {
            let address = format!("2a01:4f8:{network:x}::1");
            if network != 0x1234 {
                assert!(asked(&places, 20_000 + network, &address, 0, now), "{network}");
            }
        }
    }

    #[test]
    fn o13_a_client_leaves_places_to_others_of_its_network() {
        let (places, now) = (LongFlows::default(), Duration::ZERO);
        let of_one = (0..10_000).filter(|n| asked(&places, *n, "192.0.2.1", 0, now)).count();
        assert_eq!(of_one, 241);
        assert!(asked(&places, 10_000, "192.0.2.2", 1, now));
    }

    #[test]
    fn o13_places_come_back_with_time_and_when_the_flow_is_over() {
        let (places, now) = (LongFlows::default(), Duration::ZERO);
        let fill = |from: u32, now| {
            (from..from + 1_000)
                .filter(|n| asked(&places, *n, "192.0.2.1", 0, now))
                .count()
        };
        let first = fill(0, now);
        assert_eq!(fill(1_000, now), 0);
        places.give_back(&id(0));
        places.give_back(&id(0));
        assert_eq!(fill(2_000, now), 1);
        assert_eq!(fill(3_000, LIFETIME), first);
        // one that has a place already takes no second
        let rows = places.0.lock().unwrap();
        assert_eq!((rows.held.len(), rows.expiry.len()), (first, first));
        assert_eq!(rows.networks.values().sum::<usize>(), first);
        assert_eq!(rows.clients.values().sum::<usize>(), first);
    }
}
