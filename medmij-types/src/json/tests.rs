// SPDX-License-Identifier: AGPL-3.0-or-later
//! Strict JSON, against serde_json where both have a say.

use proptest::prelude::{any, prop, prop_oneof, proptest};

use super::{Document, JsonLimits, JsonRule, Kind, Value};

fn small() -> JsonLimits {
    JsonLimits {
        depth: 8,
        elements: 100,
        ..JsonLimits::default()
    }
}

fn rule(text: &str) -> Option<JsonRule> {
    Document::parse(text.as_bytes(), &small()).err().map(|error| error.rule)
}

/// What serde_json makes of the same value; numbers stay text.
fn rebuilt(value: Value<'_>) -> serde_json::Value {
    match value.kind() {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool => value.as_bool().unwrap().into(),
        Kind::Number => serde_json::from_str(value.as_number().unwrap()).unwrap(),
        Kind::String => value.as_str().unwrap().into_owned().into(),
        Kind::Array => value.items().map(rebuilt).collect(),
        Kind::Object => value
            .members()
            .map(|member| (member.name().unwrap().into_owned(), rebuilt(member)))
            .collect(),
    }
}

#[test]
fn sound_documents_pass_and_keep_their_values() {
    for text in [
        "{}",
        "[]",
        " [ 1 , -0.50e+3, true,false , null ] ",
        r#"{"a":"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\","b":{"c":[[],{},"x"]},"":1}"#,
        "\"\"",
        "\"twelve bytes and more, é and 😀, up to the end\"",
        "-0",
    ] {
        assert_eq!(rule(text), None, "{text}");
        let document = Document::parse(text.as_bytes(), &small()).unwrap();
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(rebuilt(document.root()), theirs, "{text}");
        assert_eq!(document.root().raw(), text.trim());
    }
    assert_eq!(rule("1e400"), None, "no number is too large to be kept as text");
}

