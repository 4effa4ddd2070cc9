// SPDX-License-Identifier: AGPL-3.0-or-later
//! The same person in a folder of files, in SQLite and in PostgreSQL: the answers are the same.
#![cfg(all(feature = "folder", feature = "sqlite", feature = "postgres"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::Request;
use medmij_fhir::server::{
    Bronsysteem, BronsysteemError, Bronsystemen, Context, FolderBronsysteem, PostgresBronsysteem, ResourceSet,
    Responder, Served, SqlStatements, SqliteBronsysteem,
};
use medmij_fhir::{FhirVersion, Limits, ResourceEndpoint, ResourceType, xml};
use medmij_test::postgres::TestPostgres;
use medmij_types::{BackchannelUri, Bsn, GegevensdienstId};
use rusqlite::{Connection, params};
use serde_json::Value;

const BASE: &str = "https://dva.example.nl/fhir";
const QUERIES: [&str; 7] = [
    "Condition",
    "Observation/$lastn?code=http://loinc.org%7C85354-9",
    "MedicationRequest?category=http://snomed.info/sct%7C16076005&_include=MedicationRequest:medication",
    "DeviceUseStatement?_include=DeviceUseStatement:device",
    "Flag",
    "Patient?_include=Patient:general-practitioner",
    "Practitioner/ha",
];

fn person() -> ResourceSet {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dva/48.json");
    let mut set = ResourceSet::new();
    // on a fixed day: what the days are does not matter here
    let text = fs::read_to_string(path).unwrap();
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("{T") {
        out.push_str(before);
        out.push_str("2026-11-30");
        rest = after.split_once('}').unwrap().1;
    }
    out.push_str(rest);
    set.insert_json(out.as_bytes()).unwrap();
    set
}

fn context(bsn: &str) -> Context {
    Context::new(Bsn::parse(bsn).unwrap(), GegevensdienstId::parse("48").unwrap())
}

/// A key of the source: a number, never the BSN.
fn key(context: &Context) -> Option<String> {
    (context.persoon()?.expose() == "999990019").then(|| "klant-7".to_owned())
}

async fn ask(bronsysteem: &impl Bronsysteem, context: &Context, query: &str) -> (u16, Value) {
    let names = [
        "Condition",
        "Observation",
        "MedicationRequest",
        "DeviceUseStatement",
        "Flag",
        "Patient",
    ];
    let served = names.iter().fold(Served::new(FhirVersion::Stu3), |served, name| {
        served.with_type(ResourceType::parse(name).unwrap())
    });
    let endpoint = ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap();
    let request = Request::get(format!("/fhir/{query}"))
        .header("accept", "application/fhir+json")
        .body(Bytes::new())
        .unwrap();
    let response = Responder::serving(endpoint, served)
        .respond(&request, context, bronsysteem)
        .await;
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

/// The answer with its entries by place: SQL gives them by id.
fn sorted(mut answer: (u16, Value)) -> (u16, Value) {
    if let Some(entries) = answer.1["entry"].as_array_mut() {
        entries.sort_by_key(|entry| entry["fullUrl"].to_string());
    }
    answer
}

async fn check(bronsysteem: &impl Bronsysteem) {
    let set = person();
    for query in QUERIES {
        let expected = sorted(ask(&set, &context("999990019"), query).await);
        assert_eq!(expected.0, 200, "{query}");
        assert_eq!(
            sorted(ask(bronsysteem, &context("999990019"), query).await),
            expected,
            "{query}"
        );
    }
    let (status, nobody) = ask(bronsysteem, &context("999990160"), "Condition").await;
    assert_eq!((status, &nobody["total"]), (200, &0.into()));
    assert_eq!(ask(bronsysteem, &context("999990160"), "Practitioner/ha").await.0, 404);
    assert_eq!(
        ask(bronsysteem, &context("999990019"), "Practitioner/onbekend").await.0,
        404
    );
}

fn insert(connection: &Connection) {
    connection.execute_batch(SqlStatements::SCHEMA).unwrap();
    for resource in person().iter() {
        let sql = "INSERT INTO fhir_resource VALUES ('klant-7', '48', ?1, ?2, ?3)";
        let id = resource.id().unwrap().as_str();
        connection
            .execute(sql, params![resource.resource_type().as_str(), id, resource.as_str()])
            .unwrap();
    }
    let gone = "INSERT INTO fhir_resource VALUES ('klant-7', '48', 'Condition', 'weg', NULL)";
    connection.execute(gone, []).unwrap();
}

#[tokio::test]
async fn a_folder_of_files_answers_as_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    let of_person = folder.path().join("klant-7/48");
    fs::create_dir_all(&of_person).unwrap();
    for (at, resource) in person().iter().enumerate() {
        if at % 2 == 0 {
            fs::write(of_person.join(format!("{at:03}.json")), resource.as_bytes()).unwrap();
        } else {
            let xml = xml::from_json(resource.as_bytes(), FhirVersion::Stu3, &Limits::default()).unwrap();
            fs::write(of_person.join(format!("{at:03}.xml")), xml.text).unwrap();
        }
    }
    fs::write(of_person.join("leesmij.txt"), "geen FHIR").unwrap();
    let root = folder.path().to_owned();
    let place = move |context: &Context| Some(root.join(key(context)?).join(context.gegevensdienst()?.as_str()));
    let bronsysteem = FolderBronsysteem::new(FhirVersion::Stu3, place);
    check(&bronsysteem).await;
    fs::write(of_person.join("stuk.json"), "{\"resourceType\":").unwrap();
    let (status, outcome) = ask(&bronsysteem, &context("999990019"), "Condition").await;
    assert_eq!(status, 502);
    assert!(
        !outcome.to_string().contains("stuk.json"),
        "the operator's log has the name, the answer has not"
    );
}

