// SPDX-License-Identifier: AGPL-3.0-or-later
//! From validated values to the list.

use std::sync::Arc;

use medmij_list::{BuiltInDialects, Collector, Dialect, DialectError, Document, KeyIndex, List, ListKind, ValueRange};

use crate::{
    OAuthclientlist,
    tables::{Client, Service},
};

impl List for OAuthclientlist {
    const KIND: ListKind = ListKind::OAuthclientlist;
    type Collector = OAuthclientlistCollector;

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
        self.clients.len()
    }
}

/// Makes an [`OAuthclientlist`] of validated values.
#[derive(Debug, Default)]
pub struct OAuthclientlistCollector {
    clients: Vec<Client>,
    services: Vec<Service>,
    in_service: bool,
}

const CLIENT: usize = 0;
const HOSTNAME: usize = 1;
const NAME: usize = 2;
const SERVICES: usize = 3;
const SERVICE: usize = 4;
const ID: usize = 5;
const SUBSCRIPTION: usize = 6;
const RESOURCE: usize = 7;

impl Collector for OAuthclientlistCollector {
    type List = OAuthclientlist;
    const SLOTS: &'static [(&'static str, &'static str)] = &[
        ("OAuthclients", "OAuthclient"),
        ("OAuthclient", "Hostname"),
        ("OAuthclient", "OAuthclientOrganisatienaam"),
        ("OAuthclient", "Gegevensdiensten"),
        ("Gegevensdiensten", "Gegevensdienst"),
        ("Gegevensdienst", "GegevensdienstId"),
        (
            "SubscriptionNotificationEndpoint",
            "SubscriptionNotificationEndpointuri",
        ),
        ("ResourceNotificationEndpoint", "ResourceNotificationEndpointuri"),
        ("OAuthclient", "SubscriptionNotificationEndpoint"),
        ("OAuthclient", "ResourceNotificationEndpoint"),
        ("Gegevensdienst", "SubscriptionNotificationEndpoint"),
        ("Gegevensdienst", "ResourceNotificationEndpoint"),
        ("OAuthclientlist", "OAuthclients"),
        ("", "OAuthclientlist"),
    ];
    const KEYS: &'static [usize] = &[HOSTNAME];

    fn open(&mut self, slot: usize) {
        match slot {
            CLIENT => self.clients.push(Client::default()),
            SERVICES => self
                .clients
                .last_mut()
                .into_iter()
                .for_each(|client| client.names_services = true),
            SERVICE => {
                self.services.push(Service::default());
                self.in_service = true;
            }
            _ => {}
        }
    }

    fn value(&mut self, slot: usize, value: ValueRange) {
        if self.in_service {
            let Some(service) = self.services.last_mut() else {
                return;
            };
            match slot {
                ID => service.id = value,
                SUBSCRIPTION => service.subscription = value,
                RESOURCE => service.resource = value,
                _ => {}
            }
            return;
        }
        let Some(client) = self.clients.last_mut() else { return };
        match slot {
            HOSTNAME => client.hostname = value,
            NAME => client.name = value,
            SUBSCRIPTION => client.subscription = value,
            RESOURCE => client.resource = value,
            _ => {}
        }
    }

    fn close(&mut self, slot: usize) {
        match slot {
            SERVICE => self.in_service = false,
            CLIENT => {
                let end = u32::try_from(self.services.len()).unwrap_or(u32::MAX);
                self.clients
                    .last_mut()
                    .into_iter()
                    .for_each(|client| client.services_end = end);
            }
            _ => {}
        }
    }

    fn entry(&self) -> u32 {
        u32::try_from(self.clients.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn key(&self, entry: u32) -> ValueRange {
        self.clients
            .get(entry as usize)
            .map_or(ValueRange::ABSENT, |client| client.hostname)
    }

    fn finish(mut self, document: Document, index: KeyIndex) -> OAuthclientlist {
        self.clients.shrink_to_fit();
        self.services.shrink_to_fit();
        OAuthclientlist {
            document,
            clients: self.clients,
            services: self.services,
            index,
        }
    }
}
