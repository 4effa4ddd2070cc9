// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pages: each match once, and the source asked once.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as Waking, Poll, Waker};

use bytes::Bytes;

use super::{BASE, get, ids, refusal, responder, set};
use crate::bundle::Bundle;
use crate::limits::Limits;
use crate::outcome::IssueCode;
use crate::resource::Resource;
use crate::server::{Bronsysteem, BronsysteemError, Context, Found, ResourceSet, Wanted};

#[test]
fn paging_walks_all_matches_once() {
    let responder = responder("48").with_page_size(2);
    let mut path = "Observation?code=http://loinc.org%7C85354-9,http://loinc.org%7C29463-7".to_owned();
    let mut found = Vec::new();
    let mut pages = Vec::new();
    loop {
        let response = get(&responder, &path);
        found.push(ids(&response));
        let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
        // the qualification wants no total above the matches of the page
        assert_eq!(bundle.total(), None);
        let Some(next) = bundle.link("next") else { break };
        path = next.strip_prefix(&format!("{BASE}/")).unwrap().to_owned();
        pages.push(path.clone());
    }
    assert_eq!(found, [vec!["rr1", "rr2"], vec!["rr3", "kg1"], vec!["kg2"]]);
    // a client may ask fewer, not more
    assert_eq!(ids(&get(&responder, "Observation?_count=1")).len(), 1);
    assert_eq!(ids(&get(&responder, "Observation?_count=100")).len(), 2);
    let none = get(&responder, "Observation?_count=0");
    assert_eq!(ids(&none).len(), 0);
    assert_eq!(Bundle::parse(none.body(), &Limits::default()).unwrap().total(), Some(6));
    let self_link = Bundle::parse(get(&responder, &pages[0]).body(), &Limits::default()).unwrap();
    assert_eq!(self_link.link("self"), Some(format!("{BASE}/{}", pages[0]).as_str()));
    // another token, another type, another key, past the end: nothing to be had
    let request = http::Request::get(format!("/fhir/48/{}", pages[0]));
    let request = request.header("authorization", "Bearer ander").body(()).unwrap();
    assert_eq!(refusal(&responder.answer(&request, &set())), (410, IssueCode::Expired));
    for page in [
        pages[0].replace("Observation", "Coverage"),
        pages[0].replace("Observation", "Observation/$lastn"),
        pages[0].replace("=", "=0"),
        format!("{}9", pages[0]),
        "Observation?_page=0-2".to_owned(),
        "Observation?_page=2".to_owned(),
    ] {
        assert_eq!(refusal(&get(&responder, &page)), (410, IssueCode::Expired), "{page}");
    }
    let more = format!("{}&code=85354-9", pages[0]);
    assert_eq!(refusal(&get(&responder, &more)), (400, IssueCode::NotSupported));
}

#[test]
fn ten_thousand_resources_in_two_hundred_pages_are_fetched_once() {
    struct Counting(ResourceSet, AtomicUsize);
    impl Bronsysteem for Counting {
        async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.find(context, wanted).await
        }
        async fn read(
            &self,
            _: &Context,
            _: &crate::ResourceType,
            _: &crate::ResourceId,
        ) -> Result<Found, BronsysteemError> {
            Ok(Found::Unknown)
        }
    }

    let mut set = ResourceSet::new();
    for number in 0..10_000 {
        let flag = format!(r#"{{"resourceType":"Flag","id":"f{number}","status":"active"}}"#);
        set.insert_json(flag.as_bytes()).unwrap();
    }
    let bronsysteem = Counting(set, AtomicUsize::new(0));
    let responder = responder("48");
    let (mut path, mut pages, mut found) = ("Flag?status=active".to_owned(), 0, 0);
    loop {
        let request = http::Request::get(format!("/fhir/48/{path}"))
            .body(Bytes::new())
            .unwrap();
        let context = Context::default();
        let mut answer = std::pin::pin!(responder.respond(&request, &context, &bronsysteem));
        let Poll::Ready(response) = answer.as_mut().poll(&mut Waking::from_waker(Waker::noop())) else {
            panic!("memory does not wait");
        };
        let bundle = Bundle::parse(response.body(), &Limits::default()).unwrap();
        pages += 1;
        found += bundle.entries().len();
        let Some(next) = bundle.link("next") else { break };
        path = next.strip_prefix(&format!("{BASE}/")).unwrap().to_owned();
    }
    assert_eq!((pages, found, bronsysteem.1.into_inner()), (200, 10_000, 1));
}
