// SPDX-License-Identifier: AGPL-3.0-or-later
//! From validated values to the Zorgaanbiederskoppellijst.

use std::collections::HashMap;

use medmij_list::{Collector, Document, KeyIndex, ValueRange};

use super::{Aanbieder, Kind, Service, Zorgaanbiederskoppellijst};

/// Makes a [`Zorgaanbiederskoppellijst`] of validated values.
#[derive(Debug, Default)]
pub struct KoppellijstCollector {
    aanbieders: Vec<Aanbieder>,
    identifiers: Vec<(Kind, ValueRange)>,
    services: Vec<Service>,
    versions: Vec<ValueRange>,
}

const AANBIEDER: usize = 0;
const NAME: usize = 1;
const SERVICE: usize = 2;
const ID: usize = 3;
const WEERGAVENAAM: usize = 4;
const VERSION: usize = 5;
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
    const KEYS: &'static [usize] = &[NAME];

    fn open(&mut self, slot: usize) {
        match slot {
            AANBIEDER => {
                let (identifiers, services) = (count(self.identifiers.len()), count(self.services.len()));
                self.aanbieders.push(Aanbieder {
                    name: ValueRange::ABSENT,
                    identifiers: (identifiers, identifiers),
                    services: (services, services),
                });
            }
            SERVICE => {
                let versions = count(self.versions.len());
                self.services.push(Service {
                    versions: (versions, versions),
                    ..Service::default()
                });
            }
            _ => {}
        }
    }

    fn value(&mut self, slot: usize, value: ValueRange) {
        match slot {
            NAME => self
                .aanbieders
                .last_mut()
                .into_iter()
                .for_each(|aanbieder| aanbieder.name = value),
            ID => self
                .services
                .last_mut()
                .into_iter()
                .for_each(|service| service.id = value),
            WEERGAVENAAM => self
                .services
                .last_mut()
                .into_iter()
                .for_each(|service| service.name = value),
            VERSION => self.versions.push(value),
            AGB => self.identifiers.push((Kind::Agb, value)),
            URA => self.identifiers.push((Kind::Ura, value)),
            OIN => self.identifiers.push((Kind::Oin, value)),
            HRN => self.identifiers.push((Kind::Hrn, value)),
            KVK => self.identifiers.push((Kind::Kvk, value)),
            _ => {}
        }
    }

    fn close(&mut self, slot: usize) {
        match slot {
            AANBIEDER => {
                let (identifiers, services) = (count(self.identifiers.len()), count(self.services.len()));
                self.aanbieders.last_mut().into_iter().for_each(|aanbieder| {
                    aanbieder.identifiers.1 = identifiers;
                    aanbieder.services.1 = services;
                });
            }
            SERVICE => {
                let versions = count(self.versions.len());
                self.services
                    .last_mut()
                    .into_iter()
                    .for_each(|service| service.versions.1 = versions);
            }
            _ => {}
        }
    }

    fn entry(&self) -> u32 {
        count(self.aanbieders.len().saturating_sub(1))
    }

    fn key(&self, entry: u32) -> ValueRange {
        self.aanbieders
            .get(entry as usize)
            .map_or(ValueRange::ABSENT, |aanbieder| aanbieder.name)
    }

    fn finish(self, document: Document, index: KeyIndex) -> Zorgaanbiederskoppellijst {
        let mut by_identifier: HashMap<(Kind, String), Vec<u32>> = HashMap::new();
        for (at, aanbieder) in (0..).zip(&self.aanbieders) {
            for (kind, value) in
                Zorgaanbiederskoppellijst::children(&self.identifiers, aanbieder.identifiers.0, aanbieder.identifiers.1)
            {
                let of = by_identifier
                    .entry((*kind, document.text(*value).unwrap_or_default().to_owned()))
                    .or_default();
                if of.last() != Some(&at) {
                    of.push(at);
                }
            }
        }
        Zorgaanbiederskoppellijst {
            document,
            aanbieders: self.aanbieders,
            identifiers: self.identifiers,
            services: self.services,
            versions: self.versions,
            index,
            by_identifier,
        }
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
