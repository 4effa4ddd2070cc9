// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.204, core.usrint — what the supplier of a DVZA brings, as one bundle of traits.

mod login;

pub use self::login::{Authentication, LoginAnswer, LoginCallback, LoginOutcome, LoginRequest, LoginStart};
use super::{Aanbieder, AanbiederLimits, SourceBirthDate, SupplierError};
use crate::store::Store;
use medmij_oauth::{ClientId, Function, Vertegenwoordiging};
use medmij_types::{Aanbiedernaam, Bsn, GegevensdienstId, Organisatienaam};
use std::{fmt, future::Future};

/// The bundle: one type that says what all parts are.
pub trait Dvza: Send + Sync + 'static {
    /// Where flows, grants and tokens are kept.
    type Store: Store;
    /// The OAuth Client List.
    type Clients: Clients;
    /// The Aanbieders that this DVZA serves, from its registration (core.gegevensdiensten.104).
    type Aanbieders: Aanbieders;
    /// How the Persoon logs in.
    type Authentication: Authentication;
    /// Beschikbaarheidstoets and Ontvankelijkheidstoets.
    type Toets: Toets;

    /// The store.
    fn store(&self) -> &Self::Store;
    /// The OAuth Client List.
    fn clients(&self) -> &Self::Clients;
    /// The Aanbieders.
    fn aanbieders(&self) -> &Self::Aanbieders;
    /// The login.
    fn authentication(&self) -> &Self::Authentication;
    /// The tests.
    fn toets(&self) -> &Self::Toets;
}

/// Looks up clients on the current OAuth Client List.
///
/// There is no place here to refuse a single DVP: who is on the list is served (core.gegevensdiensten.103).
pub trait Clients: Send + Sync + 'static {
    /// The entry of a client, or `None` where it is not on the list.
    fn client(&self, id: &ClientId) -> impl Future<Output = Result<Option<Client>, SupplierError>> + Send;
}

/// An entry of the OAuth Client List, as far as OAuth needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// The OAuthclientOrganisatienaam: the name of the DVP on the screens. `None` where the list has none that can be shown:
    /// then the screens show the host name. A name is only shown, and decides nothing.
    pub organisatienaam: Option<Organisatienaam>,
    /// The gegevensdiensten for which the client is recognised; `None` where the list does not say.
    pub gegevensdiensten: Option<Vec<GegevensdienstId>>,
}

impl Client {
    /// An entry.
    #[must_use]
    pub fn new(
        organisatienaam: impl Into<Option<Organisatienaam>>,
        gegevensdiensten: Option<Vec<GegevensdienstId>>,
    ) -> Self {
        Self {
            organisatienaam: organisatienaam.into(),
            gegevensdiensten,
        }
    }

    /// The name to show: the OAuthclientOrganisatienaam, or the host name where there is none.
    #[must_use]
    pub fn name<'a>(&'a self, id: &'a ClientId) -> &'a str {
        self.organisatienaam
            .as_ref()
            .map_or_else(|| id.as_str(), Organisatienaam::as_str)
    }

    /// Whether the client is recognised for a gegevensdienst (core.ocl.300): for each one where the list does not say.
    #[must_use]
    pub fn has(&self, id: &GegevensdienstId) -> bool {
        self.gegevensdiensten.as_ref().is_none_or(|listed| listed.contains(id))
    }
}

/// Looks up Aanbieders in the registration of the DVZA itself: the Zorgaanbiederslijst is a list for DVPs, and a stale one
/// never stops a DVZA.
pub trait Aanbieders: Send + Sync + 'static {
    /// An Aanbieder that is served here.
    fn aanbieder(&self, name: &Aanbiedernaam) -> impl Future<Output = Result<Option<Aanbieder>, SupplierError>> + Send;

    /// Whether an Aanbieder offers a gegevensdienst for a function now, and within which limits; `None` where it does not. The
    /// guard asks this at each request.
    fn offered(
        &self,
        name: &Aanbiedernaam,
        function: Function,
        id: &GegevensdienstId,
    ) -> impl Future<Output = Result<Option<AanbiederLimits>, SupplierError>> + Send {
        async move {
            let found = self.aanbieder(name).await?;
            Ok(found.and_then(|found| found.service(function, id).map(|_| found.limits)))
        }
    }
}

