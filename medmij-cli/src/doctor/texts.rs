// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.usrint — the screen texts: all of them there, none of them ours, every slot filled

use std::path::Path;

use medmij_dvza::TextPack;
use medmij_types::Release;
use serde_json::{Map, Value};

use super::finding::{Finding, chain};
use crate::input::Input;

/// What a sentence may have filled in.
const PLACEHOLDERS: &[&str] = &[
    "aanbieder",
    "pgo",
    "service",
    "days",
    "dvza",
    "phone",
    "step",
    "steps",
    "date",
];
/// What somebody leaves behind who means to come back.
const UNFINISHED: &[&str] = &["TODO", "TBD", "FIXME", "XXX", "lorem ipsum", "invullen", "[", "<"];
/// A sentence of this many characters is not the same by chance.
const LONG: usize = 30;

pub(super) fn judge(path: &Path) -> Vec<Finding> {
    let read = Input::small(path).and_then(|input| input.text().map(str::to_owned));
    let read = read.map_err(|error| error.to_string());
    let pack = read.and_then(|text| TextPack::from_toml(&text).map_err(|error| chain(&error)));
    let pack = match pack {
        Ok(pack) => pack,
        Err(error) => {
            return vec![Finding::error(
                "texts",
                format_args!("the screen texts {} cannot be used: {error}", path.display()),
                "write every sentence that the message names, from the framework's page; none may be empty",
            )];
        }
    };
    if pack.example {
        return vec![Finding::error(
            "texts-example",
            "the screen texts are the example: every screen says so, and production refuses them",
            "fill a pack from the framework's page of mandatory sentences, and leave `example` out",
        )];
    }
    let sentences = sentences(&pack);
    let examples = [Release::V2_2, Release::V1_6].map(|release| self::sentences(&TextPack::example_for(release)));
    let mut findings = Vec::new();
    findings.extend(same_as_example(&sentences, &examples));
    for (name, text) in &sentences {
        findings.extend(placeholders(name, text, &examples));
        if let Some(left) = UNFINISHED.iter().find(|left| text.contains(**left)) {
            findings.push(Finding::error(
                "texts-unfinished",
                format_args!("the screen text {name} still has \"{left}\" in it"),
                "finish the sentence: a Persoon reads it as it is there",
            ));
        }
    }
    findings
}

fn same_as_example(sentences: &[(String, String)], examples: &[Vec<(String, String)>]) -> Option<Finding> {
    let is_ours = |sentence: &&(String, String)| {
        let (name, text) = sentence;
        // sentences that no framework prescribes may stay as they are
        !name.starts_with("extra.")
            && text.chars().count() >= LONG
            && examples.iter().any(|ours| ours.contains(sentence))
    };
    let ours: Vec<_> = sentences
        .iter()
        .filter(is_ours)
        .map(|(name, _)| name.as_str())
        .collect();
    (!ours.is_empty()).then(|| {
        Finding::error(
            "texts-example",
            format_args!(
                "{} screen texts are those of the example, {} among them",
                ours.len(),
                ours.first().copied().unwrap_or_default()
            ),
            "write what the framework's page of mandatory sentences says, to the letter",
        )
    })
}

fn placeholders(name: &str, text: &str, examples: &[Vec<(String, String)>]) -> Vec<Finding> {
    let used = slots(text);
    let mut findings = Vec::new();
    for unknown in used.iter().filter(|slot| !PLACEHOLDERS.contains(slot)) {
        findings.push(Finding::error(
            "texts-placeholder",
            format_args!("the screen text {name} has {{{unknown}}}, which nothing fills in"),
            "use {aanbieder}, {pgo}, {service}, {days}, {dvza} or {phone}",
        ));
    }
    // what the example says is what the screen has to say
    let of_example = examples.iter().flatten().find(|(other, _)| other == name);
    let wanted = of_example.map(|(_, text)| slots(text)).unwrap_or_default();
    for missing in wanted.iter().filter(|slot| !used.contains(slot)) {
        findings.push(Finding::warning(
            "texts-slot",
            format_args!("the screen text {name} leaves {{{missing}}} out"),
            "see whether the Persoon still reads who asks, who gives and for how long",
        ));
    }
    findings
}

/// The words between braces.
fn slots(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}').map(|(slot, _)| slot))
        .collect()
}

/// Every sentence by its name in the file.
fn sentences(pack: &TextPack) -> Vec<(String, String)> {
    let Ok(Value::Object(all)) = serde_json::to_value(pack) else {
        return Vec::new();
    };
    let text = |prefix: &str, table: &Map<String, Value>| -> Vec<_> {
        let named = table.iter().filter(|(name, _)| *name != "version");
        named
            .filter_map(|(name, value)| Some((format!("{prefix}{name}"), value.as_str()?.to_owned())))
            .collect()
    };
    let mut sentences = text("", &all);
    if let Some(Value::Object(extra)) = all.get("extra") {
        sentences.extend(text("extra.", extra));
    }
    sentences
}
