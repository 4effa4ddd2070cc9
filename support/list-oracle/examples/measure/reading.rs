// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading, validating and indexing: beside quick-xml's bare loop, and once as a whole process.

use std::{
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use medmij_list::{List, ReadOptions, Snapshot};
use medmij_whitelist::Whitelist;
use medmij_zal::Zorgaanbiederslijst;
use quick_xml::{events::Event, reader::NsReader};

/// Both ways of going through the same bytes, medians of some rounds.
pub(crate) struct Compared {
    pub(crate) bytes: usize,
    pub(crate) rounds: usize,
    pub(crate) bare: Duration,
    pub(crate) ours: Duration,
    /// The median of the ratios of the rounds.
    pub(crate) ratio: f64,
    /// The least and the greatest of them, but for a tenth at either end.
    pub(crate) spread: (f64, f64),
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bytes,
            rounds,
            bare,
            ours,
            ratio,
            spread,
        } = self;
        write!(
            f,
            "{bytes} bytes, {rounds} rounds: bare loop {bare:.1?}, read+validate+index {ours:.1?}, ratio {ratio:.2} ({:.2} to {:.2})",
            spread.0, spread.1
        )
    }
}

pub(crate) fn compare(bytes: &[u8]) -> Compared {
    let rounds = if bytes.len() > 50_000_000 { 9 } else { 41 };
    let (mut bare, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        black_box(bare_loop(bytes));
        bare.push(start.elapsed());
        let copy = bytes.to_vec();
        let took = if is_zal(bytes) {
            timed::<Zorgaanbiederslijst>(copy)
        } else {
            timed::<Whitelist>(copy)
        };
        ours.push(took);
        ratios.push(took.as_secs_f64() / bare[bare.len() - 1].as_secs_f64());
    }
    ratios.sort_unstable_by(f64::total_cmp);
    Compared {
        bytes: bytes.len(),
        rounds,
        bare: median(&mut bare),
        ours: median(&mut ours),
        ratio: ratios[rounds / 2],
        spread: (ratios[rounds / 10], ratios[rounds - 1 - rounds / 10]),
    }
}

/// The baseline: `NsReader` over `&[u8]`, default configuration, to the end; no attributes, no text decoded.
fn bare_loop(bytes: &[u8]) -> u64 {
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

/// Reads, stops the clock, and only then frees the list.
fn timed<L: List>(bytes: Vec<u8>) -> Duration {
    let start = Instant::now();
    let list = read::<L>(bytes);
    let took = start.elapsed();
    black_box(&list);
    took
}

pub(crate) fn read<L: List>(bytes: Vec<u8>) -> Snapshot<L> {
    Snapshot::read(bytes, &ReadOptions::files()).unwrap()
}

pub(crate) fn is_zal(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).contains("Zorgaanbiederslijst")
}

/// One reading, and what it took on top of the file, in KiB.
pub(crate) struct Once {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
    pub(crate) extra: u64,
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, bytes, extra } = self;
        let share = *extra as f64 * 1024.0 / *bytes as f64;
        write!(
            f,
            "{entries} entries, {bytes} bytes, {extra} KiB on top of the file ({share:.2} x)"
        )
    }
}

pub(crate) fn once(file: &str) -> Once {
    let content = std::fs::read(file).unwrap();
    let bytes = content.len();
    let before = peak();
    let entries = if is_zal(&content) {
        black_box(read::<Zorgaanbiederslijst>(content)).len()
    } else {
        black_box(read::<Whitelist>(content)).len()
    };
    Once {
        entries,
        bytes,
        extra: peak() - before,
    }
}

/// Peak resident memory of this process in KiB.
fn peak() -> u64 {
    crate::process::peak("self").unwrap_or_default()
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
