// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.204, core.usrint — what the supplier of a DVZA brings, as one bundle of traits.

use std::{fmt, future::Future};

use medmij_oauth::{ClientId, Functie, Vertegenwoordiging};
use medmij_types::{Aanbiedernaam, Bsn, GegevensdienstId, Organisatienaam};

use super::{Aanbieder, AanbiederLimits, SourceBirthDate};
use crate::store::{FlowId, Store};

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
    fn aanbieder(&self, naam: &Aanbiedernaam) -> impl Future<Output = Result<Option<Aanbieder>, SupplierError>> + Send;

    /// Whether an Aanbieder offers a gegevensdienst for a function now, and within which limits; `None` where it does not. The
    /// guard asks this at each request.
    fn offered(
        &self,
        naam: &Aanbiedernaam,
        functie: Functie,
        id: &GegevensdienstId,
    ) -> impl Future<Output = Result<Option<AanbiederLimits>, SupplierError>> + Send {
        async move {
            let found = self.aanbieder(naam).await?;
            Ok(found.and_then(|found| found.dienst(functie, id).map(|_| found.limits)))
        }
    }
}

/// The login at a DVAuthN, in two legs, so that DigiD over SAML and OpenID Connect both fit.
pub trait Authentication: Send + Sync + 'static {
    /// First leg: where the browser goes. What `remember` holds comes back at the second leg; it is kept sealed.
    fn begin(&self, login: &LoginRequest) -> impl Future<Output = Result<LoginStart, SupplierError>> + Send;

    /// Second leg: what the DVAuthN says. Check here everything that its protocol asks.
    fn finish(&self, callback: &LoginCallback<'_>) -> impl Future<Output = Result<LoginOutcome, SupplierError>> + Send;

    /// The flow that a callback is for, from its query, or from its form where the DVAuthN makes the browser POST. By default
    /// the value of `RelayState` (SAML) or `state` (OpenID Connect): send [`LoginRequest::flow`] there. The flow is no
    /// authority: the browser has to hold its session too.
    fn relay(&self, parameters: &medmij_oauth::form::Form) -> Option<FlowId> {
        ["RelayState", "state"]
            .iter()
            .find_map(|name| parameters.one(name).ok().flatten().and_then(FlowId::parse))
    }
}

/// What the first leg of a login needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginRequest {
    /// The flow; send it along as `RelayState` or `state`.
    pub flow: FlowId,
    /// The absolute address to which the DVAuthN sends the browser back.
    pub callback: String,
    /// Representation to ask for: only where the scope asks it (ext.vert.authint.201, ext.vert.authint.204).
    pub vertegenwoordiging: Option<Vertegenwoordiging>,
}

/// Where the browser goes to log in.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginStart {
    /// The address.
    pub location: String,
    /// At most 1 KiB that [`Authentication::finish`] gets back.
    pub remember: Vec<u8>,
}

impl fmt::Debug for LoginStart {
    /// The host only: the rest can hold a request or a nonce.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.location.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        f.debug_struct("LoginStart")
            .field("origin", &origin)
            .finish_non_exhaustive()
    }
}

impl LoginStart {
    /// Where to go, with nothing to remember.
    #[must_use]
    pub fn new(location: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            remember: Vec::new(),
        }
    }

    /// With something to remember.
    #[must_use]
    pub fn remembering(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.remember = bytes.into();
        self
    }
}

/// What the browser brought back from the DVAuthN.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct LoginCallback<'a> {
    /// The flow.
    pub flow: &'a FlowId,
    /// The query of the callback.
    pub query: &'a str,
    /// The form of the callback, where the browser came with a POST (SAML HTTP-POST, `response_mode=form_post`); else empty.
    pub form: &'a str,
    /// What [`LoginStart`] remembered.
    pub remember: &'a [u8],
}

/// What a DVAuthN sent along: by GET in the query, by POST in a form. How long each may be is
/// [`ServerConfig::login_query`](super::ServerConfig::login_query) and
/// [`ServerConfig::login_form`](super::ServerConfig::login_form).
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginAnswer<'a> {
    /// The query.
    pub query: &'a str,
    /// The form.
    pub form: &'a str,
}

impl<'a> LoginAnswer<'a> {
    /// An answer that came by POST.
    #[must_use]
    pub fn posted(query: &'a str, form: &'a str) -> Self {
        Self { query, form }
    }
}

impl<'a> From<&'a str> for LoginAnswer<'a> {
    /// An answer that came by GET.
    fn from(query: &'a str) -> Self {
        Self { query, form: "" }
    }
}

impl fmt::Debug for LoginAnswer<'_> {
    /// No value: it says who somebody is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAnswer")
            .field("query", &self.query.len())
            .field("form", &self.form.len())
            .finish()
    }
}

impl fmt::Debug for LoginCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginCallback")
            .field("flow", &self.flow)
            .finish_non_exhaustive()
    }
}

/// How a login ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginOutcome {
    /// The identity is established.
    Ingelogd(Persoon),
    /// The Persoon cancelled.
    Geannuleerd,
    /// The identity could not be established.
    Mislukt,
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
    pub betrouwbaarheidsniveau: Option<String>,
}

impl Persoon {
    /// A Persoon who logged in for himself or herself.
    #[must_use]
    pub fn new(bsn: Bsn) -> Self {
        Self {
            bsn,
            vertegenwoordiging: None,
            betrouwbaarheidsniveau: None,
        }
    }

