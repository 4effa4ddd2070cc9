// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every request that the qualification asks of a DVP comes literally out of the catalogue.
//!
//! For each row a query of the catalogue is looked for whose fixed parameters the row has; what is left of
//! the row must be choices (dates, filters, ids, codes) that a caller can make. The built request must be the
//! row, byte for byte.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

use medmij_fhir::{
    Access, Catalogue, Choices, Gegevensdienst, QuestionnaireTask, ResourceEndpoint, ResourceEndpoints, ResourceId,
    SearchDate, ServiceQuery, ShareDraft, TaskStatus,
};
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};

const TODAY: &str = "2026-11-30";
const BASE: &str = "https://dvza.example.nl/fhir";

struct Row<'a> {
    line: usize,
    service: &'a str,
    method: &'a str,
    target: String,
    headers: &'a str,
    decoded: String,
}

fn rows(table: &str) -> Vec<Row<'_>> {
    let lines = table.lines().enumerate().skip(1);
    lines
        .filter_map(|(index, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[1] == "DVP").then(|| Row {
                line: index + 1,
                service: cells[0],
                method: cells[3],
                target: filled(cells[4]),
                headers: cells[5],
                decoded: filled(cells[7]),
            })
        })
        .collect()
}

/// `{T-30D}` as a day, `{dossier1-id}` as an id.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap();
        out.push_str(before);
        if name.starts_with('T') {
            let template = format!("Flag?date={{{name}}}");
            let query = ServiceQuery::new("datum", &template)
                .unwrap()
                .query(&Choices::default().today(today()))
                .unwrap();
            out.push_str(query.parameters().next().unwrap().1);
        } else {
            out.push_str(name);
        }
        rest = tail;
    }
    out + rest
}

fn today() -> SearchDate {
    SearchDate::parse(TODAY).unwrap()
}

/// The services of a key such as `30/31/35` or `U:MP9-3.0`.
fn services(key: &str) -> Vec<&'static Gegevensdienst> {
    let keys: Vec<&str> = if key.starts_with("U:") {
        vec![key]
    } else {
        key.split('/').collect()
    };
    Catalogue::builtin()
        .all()
        .filter(|service| keys.contains(&service.key()))
        .collect()
}

/// What a caller must choose so that this query asks a target; `None` when it cannot.
fn choices(query: &ServiceQuery, target: &str) -> Option<Choices> {
    let (path, parameters) = target.split_once('?').unwrap_or((target, ""));
    let decoded: Vec<(String, String)> = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), percent_decoded(value)))
        .collect();
    let (own_path, own) = query.target().split_once('?').unwrap_or_else(|| (query.target(), ""));
    let mut chosen = Choices::default().today(today());
    if let Some(resource_type) = own_path.strip_suffix("/{id}") {
        let id = path.strip_prefix(resource_type)?.strip_prefix('/')?;
        return Some(chosen.id(ResourceId::parse(id).ok()?));
    }
    if path != own_path {
        return None;
    }
    let mut left: Vec<(&str, &str)> = decoded.iter().map(|(name, value)| (&**name, &**value)).collect();
    let includes: Vec<&str> = left
        .iter()
        .filter(|(name, _)| name.starts_with("_include"))
        .map(|(_, value)| *value)
        .collect();
    let own_includes = own.split('&').filter(|pair| pair.starts_with("_include")).count();
    for pair in own.split('&').filter(|pair| !pair.is_empty()) {
        let (name, template) = pair.split_once('=').unwrap();
        if name.starts_with("_include") {
            continue;
        }
        let (before, rest) = template
            .split_once('{')
            .map_or((template, None), |(before, rest)| (before, Some(rest)));
        let found = left
            .iter()
            .position(|(other, value)| *other == name && value.starts_with(before));
        let Some(at) = found else {
            if query.is_optional() && matches!(rest, Some("from}" | "to}")) {
                continue;
            }
            return None;
        };
        let (_, value) = left.remove(at);
        let value = value.strip_prefix(before)?;
        match rest {
            None if value.is_empty() => {}
            None => return None,
            Some("from}") => chosen = chosen.from(SearchDate::parse(value).ok()?),
            Some("to}") => chosen = chosen.to(SearchDate::parse(value).ok()?),
            Some("code}") => chosen = chosen.code(value),
            Some("id}") => {
                for id in value.split(',') {
                    chosen = chosen.id(ResourceId::parse(id.strip_prefix(before).unwrap_or(id)).ok()?);
                }
            }
            Some(_) => {}
        }
    }
    left.retain(|(name, _)| !name.starts_with("_include"));
    for (name, value) in left {
        if !query.filters().any(|filter| filter == name) {
            return None;
        }
        chosen = chosen.filter(name, value);
    }
    if includes.is_empty() && own_includes > 0 {
        chosen = chosen.without_includes();
    }
    Some(chosen)
}

fn percent_decoded(value: &str) -> String {
    let mut bytes = value.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let digits: Vec<u8> = if byte == b'%' {
            bytes.by_ref().take(2).collect()
        } else {
            Vec::new()
        };
        out.push(match str::from_utf8(&digits).unwrap() {
            "" => byte,
            digits => u8::from_str_radix(digits, 16).unwrap(),
        });
    }
    String::from_utf8(out).unwrap()
}

/// The request of a service that is this target, out of the catalogue.
fn built(key: &str, target: &str) -> Option<(&'static Gegevensdienst, medmij_fhir::Query)> {
    services(key).into_iter().find_map(|service| {
        let matching = service
            .queries()
            .iter()
            .filter_map(|query| Some((query, choices(query, target)?)));
        let targets = matching.filter_map(|(query, choices)| {
            let tagged = choices.clone().only(query.label());
            let request = service
                .requests(&tagged)
                .ok()
                .filter(|all| all.len() == 1)
                .map(|mut all| all.remove(0));
            request.or_else(|| query.query(&choices).ok())
        });
        targets
            .map(|query| (service, query))
            .find(|(_, query)| query.path_and_query() == target)
    })
}

