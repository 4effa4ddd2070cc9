// SPDX-License-Identifier: AGPL-3.0-or-later
//! Nothing panics: broken pipes, full disks, folders, files that cannot be read, odd bytes, names that mislead.

use std::{fs::File, io::Read as _, process::Stdio};

use crate::bench::{Bench, whitelist};

#[test]
fn a_broken_pipe_is_no_fault_and_does_not_change_the_exit_code() {
    let bench = Bench::new();
    bench.file("bad.xml", whitelist(7, &["A.nl"]));
    let many = vec!["bad.xml"; 2000];
    for json in [&[][..], &["--json"]] {
        let mut child = bench
            .command(&[&["validate"], json, &many[..]].concat())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(1), ""));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut child = bench.command(&["validate", "good.xml"]).stdout(full).spawn().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(said.contains("cannot write the output"), "{said}");
}

#[test]
fn closed_standard_streams() {
    let bench = Bench::new();
    bench.file("good.xml", whitelist(7, &["a.nl"]));
    let status = bench
        .command(&["validate", "good.xml", "absent.xml"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
    assert_eq!(bench.fed(&["validate", "-"], b"").exit, 1);
}

#[test]
#[cfg(unix)]
fn a_file_without_permission_or_with_an_odd_name() {
    use std::os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _};
    let bench = Bench::new();
    let closed = bench.file("closed.xml", whitelist(7, &["a.nl"]));
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    // root may read everything
    if File::open(&closed).is_err() {
        assert_eq!(bench.medmij(&["validate", "closed.xml"]).exit, 2);
    }
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff.xml");
    std::fs::write(bench.path().join(odd), whitelist(7, &["a.nl"])).unwrap();
    let status = bench.command(&["validate", "--json"]).arg(odd).output().unwrap();
    assert_eq!(status.status.code(), Some(0));
    assert!(String::from_utf8(status.stdout).unwrap().contains("odd\u{fffd}.xml"));
}

#[test]
fn what_a_list_says_does_not_steer_the_terminal() {
    let bench = Bench::new();
    let evil = "<Whitelist xmlns=\"x\u{202e}y\">\u{9b}31m\u{200b}</Whitelist>";
    for arguments in [
        &["validate", "-"][..],
        &["validate", "--json", "-"],
        &["whitelist", "check", "-", "\u{1b}[31mrood"],
    ] {
        let run = bench.fed(arguments, evil.as_bytes());
        let said = format!("{}{}", run.out, run.err);
        assert!(run.exit != 0);
        if !arguments.contains(&"--json") {
            assert!(!said.contains(['\u{202e}', '\u{9b}', '\u{200b}', '\u{1b}']), "{said:?}");
        }
    }
    bench.file("wl.xml", whitelist(7, &["a.nl"]));
    let run = bench.medmij(&["whitelist", "check", "wl.xml", "\u{1b}[31mrood"]);
    assert!(run.exit == 1 && !run.out.contains('\u{1b}'), "{:?}", run.out);
}

#[test]
fn every_prefix_of_a_list_is_refused_without_a_panic() {
    let bench = Bench::new();
    let list = whitelist(7, &["a.nl"]);
    for cut in (0..list.trim_end().len()).step_by(9) {
        bench.file(&format!("{cut}.xml"), &list[..cut]);
    }
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(bench.path()).unwrap() {
        names.push(entry.unwrap().file_name().into_string().unwrap());
    }
    let arguments: Vec<&str> = ["validate", "--json"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let run = bench.medmij(&arguments);
    assert_eq!((run.exit, run.err.as_str()), (1, ""));
    assert!(run.json().iter().all(|line| line["accepted"] == false));
}

/// A device without an end is no reason to fill the memory: 1 GiB of it took 3 GiB.
#[test]
#[cfg(target_os = "linux")]
fn a_device_without_an_end_is_refused_at_once() {
    let bench = Bench::new();
    let zero = "/dev/zero";
    let keys = ["--chain", zero, "--key", zero, "--roots", zero, "--crl", zero];
    for command in [
        vec!["validate", zero],
        vec!["schema", "import", zero],
        vec!["fhir", "queries", "48", "--catalogue", zero],
        vec!["doctor", "--config", zero],
        [
            &["cache", "refresh", "kept", "--stelselnode", "a.example.nl"][..],
            &keys,
        ]
        .concat(),
    ] {
        // the address space of the process is bounded, so that reading on ends it
        let mut bounded = std::process::Command::new("sh");
        bounded.args([
            "-c",
            "ulimit -v 1500000; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_medmij"),
        ]);
        let run = bounded.args(&command).current_dir(bench.path()).output().unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(matches!(run.status.code(), Some(1 | 2)), "{command:?}: {said}");
        assert!(!said.contains("memory"), "{command:?}: {said}");
    }
    let folder = bench.path().join("lists");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(zero, folder.join("MedMij_Whitelist.xml")).unwrap();
    let run = bench.medmij(&["cache", "refresh", "kept", "--from", "lists", "--list", "whitelist"]);
    assert_eq!(run.exit, 1, "{}{}", run.out, run.err);
    let zero = File::open("/dev/zero").unwrap();
    let run = bench.command(&["validate", "-"]).stdin(zero).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
}

/// What is there is there once; an empty second list would be a wrong answer.
#[test]
fn standard_input_is_read_once_and_a_second_dash_is_refused() {
    let bench = Bench::new();
    let good = whitelist(7, &["a.nl"]);
    for command in [
        &["validate", "-", "-"][..],
        &["diff", "-", "-"],
        &["whitelist", "check", "-", "-"],
        &["fhir", "check", "--fhir", "3.0", "-", "-"],
        &["log", "check", "-", "-"],
        &["log", "report", "--month", "2026-11", "-", "-"],
        &["pki", "show", "-", "-"],
        &["policy", "diff", "-", "-"],
    ] {
        let run = bench.fed(command, good.as_bytes());
        assert_eq!(run.exit, 2, "{command:?}: {}{}", run.out, run.err);
    }
    let run = bench.fed(&["validate", "-", "-"], good.as_bytes());
    assert!(run.err.contains("standard input can be read once"), "{}", run.err);
}
