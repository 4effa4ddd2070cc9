// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.207, core.tknint.207, autoriseren 1 – 3 — the exceptions and what the DVP gets to see of each.
//!
//! Uitzondering 1a (wrong `client_id` or `redirect_uri`) is not in this table: it is always a page and never a redirect,
//! and its type has no way to become one.

use crate::OauthError;
use std::{borrow::Cow, collections::BTreeMap};

use medmij_log::EventType;
use medmij_types::Release;

use super::{Mark, release_rules};
use crate::error_code::ErrorCode;

/// An exception of the authorization interface after the redirect is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Uitzondering {
    /// 1b: a parameter that may occur once occurs twice (RFC 6749 section 3.1).
    DuplicateParameter,
    /// 1b: `response_type` is missing.
    MissingResponseType,
    /// 1b: `response_type` is not `code`.
    UnknownResponseType,
    /// 1b: `state` is missing, too long or holds a forbidden character.
    State,
    /// 1b: an id of core.authint.208 is missing or no UUID.
    RequestId,
    /// 1b: `scope` is missing or not in the grammar of the release.
    Scope,
    /// 1b: the Aanbieder is not served here.
    AanbiederNotServed,
    /// 1b: the gegevensdienst is not served here for this Aanbieder and function.
    GegevensdienstNotServed,
    /// 1b: the client is not on the OCL for this gegevensdienst.
    GegevensdienstNotForClient,
    /// 1b: the scope asks for representation and `MedMij_geboortedatum` is missing or no date (ext.vert.authint.200).
    Geboortedatum,
    /// 2: the identity of the Persoon could not be established.
    IdentityNotEstablished,
    /// The Persoon broke off, before or at the DVAuthN.
    Cancelled,
    /// autoriseren 1: no health information of this Persoon for what is asked.
    NoData,
    /// autoriseren 2: the Persoon did not consent.
    Refused,
    /// autoriseren 3: the answer to the question of consent cannot be established.
    NotEstablished,
    /// Vertegenwoordiging 1: representation was expected and not used.
    VertegenwoordigingMissing,
    /// Vertegenwoordiging 2: representation was used and not expected.
    VertegenwoordigingUnexpected,
    /// ext.vert.autorisatie.201: the birth date is another one.
    GeboortedatumDiffers,
}

impl Uitzondering {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::DuplicateParameter,
        Self::MissingResponseType,
        Self::UnknownResponseType,
        Self::State,
        Self::RequestId,
        Self::Scope,
        Self::AanbiederNotServed,
        Self::GegevensdienstNotServed,
        Self::GegevensdienstNotForClient,
        Self::Geboortedatum,
        Self::IdentityNotEstablished,
        Self::Cancelled,
        Self::NoData,
        Self::Refused,
        Self::NotEstablished,
        Self::VertegenwoordigingMissing,
        Self::VertegenwoordigingUnexpected,
        Self::GeboortedatumDiffers,
    ];

    /// A stable name, for policy files and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DuplicateParameter => "1b.dubbele-parameter",
            Self::MissingResponseType => "1b.response-type-ontbreekt",
            Self::UnknownResponseType => "1b.response-type-onbekend",
            Self::State => "1b.state",
            Self::RequestId => "1b.request-id",
            Self::Scope => "1b.scope",
            Self::AanbiederNotServed => "1b.aanbieder-niet-hier",
            Self::GegevensdienstNotServed => "1b.gegevensdienst-niet-hier",
            Self::GegevensdienstNotForClient => "1b.gegevensdienst-niet-voor-client",
            Self::Geboortedatum => "1b.geboortedatum",
            Self::IdentityNotEstablished => "identiteit-niet-vastgesteld",
            Self::Cancelled => "geannuleerd",
            Self::NoData => "autoriseren-1",
            Self::Refused => "autoriseren-2",
            Self::NotEstablished => "autoriseren-3",
            Self::VertegenwoordigingMissing => "vertegenwoordiging-1",
            Self::VertegenwoordigingUnexpected => "vertegenwoordiging-2",
            Self::GeboortedatumDiffers => "vertegenwoordiging-geboortedatum",
        }
    }

    /// Reads a name that [`as_str`](Self::as_str) writes.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|uitzondering| uitzondering.as_str() == name)
    }
}

