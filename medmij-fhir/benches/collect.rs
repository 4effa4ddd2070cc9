// SPDX-License-Identifier: AGPL-3.0-or-later
//! How long BgZ takes against a server that needs 100 ms for an answer: 28 queries of one page each, no references read.
//!
//! `cargo bench -p medmij-fhir --bench collect`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench fails by panicking and says what it measured"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use medmij_fhir::{
    Access, Channel, Choices, Collection, Drive, Gegevensdienst, Limits, References, ResourceEndpoint,
    ResourceEndpoints, SendError,
};
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy};

struct Slow;

impl Channel for Slow {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, SendError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let page = r#"{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":{"resourceType":"Flag","id":"a"}}]}"#;
        let response = http::Response::builder().header("content-type", "application/fhir+json; fhirVersion=3.0");
        Ok(response.body(page.into()).unwrap())
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for at_once in [1, 4, 8] {
        let bgz = Gegevensdienst::lookup(&"48".parse().unwrap()).unwrap();
        let endpoint = ResourceEndpoint::new(BackchannelUri::parse("https://dvza.example.nl/fhir").unwrap()).unwrap();
        let access = Access::new(
            ResourceEndpoints::new(bgz.systeemrollen().first().unwrap().clone(), endpoint),
            AccessToken::from_wire("geheim").unwrap(),
            CorrelationId::random(&OsEntropy).unwrap(),
            bgz.version(),
        );
        let collection = Collection::new(bgz, access, Choices::default(), Limits::default()).unwrap();
        let mut collection = collection.with_references(References::None);
        let start = Instant::now();
        runtime
            .block_on(collection.drive(&Slow, Drive::default().at_once(at_once)))
            .unwrap();
        let time = start.elapsed();
        assert!(collection.finish().is_complete());
        println!(
            "bgz, 28 queries, 100 ms an answer, {at_once} at once: {:.3} s",
            time.as_secs_f64()
        );
    }
}