#[test]
fn ranges_are_those_of_the_text() {
    let text = r#"{ "a" : 1.50 ,"b\u0062":[ 10 , "x" ]}"#;
    let document = Document::parse(text.as_bytes(), &small()).unwrap();
    let a = document.root().member("a").unwrap();
    assert_eq!(&text[a.range()], "1.50");
    assert_eq!(&text[a.member_range().unwrap()], r#""a" : 1.50"#);
    let b = document.root().member("bb").unwrap();
    assert_eq!(&text[b.member_range().unwrap()], r#""b\u0062":[ 10 , "x" ]"#);
    let items: Vec<&str> = b.items().map(|item| item.raw()).collect();
    assert_eq!(items, ["10", "\"x\""]);
    assert_eq!(b.items().next().unwrap().member_range(), None);
    assert_eq!(document.values(), 5);
    assert_eq!(document.root().items().count(), 0, "an object has no elements");
}

#[test]
fn rfc8259_section_8_1_a_byte_order_mark_is_skipped_once() {
    let document = Document::parse("\u{feff}{\"a\":1}".as_bytes(), &small()).unwrap();
    assert_eq!(document.text(), "{\"a\":1}");
    assert_eq!(&document.source()[document.root().range()], "{\"a\":1}");
    assert_eq!(rule("\u{feff}\u{feff}{}"), Some(JsonRule::Syntax));
    assert_eq!(rule("{}\u{feff}"), Some(JsonRule::Syntax));
}

#[test]
fn documents_that_others_let_pass_are_refused() {
    let cases = [
        (r#"{"a":1,"b":2,"a":3}"#, JsonRule::DuplicateName),
        (r#"{"a":1,"\u0061":3}"#, JsonRule::DuplicateName),
        (r#"{"\u0061":1,"a":3}"#, JsonRule::DuplicateName),
        (r#"{"x":{"a":1,"a":1}}"#, JsonRule::DuplicateName),
        (r#"{"":1,"":1}"#, JsonRule::DuplicateName),
        (r#""\ud800""#, JsonRule::String),
        (r#""\udc00\ud800""#, JsonRule::String),
        (r#""\ud800\u0041""#, JsonRule::String),
        (r#""\u12g4""#, JsonRule::String),
        (r#""\x""#, JsonRule::String),
        ("\"a\nb\"", JsonRule::String),
        ("\"seven..\u{1}\"", JsonRule::String),
        ("\"open", JsonRule::String),
        ("\"open\\", JsonRule::String),
        (r#"{"open"#, JsonRule::String),
        ("01", JsonRule::Syntax),
        ("1.", JsonRule::Number),
        ("-", JsonRule::Number),
        ("1e", JsonRule::Number),
        ("+1", JsonRule::Syntax),
        ("nul", JsonRule::Syntax),
        ("NaN", JsonRule::Syntax),
        ("", JsonRule::Syntax),
        ("{}{}", JsonRule::Syntax),
        ("[1,]", JsonRule::Syntax),
        ("[1}", JsonRule::Syntax),
        ("{]", JsonRule::Syntax),
        ("]", JsonRule::Syntax),
        ("[", JsonRule::Syntax),
        (r#"{"a":1,}"#, JsonRule::Syntax),
        (r#"{"a" 1}"#, JsonRule::Syntax),
        (r#"{"a":}"#, JsonRule::Syntax),
        ("{1:1}", JsonRule::Syntax),
        ("// comment\n{}", JsonRule::Syntax),
    ];
    for (text, expected) in cases {
        assert_eq!(rule(text), Some(expected), "{text}");
    }
    let error = Document::parse(b"\"\xff\"", &small()).unwrap_err();
    assert_eq!((error.rule, error.offset), (JsonRule::Utf8, 1));
    assert_eq!(error.to_string(), "text is not UTF-8 at byte 1");
}

#[test]
fn depth_is_bounded() {
    assert_eq!(rule(&format!("{}{}", "[".repeat(8), "]".repeat(8))), None);
    let deeper = format!("{}{}", "[".repeat(9), "]".repeat(9));
    assert_eq!(rule(&deeper), Some(JsonRule::TooDeep));
    assert_eq!(rule(&"[".repeat(1_000_000)), Some(JsonRule::TooDeep));
    assert_eq!(rule(&r#"{"a":"#.repeat(1_000_000)), Some(JsonRule::TooDeep));
}

#[test]
fn objects_arrays_and_values_are_bounded() {
    let array = |items: usize| format!("[{}]", vec!["0"; items].join(","));
    assert_eq!(rule(&array(100)), None);
    assert_eq!(rule(&array(101)), Some(JsonRule::TooLong));
    let object = |members: usize, last: &str| {
        let members: Vec<String> = (0..members).map(|number| format!("\"{number}\":0")).collect();
        format!("{{{}{last}}}", members.join(","))
    };
    assert_eq!(rule(&object(4096, "")), None);
    assert_eq!(rule(&object(4097, "")), Some(JsonRule::TooLong));
    assert_eq!(rule(&object(100, ",\"3\":0")), Some(JsonRule::DuplicateName));
    assert_eq!(rule(&object(200_000, "")), Some(JsonRule::TooLong));
    let few = JsonLimits {
        values: 50,
        ..JsonLimits::default()
    };
    assert!(Document::parse(array(49).as_bytes(), &few).is_ok());
    let error = Document::parse(array(50).as_bytes(), &few).unwrap_err();
    assert_eq!(error.rule, JsonRule::TooLong);
    let bytes = JsonLimits {
        bytes: 4,
        ..JsonLimits::default()
    };
    assert_eq!(Document::parse(b"[1,2]", &bytes).unwrap_err().rule, JsonRule::TooLarge);
}

#[test]
fn an_index_takes_less_memory_than_a_large_text() {
    assert_eq!(size_of::<super::Node>(), 16);
}

#[test]
fn names_that_the_index_has_no_room_for_are_refused() {
    let named = |len: usize| format!("{{\"{}\":1}}", "n".repeat(len));
    assert_eq!(rule(&named(16_383)), None);
    let text = named(16_383);
    let document = Document::parse(text.as_bytes(), &small()).unwrap();
    assert_eq!(document.root().members().next().unwrap().name().unwrap().len(), 16_383);
    assert_eq!(rule(&named(16_384)), Some(JsonRule::TooLong));
    let spaced = |spaces: usize| format!("{{\"n\":{}1}}", " ".repeat(spaces));
    assert_eq!(rule(&spaced(65_532)), None);
    assert_eq!(rule(&spaced(65_533)), Some(JsonRule::TooLong));
}

#[test]
fn names_with_escapes_are_told() {
    let has_escapes = |text: &str| Document::parse(text.as_bytes(), &small()).unwrap().has_escaped_names();
    assert!(has_escapes(r#"{"a":{"\u0062":1}}"#));
    assert!(!has_escapes(r#"{"a":{"b":"\u0062"}}"#));
}

#[test]
fn debug_shows_no_content() {
    let document = Document::parse(br#"{"a":"geheim"}"#, &small()).unwrap();
    let shown = format!("{document:?} {:?} {:?}", document.root(), document.root().member("a"));
    assert_eq!(shown, "Document(14 bytes, 2 values) Object Some(String)");
}

proptest! {
    /// What we take, serde_json takes and reads alike; what it refuses, we refuse.
    #[test]
    fn agrees_with_serde_json(
        text in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec!["{", "}", "[", "]", ":", ",", "\"", "\"a\":", "\"b\"", "a", "\\", "u00e9", "\\ud83d\\ude00", "12", "1", "0", "-", ".", "e", "true", "null", " "]),
            ],
            0..14,
        )
    ) {
        let text = text.concat();
        let ours = Document::parse(text.as_bytes(), &JsonLimits::default());
        match (ours, serde_json::from_str::<serde_json::Value>(&text)) {
            (Ok(document), Ok(theirs)) => assert_eq!(rebuilt(document.root()), theirs, "{text}"),
            (Ok(_), Err(error)) => assert!(error.to_string().contains("out of range"), "{text}: {error}"),
            (Err(error), Ok(_)) => assert_eq!(error.rule, JsonRule::DuplicateName, "{text}"),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn strings_of_every_length_are_read_as_serde_json_reads_them(text in ".{0,40}") {
        let written = serde_json::to_string(&text).unwrap();
        let document = Document::parse(written.as_bytes(), &JsonLimits::default()).unwrap();
        assert_eq!(document.root().as_str().unwrap(), text);
    }

    #[test]
    fn long_strings_are_checked_to_their_end(len in 240_usize..300, at in 0_usize..300, byte in prop::sample::select(vec!["\"", "\\", "\u{1}", "\\n", "é"])) {
        let mut text = "x".repeat(len);
        text.insert_str(at.min(len), byte);
        let document = format!("[\"{text}\",1]");
        let ours = Document::parse(document.as_bytes(), &JsonLimits::default()).map(|document| rebuilt(document.root()));
        assert_eq!(ours.ok(), serde_json::from_str(&document).ok());
    }

    #[test]
    fn any_text_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Document::parse(&bytes, &small());
    }
}
