// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.whl.304, core.ocl.300 — lints of the OAuth Client List, the Whitelist and the Gegevensdienstnamenlijst alone.

use medmij_gnl::Gegevensdienstnamenlijst;
use medmij_ocl::{NotificationEndpoint, OAuthclientlist};
use medmij_types::{Organisatienaam, ValueError};
use medmij_whitelist::Whitelist;

use super::{Code, findings::Sink};

pub(crate) fn ocl(list: &OAuthclientlist, sink: &mut Sink<'_>) {
    for client in list.clients() {
        let name = client.hostname_str();
        if let Err(why) = client.hostname() {
            sink.push(Code::V9, name, [Some(name)], host(name, why));
        }
        let organisation = client.organisatienaam_str();
        let shown = organisation.and_then(Organisatienaam::folded);
        let message = match (organisation, &shown) {
            (None, _) => None,
            (Some(organisation), None) => Some(format!(
                "the OAuthclientOrganisatienaam \"{organisation}\" cannot be shown: a Persoon sees the host name instead"
            )),
            (Some(organisation), Some(shown)) if shown.as_str() != organisation => Some(format!(
                "the OAuthclientOrganisatienaam \"{organisation}\" has odd white space or characters that show nothing: it is shown \
                 as \"{}\"",
                shown.as_str()
            )),
            (Some(_), Some(_)) => None,
        };
        if let Some(message) = message {
            sink.push(Code::Use, name, [organisation, Some(name)], message);
        }
        let mut endpoint = |endpoint: Option<NotificationEndpoint<'_>>| {
            if let Some(endpoint) = endpoint
                && let Err(why) = endpoint.uri()
            {
                let message = unusable("notification endpoint", endpoint.as_str(), &why.to_string());
                sink.push(Code::Use, name, [Some(endpoint.as_str()), Some(name)], message);
            }
        };
        endpoint(client.subscription_notification_endpoint());
        endpoint(client.resource_notification_endpoint());
        for service in client.gegevensdiensten().into_iter().flatten() {
            endpoint(service.subscription_notification_endpoint());
            endpoint(service.resource_notification_endpoint());
        }
        for service in client.gegevensdiensten().into_iter().flatten() {
            if let Err(why) = service.id() {
                let message = unusable("GegevensdienstId", service.id_str(), &why.to_string());
                sink.push(Code::Use, name, [Some(service.id_str()), Some(name)], message);
            }
        }
    }
}

pub(crate) fn whitelist(list: &Whitelist, sink: &mut Sink<'_>) {
    for node in list.nodes() {
        if let Err(why) = node.hostname() {
            sink.push(Code::V9, node.as_str(), [Some(node.as_str())], host(node.as_str(), why));
        }
    }
}

pub(crate) fn gnl(list: &Gegevensdienstnamenlijst, sink: &mut Sink<'_>) {
    for service in list.gegevensdiensten() {
        let id = service.id_str();
        if let Err(why) = service.id() {
            let message = unusable("GegevensdienstId", id, &why.to_string());
            sink.push(Code::Use, id, [Some(id)], message);
        }
        if let Err(why) = service.weergavenaam() {
            let organisation = service.weergavenaam_str();
            let message = unusable("Weergavenaam", organisation, &why.to_string());
            sink.push(Code::Use, id, [Some(organisation), Some(id)], message);
        }
    }
}

fn host(name: &str, why: ValueError) -> String {
    format!("the Hostname \"{name}\" cannot be used: {why} (core.whl.304)")
}

fn unusable(element: &str, value: &str, why: &str) -> String {
    format!("the {element} \"{value}\" cannot be used: {why}")
}
