// SPDX-License-Identifier: AGPL-3.0-or-later
//! The entries of a list as names with fields, so that all kinds are compared alike. Order plays no role: a list is a
//! set.

use std::collections::BTreeMap;

use medmij_ocl::OAuthclient;
use medmij_zal::{Gegevensdienst, Zorgaanbieder};

use crate::any_list::AnyList;

/// What an entry says, under names for people.
pub(super) type Fields = BTreeMap<String, String>;

/// All entries by their key.
pub(super) fn entries(list: &AnyList) -> BTreeMap<String, Fields> {
    match list {
        AnyList::Zal(list) => list
            .zorgaanbieders()
            .map(|a| (a.naam_str().to_owned(), zorgaanbieder(a)))
            .collect(),
        AnyList::Ocl(list) => list
            .clients()
            .map(|c| (c.hostname_str().to_owned(), client(c)))
            .collect(),
        AnyList::Whitelist(list) => list.nodes().map(|n| (n.as_str().to_owned(), Fields::new())).collect(),
        AnyList::Gnl(list) => list
            .gegevensdiensten()
            .map(|g| {
                let naam = ("weergavenaam".to_owned(), g.weergavenaam_str().to_owned());
                (g.id_str().to_owned(), Fields::from([naam]))
            })
            .collect(),
        AnyList::Zkl(list) => list
            .zorgaanbieders()
            .map(|koppeling| {
                let kenmerken = koppeling
                    .kenmerken()
                    .map(|(soort, value)| (format!("{soort:?} {value}"), String::new()));
                let diensten = koppeling.gegevensdiensten().map(|dienst| {
                    let versies: Vec<_> = dienst.interfaceversies().collect();
                    let naam = dienst.weergavenaam_str().unwrap_or_default();
                    (
                        format!("gegevensdienst {}", dienst.id_str()),
                        format!("{naam} ({})", versies.join(", ")),
                    )
                });
                (koppeling.naam_str().to_owned(), kenmerken.chain(diensten).collect())
            })
            .collect(),
    }
}

fn zorgaanbieder(aanbieder: Zorgaanbieder<'_>) -> Fields {
    let mut fields = Fields::new();
    if let Some(soort) = aanbieder.aanbiedertype() {
        fields.insert("aanbiedertype".to_owned(), soort.to_string());
    }
    for versie in aanbieder.interfaceversies() {
        let of = versie
            .id_str()
            .map_or_else(String::new, |id| format!("interfaceversie {id}, "));
        for dienst in versie.gegevensdiensten() {
            gegevensdienst(&of, dienst, &mut fields);
        }
    }
    fields
}

fn gegevensdienst(of: &str, dienst: Gegevensdienst<'_>, fields: &mut Fields) {
    let mut add = |what: &str, value: Option<&str>| {
        if let Some(value) = value {
            fields.insert(
                format!("{of}gegevensdienst {}, {what}", dienst.id_str()),
                value.to_owned(),
            );
        }
    };
    add("authorization", dienst.authorization_endpoint_str());
    add("token", dienst.token_endpoint_str());
    if let Some(abonneren) = dienst.abonneren() {
        add("maximale duur", abonneren.maximale_duur_str());
        add("subscription", abonneren.subscription_endpoint_str());
    }
    for rol in dienst.systeemrollen() {
        add(&format!("systeemrol {}", rol.code_str()), rol.resource_endpoint_str());
    }
}

fn client(client: OAuthclient<'_>) -> Fields {
    let mut fields = Fields::new();
    let mut add = |what: String, value: Option<&str>| {
        if let Some(value) = value {
            fields.insert(what, value.to_owned());
        }
    };
    add("organisatienaam".to_owned(), client.organisatienaam_str());
    let subscription = client.subscription_notification_endpoint();
    add(
        "subscription notification".to_owned(),
        subscription.map(|endpoint| endpoint.as_str()),
    );
    let resource = client.resource_notification_endpoint();
    add(
        "resource notification".to_owned(),
        resource.map(|endpoint| endpoint.as_str()),
    );
    for dienst in client.gegevensdiensten().into_iter().flatten() {
        let of = format!("gegevensdienst {}", dienst.id_str());
        add(of.clone(), Some(""));
        let subscription = dienst.subscription_notification_endpoint();
        add(
            format!("{of}, subscription notification"),
            subscription.map(|endpoint| endpoint.as_str()),
        );
        let resource = dienst.resource_notification_endpoint();
        add(
            format!("{of}, resource notification"),
            resource.map(|endpoint| endpoint.as_str()),
        );
    }
    fields
}
