// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration as JSON: what a supplier writes, and what is stored of it through restarts. In a file it is one object
//! with all Aanbieders; in a table each row holds one of them.
//!
//! ```json
//! { "aanbieders": [ {
//!     "aanbieder": "huisartsdelinde@medmij",
//!     "weergavenaam": "Huisartsenpraktijk De Linde",
//!     "privacy_statement": "https://delinde.example.nl/privacy",
//!     "gegevensdiensten": [
//!         { "id": "48", "function": "Verzamelen", "name": "Basisgegevens Zorg" },
//!         { "id": "51", "function": "Verzamelen", "name": "Documenten", "bronsystemen": ["archief"],
//!           "ends_at": "2027-01-01T00:00:00Z" }
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

mod form;

use std::collections::BTreeSet;

use medmij_types::Aanbiedernaam;
use serde_json::Value;

pub(super) use self::form::write;
use self::form::{Fault, File, Row, of_value};
use super::{RegistratieError, served::Unread};
use crate::server::Aanbieder;

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
    /// Reads a registration from a file. A faulty row is refused alone; an Aanbieder that occurs twice is faulty the second
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
        let name = value.as_ref().ok().and_then(|value| value.get("aanbieder")?.as_str());
        let name = name.and_then(|name| Aanbiedernaam::parse(name).ok());
        let value = value.map_err(|error| Fault::new("the row", error));
        let read = value
            .and_then(|value| of_value::<Row>(value, "the row"))
            .and_then(Row::read);
        match read {
            Ok(aanbieder) if self.seen.insert(aanbieder.name.clone()) => self.read.aanbieders.push(aanbieder),
            Ok(twice) => self.fault(row, Some(twice.name), Fault::new("aanbieder", "occurs twice")),
            Err(fault) => self.fault(row, name, fault),
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

const MAX_LEN: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use medmij_oauth::Vertegenwoordiging;

    use super::*;
    use crate::server::AanbiederLimits;

    fn row(name: &str, function: &str, privacy: &str) -> String {
        format!(
            r#"{{"aanbieder":"{name}","weergavenaam":"A","privacy_statement":"{privacy}","gegevensdiensten":[
            {{"id":"48","function":"{function}","name":"BgZ","ends_at":"2027-01-01T00:00:00Z"}}]}}"#
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
        assert!(again.aanbieders[0].services[0].ends_at.is_some());
    }

    #[test]
    fn an_aanbieder_registers_its_own_bronsystemen_limits_and_texts() {
        let entry = r#"{"aanbieder":"huisartsdelinde","weergavenaam":"De Linde","privacy_statement":"https://a.example/",
            "gegevensdiensten":[{"id":"48","function":"Verzamelen","name":"BgZ"},
                {"id":"51","function":"Verzamelen","name":"Documenten","bronsystemen":["archief"]}],
            "vertegenwoordiging":["onbehalfof"],
            "bronsystemen":[{"name":"his","address":"https://his.intern/fhir"},{"name":"archief","address":"folder:/a"}],
            "limits":{"at_once":8},"texts":{"version":"delinde-1","help":"Bel ons.","explanation":"Wij zijn De Linde."}}"#;
        let rows = Rows::of_entries([(7, entry)]);
        assert!(rows.faults.is_empty(), "{:?}", rows.faults);
        let linde = &rows.aanbieders[0];
        let of = |at: usize| {
            let found = linde.bronsystemen_of(&linde.services[at]);
            found.map(|source| source.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((of(0), of(1)), (vec!["his", "archief"], vec!["archief"]));
        assert!(linde.takes(Vertegenwoordiging::Voluntary) && !linde.takes(Vertegenwoordiging::ParentalAuthority));
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
            (r#""name":"BgZ""#, r#""naam":"BgZ""#, "gegevensdiensten[0]"),
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
            (row("ander@medmij", "Halen", "https://a.example/"), true, "function"),
            (
                row("ander@medmij", "Delen", "http://a.example/"),
                true,
                "privacy_statement",
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