#[tokio::test]
async fn a_sqlite_file_answers_as_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bron.db");
    insert(&Connection::open(&path).unwrap());
    let bronsysteem = SqliteBronsysteem::open(&path, SqlStatements::default(), key).unwrap();
    check(&bronsysteem).await;
    assert_eq!(ask(&bronsysteem, &context("999990019"), "Condition/weg").await.0, 410);
    assert_eq!(
        ask(&bronsysteem, &Context::default(), "Condition").await.0,
        500,
        "nobody is asked for"
    );
    let mut wrong = SqlStatements::default();
    wrong.find = "SELECT body FROM elders".to_owned();
    let bronsysteem = SqliteBronsysteem::open(&path, wrong, key).unwrap();
    assert_eq!(ask(&bronsysteem, &context("999990019"), "Condition").await.0, 502);
    assert!(matches!(
        SqliteBronsysteem::open(&folder.path().join("geen.db"), SqlStatements::default(), key),
        Err(BronsysteemError::Failed(_))
    ));
}

#[tokio::test]
async fn a_postgres_database_answers_as_memory_does() {
    let Some(postgres) = TestPostgres::shared() else {
        return;
    };
    let connection = postgres.create_database().unwrap();
    let config: tokio_postgres::Config = connection.parse().unwrap();
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(2).build().unwrap();
    let client = pool.get().await.unwrap();
    client.batch_execute(SqlStatements::SCHEMA).await.unwrap();
    for resource in person().iter() {
        let sql = "INSERT INTO fhir_resource VALUES ('klant-7', '48', $1, $2, $3)";
        let (kind, id) = (resource.resource_type().as_str(), resource.id().unwrap().as_str());
        client.execute(sql, &[&kind, &id, &resource.as_str()]).await.unwrap();
    }
    client
        .execute(
            "INSERT INTO fhir_resource VALUES ('klant-7', '48', 'Condition', 'weg', NULL)",
            &[],
        )
        .await
        .unwrap();
    let bronsysteem = PostgresBronsysteem::new(pool.clone(), SqlStatements::default(), key);
    check(&bronsysteem).await;
    assert_eq!(ask(&bronsysteem, &context("999990019"), "Condition/weg").await.0, 410);
    let mut wrong = SqlStatements::default();
    wrong.find = "SELECT body FROM elders WHERE $1 = $2 AND $2 = $3".to_owned();
    assert_eq!(
        ask(
            &PostgresBronsysteem::new(pool, wrong, key),
            &context("999990019"),
            "Condition"
        )
        .await
        .0,
        502
    );
}

#[tokio::test]
async fn files_and_a_database_of_one_aanbieder_are_one_searchset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bron.db");
    insert(&Connection::open(&path).unwrap());
    let sql = SqliteBronsysteem::open(&path, SqlStatements::default(), key).unwrap();
    let both = Bronsystemen::new().with(person()).with_prefixed("lab", sql).unwrap();
    let (status, bundle) = ask(&both, &context("999990019"), "Condition").await;
    assert_eq!((status, &bundle["total"]), (200, &12.into()));
}
