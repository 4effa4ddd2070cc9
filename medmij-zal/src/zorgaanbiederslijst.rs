// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — the list itself and its look-ups.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

use medmij_list::{BuiltInDialects, Dialect, DialectError, Document, Header, KeyIndex, List, ListKind, Value};
use medmij_types::{Aanbiedernaam, GegevensdienstId, InterfaceversieId};

use crate::{
    Gegevensdienst, Zorgaanbieder, ZorgaanbiederslijstCollector,
    collector::{Aanbieder, Dienst, Rol, Versie},
    write,
};

/// The Zorgaanbiederslijst. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct Zorgaanbiederslijst {
    document: Document,
    aanbieders: Vec<Aanbieder>,
    versies: Vec<Versie>,
    diensten: Vec<Dienst>,
    rollen: Vec<Rol>,
    index: KeyIndex,
    /// Which Aanbieders offer a Gegevensdienst; made when it is first asked for.
    offered_by: OnceLock<HashMap<String, Vec<u32>>>,
}

impl Zorgaanbiederslijst {
    pub(crate) fn new(document: Document, collected: ZorgaanbiederslijstCollector, index: KeyIndex) -> Self {
        Self {
            document,
            aanbieders: collected.aanbieders,
            versies: collected.versies,
            diensten: collected.diensten,
            rollen: collected.rollen,
            index,
            offered_by: OnceLock::new(),
        }
    }

    /// The Zorgaanbieder of this name.
    #[must_use]
    pub fn zorgaanbieder(&self, naam: &Aanbiedernaam) -> Option<Zorgaanbieder<'_>> {
        let at = self
            .index
            .find(naam.as_str(), |at| self.text(self.aanbieder(at).naam))?;
        self.aanbieders.get(at as usize)?;
        Some(Zorgaanbieder::new(self, at))
    }

    /// What a Zorgaanbieder offers under an Interfaceversie, with its addresses (core.alst.100). In release2, which does
    /// not tell Interfaceversies apart, any of them is met by the one that is there.
    #[must_use]
    pub fn gegevensdienst(
        &self,
        naam: &Aanbiedernaam,
        interfaceversie: &InterfaceversieId,
        gegevensdienst: &GegevensdienstId,
    ) -> Option<Gegevensdienst<'_>> {
        self.zorgaanbieder(naam)?
            .interfaceversie(interfaceversie)?
            .gegevensdienst(gegevensdienst)
    }

    /// The Zorgaanbieders, in the order of the document.
    pub fn zorgaanbieders(&self) -> impl ExactSizeIterator<Item = Zorgaanbieder<'_>> {
        (0..self.aanbieders.len()).map(|at| Zorgaanbieder::new(self, u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// The Zorgaanbieders that offer a Gegevensdienst under any Interfaceversie. The index for it is made at the first
    /// call.
    pub fn zorgaanbieders_with(
        &self,
        gegevensdienst: &GegevensdienstId,
    ) -> impl ExactSizeIterator<Item = Zorgaanbieder<'_>> {
        let index = self.offered_by.get_or_init(|| {
            let mut index: HashMap<String, Vec<u32>> = HashMap::new();
            for (at, aanbieder) in (0..).zip(self.zorgaanbieders()) {
                for dienst in aanbieder
                    .interfaceversies()
                    .flat_map(|versie| versie.gegevensdiensten())
                {
                    let offered = match index.get_mut(dienst.id_str()) {
                        Some(offered) => offered,
                        None => index.entry(dienst.id_str().to_owned()).or_default(),
                    };
                    if offered.last() != Some(&at) {
                        offered.push(at);
                    }
                }
            }
            index
        });
        let found = index.get(gegevensdienst.as_str()).map_or(&[][..], Vec::as_slice);
        found.iter().map(|at| Zorgaanbieder::new(self, *at))
    }

    /// Tijdstempel and Volgnummer.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.document.header()
    }

    /// Whether the list tells Interfaceversies apart: release2 does not.
    #[must_use]
    pub fn has_interfaceversies(&self) -> bool {
        self.document.release() != "release2"
    }

    /// The list as the framework publishes it, in the release in which it was read, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write::list(self)
    }

    pub(crate) fn text(&self, value: Value) -> Option<&str> {
        self.document.text(value)
    }

    pub(crate) fn aanbieder(&self, at: u32) -> Aanbieder {
        self.aanbieders.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn versie(&self, at: u32) -> Versie {
        self.versies.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn dienst(&self, at: u32) -> Dienst {
        self.diensten.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn rol(&self, at: u32) -> Rol {
        self.rollen.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn versies_of(&self, at: u32) -> Range<u32> {
        at.checked_sub(1).map_or(0, |before| self.aanbieder(before).versies_end)..self.aanbieder(at).versies_end
    }

    pub(crate) fn diensten_of(&self, at: u32) -> Range<u32> {
        at.checked_sub(1).map_or(0, |before| self.versie(before).diensten_end)..self.versie(at).diensten_end
    }

    pub(crate) fn rollen_of(&self, at: u32) -> Range<u32> {
        at.checked_sub(1).map_or(0, |before| self.dienst(before).rollen_end)..self.dienst(at).rollen_end
    }
}

impl PartialEq for Zorgaanbiederslijst {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.zorgaanbieders().eq(other.zorgaanbieders())
    }
}

impl Eq for Zorgaanbiederslijst {}

impl List for Zorgaanbiederslijst {
    const KIND: ListKind = ListKind::Zorgaanbiederslijst;
    type Collector = ZorgaanbiederslijstCollector;

    fn dialects() -> Result<&'static [Arc<Dialect>], &'static DialectError> {
        static DIALECTS: BuiltInDialects = BuiltInDialects::new(&[
            include_str!("../dialects/release2-file-version-5.dialect"),
            include_str!("../dialects/release3-inferred.dialect"),
        ]);
        DIALECTS.all()
    }

    fn document(&self) -> &Document {
        &self.document
    }

    fn len(&self) -> usize {
        self.aanbieders.len()
    }
}
