// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Zorgaanbiederskoppellijst: which identifiers (AGB, URA, OIN, …) belong to which Zorgaanbiedernaam.
//!
//! It is not one of the four lists of core.lijsten.300 and has no requirement codes; its schema is not public. What is
//! here rests on the official example of release1 and is inferred: structure and names can refuse a list, forms and
//! counts only mark an entry. The identifiers are not used in the network itself.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use medmij_list::{Collector, Dialect, Document, Header, KeyIndex, List, ListKind, Value};
use medmij_types::Aanbiedernaam;

/// The Zorgaanbiederskoppellijst of release1.
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

    fn children<T>(all: &[T], start: u32, end: u32) -> &[T] {
        all.get(start as usize..end as usize).unwrap_or_default()
    }
}

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

impl List for Zorgaanbiederskoppellijst {
    const KIND: ListKind = ListKind::Zorgaanbiederskoppellijst;
    type Collector = KoppellijstCollector;

    fn dialects() -> &'static [Arc<Dialect>] {
        static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| {
            let texts = [include_str!("../dialects/koppellijst-release1-inferred.dialect")];
            texts
                .iter()
                .filter_map(|text| text.parse().ok())
                .map(Arc::new)
                .collect()
        });
        &DIALECTS
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

/// Makes a [`Zorgaanbiederskoppellijst`] of validated values.
#[derive(Debug, Default)]
pub struct KoppellijstCollector {
    aanbieders: Vec<Aanbieder>,
    kenmerken: Vec<(Soort, Value)>,
    diensten: Vec<Dienst>,
    versies: Vec<Value>,
}

const AANBIEDER: usize = 0;
const NAAM: usize = 1;
const DIENST: usize = 2;
const ID: usize = 3;
const WEERGAVENAAM: usize = 4;
const VERSIE: usize = 5;
const AGB: usize = 6;
const URA: usize = 7;
const OIN: usize = 8;
const HRN: usize = 9;
const KVK: usize = 10;

impl Collector for KoppellijstCollector {
    type List = Zorgaanbiederskoppellijst;
    const SLOTS: &'static [(&'static str, &'static str)] = &[
        ("Zorgaanbieders", "Zorgaanbieder"),
        ("Zorgaanbieder", "Zorgaanbiedernaam"),
        ("Gegevensdiensten", "Gegevensdienst"),
        ("Gegevensdienst", "GegevensdienstId"),
        ("Gegevensdienst", "Weergavenaam"),
        ("Interfaceversie", "InterfaceversieId"),
        ("IdentificerendKenmerk", "AGB"),
        ("IdentificerendKenmerk", "URA"),
        ("IdentificerendKenmerk", "OIN"),
        ("IdentificerendKenmerk", "HRN"),
        ("IdentificerendKenmerk", "KVK"),
        // known, and without a meaning of their own
        ("", "Zorgaanbiederskoppellijst"),
        ("Zorgaanbiederskoppellijst", "Zorgaanbieders"),
        ("Zorgaanbieder", "IdentificerendeKenmerken"),
        ("IdentificerendeKenmerken", "IdentificerendKenmerk"),
        ("Zorgaanbieder", "Gegevensdiensten"),
        ("Gegevensdienst", "Interfaceversies"),
        ("Interfaceversies", "Interfaceversie"),
    ];
    const KEYS: &'static [usize] = &[NAAM];

    fn open(&mut self, slot: usize) {
        match slot {
            AANBIEDER => {
                let (kenmerken, diensten) = (count(self.kenmerken.len()), count(self.diensten.len()));
                self.aanbieders.push(Aanbieder {
                    naam: Value::ABSENT,
                    kenmerken: (kenmerken, kenmerken),
                    diensten: (diensten, diensten),
                });
            }
            DIENST => {
                let versies = count(self.versies.len());
                self.diensten.push(Dienst {
                    versies: (versies, versies),
                    ..Dienst::default()
                });
            }
            _ => {}
        }
    }

    fn value(&mut self, slot: usize, value: Value) {
        match slot {
            NAAM => self
                .aanbieders
                .last_mut()
                .into_iter()
                .for_each(|aanbieder| aanbieder.naam = value),
            ID => self
                .diensten
                .last_mut()
                .into_iter()
                .for_each(|dienst| dienst.id = value),
            WEERGAVENAAM => self
                .diensten
                .last_mut()
                .into_iter()
                .for_each(|dienst| dienst.naam = value),
            VERSIE => self.versies.push(value),
            AGB => self.kenmerken.push((Soort::Agb, value)),
            URA => self.kenmerken.push((Soort::Ura, value)),
            OIN => self.kenmerken.push((Soort::Oin, value)),
            HRN => self.kenmerken.push((Soort::Hrn, value)),
            KVK => self.kenmerken.push((Soort::Kvk, value)),
            _ => {}
        }
    }

    fn close(&mut self, slot: usize) {
        match slot {
            AANBIEDER => {
                let (kenmerken, diensten) = (count(self.kenmerken.len()), count(self.diensten.len()));
                self.aanbieders.last_mut().into_iter().for_each(|aanbieder| {
                    aanbieder.kenmerken.1 = kenmerken;
                    aanbieder.diensten.1 = diensten;
                });
            }
            DIENST => {
                let versies = count(self.versies.len());
                self.diensten
                    .last_mut()
                    .into_iter()
                    .for_each(|dienst| dienst.versies.1 = versies);
            }
            _ => {}
        }
    }

    fn entry(&self) -> u32 {
        count(self.aanbieders.len().saturating_sub(1))
    }

    fn key(&self, entry: u32) -> Value {
        self.aanbieders
            .get(entry as usize)
            .map_or(Value::ABSENT, |aanbieder| aanbieder.naam)
    }

    fn finish(self, document: Document, index: KeyIndex) -> Zorgaanbiederskoppellijst {
        let mut by_kenmerk: HashMap<(Soort, String), Vec<u32>> = HashMap::new();
        for (at, aanbieder) in (0..).zip(&self.aanbieders) {
            for (soort, value) in
                Zorgaanbiederskoppellijst::children(&self.kenmerken, aanbieder.kenmerken.0, aanbieder.kenmerken.1)
            {
                let of = by_kenmerk
                    .entry((*soort, document.text(*value).unwrap_or_default().to_owned()))
                    .or_default();
                if of.last() != Some(&at) {
                    of.push(at);
                }
            }
        }
        Zorgaanbiederskoppellijst {
            document,
            aanbieders: self.aanbieders,
            kenmerken: self.kenmerken,
            diensten: self.diensten,
            versies: self.versies,
            index,
            by_kenmerk,
        }
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
