// SPDX-License-Identifier: AGPL-3.0-or-later
//! Fault R14 as a measurement: look-ups while the Whitelist is swapped.
//!
//! ```text
//! cargo bench -p medmij-whitelist --bench swaps [-- <swaps> <nodes> <look-ups a second> <readers>]
//! ```
//!
//! By default 1,000 swaps of lists with 10,000 nodes, each read from its bytes as a fetched list is, while two readers
//! together ask a `HostPolicy` 1,000,000 times a second. Every look-up is timed on its own. The promise is p99.99 below
//! 1 ms at the full rate; the program fails when it is not kept, or when an answer is wrong.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures"
)]

use std::{
    fmt::Write as _,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use medmij_list::{ListCache, ReadOptions, RefreshPolicy, Snapshot};
use medmij_types::{Hostname, SystemClock};
use medmij_whitelist::{Basis, HostPolicy, NotAllowed, Whitelist};

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let given = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (swaps, nodes, rate, readers) = (given(0, 1000), given(1, 10_000), given(2, 1_000_000), given(3, 2));

    let cache = Arc::new(ListCache::new(RefreshPolicy::default(), SystemClock::default()));
    let policy = HostPolicy::whitelist(Arc::clone(&cache), Hostname::parse("stelselnode.localhost").unwrap());
    let entries = entries(nodes);
    cache.offer(read(1, &entries)).unwrap();

    let done = AtomicBool::new(false);
    let begin = Instant::now();
    let (seen, writing) = thread::scope(|scope| {
        let readers: Vec<_> = (0..readers)
            .map(|number| {
                let (policy, done) = (policy.clone(), &done);
                scope.spawn(move || reader(&policy, nodes, rate / readers, number, done))
            })
            .collect();
        for number in 2..=swaps + 1 {
            cache.offer(read(number, &entries)).unwrap();
        }
        let writing = cpu();
        done.store(true, Ordering::Relaxed);
        let seen = readers.into_iter().map(|reader| reader.join().unwrap());
        (seen.fold(Seen::default(), Seen::and), writing)
    });
    let wall = begin.elapsed();

    let share = |cpu: Option<Duration>| {
        cpu.map_or_else(
            || "-".to_owned(),
            |cpu| format!("{:.0} %", 100.0 * cpu.as_secs_f64() / wall.as_secs_f64()),
        )
    };
    let looked_up = seen.times.count();
    let reached = looked_up as f64 / wall.as_secs_f64();
    println!(
        "swaps           {swaps} of {nodes} nodes, {} bytes each, in {wall:.2?}",
        read(1, &entries).bytes().len()
    );
    println!("look-ups        {looked_up}, {reached:.0} a second by {readers} readers");
    println!("wrong answers   {}", seen.wrong);
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p99.99", 0.9999)] {
        println!("{name:<15} {:.1?}", seen.times.at(part));
    }
    println!("worst           {:.1?}", seen.times.worst);
    println!(
        "over 1 ms       {} look-ups; the system took the processor away {} times",
        seen.late, seen.interrupted
    );
    println!(
        "processor       {} for the look-ups with their timing, {} for the lists",
        share(seen.cpu),
        share(writing)
    );

    let kept = seen.wrong == 0 && seen.times.at(0.9999) < MILLISECOND && reached >= 0.99 * rate as f64;
    println!(
        "{}",
        if kept {
            "the promise of R14 is kept"
        } else {
            "the promise of R14 is NOT kept"
        }
    );
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The nodes of every list, as XML.
fn entries(nodes: u64) -> String {
    let mut xml = String::new();
    for node in 0..nodes {
        writeln!(xml, "<MedMijNode><Hostname>{}</Hostname></MedMijNode>", name(node)).unwrap();
    }
    xml
}

fn name(node: u64) -> String {
    format!("node-{node}.zorgaanbieder-{}.example.nl", node % 997)
}

