// SPDX-License-Identifier: AGPL-3.0-or-later
//! Events a second through the spooler, the sync to disk included.
//!
//! `cargo bench -p medmij-log --features spool`; with the program pinned to one core (`taskset`), observing and writing share it.
#![allow(clippy::unwrap_used)]

use std::{hint::black_box, sync::Arc, time::SystemTime};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use medmij_log::{Event, EventType, LineFormat, Observer as _, RequestInfo, ResponseInfo, Spool, Spooler};
use medmij_types::SystemClock;

fn event() -> Event {
    let mut event = Event::new(EventType::SendTokenResponse);
    event.trace_id = Some("0f0d3b5e-8f5c-4a8c-9c7e-0a3a1f2b4c5d".parse().unwrap());
    let mut request = RequestInfo::default().with_uri("https://dva.example.nl/oauth/token");
    request.id = Some("1f0d3b5e-8f5c-4a8c-9c7e-0a3a1f2b4c5d".parse().unwrap());
    request.method = Some("post");
    request.client_id = Some("pgo.example.nl".parse().unwrap());
    request.server_id = Some("dva.example.nl".parse().unwrap());
    request.grant_type = Some("authorization_code");
    event.request = Some(request);
    event.response = Some(ResponseInfo::new(None, 200));
    event
}

fn benches(c: &mut Criterion) {
    const EVENTS: u64 = 50_000;
    let event = event();
    c.bench_function("one line", |b| {
        b.iter(|| LineFormat::default().line(black_box(&event), SystemTime::UNIX_EPOCH));
    });
    c.bench_function("one address", |b| {
        b.iter(|| RequestInfo::default().with_uri(black_box("https://dva.example.nl/oauth/token")));
    });
    let mut group = c.benchmark_group("spooler");
    group.throughput(Throughput::Elements(EVENTS)).sample_size(10);
    group.bench_function("events to disk", |b| {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let clock = Arc::new(SystemClock::default());
        let queue = usize::try_from(EVENTS).unwrap();
        let spooler = Spooler::start(spool, LineFormat::default(), clock, queue).unwrap();
        b.iter(|| {
            for _ in 0..EVENTS {
                spooler.observe(event.clone());
            }
            spooler.flush();
        });
        assert_eq!(spooler.counts().lost, 0);
    });
    group.finish();
}

criterion_group!(group, benches);
criterion_main!(group);
