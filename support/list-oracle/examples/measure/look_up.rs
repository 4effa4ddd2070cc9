// SPDX-License-Identifier: AGPL-3.0-or-later
//! Look-ups in random order, each waiting for the one before: of a thousand keys, which the caches of the machine hold
//! after a while, and of all keys, each once a round.

use std::{
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use medmij_list_oracle::rng::Rng;
use medmij_types::{Aanbiedernaam, Hostname};
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;

use crate::reading::{is_zal, median, read};

/// What a look-up takes.
pub(crate) struct LookUp {
    pub(crate) of: &'static str,
    pub(crate) entries: usize,
    pub(crate) thousand: Duration,
    pub(crate) all: Duration,
}

impl fmt::Display for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            of,
            entries,
            thousand,
            all,
        } = self;
        write!(
            f,
            "look-up of a {of} among {entries}: {thousand:?} (a thousand keys), {all:?} (all keys)"
        )
    }
}

pub(crate) fn measure(bytes: Vec<u8>) -> LookUp {
    if is_zal(&bytes) {
        let list = read::<Zorgaanbiederslijst>(bytes);
        let names: Vec<Aanbiedernaam> = list.zorgaanbieders().map(|z| z.name().unwrap()).collect();
        of("name", names, |name| list.zorgaanbieder(name).is_some())
    } else {
        let list = read::<Whitelist>(bytes);
        let hosts: Vec<Hostname> = list.nodes().map(|node| node.hostname().unwrap()).collect();
        of("host", hosts, |host| list.contains(host))
    }
}

fn of<K: Clone>(of: &'static str, keys: Vec<K>, find: impl Fn(&K) -> bool) -> LookUp {
    let mut rng = Rng::new(11);
    let mut order: Vec<usize> = (0..keys.len()).collect();
    for n in (1..order.len()).rev() {
        order.swap(n, rng.below(n + 1));
    }
    // What is asked for is at hand: only the list is all over the memory.
    let keys: Vec<K> = order.iter().map(|n| keys[*n].clone()).collect();
    let thousand: Vec<K> = keys.iter().take(1000).cloned().collect();
    LookUp {
        of,
        entries: keys.len(),
        thousand: each(&thousand, &find, 200),
        all: each(&keys, &find, (2_000_000 / keys.len()).clamp(3, 200)),
    }
}

/// The time of one look-up: the median of groups of a thousand, so that what else runs on the machine hardly counts.
fn each<K>(keys: &[K], find: &impl Fn(&K) -> bool, rounds: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..rounds {
        for group in keys.chunks_exact(1000.min(keys.len())) {
            let start = Instant::now();
            let mut at = 0;
            while let Some(key) = group.get(at) {
                // the next place comes of what was found
                at += usize::from(black_box(find(key)));
            }
            times.push(start.elapsed() / u32::try_from(group.len()).unwrap());
        }
    }
    median(&mut times)
}
