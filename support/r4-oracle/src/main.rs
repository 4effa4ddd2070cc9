// SPDX-License-Identifier: AGPL-3.0-or-later
//! FHIR R4 against an implementation of somebody else: fhirbolt, which has every type of R4 as a Rust type.
//!
//! Each resource goes three ways, and comes back as it was: our XML read by theirs, their XML read by ours, and its JSON
//! through their types. Numbers are compared by their digits. `known-differences.txt` holds what differs and why; a line
//! that no longer holds is a fault too.
#![forbid(unsafe_code)]

use fhirbolt::FhirReleases;
use fhirbolt::element::Element;
use fhirbolt::model::r4;
use medmij_fhir::{FhirVersion, Limits, xml};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Generic = Element<{ FhirReleases::R4 }>;

const WAYS: [(&str, fn(&str) -> Result<String, String>); 3] = [
    ("our-xml", our_xml),
    ("their-xml", their_xml),
    ("their-types", their_types),
];

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = std::fs::read_to_string(here.join("known-differences.txt")).unwrap_or_default();
    let known: BTreeSet<(&str, &str)> = known
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    let (mut equal, mut held, mut faults) = (0, 0, Vec::new());
    for (name, text) in documents(here) {
        for (way, go) in WAYS {
            let outcome = go(&text).and_then(|back| same(&text, &back));
            let is_known = known.contains(&(name.as_str(), way));
            match (outcome, is_known) {
                (Ok(()), false) => equal += 1,
                (Ok(()), true) => faults.push(format!("{name} {way}: is equal now, its known difference can go")),
                (Err(_), true) => held += 1,
                (Err(why), false) => faults.push(format!("{name} {way}: {why}")),
            }
        }
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    println!(
        "R4 with fhirbolt: {equal} round trips equal, {} known differences, {} faults",
        held,
        faults.len()
    );
    if faults.is_empty() && equal > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The R4 data at hand, each with a name that does not change: that of the example DVZA, resource by resource, the
/// corners of this folder, and the pairs of HL7 where `MEDMIJ_FHIR_PAIRS` has them.
fn documents(here: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut paths = json_below(&here.join("data"));
    if let Some(pairs) = std::env::var_os("MEDMIJ_FHIR_PAIRS") {
        paths.extend(json_below(&Path::new(&pairs).join("r4")));
    } else {
        eprintln!("SKIPPED: MEDMIJ_FHIR_PAIRS is not set, the examples of HL7 were not compared");
    }
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        found.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
    }
    for path in json_below(&here.join("../../examples/dvza/data")) {
        if !path.components().any(|part| part.as_os_str() == "63") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let bundle: Value = serde_json::from_str(&text).unwrap_or_default();
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let resource = &entry["resource"];
            let part = |name: &str| resource[name].as_str().unwrap_or("?").to_owned();
            let persoon = path
                .iter()
                .nth_back(2)
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            found.push((
                format!("{persoon}/{}/{}", part("resourceType"), part("id")),
                resource.to_string(),
            ));
        }
    }
    found
}

fn json_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(json_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// JSON, XML of ours, read by theirs, JSON.
fn our_xml(json: &str) -> Result<String, String> {
    let ours = xml::from_json(json.as_bytes(), FhirVersion::R4, &Limits::default()).map_err(text_of)?;
    let read: Generic = fhirbolt::xml::from_str(&ours.text, None).map_err(text_of)?;
    fhirbolt::json::to_string(&read, None).map_err(text_of)
}

/// JSON, XML of theirs, read by ours, JSON.
fn their_xml(json: &str) -> Result<String, String> {
    let read: Generic = fhirbolt::json::from_str(json, None).map_err(text_of)?;
    let theirs = fhirbolt::xml::to_string(&read, None).map_err(text_of)?;
    let ours = xml::to_json(theirs.as_bytes(), FhirVersion::R4, &Limits::default()).map_err(text_of)?;
    if ours.oddities.is_empty() {
        Ok(ours.text)
    } else {
        Err(format!("{:?}", ours.oddities))
    }
}

/// JSON through their types.
fn their_types(json: &str) -> Result<String, String> {
    let read: r4::Resource = fhirbolt::json::from_str(json, None).map_err(text_of)?;
    fhirbolt::json::to_string(&read, None).map_err(text_of)
}

fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn same(one: &str, other: &str) -> Result<(), String> {
    let one: Value = serde_json::from_str(one).map_err(text_of)?;
    let other: Value = serde_json::from_str(other).map_err(text_of)?;
    difference(&one, &other, "").map_or(Ok(()), Err)
}

/// Where two values differ first. White space inside strings is not compared: XML attributes do not keep it.
fn difference(one: &Value, other: &Value, path: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(ones), Value::Object(others)) => {
            let names: BTreeSet<&String> = ones.keys().chain(others.keys()).collect();
            names
                .into_iter()
                .find_map(|name| match (ones.get(name), others.get(name)) {
                    (Some(one), Some(other)) => difference(one, other, &format!("{path}.{name}")),
                    (one, _) => Some(format!(
                        "{path}.{name} is {}",
                        if one.is_some() { "lost" } else { "new" }
                    )),
                })
        }
        (Value::Array(ones), Value::Array(others)) if ones.len() == others.len() => {
            let pairs = ones.iter().zip(others).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (one, other))| difference(one, other, &format!("{path}[{at}]")))
        }
        (Value::String(one), Value::String(other)) if words(one) == words(other) => None,
        _ if one == other => None,
        _ => Some(format!("{path}: {one} became {other}").chars().take(300).collect()),
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect()
}
