// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is refused before it is sent.

use medmij_types::OsEntropy;
use serde_json::{Value, json};

use super::{add, service};
use crate::limits::Limits;
use crate::resource::Resource;
use crate::share::{ShareDraft, ShareError};

#[test]
fn what_breaks_a_rule_is_refused_before_anything_is_sent() {
    let refused = |key: &str, value: Value| {
        let mut draft = ShareDraft::new(service(key)).unwrap();
        let url = draft.reserve(&OsEntropy).unwrap();
        let parsed = Resource::parse(value.to_string().as_bytes(), &Limits::default()).unwrap();
        draft.create(&url, parsed).unwrap_err().to_string()
    };
    let profile = json!({"profile": ["x"]});
    for (key, value, expected) in [
        (
            "53",
            json!({"resourceType": "Flag", "meta": profile}),
            "does not take resources of type Flag",
        ),
        (
            "53",
            json!({"resourceType": "Patient", "id": "p", "meta": profile}),
            "must have no id",
        ),
        (
            "53",
            json!({"resourceType": "Patient", "id": "", "meta": profile}),
            "must have no id",
        ),
        ("53", json!({"resourceType": "Patient"}), "Patient has no meta.profile"),
        (
            "53",
            json!({"resourceType": "Patient", "meta": {"profile": []}}),
            "Patient has no meta.profile",
        ),
        (
            "53",
            json!({"resourceType": "Patient", "meta": profile, "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999990019"}]}),
            "Patient holds a BSN at identifier[0].value",
        ),
        (
            "55",
            json!({"resourceType": "List", "meta": profile}),
            "no extension images-recipient",
        ),
        (
            "60",
            json!({"resourceType": "QuestionnaireResponse", "meta": profile, "questionnaire": {}, "subject": {}}),
            "has no authored",
        ),
    ] {
        let shown = refused(key, value);
        assert!(shown.contains(expected) && !shown.contains("999990019"), "{shown}");
    }
    assert!(matches!(ShareDraft::new(service("48")), Err(ShareError::NotDelen(_))));
}

#[test]
fn a_bundle_holds_what_it_must_and_its_references_lead_somewhere() {
    let build = |key: &str, values: &[Value]| {
        let mut draft = ShareDraft::new(service(key)).unwrap();
        for value in values {
            add(&mut draft, value.clone());
        }
        draft.build().map(|_| ()).map_err(|error| error.to_string())
    };
    let patient = json!({"resourceType": "Patient"});
    let reference = json!({"resourceType": "DocumentReference"});
    let binary = json!({"resourceType": "Binary", "contentType": "application/pdf", "content": "JVBERg=="});
    let manifest = json!({"resourceType": "DocumentManifest"});
    for (key, values, expected) in [
        ("53", vec![patient.clone()], Err("bundle has no Observation")),
        (
            "53",
            vec![patient.clone(), json!({"resourceType": "Observation"})],
            Err("subject of an Observation is not"),
        ),
        (
            "53",
            vec![
                patient.clone(),
                json!({"resourceType": "Observation", "subject": {"reference": "urn:uuid:elders"}}),
            ],
            Err("Observation refers to an entry that is not in the bundle"),
        ),
        (
            "57",
            vec![patient.clone(), reference.clone()],
            Err("bundle has no Binary"),
        ),
        ("57", vec![patient.clone(), reference.clone(), binary.clone()], Ok(())),
        (
            "57",
            vec![patient.clone(), reference.clone(), reference.clone(), binary.clone()],
            Err("no DocumentManifest"),
        ),
        (
            "57",
            vec![patient.clone(), reference.clone(), reference, binary, manifest],
            Ok(()),
        ),
        ("U:Patientcorrecties", vec![patient], Err("bundle has no Communication")),
        (
            "55",
            vec![
                json!({"resourceType": "List", "extension": [{"url": "http://nictiz.nl/fhir/StructureDefinition/images-recipient"}]}),
                json!({"resourceType": "Media"}),
            ],
            Ok(()),
        ),
    ] {
        match (build(key, &values), expected) {
            (Ok(()), Ok(())) => {}
            (Err(shown), Err(expected)) => assert!(shown.contains(expected), "{shown}"),
            (found, expected) => panic!("{found:?} {expected:?}"),
        }
    }
}
