// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Zorgaanbiederskoppellijst: which identifiers (AGB, URA, OIN, …) belong to which Zorgaanbiedernaam.
//!
//! It is not one of the four lists of core.lijsten.300 and has no requirement codes; its schema is not public. What is
//! here rests on the official example of release1 and is inferred: structure and names can refuse a list, forms and
//! counts only mark an entry. The identifiers are not used in the network itself.

mod collector;
mod write;

use std::{collections::HashMap, sync::Arc};

pub use collector::KoppellijstCollector;
use medmij_list::{BuiltInDialects, Dialect, DialectError, Document, Header, KeyIndex, List, ListKind, Value};
use medmij_types::Aanbiedernaam;

/// The Zorgaanbiederskoppellijst of release1. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct Zorgaanbiederskoppellijst {
    document: Document,
    aanbieders: Vec<Aanbieder>,
    kenmerken: Vec<(Soort, Value)>,
    diensten: Vec<Dienst>,
    versies: Vec<Value>,
    index: KeyIndex,
    by_kenmerk: HashMap<(Soort, String), Vec<u32>>,
}

/// What kind of identifier it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Soort {
    /// AGB code of Vektis.
    Agb,
    /// URA number of the UZI register.
    Ura,
    /// Organisatie-identificatienummer.
    Oin,
    /// Handelsregisternummer.
    Hrn,
    /// Number of the Kamer van Koophandel.
    Kvk,
}

impl Zorgaanbiederskoppellijst {
    /// The entry of this name.
    #[must_use]
    pub fn zorgaanbieder(&self, naam: &Aanbiedernaam) -> Option<Koppeling<'_>> {
        let of = |at| Koppeling { list: self, at };
        self.index.find(naam.as_str(), |at| Some(of(at).naam_str())).map(of)
    }

    /// The entries with this identifier. Nothing says that there is one at most.
    pub fn zorgaanbieders_with(&self, soort: Soort, kenmerk: &str) -> impl ExactSizeIterator<Item = Koppeling<'_>> {
        let found = self
            .by_kenmerk
            .get(&(soort, kenmerk.to_owned()))
            .map_or(&[][..], Vec::as_slice);
        found.iter().map(|at| Koppeling { list: self, at: *at })
    }

    /// The entries, in the order of the document.
    pub fn zorgaanbieders(&self) -> impl ExactSizeIterator<Item = Koppeling<'_>> {
        (0..self.aanbieders.len()).map(|at| Koppeling {
            list: self,
            at: u32::try_from(at).unwrap_or(u32::MAX),
        })
    }

    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.document.header()
    }

    /// The list as the framework publishes it, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write::list(self)
    }

    fn children<T>(all: &[T], start: u32, end: u32) -> &[T] {
        all.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl PartialEq for Zorgaanbiederskoppellijst {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.zorgaanbieders().eq(other.zorgaanbieders())
    }
}

impl Eq for Zorgaanbiederskoppellijst {}

/// An entry of the Zorgaanbiederskoppellijst.
#[derive(Clone, Copy, Debug)]
pub struct Koppeling<'a> {
    list: &'a Zorgaanbiederskoppellijst,
    at: u32,
}

impl<'a> Koppeling<'a> {
    /// The name as it stands in the list.
    #[must_use]
    pub fn naam_str(self) -> &'a str {
        self.list.document.text(self.aanbieder().naam).unwrap_or_default()
    }

    /// Its identifiers.
    pub fn kenmerken(self) -> impl ExactSizeIterator<Item = (Soort, &'a str)> {
        let of = self.aanbieder();
        let list = self.list;
        Zorgaanbiederskoppellijst::children(&list.kenmerken, of.kenmerken.0, of.kenmerken.1)
            .iter()
            .map(move |(soort, value)| (*soort, list.document.text(*value).unwrap_or_default()))
    }

    /// Its Gegevensdiensten.
    pub fn gegevensdiensten(self) -> impl ExactSizeIterator<Item = GekoppeldeGegevensdienst<'a>> {
        let of = self.aanbieder();
        let list = self.list;
        Zorgaanbiederskoppellijst::children(&list.diensten, of.diensten.0, of.diensten.1)
            .iter()
            .map(move |dienst| GekoppeldeGegevensdienst { list, dienst: *dienst })
    }

    fn aanbieder(self) -> Aanbieder {
        self.list.aanbieders.get(self.at as usize).copied().unwrap_or_default()
    }
}

impl PartialEq for Koppeling<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.naam_str() == other.naam_str()
            && self.kenmerken().eq(other.kenmerken())
            && self.gegevensdiensten().eq(other.gegevensdiensten())
    }
}

impl Eq for Koppeling<'_> {}

/// A Gegevensdienst of an entry.
#[derive(Clone, Copy, Debug)]
pub struct GekoppeldeGegevensdienst<'a> {
    list: &'a Zorgaanbiederskoppellijst,
    dienst: Dienst,
}

impl<'a> GekoppeldeGegevensdienst<'a> {
    /// The id as it stands in the list.
    #[must_use]
    pub fn id_str(self) -> &'a str {
        self.list.document.text(self.dienst.id).unwrap_or_default()
    }

    /// The name, where it is there.
    #[must_use]
    pub fn weergavenaam_str(self) -> Option<&'a str> {
        self.list.document.text(self.dienst.naam)
    }

    /// The ids of its Interfaceversies.
    pub fn interfaceversies(self) -> impl ExactSizeIterator<Item = &'a str> {
        let list = self.list;
        Zorgaanbiederskoppellijst::children(&list.versies, self.dienst.versies.0, self.dienst.versies.1)
            .iter()
            .map(move |value| list.document.text(*value).unwrap_or_default())
    }
}

impl PartialEq for GekoppeldeGegevensdienst<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id_str() == other.id_str()
            && self.weergavenaam_str() == other.weergavenaam_str()
            && self.interfaceversies().eq(other.interfaceversies())
    }
}

impl Eq for GekoppeldeGegevensdienst<'_> {}

impl List for Zorgaanbiederskoppellijst {
    const KIND: ListKind = ListKind::Zorgaanbiederskoppellijst;
    type Collector = KoppellijstCollector;

    fn dialects() -> Result<&'static [Arc<Dialect>], &'static DialectError> {
        static DIALECTS: BuiltInDialects =
            BuiltInDialects::new(&[include_str!("../dialects/koppellijst-release1-inferred.dialect")]);
        DIALECTS.all()
    }

    fn document(&self) -> &Document {
        &self.document
    }

    fn len(&self) -> usize {
        self.aanbieders.len()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Aanbieder {
    naam: Value,
    kenmerken: (u32, u32),
    diensten: (u32, u32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Dienst {
    id: Value,
    naam: Value,
    versies: (u32, u32),
}
