// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.100, core.whl.306 — is this host listed?

#![allow(clippy::unwrap_used, clippy::panic)] // also in the helpers

use medmij_types::Hostname;
use medmij_whitelist::{ReadOptions, Snapshot, Whitelist};

fn list(hosts: &[&str]) -> Snapshot<Whitelist> {
    let nodes: String = hosts
        .iter()
        .map(|host| format!("<MedMijNode><Hostname>{host}</Hostname></MedMijNode>"))
        .collect();
    let xml = format!(
        "<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\"><Tijdstempel>2026-03-29T12:00:00Z\
         </Tijdstempel><Volgnummer>7</Volgnummer><MedMijNodes>{nodes}</MedMijNodes></Whitelist>"
    );
    Snapshot::read(xml.into_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn is_listed(list: &Whitelist, host: &str) -> bool {
    Hostname::parse(host).is_ok_and(|host| list.contains(&host))
}

#[test]
fn core_whl_100_peers_21_a_host_is_listed_by_its_exact_name() {
    let list = list(&["node.example.nl", "rcf.example.nl"]);
    assert!(is_listed(&list, "node.example.nl") && is_listed(&list, "rcf.example.nl"));
    for other in [
        "node.example.nl.",
        "NODE.EXAMPLE.NL",
        "",
        "example.nl",
        "a.node.example.nl",
        "node.example.n",
        "iets",
    ] {
        assert!(!is_listed(&list, other), "{other:?}");
    }
}

#[test]
fn core_whl_100_peers_22_a_name_is_no_number() {
    let list = list(&["1.100", "1-10.nl"]);
    assert!(!is_listed(&list, "1.10"), "names are text");
    assert!(is_listed(&list, "1-10.nl"));
}

#[test]
fn core_whl_100_l8_a_name_that_cannot_be_used_is_listed_for_nobody() {
    let list = list(&["a-.nl", "10.0.0.10", "good.nl"]);
    assert_eq!(list.nodes().len(), 3);
    let usable: Vec<String> = list
        .nodes()
        .filter_map(|node| node.hostname().ok())
        .map(|h| h.to_string())
        .collect();
    assert_eq!(usable, ["good.nl"]);
    assert!(!is_listed(&list, "a-.nl") && !is_listed(&list, "10.0.0.10"));
}

#[test]
fn core_whl_100_peers_30_every_node_comes_once_in_order() {
    let hosts: Vec<String> = (0..500).map(|n| format!("node{n}.example.nl")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let list = list(&hosts);
    assert_eq!(
        list.nodes().map(|node| node.as_str().to_owned()).collect::<Vec<_>>(),
        hosts
    );
    assert!(hosts.iter().all(|host| is_listed(&list, host)));
}
