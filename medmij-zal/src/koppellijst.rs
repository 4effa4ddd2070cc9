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
use medmij_list::{BuiltInDialects, Dialect, DialectError, Document, Header, KeyIndex, List, ListKind, ValueRange};
use medmij_types::Aanbiedernaam;

/// The Zorgaanbiederskoppellijst of release1. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct Zorgaanbiederskoppellijst {
    document: Document,
    aanbieders: Vec<Aanbieder>,
    identifiers: Vec<(Kind, ValueRange)>,
    services: Vec<Service>,
    versions: Vec<ValueRange>,
    index: KeyIndex,
    by_identifier: HashMap<(Kind, String), Vec<u32>>,
}

/// What kind of identifier it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
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
    pub fn zorgaanbieder(&self, name: &Aanbiedernaam) -> Option<KoppellijstEntry<'_>> {
        let of = |at| KoppellijstEntry { list: self, at };
        self.index.find(name.as_str(), |at| Some(of(at).name_str())).map(of)
    }

    /// The entries with this identifier. Nothing says that there is one at most.
    pub fn zorgaanbieders_with(
        &self,
        kind: Kind,
        identifier: &str,
    ) -> impl ExactSizeIterator<Item = KoppellijstEntry<'_>> {
        let found = self
            .by_identifier
            .get(&(kind, identifier.to_owned()))
            .map_or(&[][..], Vec::as_slice);
        found.iter().map(|at| KoppellijstEntry { list: self, at: *at })
    }

    /// The entries, in the order of the document.
    pub fn zorgaanbieders(&self) -> impl ExactSizeIterator<Item = KoppellijstEntry<'_>> {
        (0..self.aanbieders.len()).map(|at| KoppellijstEntry {
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
pub struct KoppellijstEntry<'a> {
    list: &'a Zorgaanbiederskoppellijst,
    at: u32,
}

impl<'a> KoppellijstEntry<'a> {
    /// The name as it is in the list.
    #[must_use]
    pub fn name_str(self) -> &'a str {
        self.list.document.text(self.aanbieder().name).unwrap_or_default()
    }

    /// Its identifiers.
    pub fn identifiers(self) -> impl ExactSizeIterator<Item = (Kind, &'a str)> {
        let of = self.aanbieder();
        let list = self.list;
        Zorgaanbiederskoppellijst::children(&list.identifiers, of.identifiers.0, of.identifiers.1)
            .iter()
            .map(move |(kind, value)| (*kind, list.document.text(*value).unwrap_or_default()))
    }

    /// Its Gegevensdiensten.
    pub fn gegevensdiensten(self) -> impl ExactSizeIterator<Item = LinkedGegevensdienst<'a>> {
        let of = self.aanbieder();
        let list = self.list;
        Zorgaanbiederskoppellijst::children(&list.services, of.services.0, of.services.1)
            .iter()
            .map(move |service| LinkedGegevensdienst {
                list,
                service: *service,
            })
    }

    fn aanbieder(self) -> Aanbieder {
        self.list.aanbieders.get(self.at as usize).copied().unwrap_or_default()
    }
}

impl PartialEq for KoppellijstEntry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name_str() == other.name_str()
            && self.identifiers().eq(other.identifiers())
            && self.gegevensdiensten().eq(other.gegevensdiensten())
    }
}

impl Eq for KoppellijstEntry<'_> {}

/// A Gegevensdienst of an entry.
#[derive(Clone, Copy, Debug)]
pub struct LinkedGegevensdienst<'a> {
    list: &'a Zorgaanbiederskoppellijst,
    service: Service,
}

impl<'a> LinkedGegevensdienst<'a> {
    /// The id as it is in the list.
    #[must_use]
    pub fn id_str(self) -> &'a str {
        self.list.document.text(self.service.id).unwrap_or_default()
    }

    /// The name, where it is there.
    #[must_use]
    pub fn weergavenaam_str(self) -> Option<&'a str> {
        self.list.document.text(self.service.name)
    }

    /// The ids of its Interfaceversies.
    pub fn interfaceversies(self) -> impl ExactSizeIterator<Item = &'a str> {
        let list = self.list;
        Zorgaanbiederskoppellijst::children(&list.versions, self.service.versions.0, self.service.versions.1)
            .iter()
            .map(move |value| list.document.text(*value).unwrap_or_default())
    }
}

impl PartialEq for LinkedGegevensdienst<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id_str() == other.id_str()
            && self.weergavenaam_str() == other.weergavenaam_str()
            && self.interfaceversies().eq(other.interfaceversies())
    }
}

impl Eq for LinkedGegevensdienst<'_> {}

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
    name: ValueRange,
    identifiers: (u32, u32),
    services: (u32, u32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Service {
    id: ValueRange,
    name: ValueRange,
    versions: (u32, u32),
}
