// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — the list itself and its look-ups.

use std::{collections::HashMap, ops::Range, sync::OnceLock};

use medmij_list::{Document, Header, KeyIndex, ValueRange};
use medmij_types::{Aanbiedernaam, GegevensdienstId};

use crate::tables::{Aanbieder, Role, Service, Tables, Version};

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
    pub(crate) fn position(&self, name: &Aanbiedernaam) -> Option<u32> {
        let at = self
            .index
            .find(name.as_str(), |at| self.text(self.aanbieder(at).name))?;
        self.tables.aanbieders.get(at as usize).map(|_| at)
    }

    /// Where the Zorgaanbieders stand that offer a Gegevensdienst.
    pub(crate) fn positions_with(&self, gegevensdienst: &GegevensdienstId) -> &[u32] {
        let index = self.offered_by.get_or_init(|| self.index_by_service());
        index.get(gegevensdienst.as_str()).map_or(&[], Vec::as_slice)
    }

    fn index_by_service(&self) -> HashMap<String, Vec<u32>> {
        let mut index: HashMap<String, Vec<u32>> = HashMap::new();
        for at in 0..u32::try_from(self.entries()).unwrap_or(u32::MAX) {
            for service in self.versions_of(at).flat_map(|version| self.services_of(version)) {
                let id = self.text(self.service(service).id).unwrap_or_default();
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

    pub(crate) fn text(&self, value: ValueRange) -> Option<&str> {
        self.document.text(value)
    }

    pub(crate) fn aanbieder(&self, at: u32) -> Aanbieder {
        self.tables.aanbieders.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn version(&self, at: u32) -> Version {
        self.tables.versions.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn service(&self, at: u32) -> Service {
        self.tables.services.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn role(&self, at: u32) -> Role {
        self.tables.roles.get(at as usize).copied().unwrap_or_default()
    }

    pub(crate) fn versions_of(&self, at: u32) -> Range<u32> {
        at.checked_sub(1)
            .map_or(0, |before| self.aanbieder(before).versions_end)..self.aanbieder(at).versions_end
    }

    pub(crate) fn services_of(&self, at: u32) -> Range<u32> {
        at.checked_sub(1).map_or(0, |before| self.version(before).services_end)..self.version(at).services_end
    }

    pub(crate) fn roles_of(&self, at: u32) -> Range<u32> {
        at.checked_sub(1).map_or(0, |before| self.service(before).roles_end)..self.service(at).roles_end
    }
}
