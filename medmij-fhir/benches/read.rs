// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading a page with the BSN check and the limits, against `serde_json::Value` of the same bytes; XML against the Value
//! of the equal JSON. `docs/benchmarks-fhir.md` has the figures and the goals.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use medmij_fhir::{Bundle, FhirVersion, Limits, Resource, check, redact_bsn, xml};

/// A page of search results of about this many bytes, as a hospital would send it.
fn page(bytes: usize) -> String {
    let mut out = String::from(
        r#"{"resourceType":"Bundle","id":"b1","type":"searchset","total":3,"link":[{"relation":"self","url":"https://dvza.example.nl/fhir/48/Observation?category=http://snomed.info/sct%7C275711006"}],"entry":["#,
    );
    let mut number = 0;
    while out.len() < bytes {
        if number > 0 {
            out.push(',');
        }
        out.push_str(&observation(number));
        number += 1;
    }
    out.push_str("]}");
    out
}

fn observation(number: usize) -> String {
    let value = format!("{}.{:02}", number % 300, number % 100);
    let day = number % 28 + 1;
    format!(
        concat!(
            r#"{{"fullUrl":"https://dvza.example.nl/fhir/48/Observation/lab-{n}","resource":{{"resourceType":"Observation","id":"lab-{n}","#,
            r#""meta":{{"versionId":"1","lastUpdated":"2026-09-{d:02}T09:10:00+02:00","profile":["http://nictiz.nl/fhir/StructureDefinition/zib-LaboratoryTestResult-Observation"]}},"#,
            r#""text":{{"status":"extensions","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><table><caption>Laboratoriumuitslag. Waarde: {v} mmol/L</caption><tbody><tr><th>Code</th><td><span title=\"14749-6 - LOINC\">Glucose</span></td></tr></tbody></table></div>"}},"#,
            r#""identifier":[{{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.999.77.1.1","value":"{n:09}"}}],"status":"final","#,
            r#""category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"275711006","display":"Laboratory test finding"}}]}},{{"coding":[{{"system":"http://snomed.info/sct","code":"275711006","display":"Serum chemistry test"}}]}}],"#,
            r#""code":{{"coding":[{{"system":"http://loinc.org","code":"14749-6","display":"Glucose [Moles/volume] in Serum or Plasma"}}]}},"#,
            r#""subject":{{"reference":"Patient/nl-core-patient-01","display":"Johanna Petronella Maria (Jo) van Putten-van der Giessen"}},"#,
            r#""effectiveDateTime":"2026-09-{d:02}T09:10:00+02:00","performer":[{{"extension":[{{"url":"http://nictiz.nl/fhir/StructureDefinition/practitionerrole-reference","valueReference":{{"reference":"PractitionerRole/role-1","display":"klinisch chemicus"}}}}],"reference":"Practitioner/pr-1","display":"Peter van Pulver"}}],"#,
            r#""valueQuantity":{{"value":{v},"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}},"#,
            r#""referenceRange":[{{"low":{{"value":4.00,"unit":"mmol/L"}},"high":{{"value":10.00,"unit":"mmol/L"}}}}]}},"search":{{"mode":"match"}}}}"#
        ),
        n = number,
        d = day,
        v = value,
    )
}

/// A Binary of about this many bytes.
fn binary(bytes: usize) -> String {
    let content: String = "JVBERi0xLjQKJcfsj6IKNSAwIG9iago8"
        .chars()
        .cycle()
        .step_by(7)
        .take(bytes)
        .collect();
    format!(r#"{{"resourceType":"Binary","id":"d","contentType":"application/pdf","content":"{content}"}}"#)
}

fn pages(criterion: &mut Criterion) {
    let limits = Limits::default();
    for bytes in [24 << 10, 100 << 10, 1 << 20, 5 << 20] {
        let page = page(bytes);
        let mut group = criterion.benchmark_group("page");
        group.throughput(Throughput::Bytes(page.len() as u64));
        group.bench_function(BenchmarkId::new("value", bytes), |bencher| {
            bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(page.as_bytes())).unwrap());
        });
        group.bench_function(BenchmarkId::new("read with BSN check", bytes), |bencher| {
            bencher.iter(|| Bundle::parse_redacted(black_box(page.as_bytes()), &limits).unwrap());
        });
        group.bench_function(BenchmarkId::new("strict JSON alone", bytes), |bencher| {
            let limits = medmij_types::json::JsonLimits::default();
            bencher.iter(|| medmij_types::json::Document::parse(black_box(page.as_bytes()), &limits).unwrap());
        });
        group.bench_function(BenchmarkId::new("redact_bsn", bytes), |bencher| {
            bencher.iter(|| redact_bsn(black_box(page.as_bytes()), &limits).unwrap());
        });
        group.finish();
    }
}

fn documents(criterion: &mut Criterion) {
    let limits = Limits::default();
    for bytes in [100 << 10, 5 << 20] {
        let document = binary(bytes);
        let mut group = criterion.benchmark_group("document");
        group.throughput(Throughput::Bytes(document.len() as u64));
        group.bench_function(BenchmarkId::new("value", bytes), |bencher| {
            bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(document.as_bytes())).unwrap());
        });
        group.bench_function(BenchmarkId::new("read with BSN check", bytes), |bencher| {
            bencher.iter(|| Resource::parse_redacted(black_box(document.as_bytes()), &limits).unwrap());
        });
        group.finish();
    }
}

fn xml_pages(criterion: &mut Criterion) {
    let limits = Limits::default();
    for bytes in [100 << 10, 5 << 20] {
        let json = page(bytes);
        let document = xml::from_json(json.as_bytes(), FhirVersion::Stu3, &limits).unwrap();
        assert!(document.is_lossless());
        let document = document.text;
        let mut group = criterion.benchmark_group("xml");
        group.throughput(Throughput::Bytes(document.len() as u64));
        group.bench_function(BenchmarkId::new("value of the equal JSON", bytes), |bencher| {
            bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(json.as_bytes())).unwrap());
        });
        group.bench_function(BenchmarkId::new("read XML", bytes), |bencher| {
            bencher.iter(|| xml::to_json(black_box(document.as_bytes()), FhirVersion::Stu3, &limits).unwrap());
        });
        group.bench_function(BenchmarkId::new("write XML", bytes), |bencher| {
            bencher.iter(|| xml::from_json(black_box(json.as_bytes()), FhirVersion::Stu3, &limits).unwrap());
        });
        group.bench_function(BenchmarkId::new("searchset check", bytes), |bencher| {
            bencher.iter(|| check::document(black_box(json.as_bytes()), FhirVersion::Stu3, &limits).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, pages, documents, xml_pages);
criterion_main!(benches);
