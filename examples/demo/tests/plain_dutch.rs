// SPDX-License-Identifier: AGPL-3.0-or-later
//! Plain Dutch (B1), measured over the fixed texts of all pages of the PGO and of the DVZA: the templates, and the text pack of
//! the DVZA. A filled-in value counts as one word.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and prints what it measured"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use medmij_dvza::TextPack;

/// The most words of a sentence, and of a sentence on average.
const LONGEST: usize = 20;
const AVERAGE: f64 = 12.0;

/// Words of the trade, which say nothing to a Persoon.
const TRADE: [&str; 10] = [
    "resource",
    "resources",
    "scope",
    "token",
    "trace id",
    "trace-id",
    "volgnummer",
    "endpoint",
    "oauth",
    "fhir",
];

/// Verbs of buttons, as they are pressed: an order, or an infinitive.
const VERBS: [&str; 39] = [
    "annuleren",
    "bekijk",
    "bewaar",
    "bewaard",
    "controleer",
    "doorgaan",
    "ga",
    "geef",
    "haal",
    "inloggen",
    "kies",
    "laat",
    "lees",
    "log",
    "maak",
    "meld",
    "neem",
    "open",
    "probeer",
    "stop",
    "stoppen",
    "stuur",
    "toon",
    "trek",
    "uitloggen",
    "verwijder",
    "vind",
    "voeg",
    "wil",
    "zet",
    "zoek",
    "toestemmen",
    "blijf",
    "beëindigen",
    "zie",
    "deel",
    "bekijken",
    "mag",
    "sta",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn templates(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(templates(&path));
        } else if path.extension().is_some_and(|end| end == "html") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

/// What a person reads of a template: a text each line. A value is one word; each branch of a condition is a text.
fn texts(template: &str) -> Vec<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (skipped, put) = if rest.starts_with("{{") {
            (rest.find("}}").map(|end| end + 2), "waarde")
        } else if rest.starts_with("{#") {
            (rest.find("#}").map(|end| end + 2), "")
        } else if let Some(command) = rest.strip_prefix("{%") {
            let end = rest.find("%}").map(|end| end + 2);
            let command = command.trim_start_matches('-').trim_start();
            let joins = command.starts_with("if") || command.starts_with("endif");
            (end, if joins { "" } else { "\n" })
        } else if let Some(tag) = rest.strip_prefix('<') {
            let inline = [
                "<a", "</a", "<strong", "</strong", "<span", "</span", "<code", "</code", "<em", "</em",
            ];
            let name: String = tag.chars().take_while(|c| *c == '/' || c.is_alphanumeric()).collect();
            let joins = inline.iter().any(|tag| tag[1..] == name);
            (rest.find('>').map(|end| end + 1), if joins { "" } else { "\n" })
        } else {
            (Some(1), "{")
        };
        out.push_str(put);
        rest = &rest[skipped.unwrap_or(rest.len())..];
    }
    out.push_str(rest);
    out.lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// The sentences of a text that holds words of its own.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = text
        .match_indices(['.', '?', '!', ':'])
        .map(|(at, mark)| at + mark.len());
    let ends = ends.filter(|end| text[*end..].starts_with(' ')).collect::<Vec<_>>();
    let starts = [0].into_iter().chain(ends.clone());
    let parts = starts
        .zip(ends.into_iter().chain([text.len()]))
        .map(|(from, to)| text[from..to].trim());
    parts.filter(|sentence| {
        sentence
            .split_whitespace()
            .any(|word| is_word(word) && word.trim_matches(|c: char| !c.is_alphanumeric()) != "waarde")
    })
}