/// The Persoon whose data it is about: with representation the Vertegenwoordigde (ext.vert.authint.202).
#[derive(Clone)]
#[non_exhaustive]
pub struct Persoon {
    /// The burgerservicenummer.
    pub bsn: Bsn,
    /// The representation that was used, if any.
    pub vertegenwoordiging: Option<Vertegenwoordiging>,
    /// The assurance level of the login, as the DVAuthN names it.
    pub assurance_level: Option<String>,
}

impl Persoon {
    /// A Persoon who logged in for himself or herself.
    #[must_use]
    pub fn new(bsn: Bsn) -> Self {
        Self {
            bsn,
            vertegenwoordiging: None,
            assurance_level: None,
        }
    }

    /// The Vertegenwoordigde of somebody who logged in.
    #[must_use]
    pub fn represented(mut self, kind: Vertegenwoordiging) -> Self {
        self.vertegenwoordiging = Some(kind);
        self
    }

    /// With an assurance level.
    #[must_use]
    pub fn with_assurance_level(mut self, level: impl Into<String>) -> Self {
        self.assurance_level = Some(level.into());
        self
    }
}

impl fmt::Debug for Persoon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Persoon")
            .field("vertegenwoordiging", &self.vertegenwoordiging)
            .finish_non_exhaustive()
    }
}

/// Beschikbaarheidstoets (Verzamelen, Abonneren) and Ontvankelijkheidstoets (Delen).
pub trait Toets: Send + Sync + 'static {
    /// Whether the Aanbieder has, or takes, what is asked of this Persoon.
    fn toets(&self, query: &ToetsQuery<'_>) -> impl Future<Output = Result<ToetsOutcome, SupplierError>> + Send;

    /// The birth date that the source system knows, for the rule on age and for `MedMij_geboortedatum`
    /// (ext.vert.autorisatie.201), which are judged before the test. There is no default: without a date nobody is known to be
    /// sixteen.
    ///
    /// `None` where the source system has none. With representation or with a `MedMij_geboortedatum` the flow then ends as
    /// "cannot be established", else as "no data", unless
    /// [`danger_without_birth_date`](super::ServerConfig::danger_without_birth_date) says otherwise.
    fn geboortedatum(
        &self,
        bsn: &Bsn,
        aanbieder: &Aanbieder,
    ) -> impl Future<Output = Result<Option<SourceBirthDate>, SupplierError>> + Send;

    /// Whether somebody still represents this Persoon in the way in which the consent was given
    /// ([`Persoon::vertegenwoordiging`]): asked at consent and at each refresh. `None`, the default, says that this DVZA
    /// cannot establish it: then a consent under representation gives no refresh token.
    fn represented(
        &self,
        _persoon: &Persoon,
        _aanbieder: &Aanbieder,
    ) -> impl Future<Output = Result<Option<Represented>, SupplierError>> + Send {
        std::future::ready(Ok(None))
    }
}

/// Whether a representation still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Represented {
    /// It stands.
    Yes,
    /// It has ended: a refresh gives no token.
    No,
    /// That cannot be established now: a refresh is put off.
    Unknown,
}

/// The question of the test.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ToetsQuery<'a> {
    /// The Aanbieder.
    pub aanbieder: &'a Aanbieder,
    /// The Persoon.
    pub persoon: &'a Persoon,
    /// The function.
    pub function: Function,
    /// The gegevensdiensten: those of the scope, or all that the Aanbieder offers for the function.
    pub gegevensdiensten: &'a [GegevensdienstId],
}

impl fmt::Debug for ToetsQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToetsVraag")
            .field("aanbieder", &self.aanbieder.name)
            .field("function", &self.function)
            .finish_non_exhaustive()
    }
}

/// The answer of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToetsOutcome {
    /// For these gegevensdiensten; none is the same as not available.
    Available(Vec<GegevensdienstId>),
    /// autoriseren 1.
    Unavailable,
    /// autoriseren 3: the answer cannot be determined.
    NotEstablished,
    /// The late variant: the test is done at the resource request (C10).
    Later,
}
