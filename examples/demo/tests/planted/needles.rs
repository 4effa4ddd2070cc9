// SPDX-License-Identifier: AGPL-3.0-or-later
//! Searching for many values at once, in every form in which a program might write them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// So many bytes of a needle find it; a value is at least as long.
const KEY: usize = 6;

/// What is searched for.
#[derive(Default)]
pub(crate) struct Needles {
    by_start: HashMap<[u8; KEY], Vec<Needle>>,
    values: BTreeSet<String>,
}

struct Needle {
    bytes: Vec<u8>,
    what: &'static str,
    form: &'static str,
}

impl Needles {
    /// Adds a value; what it is called is what a finding says.
    pub(crate) fn add(&mut self, what: &'static str, value: &str) {
        assert!(value.len() >= KEY, "{what} is too short to be recognised");
        if !self.values.insert(value.to_owned()) {
            return;
        }
        for (form, text) in forms(value) {
            if let Some(start) = text.as_bytes().first_chunk::<KEY>() {
                self.by_start.entry(*start).or_default().push(Needle {
                    bytes: text.clone().into_bytes(),
                    what,
                    form,
                });
            }
        }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// What is found: which value, in which form, and what is around its first place.
    pub(crate) fn found_in(&self, hay: &[u8]) -> Vec<String> {
        let mut found = BTreeMap::new();
        for (at, start) in hay.windows(KEY).enumerate() {
            let Ok(start) = <&[u8; KEY]>::try_from(start) else {
                continue;
            };
            for needle in self.by_start.get(start).into_iter().flatten() {
                if hay[at..].starts_with(&needle.bytes) {
                    let around = &hay[at.saturating_sub(90)..hay.len().min(at + needle.bytes.len() + 60)];
                    let around = around.escape_ascii();
                    let finding = || format!("{} ({}): …{around}…", needle.what, needle.form);
                    found.entry(&needle.bytes).or_insert_with(finding);
                }
            }
        }
        found.into_values().collect()
    }
}

/// A value as it is, and as encodings write it, also in the middle of something longer.
fn forms(value: &str) -> Vec<(&'static str, String)> {
    let bytes = value.as_bytes();
    let each = |write: fn(&mut String, u8)| {
        let mut text = String::new();
        bytes.iter().for_each(|byte| write(&mut text, *byte));
        text
    };
    let mut forms = vec![
        ("as it is", value.to_owned()),
        ("in lower case", value.to_lowercase()),
        ("with plus signs", value.replace(' ', "+")),
        ("form-encoded", form_urlencoded::byte_serialize(bytes).collect()),
        (
            "percent",
            form_urlencoded::byte_serialize(bytes)
                .collect::<String>()
                .replace('+', "%20"),
        ),
        (
            "percent, all of it",
            each(|text, byte| write!(text, "%{byte:02X}").unwrap()),
        ),
        ("hex", each(|text, byte| write!(text, "{byte:02x}").unwrap())),
        ("hex", each(|text, byte| write!(text, "{byte:02X}").unwrap())),
        (
            "json escapes",
            each(|text, byte| write!(text, "\\u{byte:04x}").unwrap()),
        ),
        (
            "json in a string",
            serde_json::to_string(value).unwrap().trim_matches('"').to_owned(),
        ),
    ];
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    forms.push(("numbers", numbers.join(", ")));
    // what is before it moves base64 by two thirds of a character: the whole characters in the middle
    for before in 0..3_usize {
        let padded = [vec![0; before], bytes.to_vec()].concat();
        let (first, last) = ((8 * before).div_ceil(6), 8 * padded.len() / 6);
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.push(("base64", encoded[first..last].to_owned()));
        }
    }
    forms
}

#[test]
fn a_value_is_found_in_every_form_and_in_the_middle() {
    let value = "Plantagenet é 999910024/?";
    let mut needles = Needles::default();
    needles.add("value", value);
    for before in ["", "a", "ab", "abc", "abcd"] {
        let whole = format!("{before}{value}~~~");
        for hay in [
            whole.clone(),
            STANDARD_NO_PAD.encode(&whole),
            URL_SAFE_NO_PAD.encode(&whole),
            form_urlencoded::byte_serialize(whole.as_bytes()).collect(),
            serde_json::to_string(&whole).unwrap(),
            format!("{:?}", whole.as_bytes()),
            whole.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ] {
            assert!(!needles.found_in(hay.as_bytes()).is_empty(), "{hay}");
        }
    }
    assert!(needles.found_in(b"Plantageneta, 999910025").is_empty());
}
