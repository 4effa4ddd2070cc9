// SPDX-License-Identifier: AGPL-3.0-or-later
//! The elements of the Zorgaanbiederskoppellijst in their order.

use medmij_list::{List as _, ListWriter};

use super::{Soort, Zorgaanbiederskoppellijst};

pub(super) fn list(list: &Zorgaanbiederskoppellijst) -> String {
    let mut writer = ListWriter::new("Zorgaanbiederskoppellijst", list.document().dialect().namespace());
    writer.header(list.header());
    writer.open("Zorgaanbieders");
    for aanbieder in list.zorgaanbieders() {
        writer.open("Zorgaanbieder");
        writer.value("Zorgaanbiedernaam", aanbieder.naam_str());
        writer.open("IdentificerendeKenmerken");
        for (soort, kenmerk) in aanbieder.kenmerken() {
            writer.open("IdentificerendKenmerk");
            writer.value(element(soort), kenmerk);
            writer.close();
        }
        writer.close();
        writer.open("Gegevensdiensten");
        for dienst in aanbieder.gegevensdiensten() {
            writer.open("Gegevensdienst");
            writer.value("GegevensdienstId", dienst.id_str());
            if let Some(naam) = dienst.weergavenaam_str() {
                writer.value("Weergavenaam", naam);
            }
            writer.open("Interfaceversies");
            for versie in dienst.interfaceversies() {
                writer.open("Interfaceversie");
                writer.value("InterfaceversieId", versie);
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

const fn element(soort: Soort) -> &'static str {
    match soort {
        Soort::Agb => "AGB",
        Soort::Ura => "URA",
        Soort::Oin => "OIN",
        Soort::Hrn => "HRN",
        Soort::Kvk => "KVK",
    }
}
