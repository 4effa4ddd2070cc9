// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pages across replicas: two responders that share no memory, with the keys of one server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use medmij_types::{Clock, OsEntropy};
use sha2::{Digest, Sha256};

use super::{BASE, responder};
use crate::bundle::Bundle;
use crate::limits::Limits;
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::server::{Bronsysteem, BronsysteemError, Context, Found, PageSeal, Responder, Wanted};

/// Encryption is that of the key ring; here it is enough that nobody without the key makes one.
struct Keyed(u8);

impl Keyed {
    fn mac(&self, plain: &[u8], context: &[u8]) -> Vec<u8> {
        let length = (context.len() as u64).to_be_bytes();
        let parts = [&[self.0; 32][..], &length, context, plain];
        parts
            .iter()
            .fold(Sha256::new(), |digest, part| digest.chain_update(part))
            .finalize()
            .to_vec()
    }
}

impl PageSeal for Keyed {
    fn seal(&self, plain: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        Some([self.mac(plain, context), plain.to_vec()].concat())
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (mac, plain) = sealed.split_at_checked(32)?;
        (mac == self.mac(plain, context)).then(|| plain.to_vec())
    }
}

#[derive(Default)]
struct Now(AtomicU64);

impl Clock for Now {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// Flags, and how often they were searched.
struct Flags {
    number: AtomicUsize,
    searched: AtomicUsize,
}

impl Bronsysteem for Flags {
    async fn find(&self, _: &Context, _: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        self.searched.fetch_add(1, Ordering::Relaxed);
        let flag = |id| {
            let text = format!(r#"{{"resourceType":"Flag","id":"f{id}","status":"active"}}"#);
            Resource::parse(text.as_bytes(), &Limits::default()).unwrap()
        };
        Ok((0..self.number.load(Ordering::Relaxed)).map(flag).collect())
    }

    async fn read(&self, _: &Context, _: &ResourceType, _: &ResourceId) -> Result<Found, BronsysteemError> {
        Ok(Found::Unknown)
    }
}

struct Replicas {
    clock: Arc<Now>,
    servers: Vec<Responder>,
    flags: Flags,
}

impl Replicas {
    fn new(keys: &[u8], flags: usize) -> Self {
        let clock = Arc::new(Now::default());
        let server = |key: &u8| {
            responder("48")
                .with_page_size(10)
                .with_clock_and_entropy(clock.clone(), Arc::new(OsEntropy))
                .with_page_seal(Arc::new(Keyed(*key)))
        };
        Self {
            servers: keys.iter().map(server).collect(),
            clock,
            flags: Flags {
                number: flags.into(),
                searched: 0.into(),
            },
        }
    }

    fn ask(&self, server: usize, token: &str, uri: &str) -> http::Response<Bytes> {
        let request = http::Request::get(uri).header("authorization", format!("Bearer {token}"));
        let request = request.body(Bytes::new()).unwrap();
        let context = Context::default();
        let mut answer = std::pin::pin!(self.servers[server].respond(&request, &context, &self.flags));
        match answer.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => response,
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    fn next(&self, server: usize, token: &str, uri: &str) -> (Vec<String>, Option<String>) {
        let response = self.ask(server, token, uri);
        assert_eq!(response.status(), 200, "{:?}", response.body());
        let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
        let ids = bundle
            .entries()
            .iter()
            .map(|entry| entry.resource().unwrap().id().unwrap().to_string());
        (
            ids.collect(),
            bundle
                .link("next")
                .map(|next| next.replace("https://dvza.example.nl", "")),
        )
    }
}

const FIRST: &str = "/fhir/48/Flag?status=active&_count=10";

#[test]
fn pages_that_come_from_different_replicas_are_one_result() {
    let replicas = Replicas::new(&[1, 1], 95);
    let (mut ids, mut next) = replicas.next(0, "een", FIRST);
    let mut server = 1;
    while let Some(uri) = next {
        assert!(uri.len() < 1_000 && !uri.contains("status"), "{uri}");
        let (more, after) = replicas.next(server, "een", &uri);
        ids.extend(more);
        next = after;
        server = 1 - server;
    }
    let expected: Vec<String> = (0..95).map(|id| format!("f{id}")).collect();
    assert_eq!(ids, expected);
    // each replica searched once: every page after that cost what it holds
    assert_eq!(replicas.flags.searched.load(Ordering::Relaxed), 2);
}

#[test]
fn a_link_is_of_its_token_its_search_and_its_900_seconds() {
    let replicas = Replicas::new(&[1, 1, 2], 25);
    let (_, next) = replicas.next(0, "een", FIRST);
    let next = next.unwrap();
    let status = |server, token: &str, uri: &str| replicas.ask(server, token, uri).status().as_u16();
    assert_eq!(status(1, "twee", &next), 410, "another token");
    assert_eq!(status(2, "een", &next), 410, "other keys");
    assert_eq!(status(1, "een", &next.replace("/Flag", "/Observation")), 410);
    assert_eq!(status(1, "een", &next.replace("/Flag", "/Observation/$lastn")), 410);
    let (link, value) = next.split_once("_page=").unwrap();
    for wrong in [
        &value[1..],
        &format!("{value}A"),
        &value.to_lowercase(),
        "x",
        "0-10",
        "é",
    ] {
        let wrong: String = url::form_urlencoded::byte_serialize(wrong.as_bytes()).collect();
        assert_eq!(status(1, "een", &format!("{link}_page={wrong}")), 410, "{wrong}");
    }
    replicas.clock.0.store(899, Ordering::Relaxed);
    assert_eq!(status(1, "een", &next), 200);
    replicas.clock.0.store(900, Ordering::Relaxed);
    assert_eq!((status(0, "een", &next), status(1, "een", &next)), (410, 410));
}

#[test]
fn a_result_that_changed_meanwhile_is_not_pieced_together() {
    let replicas = Replicas::new(&[1, 1], 25);
    let (_, next) = replicas.next(0, "een", FIRST);
    let next = next.unwrap();
    replicas.flags.number.store(26, Ordering::Relaxed);
    assert_eq!(
        replicas.ask(1, "een", &next).status(),
        410,
        "the search is repeated by the client"
    );
    assert_eq!(replicas.ask(0, "een", &next).status(), 200, "the result as it was");
    assert!(next.starts_with("/fhir/48/Flag?_page=") && BASE.ends_with("/fhir/48"));
}
