// SPDX-License-Identifier: AGPL-3.0-or-later
//! Documents that go to sinks, over a channel that gives them in pieces.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use super::{BASE, answer, collection, page};
use crate::collection::{Channel, Documents, Drive, Driven, Outcome, SendError, SendFault, StreamingChannel};
use crate::collection::{DocumentSink, Report};
use crate::document::StreamedDocument;
use crate::endpoint::Target;
use crate::error::FhirError;
use crate::limits::Limits;
use crate::name::ResourceId;

type Pieces = VecDeque<Result<Bytes, SendError>>;

/// One DocumentReference, and a document as often as it is asked.
struct Source {
    status: u16,
    content_type: &'static str,
    tries: Mutex<VecDeque<Pieces>>,
}

impl Source {
    fn new(status: u16, content_type: &'static str, tries: Vec<Vec<Result<&str, SendFault>>>) -> Self {
        let piece = |piece: Result<&str, SendFault>| {
            piece
                .map(|text| Bytes::copy_from_slice(text.as_bytes()))
                .map_err(|fault| SendError::new(fault, "broken"))
        };
        let tries = tries
            .into_iter()
            .map(|pieces| pieces.into_iter().map(piece).collect())
            .collect();
        Self {
            status,
            content_type,
            tries: Mutex::new(tries),
        }
    }
}

impl Channel for Source {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, SendError> {
        let entry = r#"{"resource":{"resourceType":"DocumentReference","id":"d1","content":[{"attachment":{"url":"Binary/b1"}}]}}"#;
        let is_list = request.uri().path().ends_with("/DocumentReference");
        Ok(page(None, if is_list { entry } else { "" }))
    }

    async fn wait(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

impl StreamingChannel for Source {
    type Body = Pieces;

    async fn open(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, SendError> {
        assert_eq!(request.uri().to_string(), format!("{BASE}/Binary/b1"));
        let pieces = self.tries.lock().unwrap().pop_front().expect("asked too often");
        Ok(answer(self.status, self.content_type, "").map(|_| pieces))
    }

    async fn chunk(&self, body: &mut Pieces) -> Result<Option<Bytes>, SendError> {
        body.pop_front().transpose()
    }
}

#[derive(Default, Clone)]
struct Kept(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    opened: usize,
    open: usize,
    full: bool,
    complete: BTreeMap<String, (String, String)>,
}

struct Sink {
    kept: Kept,
    id: String,
    bytes: Vec<u8>,
}

impl Documents for Kept {
    type Sink = Sink;

    async fn open(&self, target: &Target, document_reference: Option<&ResourceId>) -> io::Result<Sink> {
        assert!(target.as_str().ends_with("/Binary/b1"));
        let mut state = self.0.lock().unwrap();
        state.opened += 1;
        state.open += 1;
        Ok(Sink {
            kept: self.clone(),
            id: document_reference.unwrap().to_string(),
            bytes: Vec::new(),
        })
    }
}

impl DocumentSink for Sink {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.kept.0.lock().unwrap().full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn complete(mut self, document: &StreamedDocument) -> io::Result<()> {
        assert_eq!(document.length, self.bytes.len() as u64);
        let text = String::from_utf8(std::mem::take(&mut self.bytes)).unwrap();
        let kept = (document.content_type.clone(), text);
        self.kept.0.lock().unwrap().complete.insert(self.id.clone(), kept);
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.kept.0.lock().unwrap().open -= 1;
    }
}

fn run(source: &Source, kept: &Kept) -> Report {
    let mut collection = collection("51", Limits::default()).collection;
    {
        let mut driven = pin!(collection.drive_into(source, kept, Drive::default()));
        let Poll::Ready(driven) = driven.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing to wait for")
        };
        assert_eq!(driven, Ok(Driven::Done));
    }
    assert_eq!(kept.0.lock().unwrap().open, 0, "every sink is closed");
    collection.finish()
}

#[test]
fn a_document_goes_to_its_sink_with_its_type_and_is_not_in_the_report() {
    for (content_type, pieces) in [
        ("application/pdf", vec![Ok("%PD"), Ok("F-1.4")]),
        (
            "application/fhir+json",
            vec![
                Ok(r#"{"resourceType":"Binary","contentType":"application/pdf","con"#),
                Ok(r#"tent":"JVBER"#),
                Ok(r#"i0xLjQ="}"#),
            ],
        ),
    ] {
        let kept = Kept::default();
        let report = run(&Source::new(200, content_type, vec![pieces]), &kept);
        assert!(report.is_complete(), "{:?}", report.gaps());
        let state = kept.0.lock().unwrap();
        assert_eq!(
            state.complete["d1"],
            ("application/pdf".to_owned(), "%PDF-1.4".to_owned())
        );
        let line = &report.documents()[0];
        assert!(line.binary.is_none());
        let streamed = line.streamed.as_ref().unwrap();
        assert_eq!(
            (streamed.content_type.as_str(), streamed.length),
            ("application/pdf", 8)
        );
    }
}

#[test]
fn a_document_that_breaks_off_is_read_once_more_and_is_never_complete_before_its_end() {
    let half = || vec![Ok("%PD"), Err(SendFault::Broken)];
    let kept = Kept::default();
    let report = run(
        &Source::new(200, "application/pdf", vec![half(), vec![Ok("%PDF")]]),
        &kept,
    );
    assert!(report.is_complete());
    assert_eq!(kept.0.lock().unwrap().opened, 2);
    assert_eq!(kept.0.lock().unwrap().complete["d1"].1, "%PDF");

    let kept = Kept::default();
    let report = run(&Source::new(200, "application/pdf", vec![half(), half()]), &kept);
    assert!(!report.is_complete());
    assert!(kept.0.lock().unwrap().complete.is_empty());
    assert!(matches!(
        report.documents()[0].outcome,
        Outcome::Failed(FhirError::NoAnswer(_))
    ));
}

#[test]
fn what_is_no_document_is_not_completed_and_the_report_says_why() {
    let json = "application/fhir+json";
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}"#;
    let busy = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled"}]}"#;
    for (status, content_type, body, is_complete) in [
        (404, json, outcome, true),
        (200, json, outcome, true),
        (200, json, busy, false),
        (403, "text/html", "<p>nee</p>", false),
        (206, "application/pdf", "%PDF", false),
        (302, "application/pdf", "", false),
        (
            200,
            json,
            r#"{"resourceType":"Binary","contentType":"a/b","content":"QQ"}"#,
            false,
        ),
        (
            200,
            json,
            r#"{"resourceType":"Binary","contentType":"a/b","content":"QUJD"#,
            false,
        ),
        (200, json, r#"{"resourceType":"Patient","id":"p"}"#, false),
        (200, "geen type", "%PDF", false),
    ] {
        let kept = Kept::default();
        let report = run(&Source::new(status, content_type, vec![vec![Ok(body)]]), &kept);
        assert_eq!(
            report.is_complete(),
            is_complete,
            "{status} {body}: {:?}",
            report.gaps()
        );
        assert!(kept.0.lock().unwrap().complete.is_empty(), "{status} {body}");
        assert!(report.documents()[0].streamed.is_none());
    }
}

#[test]
fn a_sink_that_is_full_costs_the_document_and_not_the_collection() {
    let kept = Kept::default();
    kept.0.lock().unwrap().full = true;
    let report = run(&Source::new(200, "application/pdf", vec![vec![Ok("%PDF")]]), &kept);
    let failed = Outcome::Failed(FhirError::NotKept(io::ErrorKind::StorageFull));
    assert_eq!(report.documents()[0].outcome, failed);
    assert!(!report.is_complete());
}
