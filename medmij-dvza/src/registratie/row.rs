// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration as JSON: what a supplier writes, and what is stored of it through restarts.
//!
//! ```json
//! { "aanbieders": [ {
//!     "aanbieder": "huisartsdelinde@medmij",
//!     "weergavenaam": "Huisartsenpraktijk De Linde",
//!     "privacyverklaring": "https://delinde.example.nl/privacy",
//!     "gegevensdiensten": [
//!         { "id": "48", "functie": "Verzamelen", "naam": "Basisgegevens Zorg" },
//!         { "id": "51", "functie": "Verzamelen", "naam": "Documenten", "eindigt": "2027-01-01T00:00:00Z" }
//!     ]
//! } ] }
//! ```

use std::collections::BTreeSet;

use medmij_oauth::Functie;
use medmij_types::{Aanbiedernaam, GegevensdienstId, Tijdstempel};
use serde::{Deserialize, Serialize};

use super::{RegistratieError, served::Unread};
use crate::server::{Aanbieder, Dienst};

/// A registration that was read: the good rows, and what is wrong with the others.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rows {
    /// The Aanbieders whose row is good.
    pub aanbieders: Vec<Aanbieder>,
    /// The rows that are refused. An Aanbieder with one stays as it was registered before.
    pub faults: Vec<RowFault>,
}

/// A row that is refused, alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("registration row {row}: {what}")]
#[non_exhaustive]
pub struct RowFault {
    /// Which row, counted from 1.
    pub row: usize,
    /// Whose it is, where that can be read.
    pub aanbieder: Option<Aanbiedernaam>,
    /// What is wrong: the field and the rule.
    pub what: String,
}

impl Rows {
    /// Reads a registration. A faulty row is refused alone; an Aanbieder that stands twice is faulty the second time.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::Form`] where the whole is no JSON object with `aanbieders`, or larger than 16 MiB.
    pub fn parse(json: &[u8]) -> Result<Self, RegistratieError> {
        if json.len() > MAX_LEN {
            return Err(RegistratieError::Form(format!("more than {MAX_LEN} bytes")));
        }
        let file: File = serde_json::from_slice(json).map_err(|error| RegistratieError::Form(error.to_string()))?;
        let (mut read, mut seen) = (Self::default(), BTreeSet::new());
        for (index, value) in file.aanbieders.into_iter().enumerate() {
            let naam = value.get("aanbieder").and_then(|naam| naam.as_str());
            let naam = naam.and_then(|naam| Aanbiedernaam::parse(naam).ok());
            let row = serde_json::from_value::<Row>(value).map_err(|error| error.to_string());
            match row.and_then(Row::read) {
                Ok(aanbieder) if seen.insert(aanbieder.naam.clone()) => read.aanbieders.push(aanbieder),
                Ok(twice) => read.fault(index, Some(twice.naam), "aanbieder: stands twice".to_owned()),
                Err(what) => read.fault(index, naam, what),
            }
        }
        Ok(read)
    }

    fn fault(&mut self, index: usize, aanbieder: Option<Aanbiedernaam>, what: String) {
        self.faults.push(RowFault {
            row: index + 1,
            aanbieder,
            what,
        });
    }

    pub(super) fn unread(&self) -> Unread {
        Unread {
            named: self.faults.iter().filter_map(|fault| fault.aanbieder.clone()).collect(),
            unnamed: self.faults.iter().any(|fault| fault.aanbieder.is_none()),
        }
    }
}

