// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.101, core.gegevensdiensten.201 — lints of the Zorgaanbiederslijst alone.

use std::collections::BTreeMap;

use medmij_list::ListKind;
use medmij_types::Aanbiedernaam;
use medmij_zal::{Unusable, Zorgaanbiederslijst};

use crate::{Code, Finding};

const KIND: ListKind = ListKind::Zorgaanbiederslijst;

pub(crate) fn lint(list: &Zorgaanbiederslijst, out: &mut Vec<Finding>) {
    // V5: which Gegevensdienst a resource endpoint was seen with first; told once per endpoint.
    let mut serves: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for aanbieder in list.zorgaanbieders() {
        let naam = aanbieder.naam_str();
        if let Err(why) = Aanbiedernaam::parse(naam) {
            out.push(Finding::new(Code::V2, KIND, naam, why.to_string()));
        }
        for versie in aanbieder.interfaceversies() {
            if let Some(Err(why)) = versie.id() {
                unusable(&why, naam, out);
            }
            for dienst in versie.gegevensdiensten() {
                let mut check = |result: Result<(), Unusable>| {
                    if let Err(why) = result {
                        unusable(&why, naam, out);
                    }
                };
                check(dienst.id().map(drop));
                check(dienst.authorization_endpoint().map(drop));
                check(dienst.token_endpoint().map(drop));
                if let Some(abonneren) = dienst.abonneren() {
                    check(abonneren.maximale_duur().map(drop));
                    check(abonneren.subscription_endpoint().map(drop));
                }
                for rol in dienst.systeemrollen() {
                    check(rol.code().map(drop));
                    check(rol.resource_endpoint().map(drop));
                }
                for uri in dienst.systeemrollen().filter_map(|rol| rol.resource_endpoint_str()) {
                    let (first, told) = serves.entry(uri).or_insert_with(|| (dienst.id_str(), false));
                    if *first != dienst.id_str() && !*told {
                        *told = true;
                        let message = format!(
                            "{uri} serves gegevensdienst {first} and gegevensdienst {}",
                            dienst.id_str()
                        );
                        out.push(Finding::new(Code::V5, KIND, naam, message));
                    }
                }
            }
        }
    }
}

fn unusable(why: &Unusable, naam: &str, out: &mut Vec<Finding>) {
    out.push(Finding::new(Code::Use, KIND, naam, why.to_string()));
}