/// How an exception is reported, to the DVP or to the Persoon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handling {
    /// At once a redirect with the error, without a page.
    Redirect,
    /// A page of the DVZA, with a button by which the Persoon goes back; the button makes the redirect.
    Page,
    /// A page of the DVZA; the DVP gets no answer.
    PageOnly,
}

/// What is done at an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExceptionRule {
    /// Page or redirect.
    pub handling: Handling,
    /// The `error` of the redirect.
    pub error: ErrorCode,
    /// The `error_description`, printable ASCII without `"` and `\` (RFC 6749 appendix A.7).
    pub description: Option<Cow<'static, str>>,
    /// The event of the Logging interface.
    pub event: Option<EventType>,
    /// On what the values rest.
    pub mark: Mark,
}

impl ExceptionRule {
    /// A rule without description and event.
    #[must_use]
    pub fn new(handling: Handling, error: ErrorCode, mark: Mark) -> Self {
        Self {
            handling,
            error,
            description: None,
            event: None,
            mark,
        }
    }

    /// Adds a description.
    #[must_use]
    pub fn with_description(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn with_event(mut self, event: EventType) -> Self {
        self.event = Some(event);
        self
    }
}

/// The table `(release, uitzondering) → rule`: defaults of ours, with what the supplier overrules.
///
/// ```
/// use medmij_oauth::{policy::{ExceptionPolicy, ExceptionRule, Handling, Mark, Uitzondering}, wire::ErrorCode};
/// use medmij_types::Release;
///
/// let mut policy = ExceptionPolicy::default();
/// let rule = policy.rule(Release::V2_2, Uitzondering::UnknownResponseType);
/// assert_eq!(rule.error, ErrorCode::UnsupportedResponseType);
///
/// // autoriseren 1 and 2 stay alike: a rule for one is the rule of the other
/// let other = ExceptionRule::new(Handling::Page, ErrorCode::ServerError, Mark::Unknown);
/// policy.set(Release::V2_2, Uitzondering::NoData, other)?;
/// assert_eq!(policy.rule(Release::V2_2, Uitzondering::Refused).error, ErrorCode::ServerError);
/// # Ok::<(), medmij_oauth::OauthError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExceptionPolicy {
    overruled: BTreeMap<(Release, Uitzondering), ExceptionRule>,
}

impl ExceptionPolicy {
    /// The rule for an exception in a release.
    #[must_use]
    pub fn rule(&self, release: Release, uitzondering: Uitzondering) -> ExceptionRule {
        self.overruled
            .get(&(release, uitzondering))
            .cloned()
            .unwrap_or_else(|| default_rule(release, uitzondering))
    }

    /// Overrules one rule. Where the release wants autoriseren 1 and 2 alike, both get it.
    ///
    /// # Errors
    ///
    /// [`OauthError`], where a safety floor forbids the rule, or the description cannot occur in an
    /// `error_description`.
    pub fn set(&mut self, release: Release, uitzondering: Uitzondering, rule: ExceptionRule) -> Result<(), OauthError> {
        if rule.description.as_deref().is_some_and(|text| !is_description(text)) {
            return Err(OauthError::PolicyDescription);
        }
        let alike = [Uitzondering::NoData, Uitzondering::Refused];
        if release_rules(release).refusals_alike && alike.contains(&uitzondering) {
            if rule.handling == Handling::Redirect {
                return Err(OauthError::PolicyAutomaticRedirect);
            }
            for each in alike {
                self.overruled.insert((release, each), rule.clone());
            }
        } else {
            self.overruled.insert((release, uitzondering), rule);
        }
        Ok(())
    }
}

/// An exception of the token interface (core.tknint.207).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TokenUitzondering {
    /// A parameter is missing, twice or malformed.
    InvalidRequest,
    /// Another `grant_type`.
    GrantType,
    /// The certificate is not of the client, or the client is not on the OCL.
    Client,
    /// The code or refresh token is unknown, spent, expired, withdrawn or of another client or redirect.
    Grant,
    /// At a refresh nothing is available any more (unknown in the framework). Not `invalid_grant`, which would tell the DVP
    /// to throw the consent away.
    NoData,
    /// The store or a register cannot be reached, or something cannot be established: HTTP 503 with `Retry-After`.
    Unavailable,
    /// The refresh tokens of one grant are exchanged too often: HTTP 429 with `Retry-After`.
    TooOften,
}

