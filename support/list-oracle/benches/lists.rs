// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading, looking up and writing, beside quick-xml's bare namespace-resolving loop over the same bytes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use medmij_list::{List, ReadOptions, Snapshot};
use medmij_list_oracle::{build, rng::Rng};
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;
use quick_xml::{events::Event, reader::NsReader};

fn bare(bytes: &[u8]) -> u64 {
    let mut reader = NsReader::from_reader(bytes);
    let mut events = 0;
    loop {
        match reader.read_resolved_event().unwrap() {
            (_, Event::Eof) => return events,
            event => {
                black_box(&event);
                events += 1;
            }
        }
    }
}

fn read<L: List>(bytes: Vec<u8>) -> Snapshot<L> {
    Snapshot::read(bytes, &ReadOptions::files()).unwrap()
}

fn lists(c: &mut Criterion) {
    for (name, text) in [
        ("zal/1000", build::large_zal(1_000)),
        ("zal/10000", build::large_zal(10_000)),
        ("zal/100000", build::large_zal(100_000)),
        ("whitelist/100000", build::large_whitelist(100_000)),
    ] {
        let bytes = text.into_bytes();
        let mut group = c.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("bare quick-xml loop", |b| b.iter(|| bare(&bytes)));
        group.bench_function("read+validate+index", |b| {
            if name.starts_with("zal") {
                b.iter_batched(|| bytes.clone(), read::<Zorgaanbiederslijst>, BatchSize::PerIteration);
            } else {
                b.iter_batched(|| bytes.clone(), read::<Whitelist>, BatchSize::PerIteration);
            }
        });
        if name.starts_with("zal") {
            let list = read::<Zorgaanbiederslijst>(bytes);
            group.bench_function("to_xml", |b| b.iter(|| list.to_xml()));
        } else {
            let list = read::<Whitelist>(bytes);
            group.bench_function("to_xml", |b| b.iter(|| list.to_xml()));
        }
        group.finish();
    }
}

/// Every key once a round, in random order.
fn look_ups(c: &mut Criterion) {
    let zal = read::<Zorgaanbiederslijst>(build::large_zal(100_000).into_bytes());
    let names = shuffled(zal.zorgaanbieders().map(|z| z.name().unwrap()).collect());
    let mut turn = names.iter().cycle();
    c.bench_function("look-up of a name among 100000", |b| {
        b.iter(|| zal.zorgaanbieder(turn.next().unwrap()).is_some())
    });
    let whitelist = read::<Whitelist>(build::large_whitelist(100_000).into_bytes());
    let hosts = shuffled(whitelist.nodes().map(|node| node.hostname().unwrap()).collect());
    let mut turn = hosts.iter().cycle();
    c.bench_function("look-up of a host among 100000", |b| {
        b.iter(|| whitelist.contains(turn.next().unwrap()))
    });
}

/// Copies, so that they are in memory in the order in which they are asked for.
fn shuffled<K: Clone>(mut keys: Vec<K>) -> Vec<K> {
    let mut rng = Rng::new(11);
    for n in (1..keys.len()).rev() {
        keys.swap(n, rng.below(n + 1));
    }
    keys.iter().cloned().collect()
}

criterion_group!(benches, lists, look_ups);
criterion_main!(benches);
