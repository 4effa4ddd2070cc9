// SPDX-License-Identifier: AGPL-3.0-or-later
//! Stands in for the FHIR server of an Aanbieder: it searches by patient, in pages, and reads whatever it has by id,
//! also of another patient, as many do. What may leave it is up to the proxy before it.

use super::{BronsysteemError, Persoon, resources};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use medmij_fhir::server::{self, Context, Upstream};
use medmij_types::{Bsn, GegevensdienstId};
use serde_json::{Value, json};
use std::path::Path;

/// Its address inside the Aanbieder, which nobody outside sees.
pub(super) const BASE: &str = "http://vaccinaties.intern/fhir";

const PAGE_SIZE: usize = 2;

pub(super) struct FhirServer {
    resources: Vec<(String, Value)>,
    patients: Vec<(Bsn, String)>,
}

impl FhirServer {
    pub(super) fn load(root: &Path, personen: &[Persoon], id: &GegevensdienstId) -> Result<Self, BronsysteemError> {
        let (mut all, mut patients) = (Vec::new(), Vec::new());
        for persoon in personen {
            let folder = root.join(&persoon.map).join(id.as_str());
            if !folder.is_dir() {
                continue;
            }
            patients.push((persoon.bsn.clone(), persoon.map.clone()));
            for resource in resources(&folder)?.iter() {
                let value = resource.view().map_err(|source| BronsysteemError::Resource {
                    path: folder.clone(),
                    source: source.into(),
                })?;
                let place = format!(
                    "{}/{}",
                    resource.resource_type(),
                    resource.id().map_or("", |id| id.as_str())
                );
                all.push((place, value));
            }
        }
        Ok(Self {
            resources: all,
            patients,
        })
    }

    fn search(&self, kind: &str, query: &str) -> Value {
        let value = |name: &str| {
            let pair = form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name);
            pair.map(|(_, value)| value.into_owned())
        };
        let patient = value("patient").or_else(|| value("_id")).unwrap_or_default();
        let of_patient = |(place, resource): &&(String, Value)| {
            let reference = resource.pointer("/patient/reference").and_then(Value::as_str);
            place.starts_with(&format!("{kind}/"))
                && (reference == Some(&format!("Patient/{patient}")) || *place == format!("Patient/{patient}"))
        };
        let matches: Vec<&Value> = self
            .resources
            .iter()
            .filter(of_patient)
            .map(|(_, value)| value)
            .collect();
        let first: usize = value("_first").and_then(|first| first.parse().ok()).unwrap_or_default();
        let page = matches.iter().skip(first).take(PAGE_SIZE);
        let entries: Vec<Value> = page.map(|resource| json!({"resource": resource})).collect();
        let mut bundle =
            json!({"resourceType": "Bundle", "type": "searchset", "total": matches.len(), "entry": entries});
        let next = first + PAGE_SIZE;
        if let Some(object) = bundle.as_object_mut().filter(|_| next < matches.len()) {
            let url = format!("{BASE}/{kind}?patient={patient}&_first={next}");
            object.insert("link".to_owned(), json!([{"relation": "next", "url": url}]));
        }
        bundle
    }
}

impl Upstream for FhirServer {
    async fn patient(&self, context: &Context) -> Result<Option<String>, server::BronsysteemError> {
        let bsn = context.persoon().ok_or(server::BronsysteemError::NoPersoon)?;
        Ok(self
            .patients
            .iter()
            .find(|(known, _)| known == bsn)
            .map(|(_, id)| id.clone()))
    }

    async fn send(&self, _: &Context, request: Request<Bytes>) -> Result<Response<Bytes>, server::BronsysteemError> {
        let place = request.uri().path().strip_prefix("/fhir/").unwrap_or_default();
        let (status, body) = if place.contains('/') {
            let found = self.resources.iter().find(|(known, _)| known == place);
            found.map_or((StatusCode::NOT_FOUND, Value::Null), |(_, resource)| {
                (StatusCode::OK, resource.clone())
            })
        } else {
            (
                StatusCode::OK,
                self.search(place, request.uri().query().unwrap_or_default()),
            )
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        Ok(response)
    }
}
