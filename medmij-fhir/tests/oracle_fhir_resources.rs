// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR XML against an implementation of somebody else: `fhir.resources` of PyPI, for every resource of the example DVZA.
//!
//! `MEDMIJ_PYTHON` is a Python that has it (`pip install 'fhir.resources==6.4.0' 'pydantic<2' lxml`); without, nothing is
//! compared, and the test says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use medmij_fhir::xml::{self, XmlRule};
use medmij_fhir::{FhirVersion, Limits};
use serde_json::Value;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// The resources of a file: of a Bundle, each entry.
fn resources(path: &Path) -> Vec<Value> {
    let value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    match value.get("entry").and_then(Value::as_array) {
        Some(entries) => entries.iter().map(|entry| entry["resource"].clone()).collect(),
        None => vec![value],
    }
}

/// A document; numbers by their value, since fhir.resources writes 1 as 1.0.
fn value(text: &[u8]) -> Value {
    fn plain(value: Value) -> Value {
        match value {
            Value::Number(number) => Value::String(number.as_f64().unwrap().to_string()),
            Value::Array(items) => items.into_iter().map(plain).collect(),
            Value::Object(members) => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
            other => other,
        }
    }
    plain(serde_json::from_slice(text).unwrap())
}

#[test]
fn what_we_write_they_read_and_what_they_write_we_read() {
    let python = std::env::var_os("MEDMIJ_PYTHON");
    let has_it = python.as_ref().is_some_and(|python| {
        let asked = Command::new(python).args(["-c", "import fhir.resources.STU3"]).output();
        asked.is_ok_and(|output| output.status.success())
    });
    let Some(python) = python.filter(|_| has_it) else {
        let why = "SKIPPED: MEDMIJ_PYTHON has no fhir.resources, FHIR XML was not compared with it";
        let _ = writeln!(std::io::stderr(), "{why}");
        return;
    };
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/dvza/data");
    let mut paths = Vec::new();
    for aanbieder in ["huisartsdewilg", "ziekenhuisdelinde"] {
        files(&data.join(aanbieder), &mut paths);
    }
    paths.sort();
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let mut written = 0;
    for path in paths {
        let is_r4 = path.components().any(|part| part.as_os_str() == "63");
        let (name, version) = if is_r4 {
            ("r4", FhirVersion::R4)
        } else {
            ("stu3", FhirVersion::Stu3)
        };
        for resource in resources(&path) {
            let json = serde_json::to_vec(&resource).unwrap();
            let ours = xml::from_json(&json, version, &limits).unwrap();
            assert!(ours.is_lossless());
            let stem = folder.path().join(format!("{name}-{written:04}"));
            std::fs::write(stem.with_extension("json"), &json).unwrap();
            std::fs::write(stem.with_extension("xml"), &ours.text).unwrap();
            written += 1;
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle_fhir_resources.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let unread = String::from_utf8(output.stdout).unwrap();
    let mut compared = 0;
    for number in 0..written {
        let stem = ["r4", "stu3"].map(|name| folder.path().join(format!("{name}-{number:04}")));
        let stem = stem
            .into_iter()
            .find(|stem| stem.with_extension("json").exists())
            .unwrap();
        let json = std::fs::read(stem.with_extension("json")).unwrap();
        let name = stem.file_name().unwrap().to_str().unwrap();
        if unread.lines().any(|line| line == name) {
            // their reader of STU3 refuses extensions of primitive elements
            assert!(name.starts_with("stu3"), "{name}");
            assert!(String::from_utf8_lossy(&json).contains("\"_"), "{name}");
            continue;
        }
        let version = if name.starts_with("r4") {
            FhirVersion::R4
        } else {
            FhirVersion::Stu3
        };
        let theirs = std::fs::read(stem.with_extension("theirs.json")).unwrap();
        assert_eq!(
            value(&theirs),
            value(&json),
            "{name}: they read something else in our XML"
        );
        compared += 1;
        let theirs = std::fs::read(stem.with_extension("theirs.xml")).unwrap();
        let read = match xml::to_json(&theirs, version, &limits) {
            // they write sourceReference of a STU3 Consent twice
            Err(error) if error.rule == XmlRule::Repeated && theirs.windows(8).any(|eight| eight == b"<Consent") => {
                continue;
            }
            read => read.unwrap(),
        };
        assert_eq!(
            value(read.text.as_bytes()),
            value(&json),
            "{name}: we read something else in their XML"
        );
    }
    assert!(compared > written / 2, "{compared} of {written}");
    let _ = writeln!(
        std::io::stderr(),
        "compared {compared} of {written} resources with fhir.resources"
    );
}
