// SPDX-License-Identifier: AGPL-3.0-or-later
//! The requests that the qualification sends to a DVA (rows of role DVA), answered over our own data.
//!
//! A row is asked as it stands, in JSON and in XML where it says so, on several days; what the answer holds
//! is counted as its last column says. The data is in `tests/data/dva`, one file a person; `{T-13D}` is a day
//! counted from the day of the test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "server_expected/support.rs"]
mod support;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, Response};
use medmij_fhir::server::{Context, MemoryBronsysteem, Responder};
use medmij_fhir::{Choices, FhirVersion, Gegevensdienst, Limits, ResourceEndpoint, ResourceId, SearchDate, check};
use medmij_types::{BackchannelUri, CalendarDate};
use serde_json::Value;
use support::{BASE, day, dossier, now, responder, to_json};

/// One line of the table.
struct Row {
    service: String,
    step: String,
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: String,
    expect: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = include_str!("data/expected-requests.tsv");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let header = |pair: &str| {
            let (name, value) = pair.split_once(": ").unwrap();
            (
                name.to_lowercase(),
                value
                    .replace("{token}", "een-token")
                    .replace("{uuid}", "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a"),
            )
        };
        (cells[1] == "DVA").then(|| Row {
            service: cells[0].to_owned(),
            step: cells[2].to_owned(),
            method: cells[3].to_owned(),
            target: cells[4].to_owned(),
            headers: cells[5].split("; ").map(header).collect(),
            body: cells[8].to_owned(),
            expect: cells[9].split("; ").map(str::to_owned).collect(),
        })
    };
    let rows: Vec<Row> = table.lines().skip(1).filter_map(row).collect();
    assert_eq!(rows.len(), 139, "no row of the table is left out");
    rows
}

/// The person of whom a script asks.
fn person(row: &Row) -> &'static str {
    match row.service.as_str() {
        "48" => "48",
        "49" => "49",
        "51" => "51",
        "52" if row.step.contains("-xis-1-") => "52-1",
        "52" => "52-2",
        "54" => "54",
        "59/60" => "60",
        "61" => "61",
        "65" => "65",
        _ if row.step.contains("612conversion") => "30-612",
        _ => "30",
    }
}

/// What is between braces in a target.
fn filled(row: &Row, today: CalendarDate) -> String {
    let identifier = if row.target.contains("medicationtreatment") {
        "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.1.1%7CMBH-2"
    } else if row.step.contains("mp9-vv") {
        "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.4.1%7Cvv-3"
    } else {
        "urn:oid:2.16.840.1.113883.2.4.3.11.999.77.4.1%7Cma-3"
    };
    let target = row.target.replace("{filter-identifier}", identifier);
    let target = target
        .replace("{pdfa1-url}", "Binary/brief")
        .replace("{pdfa2-url}", &format!("{BASE}/Binary/uitslag"));
    let target = target
        .replace("{pdfa-url}", "Binary/brief")
        .replace("{documentreference-url}", "DocumentReference/brief");
    let target = target.replace("{task-id}", "vragen");
    let target = target
        .replace("{dossier-id}", "zwangerschap-2")
        .replace("{dossier1-id}", "zwangerschap-2");
    let target = day(&target.replace("{dossier2-id}", "zwangerschap-1"), today);
    assert!(!target.contains('{'), "{target}");
    target
}

fn request(row: &Row, today: CalendarDate, xml: bool) -> Request<Bytes> {
    let target = filled(row, today);
    let path = match target.strip_prefix(BASE) {
        Some(path) => path.to_owned(),
        None => format!("/{target}"),
    };
    let path = if target.is_empty() { String::new() } else { path };
    let mut request = Request::builder()
        .method(row.method.as_str())
        .uri(format!("/fhir{path}"));
    for (name, value) in &row.headers {
        let value = if xml {
            value.replace("json", "xml")
        } else {
            value.clone()
        };
        request = request.header(name, value);
    }
    request.body(body(row, xml)).unwrap()
}

fn body(row: &Row, xml: bool) -> Bytes {
    let json = match row.body.as_str() {
        "Task" => support::task("accepted"),
        "transaction Bundle" => support::answers(),
        "" => return Bytes::new(),
        other => panic!("{other}"),
    };
    let xml = xml || row.headers["content-type"].contains("xml");
    if xml {
        support::to_xml(&json).into()
    } else {
        json.into()
    }
}