/// Writes a registration, end times included.
pub(super) fn write<'a>(aanbieders: impl Iterator<Item = &'a Aanbieder>) -> Result<Vec<u8>, RegistratieError> {
    let rows: Result<Vec<_>, _> = aanbieders.map(Row::of).collect();
    let rows = rows.and_then(|rows| {
        let values: Result<Vec<_>, _> = rows.into_iter().map(serde_json::to_value).collect();
        serde_json::to_vec(&File { aanbieders: values? }).map_err(Into::into)
    });
    rows.map_err(|error: Box<dyn std::error::Error>| RegistratieError::Form(error.to_string()))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    aanbieders: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    aanbieder: String,
    weergavenaam: String,
    privacyverklaring: String,
    gegevensdiensten: Vec<DienstRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DienstRow {
    id: String,
    functie: String,
    naam: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximale_duur: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    eindigt: Option<String>,
}

impl Row {
    fn read(self) -> Result<Aanbieder, String> {
        let naam = Aanbiedernaam::parse(&self.aanbieder).map_err(|error| format!("aanbieder: {error}"))?;
        if self.weergavenaam.trim().is_empty() || self.weergavenaam.chars().count() > MAX_NAME {
            return Err(format!("weergavenaam: not 1 to {MAX_NAME} characters"));
        }
        if !self.privacyverklaring.starts_with("https://") {
            return Err("privacyverklaring: not an https address (core.usrint.102)".to_owned());
        }
        let mut aanbieder = Aanbieder::new(naam, self.weergavenaam, self.privacyverklaring, Vec::new());
        for row in self.gegevensdiensten {
            let dienst = row.read()?;
            if aanbieder.dienst(dienst.functie, &dienst.id).is_some() {
                return Err(format!("gegevensdienst {}: stands twice", dienst.id));
            }
            aanbieder.diensten.push(dienst);
        }
        Ok(aanbieder)
    }

    fn of(aanbieder: &Aanbieder) -> Result<Self, Box<dyn std::error::Error>> {
        let diensten: Result<_, _> = aanbieder.diensten.iter().map(DienstRow::of).collect();
        Ok(Self {
            aanbieder: aanbieder.naam.as_str().to_owned(),
            weergavenaam: aanbieder.weergavenaam.clone(),
            privacyverklaring: aanbieder.privacyverklaring.clone(),
            gegevensdiensten: diensten?,
        })
    }
}

impl DienstRow {
    fn read(self) -> Result<Dienst, String> {
        let id = GegevensdienstId::parse(&self.id).map_err(|error| format!("gegevensdienst id: {error}"))?;
        let functie =
            Functie::from_name(&self.functie).ok_or_else(|| format!("gegevensdienst {id}: no such functie"))?;
        let mut dienst = Dienst::new(id, functie, self.naam);
        dienst.maximale_duur = self.maximale_duur;
        if let Some(text) = self.eindigt {
            let at = Tijdstempel::parse(&text).ok().and_then(|stamp| stamp.to_system_time());
            dienst.eindigt = Some(at.ok_or_else(|| format!("gegevensdienst {}: eindigt is no moment", dienst.id))?);
        }
        Ok(dienst)
    }

    fn of(dienst: &Dienst) -> Result<Self, Box<dyn std::error::Error>> {
        let eindigt = dienst.eindigt.map(Tijdstempel::from_system_time).transpose()?;
        Ok(Self {
            id: dienst.id.as_str().to_owned(),
            functie: dienst.functie.as_str().to_owned(),
            naam: dienst.naam.clone(),
            maximale_duur: dienst.maximale_duur,
            eindigt: eindigt.map(|stamp| stamp.as_str().to_owned()),
        })
    }
}

const MAX_LEN: usize = 16 * 1024 * 1024;
const MAX_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn row(naam: &str, functie: &str, privacy: &str) -> String {
        format!(
            r#"{{"aanbieder":"{naam}","weergavenaam":"A","privacyverklaring":"{privacy}","gegevensdiensten":[
            {{"id":"48","functie":"{functie}","naam":"BgZ","eindigt":"2027-01-01T00:00:00Z"}}]}}"#
        )
    }

    #[test]
    fn core_gegevensdiensten_104_a_registration_reads_back_with_its_end_times() {
        let good = format!(
            r#"{{"aanbieders":[{}]}}"#,
            row("umcharderwijk@medmij", "Delen", "https://a.example/")
        );
        let rows = Rows::parse(good.as_bytes()).unwrap();
        assert_eq!((rows.aanbieders.len(), rows.faults.len()), (1, 0));
        let again = Rows::parse(&write(rows.aanbieders.iter()).unwrap()).unwrap();
        assert_eq!(again.aanbieders, rows.aanbieders);
        assert!(again.aanbieders[0].diensten[0].eindigt.is_some());
    }

    #[test]
    fn a_faulty_row_is_refused_alone() {
        let good = row("umcharderwijk@medmij", "Verzamelen", "https://a.example/");
        for (faulty, named, what) in [
            (row("UMC!", "Verzamelen", "https://a.example/"), false, "aanbieder"),
            (row("ander@medmij", "Halen", "https://a.example/"), true, "functie"),
            (
                row("ander@medmij", "Delen", "http://a.example/"),
                true,
                "privacyverklaring",
            ),
            (good.clone(), true, "twice"),
            (
                r#"{"aanbieder":"ander@medmij","extra":1}"#.to_owned(),
                true,
                "unknown field",
            ),
            ("7".to_owned(), false, "invalid type"),
        ] {
            let rows = Rows::parse(format!(r#"{{"aanbieders":[{good},{faulty}]}}"#).as_bytes()).unwrap();
            assert_eq!(rows.aanbieders.len(), 1, "{faulty}");
            let [fault] = rows.faults.as_slice() else {
                unreachable!("{faulty}: {:?}", rows.faults)
            };
            assert_eq!((fault.row, fault.aanbieder.is_some()), (2, named), "{faulty}");
            assert!(fault.to_string().contains(what), "{fault}");
        }
        for broken in ["", "[]", r#"{"aanbieders":{}}"#, r#"{"aanbieders":[],"aanbieders":[]}"#] {
            assert!(Rows::parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
