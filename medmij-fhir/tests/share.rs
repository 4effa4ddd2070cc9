// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen, the DVP's side against the DVA's side of this crate: a measurement, answers to a questionnaire, a correction.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context as Waking, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use medmij_fhir::server::{Context, Delen, MemoryBronsysteem, ResourceSet, Responder, Served};
use medmij_fhir::{
    Access, Catalogue, Channel, Gegevensdienst, Limits, QuestionnaireTask, Resource, ResourceEndpoint,
    ResourceEndpoints, SendError, SendFault, ShareDraft, ShareError, TaskStatus,
};
use medmij_types::{AccessToken, BackchannelUri, CorrelationId, OsEntropy, Systeemrolcode};
use serde_json::{Value, json};

const BASE: &str = "https://dva.example.nl/fhir/delen";

/// The DVA, behind a channel that may lose its answer.
struct Dva {
    responder: Responder,
    bronsysteem: MemoryBronsysteem,
    loses_answers: bool,
}

impl Dva {
    fn new(service: &Gegevensdienst, bronsysteem: MemoryBronsysteem) -> Self {
        let served = Served::new(service.version()).with_delen(Delen::lookup(service.key()).unwrap());
        Self {
            responder: Responder::serving(endpoint(), served),
            bronsysteem,
            loses_answers: false,
        }
    }
}

impl Channel for Dva {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, SendError> {
        let response = self
            .responder
            .respond(&request, &Context::default(), &self.bronsysteem)
            .await;
        if self.loses_answers {
            return Err(SendError::new(SendFault::Broken, "the connection ended"));
        }
        Ok(response)
    }

    async fn wait(&self, _: Duration) {}
}

fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Waking::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a source in memory waits"),
    }
}

fn endpoint() -> ResourceEndpoint {
    ResourceEndpoint::new(BackchannelUri::parse(BASE).unwrap()).unwrap()
}

fn service(key: &str) -> &'static Gegevensdienst {
    Catalogue::builtin().all().find(|service| service.key() == key).unwrap()
}

fn access(service: &Gegevensdienst) -> Access {
    Access::new(
        ResourceEndpoints::new(Systeemrolcode::parse("een-rol").unwrap(), endpoint()),
        AccessToken::from_wire("geheim").unwrap(),
        CorrelationId::random(&OsEntropy).unwrap(),
        service.version(),
    )
}

fn resource(value: &Value) -> Resource {
    Resource::parse(value.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn measurement() -> ShareDraft {
    let mut draft = ShareDraft::new(service("53")).unwrap();
    let patient = draft.reserve(&OsEntropy).unwrap();
    let meta = json!({"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-BodyWeight"]});
    draft
        .create(
            &patient,
            resource(&json!({"resourceType": "Patient", "meta": meta, "name": [{"family": "Rijnders"}]})),
        )
        .unwrap();
    let weight = draft.reserve(&OsEntropy).unwrap();
    let subject = json!({"reference": patient.as_str(), "display": "Rijnders"});
    let observation = json!({"resourceType": "Observation", "meta": meta, "status": "final", "subject": subject});
    draft.create(&weight, resource(&observation)).unwrap();
    draft
}

#[test]
fn a_measurement_is_shared_and_stored_once() {
    let service = service("53");
    let dva = Dva::new(service, MemoryBronsysteem::default());
    let access = access(service);
    let mut sharing = measurement().build().unwrap();
    let shared = now(sharing.send(&dva, &access, &OsEntropy, &Limits::default())).unwrap();
    assert!(shared.is_accepted(), "{shared:?}");
    assert_eq!((shared.entries.len(), shared.resources.len()), (2, 2));
    assert!(
        shared
            .entries
            .iter()
            .all(|entry| entry.status == Some(201) && entry.location.is_some())
    );
    assert_eq!(dva.bronsysteem.snapshot().len(), 2);
    let again = now(sharing.send(&dva, &access, &OsEntropy, &Limits::default()));
    assert_eq!(again, Err(ShareError::AlreadyShared));
    assert_eq!(dva.bronsysteem.snapshot().len(), 2);
}

#[test]
fn a_write_whose_answer_is_lost_is_never_sent_again_by_itself() {
    let service = service("53");
    let mut dva = Dva::new(service, MemoryBronsysteem::default());
    dva.loses_answers = true;
    let access = access(service);
    let mut sharing = measurement().build().unwrap();
    for _ in 0..3 {
        let lost = now(sharing.send(&dva, &access, &OsEntropy, &Limits::default()));
        assert_eq!(lost, Err(ShareError::Unknown));
        assert!(sharing.is_unknown());
    }
    assert_eq!(dva.bronsysteem.snapshot().len(), 2, "it was taken, once");
}

#[test]
fn a_questionnaire_is_accepted_and_answered() {
    let service = service("60");
    let task = json!({"resourceType": "Task", "id": "t1", "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Task"]},
        "status": "requested", "intent": "order",
        "input": [{"type": {"text": "Questionnaire"}, "valueReference": {"reference": "Questionnaire/q1"}}]});
    let mut set = ResourceSet::new();
    set.insert_json(task.to_string().as_bytes()).unwrap();
    let dva = Dva::new(service, MemoryBronsysteem::new(set));
    let access = access(service);
    let accepted = QuestionnaireTask::read(resource(&task))
        .unwrap()
        .to(TaskStatus::Accepted)
        .unwrap();
    let update = accepted.clone().update();
    let response = now(dva.send(update.request(&access, &OsEntropy).unwrap())).unwrap();
    assert_eq!(update.receive(response, &access, &Limits::default()), Ok(None));

    let mut draft = ShareDraft::new(service).unwrap();
    let answers = draft.reserve(&OsEntropy).unwrap();
    draft
        .update(&endpoint(), accepted.completed(&answers).unwrap().resource().clone())
        .unwrap();
    let response = json!({"resourceType": "QuestionnaireResponse", "status": "completed", "meta": {"profile": ["x"]},
        "questionnaire": {"reference": "Questionnaire/q1"}, "subject": {"display": "x"}, "authored": "2026-11-30"});
    draft.create(&answers, resource(&response)).unwrap();
    let mut sharing = draft.build().unwrap();
    let shared = now(sharing.send(&dva, &access, &OsEntropy, &Limits::default())).unwrap();
    assert!(shared.is_accepted(), "{shared:?}");
    let statuses: Vec<_> = shared.entries.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [Some(200), Some(201)]);
    let stored: Value = dva.bronsysteem.snapshot().lookup("Task", "t1").unwrap().view().unwrap();
    assert_eq!(stored["status"], "completed");
}

#[test]
fn a_correction_is_acknowledged_to_the_persoon() {
    let service = service("U:Patientcorrecties");
    let dva = Dva::new(service, MemoryBronsysteem::default());
    let access = access(service);
    let mut draft = ShareDraft::new(service).unwrap();
    let patient = draft.reserve(&OsEntropy).unwrap();
    let meta = json!({"profile": ["x"]});
    draft
        .create(&patient, resource(&json!({"resourceType": "Patient", "meta": meta})))
        .unwrap();
    let request = draft.reserve(&OsEntropy).unwrap();
    let communication = json!({"resourceType": "Communication", "meta": meta, "status": "completed",
        "subject": {"reference": patient.as_str(), "display": "x"}});
    draft.create(&request, resource(&communication)).unwrap();
    let mut sharing = draft.build().unwrap();
    let shared = now(sharing.send(&dva, &access, &OsEntropy, &Limits::default())).unwrap();
    assert!(shared.is_accepted(), "{shared:?}");
    assert!(shared.acknowledgement.is_some(), "{shared:?}");
}