fn is_word(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

fn measure(name: &str, texts: &[(String, String)]) {
    let (mut count, mut words) = (0_usize, 0_usize);
    let mut faults = Vec::new();
    for (place, text) in texts {
        for sentence in sentences(text) {
            let length = sentence.split_whitespace().filter(|word| is_word(word)).count();
            count += 1;
            words += length;
            if length > LONGEST {
                faults.push(format!("{place}: {length} words: {sentence}"));
            }
        }
        let lower = format!(
            " {} ",
            text.to_lowercase()
                .replace(|c: char| !c.is_alphanumeric() && c != '-', " ")
        );
        for word in TRADE {
            if lower.contains(&format!(" {word} ")) {
                faults.push(format!("{place}: {word}: {text}"));
            }
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    let average = words as f64 / count as f64;
    println!("{name}: {count} sentences, {average:.1} words on average");
    assert!(count > 100, "{name}: {count} sentences");
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    assert!(average <= AVERAGE, "{name}: {average:.1} words on average");
}

/// The texts of buttons, and of links that look like one.
fn buttons(template: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["<button", "class=\"button\"", "class=\"button main\""] {
        for (at, _) in template.match_indices(start) {
            let inside = template[at..].split_once('>').map_or("", |(_, rest)| rest);
            let end = inside
                .find("</button>")
                .into_iter()
                .chain(inside.find("</a>"))
                .min()
                .unwrap_or(inside.len());
            found.push(inside[..end].to_owned());
        }
    }
    found
}

fn has_verb(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphabetic());
    words.into_iter().any(|word| VERBS.contains(&word))
}

fn pack() -> serde_json::Value {
    serde_json::to_value(TextPack::example()).unwrap()
}

fn strings(value: &serde_json::Value, place: &str, out: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::String(text) => {
            let mut plain = text.clone();
            while let Some((before, after)) = plain.split_once('{') {
                plain = format!("{before}waarde{}", after.split_once('}').map_or("", |(_, rest)| rest));
            }
            out.push((place.to_owned(), plain));
        }
        serde_json::Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, value)| strings(value, &format!("{place}.{name}"), out));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| strings(value, place, out)),
        _ => {}
    }
}

fn of_templates(folder: &str) -> Vec<(String, String)> {
    let found = templates(&workspace().join(folder)).into_iter();
    found
        .flat_map(|(place, template)| texts(&template).into_iter().map(move |text| (place.clone(), text)))
        .collect()
}

#[test]
fn the_pages_of_the_pgo_are_in_plain_dutch() {
    measure("PGO", &of_templates("examples/dvp/templates"));
}

#[test]
fn the_screens_of_the_dvza_are_in_plain_dutch() {
    let mut all = of_templates("medmij-dvza/templates");
    strings(&pack(), "pack", &mut all);
    // the one page where the framework asks for the Trace ID
    all.retain(|(place, _)| !place.ends_with("outage.html") && !place.ends_with(".version"));
    measure("DVZA", &all);
}

#[test]
fn every_button_says_what_it_does() {
    let pack = pack();
    let mut seen = 0;
    for folder in [
        "examples/dvp/templates",
        "medmij-dvza/templates",
        "examples/dvza/templates",
    ] {
        for (place, template) in templates(&workspace().join(folder)) {
            for button in buttons(&template) {
                seen += 1;
                let field = button
                    .split_once("f.text(t.")
                    .map(|(_, rest)| rest.split(')').next().unwrap_or_default());
                let text = match field {
                    Some(field) => field
                        .split('.')
                        .fold(&pack, |value, name| &value[name])
                        .as_str()
                        .unwrap_or_default(),
                    None => button.as_str(),
                };
                // the login stub has a person on each button
                assert!(has_verb(text) || text.contains("geboren"), "{place}: {text}");
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn a_text_is_what_a_person_reads_of_a_template() {
    let template = "{# no #}<p>Er {% if a %}staat 1{% else %}staan {{ n }}{% endif %} in. Kijk <a href=\"/\">hier</a>.</p><button>Ga</button>";
    assert_eq!(texts(template), ["Er staat 1", "staan waarde in. Kijk hier.", "Ga"]);
    assert_eq!(
        sentences("Een. Twee drie? waarde. Vier").collect::<Vec<_>>(),
        ["Een.", "Twee drie?", "Vier"]
    );
    assert_eq!(buttons(template), ["Ga"]);
}
