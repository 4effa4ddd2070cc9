// SPDX-License-Identifier: AGPL-3.0-or-later
//! F1, F2, F3, F6 — the entry functions of the fuzz targets, over texts made of the pieces that matter.

#[path = "untrusted/entries.rs"]
mod entries;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, proptest};
use proptest::sample::select;

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "1.0e3",
    "-0",
    "0.10",
    "12345678901234567890",
    " ",
    "\n",
    "\"resourceType\":\"Observation\"",
    "\"resourceType\":\"Zoiets\"",
    "\"id\":\"a\"",
    "\"value\":",
    "\"system\":",
    "\"http://fhir.nl/fhir/NamingSystem/bsn\"",
    "\"999990019\"",
    "bsn 999990019",
    "\"extension\":",
    "\"_status\":",
    "\"status\":\"final\"",
    "\"contained\":",
    "\"text\":{\"status\":\"generated\",\"div\":\"<div>&lt;a<b>c</b></div>\"}",
    "\"valueQuantity\":{\"value\":1.50}",
    "\"_given\":[null,{\"id\":\"x\"}]",
    "\"given\":[\"a\",null]",
    "\\u0000",
    "\\ud83d\\ude00",
    "\"name\":",
    "é",
    "\u{feff}",
    "[]",
    "{}",
];

const XML: &[&str] = &[
    "<Observation xmlns=\"http://hl7.org/fhir\">",
    "</Observation>",
    "<f:Observation xmlns:f='http://hl7.org/fhir'>",
    "</f:Observation>",
    "<status value=\"final\"/>",
    "<status id='a' value='&#102;inal'>",
    "</status>",
    "<f:status value='x'/>",
    "<extension url=\"http://a\">",
    "</extension>",
    "<valueDecimal value=\"1.0e3\"/>",
    "<valueString value=\"a&amp;b\"/>",
    "<contained>",
    "</contained>",
    "<Patient>",
    "</Patient>",
    "<id value=\"a\"/>",
    "<text><status value='empty'/>",
    "<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/>&#160;&lt;<!-- x --></div>",
    "</text>",
    "<anders value='1'/>",
    "<!-- -->",
    "<?pi?>",
    "<![CDATA[x]]>",
    "<!DOCTYPE a>",
    "&",
    "<",
    ">",
    " ",
    "tekst",
    "\u{feff}",
    "<a xmlns='urn:x'/>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
];

const LINK: &[&str] = &[
    "https://dvza.example.nl",
    "https://",
    "http://",
    "//",
    "/",
    "\\",
    "..",
    ".",
    "%2e",
    "%2F",
    ":",
    ":443",
    ":8443",
    "@",
    "?",
    "#",
    "page=2",
    "fhir",
    "54",
    "Patient",
    "evil.example",
    "dvza.example.nl",
    " ",
    "\t",
    "é",
    "&",
    "=",
    "[::1]",
    ";",
    "%00",
    "|999990019",
    "https://dvza.example.nl/fhir/54",
];

/// A text of pieces, whole or wrapped as what is usual.
fn text(pieces: &'static [&'static str], wraps: [&'static str; 2]) -> impl Strategy<Value = Vec<u8>> {
    (vec(select(pieces), 0..12), any::<bool>()).prop_map(move |(pieces, wrapped)| {
        let inside = pieces.concat();
        let [before, after] = if wrapped { wraps } else { ["", ""] };
        format!("{before}{inside}{after}").into_bytes()
    })
}

proptest! {
    #[test]
    fn f6_fhir_json_of_another_party(bytes in text(JSON, ["{\"resourceType\":\"Observation\",", "}"])) {
        entries::json(&bytes);
    }

    #[test]
    fn f3_fhir_xml_of_another_party(bytes in text(XML, ["<Observation xmlns=\"http://hl7.org/fhir\">", "</Observation>"])) {
        entries::fhir_xml(&bytes);
    }

    #[test]
    fn f3_a_bundle_of_another_party(bytes in text(JSON, ["{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{", "}}]}"])) {
        entries::bundle(&bytes);
    }

    #[test]
    fn f1_a_next_link_of_another_party(bytes in text(LINK, ["https://dvza.example.nl/fhir/54/", ""])) {
        entries::next_link(&bytes);
    }

    #[test]
    fn f6_bytes_that_are_nothing(bytes in vec(any::<u8>(), 0..64)) {
        entries::json(&bytes);
        entries::fhir_xml(&bytes);
        entries::bundle(&bytes);
        entries::next_link(&bytes);
    }
}
