// SPDX-License-Identifier: AGPL-3.0-or-later
//! JSON made from the table, to XML and back, for every type of both versions.

use proptest::prelude::{Strategy, any, prop, proptest};

use super::super::{from_json, to_json};
use crate::limits::Limits;
use crate::table::{self, ElementKind};
use crate::version::FhirVersion;

/// Writes an object of a type, in schema order, with what the bytes say.
fn object(
    out: &mut String,
    version: FhirVersion,
    of: usize,
    name: Option<&str>,
    bytes: &mut impl Iterator<Item = u8>,
    depth: usize,
) {
    let table = table::of(version);
    let mut is_first = true;
    let mut member = |out: &mut String, name: &str| {
        out.push_str(if std::mem::take(&mut is_first) { "\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":");
    };
    out.push('{');
    if let Some(name) = name {
        member(out, "resourceType");
        out.push_str(&format!("\"{name}\""));
    }
    let mut chosen: Vec<usize> = Vec::new();
    let known = table.get(of);
    for _ in 0..3 {
        let Some(byte) = bytes.next() else { break };
        let at = usize::from(byte) * 7 % known.elements.len();
        if !chosen.contains(&at) {
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    // attributes come first
    let is_attribute = |at: &usize| super::super::reader::is_attribute(known, known.elements[*at].name);
    chosen.sort_by_key(|at| !is_attribute(at));
    for at in chosen {
        let element = &known.elements[at];
        let count = if element.repeats {
            1 + usize::from(bytes.next().unwrap_or(0) % 3)
        } else {
            1
        };
        if element.kind.is_primitive() {
            let seeds: Vec<u8> = (0..count).map(|_| bytes.next().unwrap_or(1)).collect();
            let has_companion = |seed: &u8| seed.is_multiple_of(5) && !is_attribute(&at);
            let has_value = |seed: &u8| !seed.is_multiple_of(10) || is_attribute(&at);
            let scalar = |seed: &u8| match element.kind {
                ElementKind::Boolean => seed.is_multiple_of(2).to_string(),
                ElementKind::Number => format!("{}.{:02}", seed, seed % 100),
                _ => format!("\"{}é\\\"<&>\\n\"", seed),
            };
            let values: Vec<String> = seeds
                .iter()
                .map(|s| if has_value(s) { scalar(s) } else { "null".to_owned() })
                .collect();
            let companions: Vec<&str> = seeds
                .iter()
                .map(|s| {
                    if has_companion(s) {
                        "{\"id\":\"i\",\"extension\":[{\"url\":\"u\",\"valueDecimal\":1.00}]}"
                    } else {
                        "null"
                    }
                })
                .collect();
            let list = |items: Vec<&str>| {
                if element.repeats {
                    format!("[{}]", items.join(","))
                } else {
                    items.concat()
                }
            };
            if seeds.iter().any(has_value) {
                member(out, element.name);
                out.push_str(&list(values.iter().map(String::as_str).collect()));
            }
            if seeds.iter().any(has_companion) {
                member(out, &format!("_{}", element.name));
                out.push_str(&list(companions));
            }
            continue;
        }
        if depth == 0 && element.kind != ElementKind::Xhtml {
            continue;
        }
        member(out, element.name);
        if element.repeats {
            out.push('[');
        }
        for index in 0..count {
            if index > 0 {
                out.push(',');
            }
            match element.kind {
                ElementKind::Type(of) => object(out, version, of, None, bytes, depth - 1),
                ElementKind::Resource => object(
                    out,
                    version,
                    table.resource("Flag").unwrap(),
                    Some("Flag"),
                    bytes,
                    depth - 1,
                ),
                _ => out.push_str(r#""<div xmlns=\"http://www.w3.org/1999/xhtml\">a <b>b</b></div>""#),
            }
        }
        if element.repeats {
            out.push(']');
        }
    }
    out.push('}');
}

fn resources() -> impl Strategy<Value = (FhirVersion, String)> {
    let name = |version, text: &'static str| {
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|name| table::of(version).resource(name).is_some())
            .collect();
        (prop::sample::select(names), prop::collection::vec(any::<u8>(), 4..80)).prop_map(move |(name, bytes)| {
            let mut out = String::new();
            object(
                &mut out,
                version,
                table::of(version).resource(name).unwrap(),
                Some(name),
                &mut bytes.into_iter(),
                5,
            );
            (version, out)
        })
    };
    prop::strategy::Union::new([
        name(FhirVersion::Stu3, include_str!("../../../tables/stu3.txt")).boxed(),
        name(FhirVersion::R4, include_str!("../../../tables/r4.txt")).boxed(),
    ])
}

proptest! {
    #[test]
    fn json_to_xml_and_back_is_the_same_text((version, text) in resources()) {
        let limits = Limits::default();
        let xml = from_json(text.as_bytes(), version, &limits).unwrap();
        assert!(xml.is_lossless(), "{text} {:?}", xml.oddities);
        let back = to_json(xml.text.as_bytes(), version, &limits).unwrap();
        // an object that is empty in JSON is an empty element
        assert!(back.is_lossless(), "{} {:?}", xml.text, back.oddities);
        assert_eq!(back.text, text, "{}", xml.text);
    }
}
