// SPDX-License-Identifier: AGPL-3.0-or-later
//! From validated values to the list.

use std::sync::Arc;

use medmij_list::{BuiltInDialects, Collector, Dialect, DialectError, Document, KeyIndex, List, ListKind, Value};

use crate::{
    Zorgaanbiederslijst,
    tables::{Aanbieder, Dienst, Rol, Tables, Versie},
};

/// Makes a [`Zorgaanbiederslijst`] of validated values.
#[derive(Debug, Default)]
pub struct ZorgaanbiederslijstCollector(Tables);

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
        self.document()
    }

    fn len(&self) -> usize {
        self.entries()
    }
}

const AANBIEDER: usize = 0;
const NAAM: usize = 1;
const AANBIEDERTYPE: usize = 2;
const VERSIE: usize = 3;
const VERSIE_ID: usize = 4;
const DIENSTEN: usize = 5;
const DIENST: usize = 6;
const DIENST_ID: usize = 7;
const AUTHORIZATION: usize = 8;
const TOKEN: usize = 9;
const DUUR: usize = 10;
const SUBSCRIPTION: usize = 11;
const ROL: usize = 12;
const CODE: usize = 13;
const RESOURCE: usize = 14;

impl Collector for ZorgaanbiederslijstCollector {
    type List = Zorgaanbiederslijst;
    const SLOTS: &'static [(&'static str, &'static str)] = &[
        ("Zorgaanbieders", "Zorgaanbieder"),
        ("Zorgaanbieder", "Zorgaanbiedernaam"),
        ("Zorgaanbieder", "Aanbiedertype"),
        ("Interfaceversies", "Interfaceversie"),
        ("Interfaceversie", "InterfaceversieId"),
        ("Zorgaanbieder", "Gegevensdiensten"),
        ("Gegevensdiensten", "Gegevensdienst"),
        ("Gegevensdienst", "GegevensdienstId"),
        ("AuthorizationEndpoint", "AuthorizationEndpointuri"),
        ("TokenEndpoint", "TokenEndpointuri"),
        ("Abonneren", "MaximaleDuur"),
        ("Abonneren", "SubscriptionEndpointuri"),
        ("Systeemrollen", "Systeemrol"),
        ("Systeemrol", "Systeemrolcode"),
        ("ResourceEndpoint", "ResourceEndpointuri"),
        // known, and without a meaning of their own
        ("", "Zorgaanbiederslijst"),
        ("Zorgaanbiederslijst", "Zorgaanbieders"),
        ("Zorgaanbieder", "Interfaceversies"),
        ("Interfaceversie", "Gegevensdiensten"),
        ("Gegevensdienst", "AuthorizationEndpoint"),
        ("Gegevensdienst", "TokenEndpoint"),
        ("Gegevensdienst", "Abonneren"),
        ("Gegevensdienst", "Systeemrollen"),
        ("Systeemrol", "ResourceEndpoint"),
    ];
    const KEYS: &'static [usize] = &[NAAM];

    fn open(&mut self, slot: usize) {
        match slot {
            AANBIEDER => self.0.aanbieders.push(Aanbieder::default()),
            VERSIE => self.0.versies.push(Versie::default()),
            // release2: the services stand in the Zorgaanbieder itself
            DIENSTEN => self.0.versies.push(Versie::default()),
            DIENST => self.0.diensten.push(Dienst::default()),
            ROL => self.0.rollen.push(Rol::default()),
            _ => {}
        }
    }

    fn value(&mut self, slot: usize, value: Value) {
        match slot {
            NAAM | AANBIEDERTYPE => {
                let Some(aanbieder) = self.0.aanbieders.last_mut() else {
                    return;
                };
                *(if slot == NAAM {
                    &mut aanbieder.naam
                } else {
                    &mut aanbieder.aanbiedertype
                }) = value;
            }
            VERSIE_ID => self
                .0
                .versies
                .last_mut()
                .into_iter()
                .for_each(|versie| versie.id = value),
            DIENST_ID | AUTHORIZATION | TOKEN | DUUR | SUBSCRIPTION => {
                let Some(dienst) = self.0.diensten.last_mut() else {
                    return;
                };
                *match slot {
                    DIENST_ID => &mut dienst.id,
                    AUTHORIZATION => &mut dienst.authorization,
                    TOKEN => &mut dienst.token,
                    DUUR => &mut dienst.duur,
                    _ => &mut dienst.subscription,
                } = value;
            }
            CODE | RESOURCE => {
                let Some(rol) = self.0.rollen.last_mut() else { return };
                *(if slot == CODE { &mut rol.code } else { &mut rol.resource }) = value;
            }
            _ => {}
        }
    }

    fn close(&mut self, slot: usize) {
        match slot {
            AANBIEDER => {
                let end = count(self.0.versies.len());
                self.0
                    .aanbieders
                    .last_mut()
                    .into_iter()
                    .for_each(|aanbieder| aanbieder.versies_end = end);
            }
            VERSIE | DIENSTEN => {
                let end = count(self.0.diensten.len());
                self.0
                    .versies
                    .last_mut()
                    .into_iter()
                    .for_each(|versie| versie.diensten_end = end);
            }
            DIENST => {
                let end = count(self.0.rollen.len());
                self.0
                    .diensten
                    .last_mut()
                    .into_iter()
                    .for_each(|dienst| dienst.rollen_end = end);
            }
            _ => {}
        }
    }

    fn entry(&self) -> u32 {
        count(self.0.aanbieders.len().saturating_sub(1))
    }

    fn key(&self, entry: u32) -> Value {
        self.0
            .aanbieders
            .get(entry as usize)
            .map_or(Value::ABSENT, |aanbieder| aanbieder.naam)
    }

    fn finish(mut self, document: Document, index: KeyIndex) -> Zorgaanbiederslijst {
        self.0.aanbieders.shrink_to_fit();
        self.0.versies.shrink_to_fit();
        self.0.diensten.shrink_to_fit();
        self.0.rollen.shrink_to_fit();
        Zorgaanbiederslijst::new(document, self.0, index)
    }
}

/// Documents have less than 4 GiB, so their entries can be counted in 32 bits.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
