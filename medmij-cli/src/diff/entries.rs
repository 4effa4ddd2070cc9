// SPDX-License-Identifier: AGPL-3.0-or-later
//! The entries of each kind of list as keys with fields, so that all kinds are compared alike.

use std::collections::BTreeMap;

use medmij_gnl::NamedGegevensdienst as Name;
use medmij_ocl::OAuthclient;
use medmij_whitelist::MedMijNode;
use medmij_zal::{OfferedGegevensdienst, Zorgaanbieder, koppellijst::KoppellijstEntry};

use super::{Compared, compare};
use crate::any_list::AnyList;

/// What an entry says, under names for people.
pub(super) type Fields = BTreeMap<String, String>;

/// What differs; `None` for lists of two kinds.
pub(super) fn compare_lists(old: &AnyList, new: &AnyList) -> Option<Compared> {
    Some(match (old, new) {
        (AnyList::Zal(old), AnyList::Zal(new)) => {
            let (old, new) = (old.zorgaanbieders(), new.zorgaanbieders());
            let key = Zorgaanbieder::name_str;
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
            compare(keyed(old, Name::id_str), keyed(new, Name::id_str), |a, b| a == b, name)
        }
        (AnyList::Zkl(old), AnyList::Zkl(new)) => {
            let (old, new) = (old.zorgaanbieders(), new.zorgaanbieders());
            let key = KoppellijstEntry::name_str;
            compare(keyed(old, key), keyed(new, key), |_, _| false, entry)
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

fn name(gegevensdienst: Name<'_>) -> Fields {
    Fields::from([("weergavenaam".to_owned(), gegevensdienst.weergavenaam_str().to_owned())])
}

fn entry(entry: KoppellijstEntry<'_>) -> Fields {
    let identifiers = entry
        .identifiers()
        .map(|(kind, value)| (format!("{kind:?} {value}"), "present".to_owned()));
    let services = entry.gegevensdiensten().map(|service| {
        let versions: Vec<_> = service.interfaceversies().collect();
        let name = service.weergavenaam_str().unwrap_or_default();
        (
            format!("gegevensdienst {}", service.id_str()),
            format!("{name} ({})", versions.join(", ")),
        )
    });
    identifiers.chain(services).collect()
}

fn zorgaanbieder(aanbieder: Zorgaanbieder<'_>) -> Fields {
    let mut fields = Fields::new();
    if let Some(kind) = aanbieder.aanbiedertype() {
        fields.insert("aanbiedertype".to_owned(), kind.to_string());
    }
    for version in aanbieder.interfaceversies() {
        let of = version
            .id_str()
            .map_or_else(String::new, |id| format!("interfaceversie {id}, "));
        for service in version.gegevensdiensten() {
            gegevensdienst(&of, service, &mut fields);
        }
    }
    fields
}

fn gegevensdienst(of: &str, service: OfferedGegevensdienst<'_>, fields: &mut Fields) {
    let mut add = |what: &str, value: Option<&str>| {
        if let Some(value) = value {
            fields.insert(
                format!("{of}gegevensdienst {}, {what}", service.id_str()),
                value.to_owned(),
            );
        }
    };
    add("authorization", service.authorization_endpoint_str());
    add("token", service.token_endpoint_str());
    if let Some(abonneren) = service.abonneren() {
        add("maximale duur", abonneren.max_duration_str());
        add("subscription", abonneren.subscription_endpoint_str());
    }
    for role in service.systeemrollen() {
        add(&format!("systeemrol {}", role.code_str()), role.resource_endpoint_str());
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
    for service in client.gegevensdiensten().into_iter().flatten() {
        let of = format!("gegevensdienst {}", service.id_str());
        add(of.clone(), Some("recognised"));
        let subscription = service.subscription_notification_endpoint();
        add(
            format!("{of}, subscription notification"),
            subscription.map(|endpoint| endpoint.as_str()),
        );
        let resource = service.resource_notification_endpoint();
        add(
            format!("{of}, resource notification"),
            resource.map(|endpoint| endpoint.as_str()),
        );
    }
    fields
}
