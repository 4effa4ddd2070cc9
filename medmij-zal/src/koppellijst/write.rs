// SPDX-License-Identifier: AGPL-3.0-or-later
//! The elements of the Zorgaanbiederskoppellijst in their order.

use medmij_list::{List as _, ListWriter};

use super::{Kind, Zorgaanbiederskoppellijst};

pub(super) fn list(list: &Zorgaanbiederskoppellijst) -> String {
    let mut writer = ListWriter::new("Zorgaanbiederskoppellijst", list.document().dialect().namespace());
    writer.header(list.header());
    writer.open("Zorgaanbieders");
    for aanbieder in list.zorgaanbieders() {
        writer.open("Zorgaanbieder");
        writer.value("Zorgaanbiedernaam", aanbieder.name_str());
        writer.open("IdentificerendeKenmerken");
        for (kind, identifier) in aanbieder.identifiers() {
            writer.open("IdentificerendKenmerk");
            writer.value(element(kind), identifier);
            writer.close();
        }
        writer.close();
        writer.open("Gegevensdiensten");
        for service in aanbieder.gegevensdiensten() {
            writer.open("Gegevensdienst");
            writer.value("GegevensdienstId", service.id_str());
            if let Some(name) = service.weergavenaam_str() {
                writer.value("Weergavenaam", name);
            }
            writer.open("Interfaceversies");
            for version in service.interfaceversies() {
                writer.open("Interfaceversie");
                writer.value("InterfaceversieId", version);
                writer.close();
            }
            writer.close();
            writer.close();
        }
        writer.close();
        writer.close();
    }
    writer.finish()
}

const fn element(kind: Kind) -> &'static str {
    match kind {
        Kind::Agb => "AGB",
        Kind::Ura => "URA",
        Kind::Oin => "OIN",
        Kind::Hrn => "HRN",
        Kind::Kvk => "KVK",
    }
}
