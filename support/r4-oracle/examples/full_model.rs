// SPDX-License-Identifier: AGPL-3.0-or-later
//! A full model beside medmij-fhir: what was collected as the types of another crate, and a resource of such a type as
//! one that can be shared. Two functions of a line each; every crate that reads JSON fits in the same way.
//!
//! `cargo run --manifest-path support/r4-oracle/Cargo.toml --example full_model`
#![allow(clippy::print_stdout)]

use fhirbolt::model::r4;
use medmij_fhir::{Bundle, BundleEntry, JsonError, Limits, Resource};
use std::error::Error;

/// From the bytes that came to the types of the model. The bytes are after redaction, so no type ever holds a BSN; and
/// they stay with the caller, so what the model does not know is not lost.
fn to_model(resource: &Resource) -> fhirbolt::serde::json::Result<r4::Resource> {
    fhirbolt::json::from_slice(resource.as_bytes(), None)
}

/// From a type of the model to a resource, checked as one of another party is.
fn from_model(model: &r4::Resource) -> Result<Resource, Box<dyn Error>> {
    let json = fhirbolt::json::to_vec(model, None)?;
    Ok(Resource::parse(&json, &Limits::default()).map_err(|error: JsonError| error)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/dvza/data/huisartsdewilg/willemijn-hofstra/63/01-vaccinaties.json"
    );
    let bundle = Bundle::parse(&std::fs::read(path)?, &Limits::default())?;
    let mut vaccinations = 0;
    for resource in bundle.into_entries().into_iter().filter_map(BundleEntry::into_resource) {
        let model = to_model(&resource)?;
        let again = from_model(&model)?;
        assert_eq!(again.resource_type(), resource.resource_type());
        assert_eq!(again.id(), resource.id());
        if let r4::Resource::Immunization(vaccination) = model {
            let text = vaccination
                .vaccine_code
                .text
                .and_then(|text| text.value)
                .unwrap_or_default();
            println!("{text}");
            vaccinations += 1;
        }
    }
    assert!(vaccinations > 0);
    Ok(())
}
