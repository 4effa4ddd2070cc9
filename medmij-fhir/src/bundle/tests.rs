// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Bundle is its bytes, and one bad entry costs that entry.

use proptest::prelude::{prop, proptest};

use super::{Bundle, BundleRule, BundleType, EntryDraft, EntryRequest, SearchMode, to_json};
use crate::json::JsonRule;
use crate::limits::Limits;
use crate::resource::Resource;

fn parse(text: &str) -> Bundle {
    Bundle::parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn faults(text: &str) -> Vec<(String, BundleRule)> {
    let faults = parse(text).faults().to_vec();
    faults.into_iter().map(|fault| (fault.path, fault.rule)).collect()
}

#[test]
fn f6_no_digit_and_no_member_is_lost() {
    let text = r#"{ "resourceType":"Bundle", "id":"b1","meta":{"lastUpdated":"2026-09-14T09:10:00Z"},"identifier":{"value":"x"},
        "type":"searchset","timestamp":"2026-09-14T09:10:00Z","total":1,"link":[{"relation":"self","url":"https://x.nl/"}],
        "entry":[{"link":[{"relation":"alternate","url":"a"}],"fullUrl":"https://x.nl/Observation/1",
          "resource":{"resourceType":"Observation","id":"1","valueQuantity":{"value":1.50,"x":100000000000000000000.10}},
          "search":{"mode":"match","score":0.90},"onbekend":[1.0]}],"signature":{"who":{"display":"x"}} }"#;
    let bundle = parse(text);
    assert_eq!(bundle.as_str(), text);
    let entry = &bundle.entries()[0];
    assert!(text.contains(entry.as_str()) && entry.as_str().ends_with(r#""onbekend":[1.0]}"#));
    assert_eq!(entry.full_url(), Some("https://x.nl/Observation/1"));
    assert_eq!(entry.mode(), Some(SearchMode::Match));
    let resource = entry.resource().unwrap();
    assert!(text.contains(resource.as_str()) && resource.as_str().contains("100000000000000000000.10"));
    assert_eq!(resource.detached().as_str(), resource.as_str());
    let view: serde_json::Value = bundle.view().unwrap();
    assert_eq!(view["signature"]["who"]["display"], "x");
    assert_eq!(bundle.faults(), []);
}

#[test]
fn requests_and_responses_of_entries_are_read() {
    let bundle = parse(
        r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Task","id":"7"},"request":{"method":"PUT","url":"Task/7","ifMatch":"W/\"3\"","ifNoneExist":"a=b"}},
        {"response":{"status":"400","outcome":{"resourceType":"OperationOutcome","issue":[]},"lastModified":"2026"}},
        {"response":{"status":"2000"}}]}"#,
    );
    let mut request = EntryRequest::new("PUT", "Task/7");
    request.if_match = Some("W/\"3\"".to_owned());
    request.if_none_exist = Some("a=b".to_owned());
    assert_eq!(bundle.entries()[0].request(), Some(&request));
    let response = bundle.entries()[1].response().unwrap();
    assert_eq!(response.code(), Some(400));
    assert_eq!(
        response.outcome.as_ref().unwrap().resource_type().as_str(),
        "OperationOutcome"
    );
    assert_eq!(bundle.entries()[2].response().unwrap().code(), None);
    assert_eq!(bundle.entries()[2].resource(), None);
}

#[test]
fn f6_duplicate_keys_in_a_resource_are_refused() {
    let text = br#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Flag","id":"a","id":"b"}}]}"#;
    let error = Bundle::parse(text, &Limits::default()).unwrap_err();
    assert_eq!(error.rule, JsonRule::DuplicateName);
}

#[test]
fn one_bad_entry_costs_that_entry_and_leaves_a_mark() {
    let page = r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"a"}},{"resource":{"id":"x"}},7,{"resource":[]}]}"#;
    assert_eq!(
        faults(page),
        [
            ("entry[1].resource".to_owned(), BundleRule::Resource),
            ("entry[2]".to_owned(), BundleRule::Entry),
            ("entry[3].resource".to_owned(), BundleRule::Resource),
        ]
    );
    let bundle = parse(page);
    assert_eq!(bundle.entries().len(), 3);
    assert_eq!(
        bundle
            .entries()
            .iter()
            .filter(|entry| entry.resource().is_some())
            .count(),
        1
    );
}

