// SPDX-License-Identifier: AGPL-3.0-or-later
//! The CapabilityStatement (`metadata`): what this endpoint does, made from what it really does.

use serde_json::{Value, json};

use super::definitions::{self, Kind};
use super::served::Served;
use crate::bundle::BundleType;
use crate::name::ResourceType;
use crate::patch::JSON_PATCH;
use crate::query::names_the_persoon;
use crate::version::FhirVersion;

/// The day on which the content of this statement last changed.
const DATE: &str = "2026-11-30";

/// The CapabilityStatement of an endpoint.
pub(super) fn capability_statement(served: &Served, base: &str) -> Vec<u8> {
    let version = served.version();
    let delen = served.delen();
    let updated = |name: &str| delen.is_some_and(|delen| delen.updates.contains(&name));
    let searched = served
        .types()
        .iter()
        .map(|name| searched(name, version, updated(name.as_str())));
    let mut resources: Vec<Value> = searched.collect();
    let patched = |name: &str| delen.is_some_and(|delen| delen.patches.contains(&name));
    for name in delen.iter().flat_map(|delen| &delen.updates) {
        if !served.types().iter().any(|known| known.as_str() == *name) {
            let mut interaction = vec![json!({"code": "update"})];
            interaction.extend(patched(name).then(|| json!({"code": "patch"})));
            resources.push(json!({"type": name, "interaction": interaction}));
        }
    }
    let receives = delen.filter(|delen| !delen.types.is_empty());
    let interaction = receives.map(|delen| {
        let code = if delen.bundle == BundleType::Batch {
            "batch"
        } else {
            "transaction"
        };
        json!([{"code": code}])
    });
    let mut rest = json!({
        "mode": "server",
        "security": {"description": "MedMij: mutual TLS and a Bearer token (core.rscint.200)"},
        "resource": resources,
    });
    add(&mut rest, "interaction", interaction);
    let mut statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "medmij-fhir", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "ResourceEndpoint of a DVA", "url": base},
        "fhirVersion": if version == FhirVersion::R4 { "4.0.1" } else { "3.0.2" },
        "format": ["application/fhir+json", "application/fhir+xml"],
        "rest": [rest],
    });
    let patches = delen.is_some_and(|delen| !delen.patches.is_empty());
    add(&mut statement, "patchFormat", patches.then(|| json!([JSON_PATCH])));
    add(
        &mut statement,
        "acceptUnknown",
        (version == FhirVersion::Stu3).then(|| json!("extensions")),
    );
    serde_json::to_vec(&statement).unwrap_or_default()
}

fn searched(name: &ResourceType, version: FhirVersion, updated: bool) -> Value {
    let rows = || definitions::of_type(name.as_str());
    let parameters = rows().filter(|row| !names_the_persoon(name, row.name));
    let parameters: Vec<Value> = parameters
        .map(|row| json!({"name": row.name, "type": row.kind.code()}))
        .collect();
    let references = rows().filter(|row| row.kind == Kind::Reference);
    let includes: Vec<Value> = references.map(|row| json!(format!("{name}:{}", row.name))).collect();
    let mut interaction = vec![json!({"code": "read"}), json!({"code": "search-type"})];
    interaction.extend(updated.then(|| json!({"code": "update"})));
    let mut resource = json!({"type": name.as_str(), "interaction": interaction, "searchParam": parameters});
    add(
        &mut resource,
        "searchInclude",
        (!includes.is_empty()).then(|| json!(includes)),
    );
    let lastn = name.as_str() == "Observation" && version == FhirVersion::R4;
    let definition = "http://hl7.org/fhir/OperationDefinition/Observation-lastn";
    add(
        &mut resource,
        "operation",
        lastn.then(|| json!([{"name": "lastn", "definition": definition}])),
    );
    resource
}

fn add(object: &mut Value, name: &str, member: Option<Value>) {
    if let (Some(object), Some(member)) = (object.as_object_mut(), member) {
        object.insert(name.to_owned(), member);
    }
}
