// SPDX-License-Identifier: AGPL-3.0-or-later
//! From validated values to the list.

use std::sync::Arc;

use medmij_list::{BuiltInDialects, Collector, Dialect, DialectError, Document, KeyIndex, List, ListKind, ValueRange};

use crate::{
    Zorgaanbiederslijst,
    tables::{Aanbieder, Role, Service, Tables, Version},
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
const NAME: usize = 1;
const AANBIEDERTYPE: usize = 2;
const VERSION: usize = 3;
const VERSION_ID: usize = 4;
const SERVICES: usize = 5;
const SERVICE: usize = 6;
const SERVICE_ID: usize = 7;
const AUTHORIZATION: usize = 8;
const TOKEN: usize = 9;
const DURATION: usize = 10;
const SUBSCRIPTION: usize = 11;
const ROLE: usize = 12;
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
    const KEYS: &'static [usize] = &[NAME];

    fn open(&mut self, slot: usize) {
        match slot {
            AANBIEDER => self.0.aanbieders.push(Aanbieder::default()),
            VERSION => self.0.versions.push(Version::default()),
            // release2: the services are in the Zorgaanbieder itself
            SERVICES => self.0.versions.push(Version::default()),
            SERVICE => self.0.services.push(Service::default()),
            ROLE => self.0.roles.push(Role::default()),
            _ => {}
        }
    }

    fn value(&mut self, slot: usize, value: ValueRange) {
        match slot {
            NAME | AANBIEDERTYPE => {
                let Some(aanbieder) = self.0.aanbieders.last_mut() else {
                    return;
                };
                *(if slot == NAME {
                    &mut aanbieder.name
                } else {
                    &mut aanbieder.aanbiedertype
                }) = value;
            }
            VERSION_ID => self
                .0
                .versions
                .last_mut()
                .into_iter()
                .for_each(|version| version.id = value),
            SERVICE_ID | AUTHORIZATION | TOKEN | DURATION | SUBSCRIPTION => {
                let Some(service) = self.0.services.last_mut() else {
                    return;
                };
                *match slot {
                    SERVICE_ID => &mut service.id,
                    AUTHORIZATION => &mut service.authorization,
                    TOKEN => &mut service.token,
                    DURATION => &mut service.duration,
                    _ => &mut service.subscription,
                } = value;
            }
            CODE | RESOURCE => {
                let Some(role) = self.0.roles.last_mut() else { return };
                *(if slot == CODE {
                    &mut role.code
                } else {
                    &mut role.resource
                }) = value;
            }
            _ => {}
        }
    }

    fn close(&mut self, slot: usize) {
        match slot {
            AANBIEDER => {
                let end = count(self.0.versions.len());
                self.0
                    .aanbieders
                    .last_mut()
                    .into_iter()
                    .for_each(|aanbieder| aanbieder.versions_end = end);
            }
            VERSION | SERVICES => {
                let end = count(self.0.services.len());
                self.0
                    .versions
                    .last_mut()
                    .into_iter()
                    .for_each(|version| version.services_end = end);
            }
            SERVICE => {
                let end = count(self.0.roles.len());
                self.0
                    .services
                    .last_mut()
                    .into_iter()
                    .for_each(|service| service.roles_end = end);
            }
            _ => {}
        }
    }

    fn entry(&self) -> u32 {
        count(self.0.aanbieders.len().saturating_sub(1))
    }

    fn key(&self, entry: u32) -> ValueRange {
        self.0
            .aanbieders
            .get(entry as usize)
            .map_or(ValueRange::ABSENT, |aanbieder| aanbieder.name)
    }

    fn finish(mut self, document: Document, index: KeyIndex) -> Zorgaanbiederslijst {
        self.0.aanbieders.shrink_to_fit();
        self.0.versions.shrink_to_fit();
        self.0.services.shrink_to_fit();
        self.0.roles.shrink_to_fit();
        Zorgaanbiederslijst::new(document, self.0, index)
    }
}

/// Documents have less than 4 GiB, so their entries can be counted in 32 bits.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
