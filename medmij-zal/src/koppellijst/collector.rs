// SPDX-License-Identifier: AGPL-3.0-or-later
//! From validated values to the Zorgaanbiederskoppellijst.

use std::collections::HashMap;

use medmij_list::{Collector, Document, KeyIndex, Value};

use super::{Aanbieder, Dienst, Soort, Zorgaanbiederskoppellijst};

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
