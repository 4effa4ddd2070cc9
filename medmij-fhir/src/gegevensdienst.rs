// SPDX-License-Identifier: AGPL-3.0-or-later
//! Gegevensdiensten as rows of data: what each one asks, of which systeemrol, in which order.
//!
//! The id is the only key: two gegevensdiensten may have the same name. The queries are those that
//! the qualification of the gegevensdienst asks.

mod basisgegevens_zorg;
mod documenten;

use medmij_types::GegevensdienstId;

use crate::name::ResourceType;
use crate::query::Query;
use crate::version::FhirVersion;

/// Which way the data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Functie {
    /// From the Aanbieder to the Persoon.
    Verzamelen,
    /// From the Persoon to the Aanbieder.
    Delen,
}

/// A gegevensdienst of the catalogue.
///
/// ```
/// use medmij_fhir::{FhirVersion, Gegevensdienst};
/// use medmij_types::GegevensdienstId;
///
/// let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48").unwrap()).unwrap();
/// assert_eq!((bgz.naam(), bgz.version()), ("Basisgegevens zorg", FhirVersion::Stu3));
/// let bloeddruk = bgz.queries().find(|query| query.label() == "Bloeddruk").unwrap();
/// assert_eq!(bloeddruk.query().to_string(), "Observation/$lastn?code=http://loinc.org|85354-9");
///
/// assert_eq!(Gegevensdienst::lookup(&GegevensdienstId::parse("9999").unwrap()), None);
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Gegevensdienst {
    id: &'static str,
    naam: &'static str,
    functie: Functie,
    version: FhirVersion,
    systeemrollen: &'static [&'static str],
    rows: &'static [Row],
    reads_documents: bool,
}

/// A query of a gegevensdienst with its name and systeemrol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedQuery<'a>(&'a Row);

/// The data behind a [`NamedQuery`].
#[derive(Debug, PartialEq, Eq)]
struct Row {
    label: &'static str,
    systeemrol: &'static str,
    resource_type: &'static str,
    last_n: bool,
    parameters: &'static [(&'static str, &'static str)],
}

impl Gegevensdienst {
    /// The gegevensdienst with this id; `None` when this crate has no queries for it.
    #[must_use]
    pub fn lookup(id: &GegevensdienstId) -> Option<&'static Self> {
        Self::all().find(|row| row.id == id.as_str())
    }

    /// All gegevensdiensten that this crate can collect.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [&basisgegevens_zorg::BASISGEGEVENS_ZORG, &documenten::DOCUMENTEN].into_iter()
    }

    /// The id, as in the lists.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The name in the catalogue. What is shown to people comes from the Gegevensdienstnamenlijst.
    #[must_use]
    pub fn naam(&self) -> &'static str {
        self.naam
    }

    /// Verzamelen or Delen.
    #[must_use]
    pub fn functie(&self) -> Functie {
        self.functie
    }

    /// The FHIR version; a gegevensdienst has one.
    #[must_use]
    pub fn version(&self) -> FhirVersion {
        self.version
    }

    /// The systeemrollen of the Aanbieder's side that are needed.
    #[must_use]
    pub fn systeemrollen(&self) -> &'static [&'static str] {
        self.systeemrollen
    }

    /// The queries, in the order in which they are asked.
    pub fn queries(&self) -> impl Iterator<Item = NamedQuery<'static>> + use<> {
        self.rows.iter().map(NamedQuery)
    }

    /// Whether the attachments of collected DocumentReferences are read too.
    #[must_use]
    pub fn reads_documents(&self) -> bool {
        self.reads_documents
    }
}

impl<'a> NamedQuery<'a> {
    /// What the query asks, in Dutch, for progress and reports.
    #[must_use]
    pub fn label(&self) -> &'a str {
        self.0.label
    }

    /// The systeemrol whose ResourceEndpoint answers it.
    #[must_use]
    pub fn systeemrol(&self) -> &'a str {
        self.0.systeemrol
    }

    /// The resource type that is asked.
    #[must_use]
    pub fn resource_type(&self) -> &'a str {
        self.0.resource_type
    }

    /// The query itself.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::from_row(
            ResourceType::from_row(self.0.resource_type),
            self.0.last_n,
            self.0.parameters,
        )
    }
}

const fn search(
    label: &'static str,
    systeemrol: &'static str,
    resource_type: &'static str,
    parameters: &'static [(&'static str, &'static str)],
) -> Row {
    Row {
        label,
        systeemrol,
        resource_type,
        last_n: false,
        parameters,
    }
}

const fn last_n(
    label: &'static str,
    systeemrol: &'static str,
    resource_type: &'static str,
    parameters: &'static [(&'static str, &'static str)],
) -> Row {
    Row {
        label,
        systeemrol,
        resource_type,
        last_n: true,
        parameters,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use medmij_types::{GegevensdienstId, Systeemrolcode};

    use super::Gegevensdienst;
    use crate::name::ResourceType;
    use crate::query::Query;

    #[test]
    fn every_row_is_a_query_that_a_caller_could_build() {
        for gegevensdienst in Gegevensdienst::all() {
            assert!(GegevensdienstId::parse(gegevensdienst.id()).is_ok());
            let mut seen = BTreeSet::new();
            for named in gegevensdienst.queries() {
                let query = named.query();
                let resource_type = ResourceType::parse(named.resource_type()).unwrap();
                let mut built = if query.to_string().contains("/$lastn") {
                    Query::last_n(resource_type)
                } else {
                    Query::search(resource_type)
                };
                for (name, value) in query.parameters() {
                    built = built.with(name, value).unwrap();
                }
                assert_eq!(built, query);
                assert!(gegevensdienst.systeemrollen().contains(&named.systeemrol()));
                assert!(seen.insert(query.to_string()), "{query} twice");
            }
            for code in gegevensdienst.systeemrollen() {
                assert!(Systeemrolcode::parse(code).is_ok());
            }
        }
    }

    #[test]
    fn core_rscint_203_no_query_names_the_persoon() {
        for named in Gegevensdienst::all().flat_map(Gegevensdienst::queries) {
            let text = named.query().path_and_query();
            for word in ["patient=", "subject=", "|"] {
                assert!(!text.contains(word), "{text}");
            }
        }
    }

    #[test]
    fn the_bgz_asks_twenty_eight_queries() {
        let bgz = Gegevensdienst::lookup(&GegevensdienstId::parse("48").unwrap()).unwrap();
        assert_eq!(bgz.queries().count(), 28);
        let text: Vec<_> = bgz.queries().map(|named| named.query().path_and_query()).collect();
        assert_eq!(text[0], "Patient?_include=Patient:general-practitioner");
        assert!(text.contains(&"Consent?category=http://snomed.info/sct%7C11291000146105".to_owned()));
        assert!(text.contains(&"Appointment?status=booked,pending,proposed".to_owned()));
    }
}
