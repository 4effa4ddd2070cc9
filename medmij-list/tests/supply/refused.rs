// SPDX-License-Identifier: AGPL-3.0-or-later
//! R2, L3, L5, core.whl.304: whatever else comes is refused whole, the old list stays, and the next try is soon.

use std::time::Duration;

use medmij_list::supply::Step;

use crate::bench::{Node, down, names, whitelist};

#[test]
fn r2_what_is_no_whitelist_is_refused() {
    let ocl = "<OAuthclientlist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/\"><Tijdstempel>\
               2026-03-29T12:00:00Z</Tijdstempel><Volgnummer>9</Volgnummer><OAuthclients/></OAuthclientlist>";
    let good = String::from_utf8(whitelist(9, &["a.nl"])).unwrap();
    let cases: [(&str, String, &str); 9] = [
        ("nothing", String::new(), "xml.no-root"),
        (
            "HTML",
            "<!DOCTYPE html><html><body>503</body></html>".into(),
            "xml.doctype",
        ),
        ("another list", ocl.into(), "list.root"),
        (
            "another release",
            good.replace("release2", "release9"),
            "list.namespace",
        ),
        (
            "a bomb",
            format!("<!DOCTYPE a [<!ENTITY b \"bbbb\">]>{good}"),
            "xml.doctype",
        ),
        ("the list twice", format!("{good}{good}"), "xml.second-root"),
        (
            "a node twice",
            good.replace(
                "</MedMijNodes>",
                "<MedMijNode><Hostname>a.nl</Hostname></MedMijNode></MedMijNodes>",
            ),
            "schema.unique",
        ),
        ("a bad host", good.replace("a.nl", "A.nl"), "schema.pattern"),
        (
            "no Volgnummer",
            good.replace("<Volgnummer>9</Volgnummer>", ""),
            "schema.",
        ),
    ];
    for (what, bytes, rule) in cases {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        let why = node.refuses(bytes.into_bytes());
        assert!(why.contains("Invalid") && why.contains(rule), "{what}: {why}");
        assert_eq!(node.remembered(), Some(7), "{what}");
    }
}

#[test]
fn w9_an_empty_list_is_refused() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    assert!(node.refuses(whitelist(8, &[])).contains("Empty"));
    assert_eq!(node.remembered(), Some(7));
}

#[test]
fn the_shape_of_an_old_file_version_is_refused() {
    let mut node = Node::new();
    let old = String::from_utf8(whitelist(8, &["a.nl"]))
        .unwrap()
        .replace("<Hostname>", "")
        .replace("</Hostname>", "");
    let why = node.refuses(old.into_bytes());
    assert!(why.contains("list.old-shape"), "{why}");
}

#[test]
fn l3_every_truncation_is_refused() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    let next = whitelist(8, &["a.nl", "b.nl"]);
    for cut in 0..next.len() {
        node.refuses(next[..cut].to_vec());
    }
    node.takes(next);
    assert_eq!(node.number(), Some(8));
}

#[test]
fn r2_after_each_refusal_the_next_try_is_within_60_seconds() {
    let mut node = Node::new();
    node.takes(whitelist(7, &["a.nl"]));
    node.supply.hurry();
    for wait in [5, 10, 20, 40, 60, 60] {
        let Step::Fetch(flight) = node.supply.step() else {
            panic!("no fetch before {wait}")
        };
        let landed = node.supply.arrived(flight, down(), 0.5);
        assert_eq!(names(&landed.events)[0], "refused");
        assert!(
            matches!(node.supply.step(), Step::Wait(left) if left == Duration::from_secs(wait)),
            "{wait}"
        );
        node.pass(Duration::from_secs(wait));
    }
    let Step::Fetch(flight) = node.supply.step() else {
        panic!("no fetch")
    };
    node.supply
        .arrived(flight, Ok(whitelist(8, &["a.nl"])), 0.5)
        .result
        .unwrap();
    assert!(matches!(node.supply.step(), Step::Wait(left) if left == Duration::from_secs(600)));
}

#[test]
fn l11_while_a_fetch_is_under_way_there_is_no_other() {
    let mut node = Node::new();
    let Step::Fetch(flight) = node.supply.step() else {
        panic!("no fetch")
    };
    node.pass(Duration::from_secs(3600));
    node.supply.hurry();
    assert!(matches!(node.supply.step(), Step::InFlight));
    node.supply
        .arrived(flight, Ok(whitelist(7, &["a.nl"])), 0.5)
        .result
        .unwrap();
    assert!(matches!(node.supply.step(), Step::Wait(_)));
}
