// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.ocl.300, ext.abo.subnotint.201 — a client: its host, its name, what it may ask for and where it is notified.

use medmij_types::{BackchannelUri, GegevensdienstId, Hostname, Organisatienaam, ValueError};

use crate::{
    OAuthclientlist,
    tables::{Client, Service},
};

impl OAuthclientlist {
    /// The client with this `client_id`, which is the host name of its front-channel node, exactly.
    #[must_use]
    pub fn client(&self, client_id: &Hostname) -> Option<OAuthclient<'_>> {
        let hostname = |at: u32| self.document.text(self.clients.get(at as usize)?.hostname);
        let at = self.index.find(client_id.as_str(), hostname)? as usize;
        self.clients
            .get(at)
            .map(|client| OAuthclient { list: self, client, at })
    }

    /// The clients, in the order of the document.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = OAuthclient<'_>> {
        self.clients
            .iter()
            .enumerate()
            .map(|(at, client)| OAuthclient { list: self, client, at })
    }
}

impl PartialEq for OAuthclientlist {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.clients().eq(other.clients())
    }
}

impl Eq for OAuthclientlist {}

/// An entry of the OAuth Client List.
#[derive(Clone, Copy, Debug)]
pub struct OAuthclient<'a> {
    list: &'a OAuthclientlist,
    client: &'a Client,
    at: usize,
}

impl<'a> OAuthclient<'a> {
    /// The host name as it is in the list.
    #[must_use]
    pub fn hostname_str(self) -> &'a str {
        self.list.document.text(self.client.hostname).unwrap_or_default()
    }

    /// The host name for use: the `client_id`.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the schema lets more pass than is a host.
    pub fn hostname(self) -> Result<Hostname, ValueError> {
        Hostname::parse(self.hostname_str())
    }

    /// The name as it is in the list; `None` only where an inferred dialect let it be missing.
    #[must_use]
    pub fn organisatienaam_str(self) -> Option<&'a str> {
        self.list.document.text(self.client.name)
    }

    /// The name to show to the Persoon.
    ///
    /// # Errors
    ///
    /// [`ValueError::NameLength`] or [`ValueError::NameControl`].
    pub fn organisatienaam(self) -> Result<Organisatienaam, ValueError> {
        Organisatienaam::parse(self.organisatienaam_str().unwrap_or_default())
    }

    /// The Gegevensdiensten for which the client is recognised; `None` where the list does not tell, which is not
    /// "none".
    #[must_use]
    pub fn gegevensdiensten(self) -> Option<impl ExactSizeIterator<Item = OAuthclientGegevensdienst<'a>>> {
        let list = self.list;
        self.client.names_services.then(|| {
            self.services()
                .iter()
                .map(move |service| OAuthclientGegevensdienst { list, service })
        })
    }

    /// Whether the client may ask for a Gegevensdienst; `None` where the list does not tell (core.ocl.300).
    #[must_use]
    pub fn may_request(self, id: &GegevensdienstId) -> Option<bool> {
        self.gegevensdiensten()
            .map(|mut services| services.any(|service| service.id_str() == id.as_str()))
    }

    /// Where the client takes notifications of subscriptions, for all its Gegevensdiensten; `None` where the list does
    /// not tell.
    #[must_use]
    pub fn subscription_notification_endpoint(self) -> Option<NotificationEndpoint<'a>> {
        self.list
            .document
            .text(self.client.subscription)
            .map(NotificationEndpoint)
    }

    /// Where the client takes notifications of resources, for all its Gegevensdiensten; `None` where the list does not
    /// tell.
    #[must_use]
    pub fn resource_notification_endpoint(self) -> Option<NotificationEndpoint<'a>> {
        self.list.document.text(self.client.resource).map(NotificationEndpoint)
    }

    fn services(self) -> &'a [Service] {
        let before = self.at.checked_sub(1).and_then(|before| self.list.clients.get(before));
        let start = before.map_or(0, |client| client.services_end) as usize;
        self.list
            .services
            .get(start..self.client.services_end as usize)
            .unwrap_or_default()
    }
}

impl PartialEq for OAuthclient<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hostname_str() == other.hostname_str()
            && self.organisatienaam_str() == other.organisatienaam_str()
            && self.subscription_notification_endpoint() == other.subscription_notification_endpoint()
            && self.resource_notification_endpoint() == other.resource_notification_endpoint()
            && match (self.gegevensdiensten(), other.gegevensdiensten()) {
                (Some(a), Some(b)) => a.eq(b),
                (a, b) => a.is_none() && b.is_none(),
            }
    }
}

impl Eq for OAuthclient<'_> {}

/// A Gegevensdienst for which a client is recognised.
#[derive(Clone, Copy, Debug)]
pub struct OAuthclientGegevensdienst<'a> {
    list: &'a OAuthclientlist,
    service: &'a Service,
}

impl<'a> OAuthclientGegevensdienst<'a> {
    /// The id as it is in the list.
    #[must_use]
    pub fn id_str(self) -> &'a str {
        self.list.document.text(self.service.id).unwrap_or_default()
    }

    /// The id for use.
    ///
    /// # Errors
    ///
    /// [`ValueError::GegevensdienstIdLength`] or [`ValueError::GegevensdienstIdCharacter`].
    pub fn id(self) -> Result<GegevensdienstId, ValueError> {
        GegevensdienstId::parse(self.id_str())
    }

    /// Where notifications of subscriptions to this Gegevensdienst go, where the list tells.
    #[must_use]
    pub fn subscription_notification_endpoint(self) -> Option<NotificationEndpoint<'a>> {
        self.list
            .document
            .text(self.service.subscription)
            .map(NotificationEndpoint)
    }

    /// Where notifications of resources of this Gegevensdienst go, where the list tells.
    #[must_use]
    pub fn resource_notification_endpoint(self) -> Option<NotificationEndpoint<'a>> {
        self.list.document.text(self.service.resource).map(NotificationEndpoint)
    }
}

impl PartialEq for OAuthclientGegevensdienst<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id_str() == other.id_str()
            && self.subscription_notification_endpoint() == other.subscription_notification_endpoint()
            && self.resource_notification_endpoint() == other.resource_notification_endpoint()
    }
}

impl Eq for OAuthclientGegevensdienst<'_> {}

/// Where a client takes notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationEndpoint<'a>(&'a str);

impl<'a> NotificationEndpoint<'a> {
    pub(crate) const fn new(uri: &'a str) -> Self {
        Self(uri)
    }

    /// The URI as it is in the list.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The URI for use.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the first rule that the text breaks.
    pub fn uri(self) -> Result<BackchannelUri, ValueError> {
        BackchannelUri::parse(self.0)
    }
}
