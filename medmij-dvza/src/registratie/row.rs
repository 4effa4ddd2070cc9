// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration as JSON: what a supplier writes, and what is stored of it through restarts. In a file it is one object
//! with all Aanbieders; in a table each row holds one of them.
//!
//! ```json
//! { "aanbieders": [ {
//!     "aanbieder": "huisartsdelinde@medmij",
//!     "weergavenaam": "Huisartsenpraktijk De Linde",
//!     "privacyverklaring": "https://delinde.example.nl/privacy",
//!     "gegevensdiensten": [
//!         { "id": "48", "functie": "Verzamelen", "naam": "Basisgegevens Zorg" },
//!         { "id": "51", "functie": "Verzamelen", "naam": "Documenten", "bronsystemen": ["archief"],
//!           "eindigt": "2027-01-01T00:00:00Z" }
//!     ],
//!     "vertegenwoordiging": ["onbehalfof"],
//!     "bronsystemen": [
//!         { "name": "his", "address": "https://his.delinde.intern/fhir" },
//!         { "name": "archief", "address": "folder:/data/delinde" }
//!     ],
//!     "limits": { "at_once": 8 },
//!     "texts": { "version": "delinde-1", "help": "Vragen? Bel de praktijk: 0500 123 456." }
//! } ] }
//! ```

use std::collections::BTreeSet;

use medmij_oauth::{Functie, Vertegenwoordiging};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Tijdstempel};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{RegistratieError, served::Unread};
use crate::server::{Aanbieder, AanbiederLimits, AanbiederTexts, Bronsysteem, Dienst};

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
#[error("registration row {row}, {place}: {rule}")]
#[non_exhaustive]
pub struct RowFault {
    /// Which row: in a file counted from 1, in a table its `id`.
    pub row: u64,
    /// Whose it is, where that can be read.
    pub aanbieder: Option<Aanbiedernaam>,
    /// Where in the row, for instance `gegevensdiensten[2].id`.
    pub place: String,
    /// The rule that is broken.
    pub rule: String,
}

impl Rows {
    /// Reads a registration from a file. A faulty row is refused alone; an Aanbieder that stands twice is faulty the second
    /// time.
    ///
    /// # Errors
    ///
    /// [`RegistratieError::Form`] where the whole is no JSON object with `aanbieders`, or larger than 16 MiB.
    pub fn parse(json: &[u8]) -> Result<Self, RegistratieError> {
        if json.len() > MAX_LEN {
            return Err(RegistratieError::Form(format!("more than {MAX_LEN} bytes")));
        }
        let file: File = serde_json::from_slice(json).map_err(|error| RegistratieError::Form(error.to_string()))?;
        let mut reader = Reader::default();
        for (row, value) in (1..).zip(file.aanbieders) {
            reader.take(row, Ok(value));
        }
        Ok(reader.read)
    }

    /// Reads a registration from the rows of a table: an id and the JSON of one Aanbieder each.
    pub fn of_entries<T: AsRef<str>>(entries: impl IntoIterator<Item = (u64, T)>) -> Self {
        let mut reader = Reader::default();
        for (row, entry) in entries {
            reader.take(row, serde_json::from_str(entry.as_ref()));
        }
        reader.read
    }

    pub(super) fn unread(&self) -> Unread {
        Unread {
            named: self.faults.iter().filter_map(|fault| fault.aanbieder.clone()).collect(),
            unnamed: self.faults.iter().any(|fault| fault.aanbieder.is_none()),
        }
    }
}

#[derive(Default)]
struct Reader {
    read: Rows,
    seen: BTreeSet<Aanbiedernaam>,
}

