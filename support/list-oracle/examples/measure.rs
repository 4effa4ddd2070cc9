// SPDX-License-Identifier: AGPL-3.0-or-later
//! Measures a list on disk: `measure FILE` compares reading with quick-xml's bare namespace-resolving loop over the same
//! bytes, in turns, and prints medians; `measure --once FILE` reads once, as a whole process, and prints the peak memory;
//! `measure --make KIND ENTRIES FILE` writes a list to measure.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for measuring"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use medmij_list::{List, ReadOptions, Snapshot};
use medmij_list_oracle::build;
use medmij_types::{Aanbiedernaam, Hostname};
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;
use quick_xml::{events::Event, reader::NsReader};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--make", "zal", entries, file] => std::fs::write(file, build::large_zal(entries.parse().unwrap())).unwrap(),
        ["--make", "whitelist", entries, file] => {
            std::fs::write(file, build::large_whitelist(entries.parse().unwrap())).unwrap()
        }
        ["--once", file] => once(file),
        [file] => ratio(file),
        _ => println!("usage: measure FILE | --once FILE | --make zal|whitelist ENTRIES FILE"),
    }
}

fn once(file: &str) {
    let bytes = std::fs::read(file).unwrap();
    let size = bytes.len();
    let is_zal = is_zal(&bytes);
    let before = peak();
    let entries = if is_zal {
        read::<Zorgaanbiederslijst>(bytes)
    } else {
        read::<Whitelist>(bytes)
    };
    let extra = peak() - before;
    println!(
        "{entries} entries, {size} bytes; peak {} KiB, on top of the file {extra} KiB ({:.2} x)",
        peak(),
        extra as f64 * 1024.0 / size as f64
    );
}

fn is_zal(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).contains("Zorgaanbiederslijst")
}

fn read<L: List>(bytes: Vec<u8>) -> usize {
    let list = Snapshot::<L>::read(bytes, &ReadOptions::files()).unwrap();
    black_box(&list).len()
}

/// Peak resident memory in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn ratio(file: &str) {
    let bytes = std::fs::read(file).unwrap();
    let rounds = if bytes.len() > 100_000_000 { 9 } else { 41 };
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let mut reader = NsReader::from_reader(bytes.as_slice());
        let mut events = 0_u64;
        loop {
            match reader.read_resolved_event().unwrap() {
                (_, Event::Eof) => break,
                event => {
                    black_box(&event);
                    events += 1;
                }
            }
        }
        black_box(events);
        bare.push(start.elapsed());
        let copy = bytes.clone();
        let start = Instant::now();
        let entries = if is_zal(&bytes) {
            timed::<Zorgaanbiederslijst>(copy, &mut ours, start)
        } else {
            timed::<Whitelist>(copy, &mut ours, start)
        };
        black_box(entries);
    }
    let (bare, ours) = (median(&mut bare), median(&mut ours));
    println!(
        "{} bytes: bare loop {bare:?}, read+validate+index {ours:?}, ratio {:.2}",
        bytes.len(),
        ours.as_secs_f64() / bare.as_secs_f64()
    );
    look_up(bytes);
}

/// Reads, stops the clock, and only then frees the list.
fn timed<L: List>(bytes: Vec<u8>, times: &mut Vec<Duration>, start: Instant) -> usize {
    let list = Snapshot::<L>::read(bytes, &ReadOptions::files()).unwrap();
    times.push(start.elapsed());
    list.len()
}

/// Looks up a thousand keys from all over the list again and again: what is in use is in the cache of the machine.
fn look_up(bytes: Vec<u8>) {
    const TIMES: usize = 1_000_000;
    if is_zal(&bytes) {
        let list = Snapshot::<Zorgaanbiederslijst>::read(bytes, &ReadOptions::files()).unwrap();
        let names: Vec<Aanbiedernaam> = list.zorgaanbieders().map(|z| z.naam().unwrap()).collect();
        let names: Vec<Aanbiedernaam> = names.into_iter().step_by(list.len().div_ceil(1000)).collect();
        let start = Instant::now();
        let found = (0..TIMES)
            .filter(|n| list.zorgaanbieder(&names[n.wrapping_mul(7919) % names.len()]).is_some())
            .count();
        println!(
            "look-up of a name: {:?} each ({found} found)",
            start.elapsed() / u32::try_from(TIMES).unwrap()
        );
    } else {
        let list = Snapshot::<Whitelist>::read(bytes, &ReadOptions::files()).unwrap();
        let hosts: Vec<Hostname> = list.nodes().map(|node| node.hostname().unwrap()).collect();
        let hosts: Vec<Hostname> = hosts.into_iter().step_by(list.len().div_ceil(1000)).collect();
        let start = Instant::now();
        let found = (0..TIMES)
            .filter(|n| list.contains(&hosts[n.wrapping_mul(7919) % hosts.len()]))
            .count();
        println!(
            "look-up of a host: {:?} each ({found} found)",
            start.elapsed() / u32::try_from(TIMES).unwrap()
        );
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
