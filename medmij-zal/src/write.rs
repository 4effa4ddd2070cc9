// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — the elements of the list in their order, as the framework publishes them.

use medmij_list::{Header, ListWriter};

use crate::Zorgaanbiederslijst;

impl Zorgaanbiederslijst {
    /// The list as the framework publishes it, in the release in which it was read, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        list(self)
    }
}

/// A list as it was read.
fn list(list: &Zorgaanbiederslijst) -> String {
    let namespace = list.document().dialect().namespace();
    let mut out = Out::new(list.header(), namespace, list.has_interfaceversies());
    for aanbieder in list.zorgaanbieders() {
        out.aanbieder(aanbieder.name_str(), aanbieder.aanbiedertype_str());
        for version in aanbieder.interfaceversies() {
            out.version(version.id_str().unwrap_or_default());
            for service in version.gegevensdiensten() {
                out.service(
                    service.id_str(),
                    service.authorization_endpoint_str(),
                    service.token_endpoint_str(),
                );
                if let Some(abonneren) = service.abonneren() {
                    out.abonneren(abonneren.max_duration_str(), abonneren.subscription_endpoint_str());
                }
                out.roles(
                    service
                        .systeemrollen()
                        .map(|role| (role.code_str(), role.resource_endpoint_str())),
                );
                out.end_service();
            }
            out.end_version();
        }
        out.end_aanbieder();
    }
    out.finish()
}

/// The elements of the list in their order.
pub(crate) struct Out {
    writer: ListWriter,
    release3: bool,
}

impl Out {
    pub(crate) fn new(header: &Header, namespace: &str, release3: bool) -> Self {
        let mut writer = ListWriter::new("Zorgaanbiederslijst", namespace);
        writer.header(header);
        writer.open("Zorgaanbieders");
        Self { writer, release3 }
    }

    pub(crate) fn aanbieder(&mut self, name: &str, aanbiedertype: Option<&str>) {
        self.writer.open("Zorgaanbieder");
        self.writer.value("Zorgaanbiedernaam", name);
        if self.release3 {
            aanbiedertype
                .into_iter()
                .for_each(|of| self.writer.value("Aanbiedertype", of));
            self.writer.open("Interfaceversies");
        }
    }

    pub(crate) fn end_aanbieder(&mut self) {
        if self.release3 {
            self.writer.close();
        }
        self.writer.close();
    }

    pub(crate) fn version(&mut self, id: &str) {
        if self.release3 {
            self.writer.open("Interfaceversie");
            self.writer.value("InterfaceversieId", id);
        }
        self.writer.open("Gegevensdiensten");
    }

    pub(crate) fn end_version(&mut self) {
        self.writer.close();
        if self.release3 {
            self.writer.close();
        }
    }

    pub(crate) fn service(&mut self, id: &str, authorization: Option<&str>, token: Option<&str>) {
        self.writer.open("Gegevensdienst");
        self.writer.value("GegevensdienstId", id);
        self.endpoint("AuthorizationEndpoint", "AuthorizationEndpointuri", authorization);
        self.endpoint("TokenEndpoint", "TokenEndpointuri", token);
    }

    pub(crate) fn end_service(&mut self) {
        self.writer.close();
    }

    pub(crate) fn abonneren(&mut self, duration: Option<&str>, subscription: Option<&str>) {
        self.writer.open("Abonneren");
        duration
            .into_iter()
            .for_each(|duration| self.writer.value("MaximaleDuur", duration));
        subscription
            .into_iter()
            .for_each(|uri| self.writer.value("SubscriptionEndpointuri", uri));
        self.writer.close();
    }

    pub(crate) fn roles<'a>(&mut self, roles: impl Iterator<Item = (&'a str, Option<&'a str>)>) {
        self.writer.open("Systeemrollen");
        for (code, resource) in roles {
            self.writer.open("Systeemrol");
            self.writer.value("Systeemrolcode", code);
            self.endpoint("ResourceEndpoint", "ResourceEndpointuri", resource);
            self.writer.close();
        }
        self.writer.close();
    }

    pub(crate) fn finish(self) -> String {
        self.writer.finish()
    }

    fn endpoint(&mut self, outer: &'static str, inner: &str, uri: Option<&str>) {
        if let Some(uri) = uri {
            self.writer.open(outer);
            self.writer.value(inner, uri);
            self.writer.close();
        }
    }
}
