// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the Persoon adds: a note or a measurement of one's own, kept as an R4 Observation and told apart from what came.

use crate::{
    App,
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_dvp::dossier::StoredEntry;
use medmij_types::{CalendarDate, Clock as _, SystemClock};
use serde_json::json;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "dossier/own.html")]
struct OwnPage {
    frame: Frame,
    typed: Typed,
    fault: &'static str,
}

/// What was typed stays when something is not right.
#[derive(Default)]
struct Typed {
    title: String,
    value: String,
    unit: String,
    date: String,
}

/// The most signs of a field.
const LONGEST: usize = 2_000;

pub(super) async fn form(_: SignedIn, visitor: Visitor) -> Response {
    let typed = Typed {
        date: CalendarDate::in_amsterdam(SystemClock::default().now()).to_string(),
        ..Typed::default()
    };
    shown(&visitor, typed, "", StatusCode::OK)
}

fn shown(visitor: &Visitor, typed: Typed, fault: &'static str, status: StatusCode) -> Response {
    let frame = Frame::new(visitor, Nav::Dossier);
    page(status, &OwnPage { frame, typed, fault })
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    let field = |name| fields.text(name).trim().to_owned();
    let typed = Typed {
        title: field("title"),
        value: field("value"),
        unit: field("unit"),
        date: field("date"),
    };
    let resource = match observation(&typed) {
        Ok(resource) => resource,
        Err(fault) => return shown(&visitor, typed, fault, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let own = [StoredEntry::own(resource)];
    let stored = async { app.dossier.of(signed_in.person()).await?.keep(&own).await };
    match stored.await {
        Ok(_) => html::redirect("/dossier"),
        Err(error) => html::outage(&visitor, &error),
    }
}

/// An Observation of what was typed; a number with its digits as they were typed.
fn observation(typed: &Typed) -> Result<Vec<u8>, &'static str> {
    if typed.title.is_empty() {
        return Err("Schrijf op wat je toevoegt.");
    }
    if typed.value.is_empty() {
        return Err("Schrijf op wat je wilt bewaren.");
    }
    if [&typed.title, &typed.value, &typed.unit]
        .iter()
        .any(|text| text.chars().count() > LONGEST)
    {
        return Err("Dat is te lang. Maak het korter.");
    }
    if CalendarDate::parse(&typed.date).is_err() {
        return Err("Kies een datum.");
    }
    let mut resource = json!({
        "resourceType": "Observation",
        "status": "final",
        "code": { "text": typed.title },
        "effectiveDateTime": typed.date,
    });
    let Some(members) = resource.as_object_mut() else {
        return Err(NOT_KEPT);
    };
    let Some(number) = exact(&typed.value) else {
        members.insert("valueString".to_owned(), typed.value.clone().into());
        return serde_json::to_vec(&resource).map_err(|_| NOT_KEPT);
    };
    let category = json!([{ "coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs",
    }] }]);
    members.insert("category".to_owned(), category);
    let unit = match typed.unit.as_str() {
        "" => String::new(),
        unit => format!(",\"unit\":{}", serde_json::Value::from(unit)),
    };
    // a decimal keeps its digits only as a text
    let whole = resource.to_string();
    let open = whole.strip_suffix('}').ok_or(NOT_KEPT)?;
    Ok(format!("{open},\"valueQuantity\":{{\"value\":{number}{unit}}}}}").into_bytes())
}

const NOT_KEPT: &str = "Dat kunnen we niet bewaren.";

/// A number as JSON writes it, digit for digit.
fn exact(typed: &str) -> Option<String> {
    let number = typed.replace(',', ".");
    let is_number = number.len() < 16 && serde_json::from_str::<serde_json::Number>(&number).is_ok();
    is_number.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Typed, observation};
    use medmij_fhir::show::{DossierView, Section, StoredResource};
    use medmij_types::CalendarDate;

    fn typed(value: &str, unit: &str) -> Typed {
        Typed {
            title: "Gewicht".to_owned(),
            value: value.to_owned(),
            unit: unit.to_owned(),
            date: "2026-09-14".to_owned(),
        }
    }

    #[test]
    fn what_the_persoon_adds_shows_as_it_was_typed() {
        for (value, unit, section, shown) in [
            ("82,50", "kg", Section::Measurements, "82,50 kg"),
            ("Moe na \"het\" eten", "", Section::Living, "Moe na \"het\" eten"),
            ("1e5", "kg", Section::Measurements, "1e5 kg"),
            ("007", "", Section::Living, "007"),
        ] {
            let bytes = observation(&typed(value, unit)).unwrap();
            let stored = [StoredResource::new(&bytes, "Van jezelf")];
            let view = DossierView::of(&stored, CalendarDate::parse("2026-12-01").unwrap());
            let entry = view.entries().first().unwrap();
            assert_eq!((entry.section(), entry.summary()), (section, Some(shown)), "{value}");
        }
        assert!(observation(&typed("", "kg")).is_err() && observation(&Typed::default()).is_err());
    }
}