impl Reader {
    fn take(&mut self, row: u64, value: Result<Value, serde_json::Error>) {
        let naam = value.as_ref().ok().and_then(|value| value.get("aanbieder")?.as_str());
        let naam = naam.and_then(|naam| Aanbiedernaam::parse(naam).ok());
        let value = value.map_err(|error| Fault::new("the row", error));
        let read = value.and_then(|value| of_value::<Row>(value, "the row")).and_then(Row::read);
        match read {
            Ok(aanbieder) if self.seen.insert(aanbieder.naam.clone()) => self.read.aanbieders.push(aanbieder),
            Ok(twice) => self.fault(row, Some(twice.naam), Fault::new("aanbieder", "stands twice")),
            Err(fault) => self.fault(row, naam, fault),
        }
    }

    fn fault(&mut self, row: u64, aanbieder: Option<Aanbiedernaam>, fault: Fault) {
        self.read.faults.push(RowFault {
            row,
            aanbieder,
            place: fault.place,
            rule: fault.rule,
        });
    }
}

struct Fault {
    place: String,
    rule: String,
}

impl Fault {
    fn new(place: impl Into<String>, rule: impl ToString) -> Self {
        let (place, rule) = (place.into(), rule.to_string());
        Self { place, rule }
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
    aanbieders: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    aanbieder: String,
    weergavenaam: String,
    privacyverklaring: String,
    gegevensdiensten: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vertegenwoordiging: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bronsystemen: Vec<BronRow>,
    #[serde(default, skip_serializing_if = "LimitsRow::is_none")]
    limits: LimitsRow,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    texts: Option<TextsRow>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bronsystemen: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BronRow {
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
    fn read(self) -> Result<Aanbieder, Fault> {
        let naam = Aanbiedernaam::parse(&self.aanbieder).map_err(|error| Fault::new("aanbieder", error))?;
        check_length("weergavenaam", &self.weergavenaam, MAX_NAME)?;
        if !self.privacyverklaring.starts_with("https://") {
            return Err(Fault::new("privacyverklaring", "not an https address (core.usrint.102)"));
        }
        let mut aanbieder = Aanbieder::new(naam, self.weergavenaam, self.privacyverklaring, Vec::new());
        for (at, row) in self.bronsystemen.into_iter().enumerate() {
            let place = |field| format!("bronsystemen[{at}].{field}");
            check_length(&place("name"), &row.name, MAX_NAME)?;
            check_length(&place("address"), &row.address, MAX_ADDRESS)?;
            if aanbieder.bronsystemen.iter().any(|other| other.name == row.name) {
                return Err(Fault::new(place("name"), "stands twice"));
            }
            aanbieder.bronsystemen.push(Bronsysteem::new(row.name, row.address));
        }
        for (at, value) in self.gegevensdiensten.into_iter().enumerate() {
            let place = format!("gegevensdiensten[{at}]");
            let dienst = of_value::<DienstRow>(value, &place)?.read(&place)?;
            if aanbieder.dienst(dienst.functie, &dienst.id).is_some() {
                return Err(Fault::new(place, "stands twice"));
            }
            let known = |name: &String| aanbieder.bronsystemen.iter().any(|bron| bron.name == *name);
            if !dienst.bronsystemen.iter().all(known) {
                return Err(Fault::new(
                    format!("{place}.bronsystemen"),
                    "names one that the aanbieder does not have",
                ));
            }
            aanbieder.diensten.push(dienst);
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
        let diensten = aanbieder.diensten.iter().map(|dienst| {
            let row = DienstRow::of(dienst)?;
            Ok::<_, Box<dyn std::error::Error>>(serde_json::to_value(row)?)
        });
        Ok(Self {
            aanbieder: aanbieder.naam.as_str().to_owned(),
            weergavenaam: aanbieder.weergavenaam.clone(),
            privacyverklaring: aanbieder.privacyverklaring.clone(),
            gegevensdiensten: diensten.collect::<Result<_, _>>()?,
            vertegenwoordiging: (aanbieder.vertegenwoordiging.iter())
                .map(|kind| kind.as_str().to_owned())
                .collect(),
            bronsystemen: (aanbieder.bronsystemen.iter())
                .map(|bron| BronRow {
                    name: bron.name.clone(),
                    address: bron.address.clone(),
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

impl DienstRow {
    fn read(self, place: &str) -> Result<Dienst, Fault> {
        let at = |field| format!("{place}.{field}");
        let id = GegevensdienstId::parse(&self.id).map_err(|error| Fault::new(at("id"), error))?;
        let functie = Functie::from_name(&self.functie).ok_or_else(|| Fault::new(at("functie"), "no such functie"))?;
        let mut dienst = Dienst::new(id, functie, self.naam);
        dienst.maximale_duur = self.maximale_duur;
        dienst.bronsystemen = self.bronsystemen;
        if let Some(text) = self.eindigt {
            let end = Tijdstempel::parse(&text).ok().and_then(|stamp| stamp.to_system_time());
            dienst.eindigt = Some(end.ok_or_else(|| Fault::new(at("eindigt"), "no xs:dateTime with a zone"))?);
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
            bronsystemen: dienst.bronsystemen.clone(),
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

fn of_value<T: DeserializeOwned>(value: Value, place: &str) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|error| Fault::new(place, error))
}

fn check_length(place: &str, text: &str, most: usize) -> Result<(), Fault> {
    if text.trim().is_empty() || text.chars().count() > most {
        return Err(Fault::new(place, format!("not 1 to {most} characters")));
    }
    Ok(())
}

const MAX_LEN: usize = 16 * 1024 * 1024;
const MAX_NAME: usize = 200;
const MAX_ADDRESS: usize = 1000;
const MAX_VERSION: usize = 60;
const MAX_TEXT: usize = 400;

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
    fn an_aanbieder_registers_its_own_bronsystemen_limits_and_texts() {
        let entry = r#"{"aanbieder":"huisartsdelinde","weergavenaam":"De Linde","privacyverklaring":"https://a.example/",
            "gegevensdiensten":[{"id":"48","functie":"Verzamelen","naam":"BgZ"},
                {"id":"51","functie":"Verzamelen","naam":"Documenten","bronsystemen":["archief"]}],
            "vertegenwoordiging":["onbehalfof"],
            "bronsystemen":[{"name":"his","address":"https://his.intern/fhir"},{"name":"archief","address":"folder:/a"}],
            "limits":{"at_once":8},"texts":{"version":"delinde-1","help":"Bel ons.","explanation":"Wij zijn De Linde."}}"#;
        let rows = Rows::of_entries([(7, entry)]);
        assert!(rows.faults.is_empty(), "{:?}", rows.faults);
        let linde = &rows.aanbieders[0];
        let of = |at: usize| {
            let found = linde.bronsystemen_of(&linde.diensten[at]);
            found.map(|bron| bron.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((of(0), of(1)), (vec!["his", "archief"], vec!["archief"]));
        assert!(linde.takes(Vertegenwoordiging::Vrijwillig) && !linde.takes(Vertegenwoordiging::OuderlijkGezag));
        assert_eq!(linde.limits, AanbiederLimits::at_once(8));
        let again = Rows::parse(&write(rows.aanbieders.iter()).unwrap()).unwrap();
        assert_eq!(again.aanbieders, rows.aanbieders);
        for (from, to, place) in [
            (r#"["archief"]"#, r#"["ander"]"#, "gegevensdiensten[1].bronsystemen"),
            (r#""name":"archief""#, r#""name":"his""#, "bronsystemen[1].name"),
            (r#""at_once":8"#, r#""at_once":0"#, "limits.at_once"),
            ("onbehalfof", "iemand", "vertegenwoordiging[0]"),
            ("Bel ons.", " ", "texts.help"),
            (r#""id":"51""#, r#""id":"5 1""#, "gegevensdiensten[1].id"),
            (r#""naam":"BgZ""#, r#""name":"BgZ""#, "gegevensdiensten[0]"),
            ("}", "", "the row"),
        ] {
            let rows = Rows::of_entries([(7, entry.replace(from, to))]);
            let [fault] = rows.faults.as_slice() else {
                unreachable!("{to}: {:?}", rows.faults)
            };
            assert_eq!((fault.row, fault.place.as_str()), (7, place), "{fault}");
        }
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