    /// The Vertegenwoordigde of somebody who logged in.
    #[must_use]
    pub fn vertegenwoordigd(mut self, soort: Vertegenwoordiging) -> Self {
        self.vertegenwoordiging = Some(soort);
        self
    }

    /// With an assurance level.
    #[must_use]
    pub fn with_betrouwbaarheidsniveau(mut self, niveau: impl Into<String>) -> Self {
        self.betrouwbaarheidsniveau = Some(niveau.into());
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
    fn toets(&self, vraag: &ToetsVraag<'_>) -> impl Future<Output = Result<ToetsUitslag, SupplierError>> + Send;

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
pub struct ToetsVraag<'a> {
    /// The Aanbieder.
    pub aanbieder: &'a Aanbieder,
    /// The Persoon.
    pub persoon: &'a Persoon,
    /// The function.
    pub functie: Functie,
    /// The gegevensdiensten: those of the scope, or all that the Aanbieder offers for the function.
    pub gegevensdiensten: &'a [GegevensdienstId],
}

impl fmt::Debug for ToetsVraag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToetsVraag")
            .field("aanbieder", &self.aanbieder.naam)
            .field("functie", &self.functie)
            .finish_non_exhaustive()
    }
}

/// The answer of the test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToetsUitslag {
    /// For these gegevensdiensten; none is the same as not available.
    Beschikbaar(Vec<GegevensdienstId>),
    /// autoriseren 1.
    NietBeschikbaar,
    /// autoriseren 3: the answer cannot be determined.
    NietVastTeStellen,
    /// The late variant: the test is done at the resource request (C10).
    Later,
}

/// Something of the supplier failed. The DVP and the Persoon do not get to see it; the log gets the part and the kind, and
/// nothing else: the text of a supplier's error can hold what was asked, a BSN in the address of a source system for one.
#[derive(thiserror::Error)]
#[error("{part} failed: {kind}")]
pub struct SupplierError {
    part: &'static str,
    kind: SupplierFailure,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// How something of the supplier failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupplierFailure {
    /// It did not answer in time.
    Timeout,
    /// It cannot be reached.
    Unreachable,
    /// It refused.
    Refused,
    /// Its answer cannot be used.
    Unusable,
    /// Anything else.
    Other,
}

impl fmt::Display for SupplierFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no answer in time",
            Self::Unreachable => "cannot be reached",
            Self::Refused => "refused",
            Self::Unusable => "answer cannot be used",
            Self::Other => "failed",
        })
    }
}

impl SupplierError {
    /// A failure of a part; `part` is a fixed text. The kind comes from the `std::io::Error` among its causes, if there is one.
    #[must_use]
    pub fn new(part: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        Self {
            part,
            kind: kind_of(&*cause),
            cause: Some(cause),
        }
    }

    /// A failure of a known kind.
    #[must_use]
    pub fn of_kind(part: &'static str, kind: SupplierFailure) -> Self {
        Self {
            part,
            kind,
            cause: None,
        }
    }

    /// The part that failed.
    #[must_use]
    pub fn part(&self) -> &'static str {
        self.part
    }

    /// How.
    #[must_use]
    pub fn kind(&self) -> SupplierFailure {
        self.kind
    }

    /// What the supplier's code said, for the supplier's code: it is no [`source`](std::error::Error::source), so that no log
    /// that walks the causes shows it.
    #[must_use]
    pub fn into_cause(self) -> Option<Box<dyn std::error::Error + Send + Sync>> {
        self.cause
    }
}

impl fmt::Debug for SupplierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupplierError")
            .field("part", &self.part)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

fn kind_of(error: &(dyn std::error::Error + 'static)) -> SupplierFailure {
    use std::io::ErrorKind;
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return match error.kind() {
                ErrorKind::TimedOut => SupplierFailure::Timeout,
                ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::NotConnected => {
                    SupplierFailure::Unreachable
                }
                ErrorKind::PermissionDenied => SupplierFailure::Refused,
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => SupplierFailure::Unusable,
                _ => SupplierFailure::Other,
            };
        }
        cause = error.source();
    }
    SupplierFailure::Other
}

#[cfg(test)]
mod tests {
    use std::{
        error::Error as _,
        io::{Error, ErrorKind},
    };

    use super::*;

    #[test]
    fn o9_the_text_of_a_supplier_reaches_no_log() {
        let text = "GET https://bron.example.nl/patient/999990019 timed out";
        for (kind, failure) in [
            (ErrorKind::TimedOut, SupplierFailure::Timeout),
            (ErrorKind::ConnectionRefused, SupplierFailure::Unreachable),
            (ErrorKind::PermissionDenied, SupplierFailure::Refused),
            (ErrorKind::InvalidData, SupplierFailure::Unusable),
            (ErrorKind::Other, SupplierFailure::Other),
        ] {
            let error = SupplierError::new("bron", Error::new(kind, text));
            assert_eq!((error.part(), error.kind()), ("bron", failure));
            assert!(error.source().is_none());
            let step = crate::StepError::from(error);
            assert!(step.source().is_none());
            assert!(!format!("{step} {step:?}").contains("999990019"));
            let crate::StepError::Supplier(error) = step else {
                panic!("of the supplier");
            };
            assert_eq!(error.into_cause().unwrap().to_string(), text);
        }
    }
}
