// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.ocl.300 — the elements of the list, in the order in which they are published.

use medmij_list::{Header, List as _, ListWriter};

use crate::{NotificationEndpoint, OAuthclientlist};

const RELEASE2: &str = "xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release2/";
const RELEASE3: &str = "xmlns://afsprakenstelsel.medmij.nl/oauthclientlist/release3/";

impl OAuthclientlist {
    /// The list as the framework publishes it, in the release in which it was read, with the entries as they were read.
    #[must_use]
    pub fn to_xml(&self) -> String {
        list(self)
    }
}

/// A list that was read.
fn list(list: &OAuthclientlist) -> String {
    let mut writer = begin(list.header(), list.document().dialect().namespace());
    for client in list.clients() {
        writer.open("OAuthclient");
        writer.value("Hostname", client.hostname_str());
        if let Some(name) = client.organisatienaam_str() {
            writer.value("OAuthclientOrganisatienaam", name);
        }
        if let Some(services) = client.gegevensdiensten() {
            writer.open("Gegevensdiensten");
            for service in services {
                writer.open("Gegevensdienst");
                writer.value("GegevensdienstId", service.id_str());
                subscription(&mut writer, service.subscription_notification_endpoint());
                resource(&mut writer, service.resource_notification_endpoint());
                writer.close();
            }
            writer.close();
        }
        subscription(&mut writer, client.subscription_notification_endpoint());
        resource(&mut writer, client.resource_notification_endpoint());
        writer.close();
    }
    writer.finish()
}

/// A list of release2, which knows hosts and names.
pub(crate) fn release2<'a>(header: &Header, clients: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut writer = begin(header, RELEASE2);
    for (hostname, name) in clients {
        writer.open("OAuthclient");
        writer.value("Hostname", hostname);
        writer.value("OAuthclientOrganisatienaam", name);
        writer.close();
    }
    writer.finish()
}

/// A list of release3, with where each client takes notifications of either kind.
pub(crate) fn release3<'a>(
    header: &Header,
    clients: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>,
) -> String {
    let mut writer = begin(header, RELEASE3);
    for (hostname, name, notifications) in clients {
        writer.open("OAuthclient");
        writer.value("Hostname", hostname);
        writer.value("OAuthclientOrganisatienaam", name);
        let endpoint = notifications.map(NotificationEndpoint::new);
        subscription(&mut writer, endpoint);
        resource(&mut writer, endpoint);
        writer.close();
    }
    writer.finish()
}

fn begin(header: &Header, namespace: &str) -> ListWriter {
    let mut writer = ListWriter::new("OAuthclientlist", namespace);
    writer.header(header);
    writer.open("OAuthclients");
    writer
}

fn subscription(writer: &mut ListWriter, endpoint: Option<NotificationEndpoint<'_>>) {
    if let Some(endpoint) = endpoint {
        writer.open("SubscriptionNotificationEndpoint");
        writer.value("SubscriptionNotificationEndpointuri", endpoint.as_str());
        writer.close();
    }
}

fn resource(writer: &mut ListWriter, endpoint: Option<NotificationEndpoint<'_>>) {
    if let Some(endpoint) = endpoint {
        writer.open("ResourceNotificationEndpoint");
        writer.value("ResourceNotificationEndpointuri", endpoint.as_str());
        writer.close();
    }
}
