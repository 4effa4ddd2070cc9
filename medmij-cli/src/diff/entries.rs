// SPDX-License-Identifier: AGPL-3.0-or-later
//! The entries of each kind of list as keys with fields, so that all kinds are compared alike.

use std::collections::BTreeMap;

use medmij_gnl::Gegevensdienst as Naam;
use medmij_ocl::OAuthclient;
use medmij_whitelist::MedMijNode;
use medmij_zal::{Gegevensdienst, Zorgaanbieder, koppellijst::Koppeling};

use super::{Compared, compare};
use crate::any_list::AnyList;

/// What an entry says, under names for people.
pub(super) type Fields = BTreeMap<String, String>;

/// What differs; `None` for lists of two kinds.
pub(super) fn compare_lists(old: &AnyList, new: &AnyList) -> Option<Compared> {
    Some(match (old, new) {
        (AnyList::Zal(old), AnyList::Zal(new)) => {
            let (old, new) = (old.zorgaanbieders(), new.zorgaanbieders());
            let key = Zorgaanbieder::naam_str;
            compare(keyed(old, key), keyed(new, key), |a, b| a == b, zorgaanbieder)
        }
        (AnyList::Ocl(old), AnyList::Ocl(new)) => {
            let (old, new) = (old.clients(), new.clients());
            let key = OAuthclient::hostname_str;
            compare(keyed(old, key), keyed(new, key), |a, b| a == b, client)
        }
        (AnyList::Whitelist(old), AnyList::Whitelist(new)) => {
            let (old, new) = (old.nodes(), new.nodes());
            let key = MedMijNode::as_str;
            compare(keyed(old, key), keyed(new, key), |_, _| true, |_| Fields::new())
        }
        (AnyList::Gnl(old), AnyList::Gnl(new)) => {
            let (old, new) = (old.gegevensdiensten(), new.gegevensdiensten());
            compare(keyed(old, Naam::id_str), keyed(new, Naam::id_str), |a, b| a == b, naam)
        }
        (AnyList::Zkl(old), AnyList::Zkl(new)) => {
            let (old, new) = (old.zorgaanbieders(), new.zorgaanbieders());
            let key = Koppeling::naam_str;
            compare(keyed(old, key), keyed(new, key), |_, _| false, koppeling)
        }
        _ => return None,
    })
}

fn keyed<'a, E: Copy>(
    entries: impl Iterator<Item = E>,
    key: impl Fn(E) -> &'a str,
) -> impl Iterator<Item = (&'a str, E)> {
    entries.map(move |entry| (key(entry), entry))
}

fn naam(gegevensdienst: Naam<'_>) -> Fields {
    Fields::from([("weergavenaam".to_owned(), gegevensdienst.weergavenaam_str().to_owned())])
}

fn koppeling(koppeling: Koppeling<'_>) -> Fields {
    let kenmerken = koppeling
        .kenmerken()
        .map(|(soort, value)| (format!("{soort:?} {value}"), "present".to_owned()));
    let diensten = koppeling.gegevensdiensten().map(|dienst| {
        let versies: Vec<_> = dienst.interfaceversies().collect();
        let naam = dienst.weergavenaam_str().unwrap_or_default();
        (
            format!("gegevensdienst {}", dienst.id_str()),
            format!("{naam} ({})", versies.join(", ")),
        )
    });
    kenmerken.chain(diensten).collect()
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
        add(of.clone(), Some("recognised"));
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