/// Judges one clause of the last column.
fn holds(clause: &str, response: &Response<Bytes>, body: &Value) -> bool {
    let status = response.status().as_u16().to_string();
    let entries = || body["entry"].as_array().cloned().unwrap_or_default();
    let count = |kind: &str| {
        entries()
            .iter()
            .filter(|entry| entry["resource"]["resourceType"] == *kind)
            .count()
    };
    let clause = clause.trim_end_matches(" (warning)");
    if let Some(list) = clause.strip_prefix("status in ") {
        return list.split(',').any(|one| one == status);
    }
    if let Some(one) = clause.strip_prefix("status = ") {
        return one == status;
    }
    if let Some(one) = clause.strip_prefix("status not ") {
        return one != status;
    }
    if let Some(kind) = clause.strip_prefix("answer is ") {
        return body["resourceType"] == *kind;
    }
    match clause {
        "Bundle.type searchset" => return body["type"] == "searchset",
        "issue.code = 'not-supported'" => return body["issue"][0]["code"] == "not-supported",
        "issue.severity = 'fatal' or issue.severity = 'error'" => return body["issue"][0]["severity"] == "error",
        "response header Content-Type: application/pdf" => {
            return response.headers()["content-type"] == "application/pdf";
        }
        "Task.status accepted" => return body["status"] == "accepted",
        "asked in json and in xml" => return true,
        _ => {}
    }
    if let Some((kind, number)) = clause.split_once(" >= ") {
        return count(kind) >= number.parse().unwrap();
    }
    let (kind, number) = clause
        .split_once(" = ")
        .unwrap_or_else(|| panic!("unknown clause {clause}"));
    let found = if kind == "entries" {
        entries().len()
    } else {
        count(kind)
    };
    found == number.parse::<usize>().unwrap()
}

/// What the qualification asserts of every searchset.
fn check_searchset(body: &Value, place: &str) {
    let links = body["link"].as_array().unwrap();
    let own = links.iter().find(|link| link["relation"] == "self").unwrap()["url"]
        .as_str()
        .unwrap();
    assert!(own.starts_with(BASE), "{place} {own}");
    let entries = body["entry"].as_array().cloned().unwrap_or_default();
    let matches = entries
        .iter()
        .filter(|entry| entry["search"]["mode"] == "match")
        .count();
    if let Some(total) = body["total"].as_u64() {
        assert!(total <= matches as u64, "{place}");
    }
    for entry in &entries {
        let resource = &entry["resource"];
        let id = resource["id"].as_str().unwrap();
        let full_url = entry["fullUrl"].as_str().unwrap();
        assert!(
            full_url.starts_with("https://") && full_url.ends_with(id),
            "{place} {full_url}"
        );
        if resource["resourceType"] != "Binary" {
            assert!(resource["meta"]["profile"][0].is_string(), "{place} {id}");
        }
    }
}

fn ask(responder: &Responder, bronsysteem: &MemoryBronsysteem, request: &Request<Bytes>) -> Response<Bytes> {
    now(responder.respond(request, &Context::default(), bronsysteem))
}