/// A list with this number, read and judged from new bytes.
fn read(number: u64, entries: &str) -> Snapshot<Whitelist> {
    let xml = format!(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\"><Tijdstempel>2026-03-29T12:00:00Z\
         </Tijdstempel><Volgnummer>{number}</Volgnummer><MedMijNodes>{entries}</MedMijNodes></Whitelist>"
    );
    Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap()
}

/// Asks at this rate until told to stop: a few hundred look-ups, and then a sleep until the next are due. What a late
/// wake-up left behind is caught up at once.
fn reader(policy: &HostPolicy, nodes: u64, rate: u64, number: u64, done: &AtomicBool) -> Seen {
    let hosts: Vec<(Hostname, bool)> = (0..1000)
        .map(|i| {
            let listed = i % 4 != 0;
            let text = if listed {
                name((i * 7919 + number) % nodes)
            } else {
                format!("weg-{i}.example.nl")
            };
            (Hostname::parse(&text).unwrap(), listed)
        })
        .collect();
    let mut seen = Seen::default();
    let mut newest = 0;
    let (begin, mut asked) = (Instant::now(), 0_u64);
    while !done.load(Ordering::Relaxed) {
        let due = (begin.elapsed().as_nanos() * u128::from(rate) / 1_000_000_000) as u64;
        let until = due.min(asked + 10_000);
        while asked < until {
            let (host, listed) = &hosts[(asked % 1000) as usize];
            let before = Instant::now();
            let answer = policy.check(host);
            seen.took(before.elapsed());
            let by = match &answer {
                Ok(allowed) => match allowed.basis() {
                    Basis::Whitelist(number) => number.value(),
                    _ => 0,
                },
                Err(NotAllowed::NotListed {
                    volgnummer: Some(number),
                    ..
                }) => number.value(),
                Err(_) => 0,
            };
            // no list is ever older than one that was seen before
            seen.wrong += u64::from(answer.is_ok() != *listed || by < newest.max(1));
            newest = by;
            asked += 1;
        }
        thread::sleep(Duration::from_micros(500));
    }
    seen.cpu = cpu();
    seen.interrupted = interrupted();
    seen
}

/// What the readers saw.
#[derive(Default)]
struct Seen {
    times: Times,
    late: u64,
    wrong: u64,
    interrupted: u64,
    cpu: Option<Duration>,
}

impl Seen {
    fn took(&mut self, time: Duration) {
        self.late += u64::from(time >= MILLISECOND);
        self.times.add(time);
    }

    fn and(mut self, other: Self) -> Self {
        self.times
            .counts
            .iter_mut()
            .zip(&other.times.counts)
            .for_each(|(a, b)| *a += b);
        self.times.worst = self.times.worst.max(other.times.worst);
        self.late += other.late;
        self.wrong += other.wrong;
        self.interrupted += other.interrupted;
        self.cpu = Some(self.cpu.unwrap_or_default() + other.cpu.unwrap_or_default()).filter(|cpu| !cpu.is_zero());
        self
    }
}

/// Times in buckets, 32 to each doubling: a figure is at most 3 % too high.
struct Times {
    counts: Vec<u64>,
    worst: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            counts: vec![0; 64 * 32],
            worst: Duration::ZERO,
        }
    }
}

impl Times {
    fn add(&mut self, time: Duration) {
        let nanos = (time.as_nanos() as u64).max(32);
        let doubling = nanos.ilog2();
        let part = (nanos >> (doubling - 5)) & 31;
        self.counts[(u64::from(doubling) * 32 + part) as usize] += 1;
        self.worst = self.worst.max(time);
    }

    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The time within which this part of them lies.
    fn at(&self, part: f64) -> Duration {
        let mut left = (self.count() as f64 * part).ceil() as u64;
        for (bucket, count) in (0_u64..).zip(&self.counts) {
            if left <= *count {
                let (doubling, part) = (bucket / 32, bucket % 32);
                return Duration::from_nanos((33 + part) << doubling >> 5);
            }
            left -= count;
        }
        self.worst
    }
}

/// The processor time of this thread, where Linux tells.
fn cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// How often the system took the processor away from this thread, where Linux tells.
fn interrupted() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

const MILLISECOND: Duration = Duration::from_millis(1);
