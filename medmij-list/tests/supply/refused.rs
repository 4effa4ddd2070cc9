// SPDX-License-Identifier: AGPL-3.0-or-later
//! R2, L3, L5, core.whl.304: whatever else comes is refused whole, the old list stays, and the next try is soon.

use std::time::Duration;

use medmij_list::supply::Step;

use crate::supply::bench::{Node, down, names, whitelist};

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
fn l1_nothing_that_a_list_points_at_is_fetched() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let there = format!("http://{}/x", listener.local_addr().unwrap());
    let good = String::from_utf8(whitelist(8, &["b.nl"])).unwrap();
    let inside = |what: &str| good.replace("<MedMijNodes>", &format!("<MedMijNodes>{what}"));
    let hint = format!(
        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"xmlns://elders {there}\" xmlns="
    );
    let xinclude = |href: &str| {
        inside(&format!(
            "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"{href}\" parse=\"text\"/>"
        ))
    };
    for (what, bytes, taken) in [
        ("XInclude", xinclude(&there), false),
        ("XInclude of a file", xinclude("file:///etc/hostname"), false),
        (
            "an external entity",
            format!("<!DOCTYPE Whitelist [<!ENTITY e SYSTEM \"{there}\">]>{}", inside("&e;")),
            false,
        ),
        (
            "an external subset",
            format!("<!DOCTYPE Whitelist SYSTEM \"{there}\">{good}"),
            false,
        ),
        ("an entity of nowhere", inside("&e;"), false),
        ("a hint at a schema", good.replacen(" xmlns=", &hint, 1), true),
        (
            "a style sheet",
            format!("<?xml-stylesheet href=\"{there}\" type=\"text/xsl\"?>{good}"),
            true,
        ),
    ] {
        let mut node = Node::new();
        node.takes(whitelist(7, &["a.nl"]));
        if taken {
            node.takes(bytes.into_bytes());
        } else {
            let why = node.refuses(bytes.into_bytes());
            assert!(why.contains("Invalid"), "{what}: {why}");
        }
        assert!(listener.accept().is_err(), "{what}: somebody came");
    }
}

/// What reads lists has no way to a file or a socket: only what keeps lists in a folder does.
#[test]
fn l1_the_reader_knows_no_files_and_no_network() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("supply/files") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                for line in code {
                    let reaches = ["std::fs", "fs::", "File::open", "std::net", "TcpStream", "std::process"];
                    let reaches = reaches.iter().find(|word| line.contains(*word));
                    assert_eq!(reaches, None, "{}: {line}", path.display());
                }
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 40, "{looked_at}");
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
    node.supply.fetch_now();
    for wait in [5, 10, 20, 40, 60, 60] {
        let Step::Fetch(ticket) = node.supply.step() else {
            panic!("no fetch before {wait}")
        };
        let completed = node.supply.arrived(ticket, down(), 0.5);
        assert_eq!(names(&completed.events)[0], "refused");
        assert!(
            matches!(node.supply.step(), Step::Wait(left) if left == Duration::from_secs(wait)),
            "{wait}"
        );
        node.pass(Duration::from_secs(wait));
    }
    let Step::Fetch(ticket) = node.supply.step() else {
        panic!("no fetch")
    };
    node.supply
        .arrived(ticket, Ok(whitelist(8, &["a.nl"])), 0.5)
        .result
        .unwrap();
    assert!(matches!(node.supply.step(), Step::Wait(left) if left == Duration::from_secs(600)));
}

#[test]
fn l11_while_a_fetch_is_under_way_there_is_no_other() {
    let mut node = Node::new();
    let Step::Fetch(ticket) = node.supply.step() else {
        panic!("no fetch")
    };
    node.pass(Duration::from_secs(3600));
    node.supply.fetch_now();
    assert!(matches!(node.supply.step(), Step::InFlight));
    node.supply
        .arrived(ticket, Ok(whitelist(7, &["a.nl"])), 0.5)
        .result
        .unwrap();
    assert!(matches!(node.supply.step(), Step::Wait(_)));
}