#[test]
fn every_row_of_role_dva_is_answered_as_its_last_column_says() {
    // a day in winter, the end of summer time, a day after 29 February, and the change of the year
    for today in ["2026-11-30", "2026-10-26", "2028-03-01", "2027-01-01"] {
        let today = support::days(today);
        let mut wrong = Vec::new();
        let mut asked = 0;
        for row in rows() {
            let bronsysteem = MemoryBronsysteem::new(dossier(person(&row), today));
            let responder = responder(&row.service);
            let both = row.expect.iter().any(|clause| clause == "asked in json and in xml");
            for xml in [false, true].into_iter().take(if both { 2 } else { 1 }) {
                let request = request(&row, today, xml);
                // what the guard does before: no token, no answer (core.rscint.200)
                let response = if row.headers.contains_key("authorization") {
                    ask(&responder, &bronsysteem, &request)
                } else {
                    Response::builder().status(401).body(Bytes::new()).unwrap()
                };
                let body = to_json(&response);
                asked += 1;
                for clause in &row.expect {
                    // the list of codes of the row without a token is a warning
                    if !holds(clause, &response, &body) {
                        wrong.push(format!(
                            "{} {} xml={xml}: {clause}: {} {body}",
                            row.service,
                            row.step,
                            response.status()
                        ));
                    }
                }
                let fhir = response
                    .headers()
                    .get("content-type")
                    .is_some_and(|value| value.to_str().unwrap().contains("fhir"));
                if fhir && xml {
                    let content_type = response.headers()["content-type"].to_str().unwrap();
                    assert!(content_type.contains("fhir+xml"), "{} {content_type}", row.step);
                }
                if body["type"] == "searchset" {
                    let findings = check::document(response.body(), FhirVersion::Stu3, &Limits::default()).unwrap();
                    let errors: Vec<_> = findings.iter().filter(|finding| finding.rule.is_error()).collect();
                    assert!(errors.is_empty(), "{} xml={xml}: {errors:?}", row.step);
                    check_searchset(&body, &row.step);
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {asked} wrong:\n{:.6000}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

/// What the qualification asserts of every resource, over all of the data.
#[test]
fn the_data_has_profiles_codes_with_their_system_and_references_with_a_display() {
    fn check(value: &Value, name: &str, place: &str) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| check(item, name, place)),
            Value::Object(members) => {
                let text = |member: &str| members.get(member).and_then(Value::as_str);
                if name == "coding" || name == "class" {
                    let system = text("system").unwrap_or_else(|| panic!("{place}: {value}"));
                    assert!(text("code").is_some(), "{place}: {value}");
                    assert!(
                        !system.contains("2.16.840.1.113883.2.4.3.11.60.40.2"),
                        "{place}: {value}"
                    );
                }
                if members.contains_key("coding") {
                    assert!(text("text").is_some(), "{place}: {value}");
                }
                if members.contains_key("reference") {
                    assert!(text("display").is_some(), "{place}: {value}");
                }
                if name == "identifier" {
                    assert!(text("system").is_some(), "{place}: {value}");
                    assert!(
                        text("value").is_some() || members.contains_key("_value"),
                        "{place}: {value}"
                    );
                }
                members.iter().for_each(|(name, member)| check(member, name, place));
            }
            _ => {}
        }
    }
    let names = ["48", "49", "51", "52-1", "52-2", "54", "60", "61", "65", "30", "30-612"];
    let mut resources = 0;
    for name in names {
        for resource in dossier(name, support::days("2026-11-30")).iter() {
            let value: Value = resource.view().unwrap();
            let place = format!("{name} {}/{}", value["resourceType"], value["id"]);
            check(&value, "", &place);
            assert!(
                value["resourceType"] == "Binary" || value["meta"]["profile"][0].is_string(),
                "{place}"
            );
            resources += 1;
        }
    }
    assert_eq!(resources, 299, "of our own");
}

/// Every query of every gegevensdienst of the catalogue, also those that no row of the table asks.
#[test]
fn every_query_of_the_catalogue_is_understood() {
    let endpoint = || ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let today = SearchDate::parse("2026-11-30").unwrap();
    let mut asked = 0;
    for service in Gegevensdienst::all() {
        let responder = Responder::new(endpoint(), service);
        for query in service.queries() {
            let choices = Choices::default()
                .today(today.clone())
                .from(today.clone())
                .to(today.clone());
            let mut choices = choices
                .id(ResourceId::parse("een-id").unwrap())
                .code("http://loinc.org|85354-9");
            for filter in query.filters() {
                let date = [
                    "date",
                    "period",
                    "when",
                    "indexed",
                    "created",
                    "_lastUpdated",
                    "effective",
                ];
                let value = if date.iter().any(|word| filter.contains(word)) {
                    "ge2026-01-01"
                } else {
                    "urn:oid:1.2.3|4"
                };
                choices = choices.filter(filter, value);
            }
            let Ok(query) = query.query(&choices) else { continue };
            let uri = format!("/fhir/{}", query.path_and_query());
            let request = Request::get(&uri)
                .header("accept", "application/fhir+json")
                .body(Bytes::new())
                .unwrap();
            let bronsysteem = MemoryBronsysteem::default();
            let response = ask(&responder, &bronsysteem, &request);
            let read = uri.matches('/').count() == 3 && !uri.contains('?') && !uri.contains('$');
            let expected = if read { 404 } else { 200 };
            let text = String::from_utf8_lossy(response.body()).into_owned();
            assert_eq!(response.status(), expected, "{} {uri}: {text}", service.key());
            asked += 1;
        }
    }
    assert!(asked > 140, "{asked}");
}
