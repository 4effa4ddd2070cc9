// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — the list itself and its look-ups.

use std::{collections::HashMap, ops::Range, sync::OnceLock};

use medmij_list::{Document, Header, KeyIndex, Value};
use medmij_types::{Aanbiedernaam, GegevensdienstId};

use crate::tables::{Aanbieder, Dienst, Rol, Tables, Versie};

/// The Zorgaanbiederslijst. Two lists are equal if their headers and their entries, in order, are.
#[derive(Debug)]
pub struct Zorgaanbiederslijst {
    document: Document,
    tables: Tables,
    index: KeyIndex,
    /// Which Aanbieders offer a Gegevensdienst; made when it is first asked for.
    offered_by: OnceLock<HashMap<String, Vec<u32>>>,
}

impl Zorgaanbiederslijst {
    pub(crate) fn new(document: Document, tables: Tables, index: KeyIndex) -> Self {
        Self {
            document,
            tables,
            index,
            offered_by: OnceLock::new(),
        }
    }

    /// Where the Zorgaanbieder of this name stands.
    pub(crate) fn position(&self, naam: &Aanbiedernaam) -> Option<u32> {
        let at = self
            .index
            .find(naam.as_str(), |at| self.text(self.aanbieder(at).naam))?;
        self.tables.aanbieders.get(at as usize).map(|_| at)
    }

    /// Where the Zorgaanbieders stand that offer a Gegevensdienst.
    pub(crate) fn positions_with(&self, gegevensdienst: &GegevensdienstId) -> &[u32] {
        let index = self.offered_by.get_or_init(|| self.index_by_dienst());
        index.get(gegevensdienst.as_str()).map_or(&[], Vec::as_slice)
    }

    fn index_by_dienst(&self) -> HashMap<String, Vec<u32>> {
        let mut index: HashMap<String, Vec<u32>> = HashMap::new();
        for at in 0..u32::try_from(self.entries()).unwrap_or(u32::MAX) {
            for dienst in self.versies_of(at).flat_map(|versie| self.diensten_of(versie)) {
                let id = self.text(self.dienst(dienst).id).unwrap_or_default();
                let offered = match index.get_mut(id) {
                    Some(offered) => offered,
                    None => index.entry(id.to_owned()).or_default(),
                };
                if offered.last() != Some(&at) {
                    offered.push(at);
                }
            }
        }
        index
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

    /// What was read.
    pub(crate) const fn document(&self) -> &Document {
        &self.document
    }

    /// How many Zorgaanbieders there are.
    pub(crate) const fn entries(&self) -> usize {
        self.tables.aanbieders.len()
    }

    pub(crate) fn text(&self, value: Value) -> Option<&str> {
        self.document.text(value)
    }

    pub(crate) fn aanbieder(&self, at: u32) -> Aanbieder {
        self.tables.aanbieders.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn versie(&self, at: u32) -> Versie {
        self.tables.versies.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn dienst(&self, at: u32) -> Dienst {
        self.tables.diensten.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn rol(&self, at: u32) -> Rol {
        self.tables.rollen.get(at as usize).copied().unwrap_or_default()
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
