// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R13: a Whitelist with 100,000 nodes costs little more than its bytes. Alone in its process, so that the peak
//! of the process is the peak of the reading.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;

use medmij_list::{ReadOptions, Snapshot};
use medmij_types::Hostname;
use medmij_whitelist::Whitelist;

/// The peak of resident memory so far, in KiB, where Linux tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn r13_a_hundred_thousand_nodes_in_48_mib() {
    let mut xml = String::with_capacity(12 << 20);
    xml.push_str(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\"><Tijdstempel>2026-03-29T12:00:00Z\
         </Tijdstempel><Volgnummer>1</Volgnummer><MedMijNodes>",
    );
    for node in 0..100_000 {
        write!(
            xml,
            "<MedMijNode><Hostname>node-{node}.zorgaanbieder-{}.example.nl</Hostname></MedMijNode>",
            node % 977
        )
        .unwrap();
    }
    xml.push_str("</MedMijNodes></Whitelist>");
    let bytes = xml.len();
    assert!(bytes > 8_000_000, "{bytes}");
    let list = Snapshot::<Whitelist>::read(xml.into_bytes(), &ReadOptions::default()).unwrap();
    for node in [0, 1, 50_000, 99_999] {
        let host = format!("node-{node}.zorgaanbieder-{}.example.nl", node % 977);
        assert!(list.contains(&Hostname::parse(&host).unwrap()), "{host}");
    }
    assert!(!list.contains(&Hostname::parse("node-100000.zorgaanbieder-346.example.nl").unwrap()));
    match peak() {
        Some(kib) => assert!(kib < 48 * 1024, "{kib} KiB for a list of {bytes} bytes"),
        None => medmij_test::skip("this system does not tell the peak of memory"),
    }
}
