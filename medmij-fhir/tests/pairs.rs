// SPDX-License-Identifier: AGPL-3.0-or-later
//! Examples of HL7 in XML and JSON, digit for digit the same: `MEDMIJ_FHIR_PAIRS` is a folder with the folders `stu3` and
//! `r4`, in which `a.xml` and `a.json` are a pair.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medmij_fhir::{FhirVersion, Limits, xml};
use medmij_types::json::{self, Document, Kind, Value};

/// A value that is compared: numbers by their digits, strings without their white space.
#[derive(Debug, PartialEq)]
enum Plain {
    Word(String),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

fn plain(value: Value<'_>) -> Plain {
    match value.kind() {
        Kind::String => {
            let text = value.as_str().unwrap();
            let is_div = value.has_name("div");
            Plain::Text(if is_div {
                attributes_in_order(&text)
            } else {
                text.split_whitespace().collect()
            })
        }
        Kind::Array => Plain::List(value.items().map(plain).collect()),
        Kind::Object => Plain::Object(
            value
                .members()
                .map(|member| (member.name().unwrap().into_owned(), plain(member)))
                .collect(),
        ),
        _ => Plain::Word(value.raw().to_owned()),
    }
}

/// A narrative with the attributes of each tag in order, since XML says nothing by their order; without white space.
fn attributes_in_order(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('<').enumerate() {
        let (tag, rest) = part.split_once('>').unwrap_or((part, ""));
        if at == 0 || tag.starts_with('!') {
            out.extend(part.split_whitespace());
            continue;
        }
        let tag = tag.trim_end_matches('/');
        let mut attributes: Vec<String> = tag.split("\" ").map(|word| word.split_whitespace().collect()).collect();
        if let Some((name, first)) = tag.split_once(char::is_whitespace) {
            attributes = first
                .split("\" ")
                .map(|word| word.trim_matches(['"', ' ']).split_whitespace().collect())
                .collect();
            attributes.sort();
            attributes.insert(0, name.to_owned());
        }
        out.push('<');
        out.push_str(&attributes.join(" "));
        out.push('>');
        out.extend(rest.split_whitespace());
    }
    out
}

fn read(text: &str) -> Plain {
    plain(
        Document::parse(text.as_bytes(), &json::JsonLimits::default())
            .unwrap()
            .root(),
    )
}

/// Where two values differ first.
fn difference(ours: &Plain, theirs: &Plain, path: &str) -> Option<String> {
    match (ours, theirs) {
        (Plain::Object(ours), Plain::Object(theirs)) => {
            let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
            names
                .into_iter()
                .find_map(|name| match (ours.get(name), theirs.get(name)) {
                    (Some(ours), Some(theirs)) => difference(ours, theirs, &format!("{path}.{name}")),
                    (ours, _) => Some(format!(
                        "{path}.{name} is only in {}",
                        if ours.is_some() { "ours" } else { "theirs" }
                    )),
                })
        }
        (Plain::List(ours), Plain::List(theirs)) if ours.len() == theirs.len() => ours
            .iter()
            .zip(theirs)
            .enumerate()
            .find_map(|(at, (ours, theirs))| difference(ours, theirs, &format!("{path}[{at}]"))),
        _ if ours == theirs => None,
        _ => Some(format!("{path}: {ours:?} and {theirs:?}").chars().take(600).collect()),
    }
}

fn pairs(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "xml") && path.with_extension("json").exists())
        .collect();
    found.sort();
    found
}

#[test]
fn pairs_of_hl7_are_equal_both_ways() {
    let Some(folder) = std::env::var_os("MEDMIJ_FHIR_PAIRS").map(PathBuf::from) else {
        medmij_test::skip("MEDMIJ_FHIR_PAIRS is not set, nothing was compared with the examples of HL7");
        return;
    };
    let limits = Limits::default();
    let mut trouble = Vec::new();
    let mut count = 0;
    for (name, version) in [("stu3", FhirVersion::Stu3), ("r4", FhirVersion::R4)] {
        for path in pairs(&folder.join(name)) {
            count += 1;
            let shown = path.display();
            let document = std::fs::read(&path).unwrap();
            let theirs = std::fs::read_to_string(path.with_extension("json")).unwrap();
            match xml::to_json(&document, version, &limits) {
                Err(error) => trouble.push(format!("{shown}: {error}")),
                Ok(ours) => {
                    trouble.extend(ours.oddities.iter().map(|oddity| format!("{shown}: {oddity}")));
                    trouble
                        .extend(difference(&read(&ours.text), &read(&theirs), "").map(|at| format!("{shown}: {at}")));
                }
            }
            // and from JSON to XML and back, where nothing at all may differ
            match xml::from_json(theirs.as_bytes(), version, &limits) {
                Err(error) => trouble.push(format!("{shown} from JSON: {error}")),
                Ok(written) => {
                    trouble.extend(
                        written
                            .oddities
                            .iter()
                            .map(|oddity| format!("{shown} from JSON: {oddity}")),
                    );
                    let back = xml::to_json(written.text.as_bytes(), version, &limits).unwrap();
                    let at = difference(&read(&back.text), &read(&theirs), "");
                    trouble.extend(at.map(|at| format!("{shown} there and back: {at}")));
                }
            }
        }
    }
    assert!(count > 0, "no pairs in {}", folder.display());
    assert!(trouble.is_empty(), "{count} pairs\n{}", trouble.join("\n"));
}
