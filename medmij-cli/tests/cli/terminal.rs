// SPDX-License-Identifier: AGPL-3.0-or-later
//! Colour and progress: on a terminal only. The command `script` makes one.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use crate::bench::{Bench, whitelist};

/// What a person would see; standard output may go elsewhere.
fn on_a_terminal(bench: &Bench, arguments: &str) -> Option<String> {
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_medmij"));
    let done = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(bench.path())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output();
    match done {
        Ok(done) => Some(String::from_utf8(done.stdout).unwrap()),
        Err(_) => {
            medmij_test::skip("there is no command script, so no terminal to look at");
            None
        }
    }
}

#[test]
fn progress_over_8_mib_while_reading_and_while_judging() {
    let bench = Bench::new();
    let hosts: Vec<String> = (0..160_000).map(|n| format!("node{n}.example.nl")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    bench.file("large.xml", whitelist(7, &hosts));
    bench.file("small.xml", whitelist(7, &["a.nl"]));
    let Some(seen) = on_a_terminal(&bench, "validate large.xml") else {
        return;
    };
    assert!(
        seen.contains("reading 100 % of") && seen.contains("judging "),
        "{seen:?}"
    );
    // the last thing on the line is what was found
    assert!(seen.contains("\r\u{1b}[Klarge.xml: "), "{seen:?}");
    let Some(seen) = on_a_terminal(&bench, "validate small.xml") else {
        return;
    };
    assert!(!seen.contains("reading") && !seen.contains("judging"), "{seen:?}");
    // standard error is a terminal, and the JSON goes to another program
    let Some(seen) = on_a_terminal(&bench, "validate --json large.xml | cat") else {
        return;
    };
    assert!(!seen.contains("reading") && !seen.contains("judging"), "{seen:?}");
    // neither is a terminal
    assert_eq!(bench.medmij(&["validate", "large.xml"]).err, "");
}

#[test]
fn colour_on_a_terminal_unless_no_color_says_otherwise() {
    let bench = Bench::new();
    bench.file("bad.xml", whitelist(7, &["A.nl"]));
    let Some(seen) = on_a_terminal(&bench, "validate bad.xml") else {
        return;
    };
    assert!(seen.contains("\u{1b}[31merror[schema.pattern]\u{1b}[0m"), "{seen:?}");
    let plain = on_a_terminal(&bench, "validate bad.xml | cat").unwrap_or_default();
    assert!(
        plain.contains("error[schema.pattern]") && !plain.contains('\u{1b}'),
        "{plain:?}"
    );
}