/// More requests of every service, written from the facts by an encoder of their own (`data/README.md`).
#[test]
fn further_requests_are_met_literally() {
    let table = include_str!("data/further-requests.tsv");
    let mut wrong = Vec::new();
    let mut met = 0;
    for line in table.lines().skip(1) {
        let (key, target) = line.split_once('\t').unwrap();
        match built(key, target) {
            Some(_) => met += 1,
            None => wrong.push(line),
        }
    }
    assert!(wrong.is_empty(), "not met:\n{}", wrong.join("\n"));
    assert_eq!(met, 377);
}

fn access(service: &Gegevensdienst) -> Access {
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    Access::new(
        ResourceEndpoints::new(Systeemrolcode::parse("een-rol").unwrap(), endpoint),
        AccessToken::from_wire("geheim").unwrap(),
        CorrelationId::random(&OsEntropy).unwrap(),
        service.version(),
    )
}

/// The headers of a request in the order and form of the table.
fn headers(request: &http::Request<bytes::Bytes>) -> String {
    let value = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let uuid = |name: &str| {
        let text = value(name).unwrap();
        assert!(
            text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]),
            "{name}: {text}"
        );
        "{uuid}"
    };
    assert_eq!(value("authorization").unwrap(), "Bearer geheim");
    let mut out = format!(
        "Authorization: Bearer {{token}}; MedMij-Request-ID: {}; X-Correlation-ID: {}; Accept: {}",
        uuid("medmij-request-id"),
        uuid("x-correlation-id"),
        value("accept").unwrap(),
    );
    if let Some(content_type) = value("content-type") {
        out.push_str(&format!("; Content-Type: {content_type}"));
    }
    out
}

#[test]
fn every_request_of_a_dvp_is_met_literally() {
    let table = include_str!("data/expected-requests.tsv");
    let mut wrong = Vec::new();
    let mut met = 0;
    for row in rows(table).iter().filter(|row| row.method == "GET") {
        let built = built(row.service, &row.target).or_else(|| {
            let mut services = services(row.service).into_iter();
            services.find_map(|service| read_of_an_attachment(service, &row.decoded))
        });
        let Some((service, query)) = built else {
            wrong.push(format!("line {}: {} {}", row.line, row.service, row.target));
            continue;
        };
        let access = access(service);
        let endpoint = access.endpoints().iter().next().unwrap().1.clone();
        let request = access.get(&endpoint.target(&query), &OsEntropy).unwrap();
        assert_eq!(
            request.uri().to_string(),
            format!("{BASE}/{}", row.target),
            "line {}",
            row.line
        );
        assert_eq!(headers(&request), row.headers, "line {}", row.line);
        met += 1;
    }
    assert!(wrong.is_empty(), "not met:\n{}", wrong.join("\n"));
    assert_eq!(met, 160);
}

/// The scripts read `Binary/{id}`, which is in `attachment.url` of the answer before.
fn read_of_an_attachment(
    service: &'static Gegevensdienst,
    decoded: &str,
) -> Option<(&'static Gegevensdienst, medmij_fhir::Query)> {
    service
        .follow_ups()
        .find(|query| query.target() == "{attachment.url}")?;
    let id = ResourceId::parse(decoded.strip_prefix("Binary/")?).ok()?;
    let resource_type = medmij_fhir::ResourceType::parse("Binary").ok()?;
    Some((service, medmij_fhir::Query::read(resource_type, id)))
}

#[test]
fn the_writes_of_the_table_have_its_method_target_and_headers() {
    let table = include_str!("data/expected-requests.tsv");
    let mut met = 0;
    for row in rows(table).iter().filter(|row| row.method != "GET") {
        let service = services(row.service)
            .into_iter()
            .find(|service| service.share().is_some())
            .unwrap();
        let access = access(service);
        let resource =
            |text: &str| medmij_fhir::Resource::parse(text.as_bytes(), &medmij_fhir::Limits::default()).unwrap();
        let task = r#"{"resourceType":"Task","id":"task-id","meta":{"profile":["x"]},"status":"requested"}"#;
        let accepted = QuestionnaireTask::read(resource(task))
            .unwrap()
            .to(TaskStatus::Accepted)
            .unwrap();
        let request = match row.method {
            "PUT" => accepted.update().request(&access, &OsEntropy).unwrap(),
            "POST" => {
                let mut draft = ShareDraft::new(service).unwrap();
                let answers = draft.reserve(&OsEntropy).unwrap();
                let endpoint = access.endpoints().iter().next().unwrap().1;
                draft
                    .update(endpoint, accepted.completed(&answers).unwrap().resource().clone())
                    .unwrap();
                let response = r#"{"resourceType":"QuestionnaireResponse","meta":{"profile":["x"]},"questionnaire":{},"subject":{},"authored":"2026"}"#;
                draft.create(&answers, resource(response)).unwrap();
                draft.build().unwrap().request(&access, &OsEntropy).unwrap()
            }
            other => panic!("{other}"),
        };
        let target = if row.target.is_empty() {
            BASE.to_owned()
        } else {
            format!("{BASE}/{}", row.target)
        };
        assert_eq!(
            (request.method().as_str(), request.uri().to_string()),
            (row.method, target),
            "line {}",
            row.line
        );
        assert_eq!(headers(&request), row.headers, "line {}", row.line);
        met += 1;
    }
    assert_eq!(met, 2);
}