impl TokenUitzondering {
    /// The `error_description`: fixed words that say what the DVP can do, and nothing of the code, the Persoon or the
    /// reason (autoriseren 1 and 2).
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest => "a parameter is missing, repeated or malformed",
            Self::GrantType => "only authorization_code and refresh_token are supported",
            Self::Client => "client is not on the OAuth Client List or the certificate is not its own",
            Self::Grant => "code or refresh token is not valid, start again",
            Self::NoData => "nothing can be granted now, the consent stays",
            Self::Unavailable | Self::TooOften => "try again later",
        }
    }

    /// The error code and HTTP status of RFC 6749 section 5.2; [`InvalidClient`] may choose 400 for `invalid_client`.
    #[must_use]
    pub fn error(self) -> (ErrorCode, u16) {
        match self {
            Self::InvalidRequest => (ErrorCode::InvalidRequest, 400),
            Self::GrantType => (ErrorCode::UnsupportedGrantType, 400),
            Self::Client => (ErrorCode::InvalidClient, 401),
            Self::Grant => (ErrorCode::InvalidGrant, 400),
            Self::NoData => (ErrorCode::InvalidScope, 400),
            Self::Unavailable => (ErrorCode::TemporarilyUnavailable, 503),
            Self::TooOften => (ErrorCode::TemporarilyUnavailable, 429),
        }
    }
}

/// The HTTP status of `invalid_client`. RFC 6749 section 5.2 allows both; the framework could not be read on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidClient {
    /// 401, with a challenge.
    #[default]
    Unauthorized,
    /// 400, as every other error of the token endpoint.
    BadRequest,
}

impl InvalidClient {
    /// The status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::BadRequest => 400,
        }
    }
}

fn default_rule(release: Release, uitzondering: Uitzondering) -> ExceptionRule {
    use Uitzondering as U;
    let alike = release_rules(release).refusals_alike;
    let rule_1b = |error| {
        ExceptionRule::new(Handling::Redirect, error, Mark::Inferred)
            .with_event(EventType::SendAuthorizationRequestError)
    };
    match uitzondering {
        U::DuplicateParameter | U::MissingResponseType | U::State | U::RequestId | U::Geboortedatum => {
            rule_1b(ErrorCode::InvalidRequest)
        }
        U::UnknownResponseType => rule_1b(ErrorCode::UnsupportedResponseType),
        U::Scope | U::AanbiederNotServed | U::GegevensdienstNotServed => rule_1b(ErrorCode::InvalidScope),
        U::GegevensdienstNotForClient => rule_1b(ErrorCode::UnauthorizedClient),
        U::IdentityNotEstablished if !alike => {
            ExceptionRule::new(Handling::Page, ErrorCode::UnauthorizedClient, Mark::Confirmed)
                .with_event(EventType::ReceiveAuthenticationError)
        }
        U::IdentityNotEstablished => ExceptionRule::new(Handling::Page, ErrorCode::AccessDenied, Mark::Unknown)
            .with_event(EventType::ReceiveAuthenticationError),
        U::Cancelled => ExceptionRule::new(Handling::Page, ErrorCode::AccessDenied, Mark::Unknown)
            .with_event(EventType::ReceiveAuthorizationCancellation),
        U::NoData if !alike => ExceptionRule::new(Handling::Redirect, ErrorCode::AccessDenied, Mark::Confirmed)
            .with_description("No such resources."),
        U::Refused if !alike => ExceptionRule::new(Handling::Redirect, ErrorCode::AccessDenied, Mark::Confirmed)
            .with_description("Authorization denied."),
        U::NotEstablished if !alike => ExceptionRule::new(Handling::Redirect, ErrorCode::AccessDenied, Mark::Confirmed)
            .with_description("Authorization failed."),
        U::NoData | U::Refused => ExceptionRule::new(Handling::Page, ErrorCode::AccessDenied, Mark::Inferred),
        U::NotEstablished => ExceptionRule::new(Handling::Page, ErrorCode::ServerError, Mark::Unknown),
        U::VertegenwoordigingMissing | U::VertegenwoordigingUnexpected | U::GeboortedatumDiffers => {
            ExceptionRule::new(Handling::Page, ErrorCode::AccessDenied, Mark::Unknown)
        }
    }
}

fn is_description(text: &str) -> bool {
    text.len() <= 256
        && text
            .bytes()
            .all(|b| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\')
}

#[cfg(test)]
mod tests;
