// SPDX-License-Identifier: AGPL-3.0-or-later
//! One row of the registration in JSON: read with the place and the rule of the first fault, and written.

use medmij_oauth::{Function, Vertegenwoordiging};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Tijdstempel};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::super::RegistratieError;
use crate::server::{Aanbieder, AanbiederLimits, AanbiederTexts, OfferedService, RegisteredBronsysteem};

/// Writes a registration, end times included.
pub(in crate::registratie) fn write<'a>(
    aanbieders: impl Iterator<Item = &'a Aanbieder>,
) -> Result<Vec<u8>, RegistratieError> {
    let rows: Result<Vec<_>, _> = aanbieders.map(Row::of).collect();
    let rows = rows.and_then(|rows| {
        let values: Result<Vec<_>, _> = rows.into_iter().map(serde_json::to_value).collect();
        serde_json::to_vec(&File { aanbieders: values? }).map_err(Into::into)
    });
    rows.map_err(|error: Box<dyn std::error::Error>| RegistratieError::Form(error.to_string()))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) aanbieders: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    aanbieder: String,
    weergavenaam: String,
    privacy_statement: String,
    gegevensdiensten: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vertegenwoordiging: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bronsystemen: Vec<BronsysteemRow>,
    #[serde(default, skip_serializing_if = "LimitsRow::is_none")]
    limits: LimitsRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    texts: Option<TextsRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceRow {
    id: String,
    function: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_duration: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bronsystemen: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BronsysteemRow {
    name: String,
    address: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_once: Option<u32>,
}

impl LimitsRow {
    fn is_none(&self) -> bool {
        self.at_once.is_none()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextsRow {
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
}

impl Row {
    pub(super) fn read(self) -> Result<Aanbieder, Fault> {
        let name = Aanbiedernaam::parse(&self.aanbieder).map_err(|error| Fault::new("aanbieder", error))?;
        check_length("weergavenaam", &self.weergavenaam, MAX_NAME)?;
        if !self.privacy_statement.starts_with("https://") {
            return Err(Fault::new(
                "privacy_statement",
                "not an https address (core.usrint.102)",
            ));
        }
        let mut aanbieder = Aanbieder::new(name, self.weergavenaam, self.privacy_statement, Vec::new());
        for (at, row) in self.bronsystemen.into_iter().enumerate() {
            let place = |field| format!("bronsystemen[{at}].{field}");
            check_length(&place("name"), &row.name, MAX_NAME)?;
            check_length(&place("address"), &row.address, MAX_ADDRESS)?;
            if aanbieder.bronsystemen.iter().any(|other| other.name == row.name) {
                return Err(Fault::new(place("name"), "occurs twice"));
            }
            aanbieder
                .bronsystemen
                .push(RegisteredBronsysteem::new(row.name, row.address));
        }
        for (at, value) in self.gegevensdiensten.into_iter().enumerate() {
            let place = format!("gegevensdiensten[{at}]");
            let service = of_value::<ServiceRow>(value, &place)?.read(&place)?;
            if aanbieder.service(service.function, &service.id).is_some() {
                return Err(Fault::new(place, "occurs twice"));
            }
            let known = |name: &String| aanbieder.bronsystemen.iter().any(|source| source.name == *name);
            if !service.bronsystemen.iter().all(known) {
                return Err(Fault::new(
                    format!("{place}.bronsystemen"),
                    "names one that the aanbieder does not have",
                ));
            }
            aanbieder.services.push(service);
        }
        for (at, name) in self.vertegenwoordiging.iter().enumerate() {
            let kind = Vertegenwoordiging::from_name(name);
            let kind =
                kind.ok_or_else(|| Fault::new(format!("vertegenwoordiging[{at}]"), "no kind of representation"))?;
            aanbieder.vertegenwoordiging.push(kind);
        }
        if self.limits.at_once == Some(0) {
            return Err(Fault::new("limits.at_once", "nobody would be served"));
        }
        aanbieder.limits = AanbiederLimits {
            at_once: self.limits.at_once,
        };
        aanbieder.texts = self.texts.map(TextsRow::read).transpose()?;
        Ok(aanbieder)
    }

    fn of(aanbieder: &Aanbieder) -> Result<Self, Box<dyn std::error::Error>> {
        let services = aanbieder.services.iter().map(|service| {
            let row = ServiceRow::of(service)?;
            Ok::<_, Box<dyn std::error::Error>>(serde_json::to_value(row)?)
        });
        Ok(Self {
            aanbieder: aanbieder.name.as_str().to_owned(),
            weergavenaam: aanbieder.weergavenaam.clone(),
            privacy_statement: aanbieder.privacy_statement.clone(),
            gegevensdiensten: services.collect::<Result<_, _>>()?,
            vertegenwoordiging: (aanbieder.vertegenwoordiging.iter())
                .map(|kind| kind.as_str().to_owned())
                .collect(),
            bronsystemen: (aanbieder.bronsystemen.iter())
                .map(|source| BronsysteemRow {
                    name: source.name.clone(),
                    address: source.address.clone(),
                })
                .collect(),
            limits: LimitsRow {
                at_once: aanbieder.limits.at_once,
            },
            texts: aanbieder.texts.as_ref().map(|texts| TextsRow {
                version: texts.version.clone(),
                help: texts.help.clone(),
                explanation: texts.explanation.clone(),
            }),
        })
    }
}

impl ServiceRow {
    fn read(self, place: &str) -> Result<OfferedService, Fault> {
        let at = |field| format!("{place}.{field}");
        let id = GegevensdienstId::parse(&self.id).map_err(|error| Fault::new(at("id"), error))?;
        let function =
            Function::from_name(&self.function).ok_or_else(|| Fault::new(at("function"), "no such function"))?;
        let mut service = OfferedService::new(id, function, self.name);
        service.max_duration = self.max_duration;
        service.bronsystemen = self.bronsystemen;
        if let Some(text) = self.ends_at {
            let end = Tijdstempel::parse(&text).ok().and_then(|stamp| stamp.to_system_time());
            service.ends_at = Some(end.ok_or_else(|| Fault::new(at("ends_at"), "no xs:dateTime with a zone"))?);
        }
        Ok(service)
    }

    fn of(service: &OfferedService) -> Result<Self, Box<dyn std::error::Error>> {
        let ends_at = service.ends_at.map(Tijdstempel::from_system_time).transpose()?;
        Ok(Self {
            id: service.id.as_str().to_owned(),
            function: service.function.as_str().to_owned(),
            name: service.name.clone(),
            max_duration: service.max_duration,
            ends_at: ends_at.map(|stamp| stamp.as_str().to_owned()),
            bronsystemen: service.bronsystemen.clone(),
        })
    }
}

impl TextsRow {
    fn read(self) -> Result<AanbiederTexts, Fault> {
        check_length("texts.version", &self.version, MAX_VERSION)?;
        for (place, text) in [("texts.help", &self.help), ("texts.explanation", &self.explanation)] {
            if let Some(text) = text {
                check_length(place, text, MAX_TEXT)?;
            }
        }
        Ok(AanbiederTexts {
            version: self.version,
            help: self.help,
            explanation: self.explanation,
        })
    }
}

pub(super) fn of_value<T: DeserializeOwned>(value: Value, place: &str) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|error| Fault::new(place, error))
}

fn check_length(place: &str, text: &str, most: usize) -> Result<(), Fault> {
    if text.trim().is_empty() || text.chars().count() > most {
        return Err(Fault::new(place, format!("not 1 to {most} characters")));
    }
    Ok(())
}

const MAX_NAME: usize = 200;
const MAX_ADDRESS: usize = 1000;
const MAX_VERSION: usize = 60;
const MAX_TEXT: usize = 400;

/// What is wrong with a row.
pub(super) struct Fault {
    pub(super) place: String,
    pub(super) rule: String,
}

impl Fault {
    pub(super) fn new(place: impl Into<String>, rule: impl ToString) -> Self {
        let (place, rule) = (place.into(), rule.to_string());
        Self { place, rule }
    }
}
