// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.100 — a Gegevensdienst of a Zorgaanbieder: its endpoints, its Systeemrollen, and whether one can subscribe.

use std::fmt;

use medmij_types::{
    Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, InterfaceversieId, Systeemrolcode,
};

use crate::{Interfaceversie, Unusable, Zorgaanbieder, Zorgaanbiederslijst, tables::Service};

impl Zorgaanbiederslijst {
    /// What a Zorgaanbieder offers under an Interfaceversie, with its addresses (core.alst.100). In release2, which does
    /// not tell Interfaceversies apart, any of them is met by the one that is there.
    #[must_use]
    pub fn gegevensdienst(
        &self,
        name: &Aanbiedernaam,
        interfaceversie: &InterfaceversieId,
        gegevensdienst: &GegevensdienstId,
    ) -> Option<OfferedGegevensdienst<'_>> {
        self.zorgaanbieder(name)?
            .interfaceversie(interfaceversie)?
            .gegevensdienst(gegevensdienst)
    }
}

impl<'a> Interfaceversie<'a> {
    /// The Gegevensdiensten.
    pub fn gegevensdiensten(self) -> impl ExactSizeIterator<Item = OfferedGegevensdienst<'a>> {
        let range = self.aanbieder.list.services_of(self.at);
        (range.start as usize..range.end as usize).map(move |at| OfferedGegevensdienst {
            version: self,
            at: u32::try_from(at).unwrap_or(u32::MAX),
        })
    }

    /// The Gegevensdienst with this id, exactly.
    #[must_use]
    pub fn gegevensdienst(self, id: &GegevensdienstId) -> Option<OfferedGegevensdienst<'a>> {
        self.gegevensdiensten().find(|service| service.id_str() == id.as_str())
    }
}

/// A Gegevensdienst of a Zorgaanbieder under an Interfaceversie.
#[derive(Clone, Copy)]
pub struct OfferedGegevensdienst<'a> {
    version: Interfaceversie<'a>,
    at: u32,
}

impl<'a> OfferedGegevensdienst<'a> {
    /// The id as it is in the list.
    #[must_use]
    pub fn id_str(self) -> &'a str {
        self.text(|service| service.id).unwrap_or_default()
    }

    /// The id for use.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the schema let pass what cannot occur in a scope.
    pub fn id(self) -> Result<GegevensdienstId, Unusable> {
        let text = self.id_str();
        let of = || self.zorgaanbieder().name_str().to_owned();
        GegevensdienstId::parse(text).map_err(|cause| Unusable::new("GegevensdienstId", text, of(), cause))
    }

    /// The AuthorizationEndpointuri, on the front channel.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the element is absent, or its value breaks the rule that the error names.
    pub fn authorization_endpoint(self) -> Result<FrontchannelUri, Unusable> {
        let element = "AuthorizationEndpointuri";
        let text = self
            .authorization_endpoint_str()
            .ok_or_else(|| Unusable::absent(element, self.of()))?;
        FrontchannelUri::parse(text).map_err(|cause| Unusable::new(element, text, self.of(), cause))
    }

    /// The AuthorizationEndpointuri as it is in the list; absent only where an inferred dialect let it be.
    #[must_use]
    pub fn authorization_endpoint_str(self) -> Option<&'a str> {
        self.text(|service| service.authorization)
    }

    /// The TokenEndpointuri, on the back channel.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the element is absent, or its value breaks the rule that the error names.
    pub fn token_endpoint(self) -> Result<BackchannelUri, Unusable> {
        self.backchannel("TokenEndpointuri", self.token_endpoint_str())
    }

    /// The TokenEndpointuri as it is in the list; absent only where an inferred dialect let it be.
    #[must_use]
    pub fn token_endpoint_str(self) -> Option<&'a str> {
        self.text(|service| service.token)
    }

    /// Whether and how one can subscribe; `None` where the list does not offer it.
    #[must_use]
    pub fn abonneren(self) -> Option<Abonneren<'a>> {
        let service = self.service();
        (!service.subscription.is_absent() || !service.duration.is_absent()).then_some(Abonneren { service: self })
    }

    /// The Systeemrollen with their resource endpoints.
    pub fn systeemrollen(self) -> impl ExactSizeIterator<Item = Systeemrol<'a>> {
        let range = self.zorgaanbieder().list.roles_of(self.at);
        (range.start as usize..range.end as usize).map(move |at| Systeemrol {
            service: self,
            at: u32::try_from(at).unwrap_or(u32::MAX),
        })
    }

    /// The Systeemrol with this code, exactly.
    #[must_use]
    pub fn systeemrol(self, code: &Systeemrolcode) -> Option<Systeemrol<'a>> {
        self.systeemrollen().find(|role| role.code_str() == code.as_str())
    }

    /// The Zorgaanbieder.
    #[must_use]
    pub const fn zorgaanbieder(self) -> Zorgaanbieder<'a> {
        self.version.aanbieder
    }

    /// The Interfaceversie.
    #[must_use]
    pub const fn interfaceversie(self) -> Interfaceversie<'a> {
        self.version
    }

    fn service(self) -> Service {
        self.zorgaanbieder().list.service(self.at)
    }

    fn text(self, of: impl Fn(Service) -> medmij_list::ValueRange) -> Option<&'a str> {
        self.zorgaanbieder().list.text(of(self.service()))
    }

    fn of(self) -> String {
        format!("{}, gegevensdienst {}", self.zorgaanbieder().name_str(), self.id_str())
    }

    fn backchannel(self, element: &'static str, text: Option<&str>) -> Result<BackchannelUri, Unusable> {
        let text = text.ok_or_else(|| Unusable::absent(element, self.of()))?;
        BackchannelUri::parse(text).map_err(|cause| Unusable::new(element, text, self.of(), cause))
    }
}

