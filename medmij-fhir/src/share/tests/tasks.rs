// SPDX-License-Identifier: AGPL-3.0-or-later
//! A Task with a questionnaire: from requested to completed.

use bytes::Bytes;
use medmij_types::OsEntropy;
use serde_json::json;

use super::{BASE, access, body, endpoint, resource, service};
use crate::limits::Limits;
use crate::resource::Resource;
use crate::share::{QuestionnaireTask, ShareDraft, ShareError, TaskStatus};

fn task(status: &str) -> QuestionnaireTask {
    let text = format!(
        r#"{{"resourceType":"Task","id":"t1","meta":{{"profile":["x"]}},"status":"{status}","intent":"order","priority":1.50,"output":[],
        "requester":{{"agent":{{"reference":"Practitioner/1"}}}},"input":[{{"type":{{"text":"Anders"}}}},
        {{"type":{{"text":"Questionnaire"}},"valueReference":{{"reference":"Questionnaire/q1"}}}}]}}"#
    );
    QuestionnaireTask::read(Resource::parse(text.as_bytes(), &Limits::default()).unwrap()).unwrap()
}

#[test]
fn a_task_goes_from_requested_to_completed_and_nothing_else_of_it_changes() {
    let requested = task("requested");
    assert_eq!(requested.questionnaire().unwrap().to_string(), "Questionnaire/q1");
    let accepted = requested.to(TaskStatus::Accepted).unwrap();
    assert_eq!(
        accepted.resource().as_str(),
        requested.resource().as_str().replace("\"requested\"", "\"accepted\"")
    );
    let access = access("60");
    let update = accepted.clone().update();
    let request = update.request(&access, &OsEntropy).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().to_string()),
        ("PUT", format!("{BASE}/Task/t1"))
    );
    assert!(request.headers().get("prefer").is_none());
    assert_eq!(request.headers()["content-type"], "application/fhir+json");
    let ok = http::Response::builder().status(200).body(Bytes::new()).unwrap();
    assert_eq!(update.receive(ok, &access, &Limits::default()), Ok(None));
    let no = http::Response::builder().status(409).body(Bytes::new()).unwrap();
    assert!(update.receive(no, &access, &Limits::default()).is_err());

    // the transaction
    let mut draft = ShareDraft::new(service("60")).unwrap();
    let answers = draft.reserve(&OsEntropy).unwrap();
    let completed = accepted.completed(&answers).unwrap();
    draft.update(&endpoint(), completed.resource().clone()).unwrap();
    let dangling = draft.build().unwrap_err();
    assert!(matches!(dangling, ShareError::Missing(_)), "{dangling}");
    let mut draft = ShareDraft::new(service("60")).unwrap();
    draft.update(&endpoint(), completed.resource().clone()).unwrap();
    let response = json!({"resourceType": "QuestionnaireResponse", "questionnaire": {"reference": "Questionnaire/q1"}, "subject": {"display": "x"}, "authored": "2026-11-30"});
    draft.create(&answers, resource(response)).unwrap();
    let mut sharing = draft.build().unwrap();
    let request = sharing.request(&access, &OsEntropy).unwrap();
    assert!(request.headers().get("prefer").is_none());
    let bundle = body(&request);
    assert_eq!(bundle["type"], "transaction");
    let (first, second) = (&bundle["entry"][0], &bundle["entry"][1]);
    assert_eq!(first["fullUrl"], format!("{BASE}/Task/t1"));
    assert_eq!(first["request"], json!({"method": "PUT", "url": "Task/t1"}));
    assert_eq!(first["resource"]["status"], "completed");
    assert_eq!(
        first["resource"]["output"][0]["valueReference"]["reference"],
        second["fullUrl"]
    );
    assert_eq!(first["resource"]["output"][0]["type"]["text"], "QuestionnaireResponse");
}

#[test]
fn a_task_that_is_refused_or_fails_needs_no_answers_and_no_step_is_skipped() {
    use TaskStatus::{Accepted, Completed, Failed, InProgress, Received, Rejected, Requested};
    for (from, to, good) in [
        ("requested", Accepted, true),
        ("requested", Rejected, true),
        ("requested", Failed, true),
        ("received", Accepted, true),
        ("accepted", InProgress, true),
        ("accepted", Failed, true),
        ("accepted", Rejected, false),
        ("requested", InProgress, false),
        ("requested", Completed, false),
        ("accepted", Completed, false),
        ("accepted", Requested, false),
        ("accepted", Received, false),
        ("completed", Accepted, false),
        ("rejected", Accepted, false),
        ("failed", Failed, false),
    ] {
        assert_eq!(task(from).to(to).is_ok(), good, "{from} {to:?}");
    }
    let url = ShareDraft::new(service("60")).unwrap().reserve(&OsEntropy).unwrap();
    assert!(task("requested").completed(&url).is_err());
    assert!(task("in-progress").completed(&url).is_ok());
}