#[test]
fn what_is_not_as_fhir_says_is_kept_with_a_mark() {
    for (members, path, rule) in [
        (r#""type":"searchset","total":-1"#, "total", BundleRule::Total),
        (r#""type":"searchset","total":1.0"#, "total", BundleRule::Total),
        (r#""type":"zoekresultaat""#, "type", BundleRule::Type),
        (r#""total":0"#, "type", BundleRule::Type),
        (
            r#""type":"searchset","link":[{"relation":"next"}]"#,
            "link[0]",
            BundleRule::Link,
        ),
        (r#""type":"searchset","link":{}"#, "link", BundleRule::Link),
        (r#""type":"searchset","entry":{}"#, "entry", BundleRule::Entry),
        (
            r#""type":"searchset","entry":[{"search":{"mode":"Match"}}]"#,
            "entry[0].search.mode",
            BundleRule::Mode,
        ),
        (
            r#""type":"searchset","entry":[{"search":{"mode":"x"}}]"#,
            "entry[0].search.mode",
            BundleRule::Mode,
        ),
    ] {
        let text = format!(r#"{{"resourceType":"Bundle",{members}}}"#);
        assert_eq!(faults(&text), [(path.to_owned(), rule)], "{text}");
    }
    let page = r#"{"resourceType":"Bundle","type":"searchset","entry":[{"search":{"mode":"Match"}}]}"#;
    assert_eq!(parse(page).entries()[0].mode(), Some(SearchMode::Match));
}

#[test]
fn other_documents_are_refused() {
    for text in ["[]", r#"{"resourceType":"Flag"}"#, r#"{"type":"searchset"}"#, "7"] {
        let error = Bundle::parse(text.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.rule, JsonRule::Shape, "{text}");
    }
}

#[test]
fn rfc8288_section_2_1_relations_are_compared_without_case() {
    let bundle = parse(r#"{"resourceType":"Bundle","type":"searchset","link":[{"relation":"Next","url":"u"}]}"#);
    assert_eq!(bundle.link("next"), Some("u"));
}

#[test]
fn a_byte_order_mark_is_left_out_and_the_ranges_stay_right() {
    let text = "\u{feff}{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\"}}]}";
    let bundle = parse(text);
    assert_eq!(bundle.as_str(), text.trim_start_matches('\u{feff}'));
    assert_eq!(
        bundle.entries()[0].resource().unwrap().as_str(),
        r#"{"resourceType":"Patient","id":"a"}"#
    );
}

#[test]
fn core_rscint_203_a_redacted_page_has_entries_without_bsn() {
    let text = r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"a","identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999990019"}]}}]}"#;
    let (bundle, report) = Bundle::parse_redacted(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(report.masked[0].as_str(), "entry[0].resource.identifier[0].value");
    assert!(!bundle.as_str().contains("999990019"));
    assert!(bundle.entries()[0].resource().unwrap().as_str().contains("\"masked\""));
}

#[test]
fn debug_shows_no_content() {
    let bundle = parse(
        r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"geheim"}}]}"#,
    );
    let shown = format!("{bundle:?} {:?}", bundle.entries());
    assert!(!shown.contains("geheim"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(urls in prop::collection::vec(".{0,12}", 0..4)) {
        let flag = Resource::parse(br#"{"resourceType":"Flag","x":1.50}"#, &Limits::default()).unwrap();
        let drafts: Vec<_> = urls
            .iter()
            .map(|url| EntryDraft {
                full_url: url.clone(),
                resource: flag.clone(),
                request: EntryRequest::new("POST", url.clone()),
            })
            .collect();
        let text = to_json(BundleType::Batch, drafts.iter());
        let bundle = Bundle::parse(&text, &Limits::default()).unwrap();
        assert_eq!(bundle.faults(), []);
        assert_eq!(bundle.kind(), Some(BundleType::Batch));
        assert_eq!(bundle.entries().len(), drafts.len());
        for (read, written) in bundle.entries().iter().zip(&drafts) {
            assert_eq!(read.full_url(), Some(written.full_url.as_str()));
            assert_eq!(read.resource(), Some(&written.resource));
            assert_eq!(read.request(), Some(&written.request));
        }
    }
}