impl PartialEq for OfferedGegevensdienst<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id_str() == other.id_str()
            && self.authorization_endpoint_str() == other.authorization_endpoint_str()
            && self.token_endpoint_str() == other.token_endpoint_str()
            && self.abonneren() == other.abonneren()
            && self.systeemrollen().eq(other.systeemrollen())
    }
}

impl Eq for OfferedGegevensdienst<'_> {}

impl fmt::Debug for OfferedGegevensdienst<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gegevensdienst")
            .field("id", &self.id_str())
            .field("zorgaanbieder", &self.zorgaanbieder().name_str())
            .finish_non_exhaustive()
    }
}

/// How one can subscribe to a Gegevensdienst.
#[derive(Clone, Copy, Debug)]
pub struct Abonneren<'a> {
    service: OfferedGegevensdienst<'a>,
}

impl<'a> Abonneren<'a> {
    /// The longest subscription, in days.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the element is absent or no number of 1 or more.
    pub fn max_duration(self) -> Result<u32, Unusable> {
        let element = "MaximaleDuur";
        let text = self
            .max_duration_str()
            .ok_or_else(|| Unusable::absent(element, self.service.of()))?;
        let number = text.trim_matches([' ', '\t', '\n', '\r']);
        match number.strip_prefix('+').unwrap_or(number).parse::<u32>() {
            Ok(days) if days > 0 => Ok(days),
            Ok(_) => Err(Unusable::new(element, text, self.service.of(), "it is not 1 or more")),
            Err(cause) => Err(Unusable::new(element, text, self.service.of(), cause)),
        }
    }

    /// The longest subscription as it is in the list.
    #[must_use]
    pub fn max_duration_str(self) -> Option<&'a str> {
        self.service.text(|service| service.duration)
    }

    /// Whether a subscription of so many days may be asked for.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the number in the list is absent or no number of 1 or more.
    pub fn allows(self, days: u32) -> Result<bool, Unusable> {
        self.max_duration().map(|most| days <= most)
    }

    /// The SubscriptionEndpointuri, on the back channel.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the element is absent, or its value breaks the rule that the error names.
    pub fn subscription_endpoint(self) -> Result<BackchannelUri, Unusable> {
        self.service
            .backchannel("SubscriptionEndpointuri", self.subscription_endpoint_str())
    }

    /// The SubscriptionEndpointuri as it is in the list.
    #[must_use]
    pub fn subscription_endpoint_str(self) -> Option<&'a str> {
        self.service.text(|service| service.subscription)
    }
}

impl PartialEq for Abonneren<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.max_duration_str() == other.max_duration_str()
            && self.subscription_endpoint_str() == other.subscription_endpoint_str()
    }
}

impl Eq for Abonneren<'_> {}

/// A Systeemrol of a Gegevensdienst.
#[derive(Clone, Copy, Debug)]
pub struct Systeemrol<'a> {
    service: OfferedGegevensdienst<'a>,
    at: u32,
}

impl<'a> Systeemrol<'a> {
    /// The code as it is in the list.
    #[must_use]
    pub fn code_str(self) -> &'a str {
        let list = self.service.zorgaanbieder().list;
        list.text(list.role(self.at).code).unwrap_or_default()
    }

    /// The code for use.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the code is no [`Systeemrolcode`].
    pub fn code(self) -> Result<Systeemrolcode, Unusable> {
        let text = self.code_str();
        Systeemrolcode::parse(text).map_err(|cause| Unusable::new("Systeemrolcode", text, self.service.of(), cause))
    }

    /// The ResourceEndpointuri, on the back channel. What is asked for is put behind it; the text itself is never
    /// changed.
    ///
    /// # Errors
    ///
    /// [`Unusable`] where the element is absent, or its value breaks the rule that the error names.
    pub fn resource_endpoint(self) -> Result<BackchannelUri, Unusable> {
        self.service
            .backchannel("ResourceEndpointuri", self.resource_endpoint_str())
    }

    /// The ResourceEndpointuri as it is in the list; absent only where an inferred dialect let it be.
    #[must_use]
    pub fn resource_endpoint_str(self) -> Option<&'a str> {
        let list = self.service.zorgaanbieder().list;
        list.text(list.role(self.at).resource)
    }

    /// The Gegevensdienst.
    #[must_use]
    pub const fn gegevensdienst(self) -> OfferedGegevensdienst<'a> {
        self.service
    }
}

impl PartialEq for Systeemrol<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.code_str() == other.code_str() && self.resource_endpoint_str() == other.resource_endpoint_str()
    }
}

impl Eq for Systeemrol<'_> {}

// equal as far as the contents go, whatever list they are in
impl PartialEq for Interfaceversie<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id_str() == other.id_str() && self.gegevensdiensten().eq(other.gegevensdiensten())
    }
}

impl Eq for Interfaceversie<'_> {}

impl PartialEq for Zorgaanbieder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name_str() == other.name_str()
            && self.aanbiedertype_str() == other.aanbiedertype_str()
            && self.interfaceversies().eq(other.interfaceversies())
    }
}

impl Eq for Zorgaanbieder<'_> {}

impl PartialEq for Zorgaanbiederslijst {
    fn eq(&self, other: &Self) -> bool {
        self.header() == other.header() && self.zorgaanbieders().eq(other.zorgaanbieders())
    }
}

impl Eq for Zorgaanbiederslijst {}
