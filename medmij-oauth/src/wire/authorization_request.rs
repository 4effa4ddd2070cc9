// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.authint.208, ext.vert.authint.200 — the parameters of the authorization request.
//!
//! Building is here. Reading goes by steps, because an error that is found before the redirect is proven must not become
//! a redirect: see the module `server`.

use crate::OauthError;
use std::{fmt, str::FromStr};

use medmij_types::{CalendarDate, FrontchannelUri, State};

use super::RequestIds;
use crate::{ClientId, RedirectUri, Scope, form};

/// An authorization request that keeps the rules of its release.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// The client.
    pub client_id: ClientId,
    /// Where the answer goes; its host is the client.
    pub redirect_uri: RedirectUri,
    /// What is asked.
    pub scope: Scope,
    /// What ties the answer to the browser session.
    pub state: State,
    /// Both ids, from 2.0 on.
    pub ids: Option<RequestIds>,
    /// The birth date of the Vertegenwoordigde, with representation only.
    pub geboortedatum: Option<Geboortedatum>,
}

impl AuthorizationRequest {
    /// A request without ids and without birth date.
    #[must_use]
    pub fn new(client_id: ClientId, redirect_uri: RedirectUri, scope: Scope, state: State) -> Self {
        Self {
            client_id,
            redirect_uri,
            scope,
            state,
            ids: None,
            geboortedatum: None,
        }
    }

    /// The URL to which the user agent goes; a query that the endpoint has stays (RFC 6749 section 3.1).
    #[must_use]
    pub fn to_url(&self, endpoint: &FrontchannelUri) -> String {
        let scope = self.scope.to_string();
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("scope", &scope),
            ("state", self.state.expose()),
        ];
        if let Some(ids) = &self.ids {
            pairs.push(("MedMij-Request-ID", ids.request_id.as_str()));
            pairs.push(("X-Correlation-ID", ids.correlation_id.as_str()));
        }
        if let Some(date) = &self.geboortedatum {
            pairs.push(("MedMij_geboortedatum", date.as_str()));
        }
        form::append_query(endpoint.as_str(), pairs)
    }
}

/// A birth date as `MedMij_geboortedatum` writes it: `YYYYMMDD`, a day that exists (ext.vert.authint.200). It has no unknown
/// parts: a DVP asks the Persoon, and a `00` would be equal to anything. What a source system knows is a
/// `SourceBirthDate` of `medmij-dvza`.
///
/// ```
/// use medmij_oauth::wire::Geboortedatum;
/// use medmij_oauth::OauthError;
///
/// assert_eq!(Geboortedatum::parse("19700901")?.as_str(), "19700901");
/// assert_eq!(Geboortedatum::parse("19700931"), Err(OauthError::GeboortedatumDay));
/// assert_eq!(Geboortedatum::parse("19700000"), Err(OauthError::GeboortedatumUnknown));
/// # Ok::<(), OauthError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Geboortedatum {
    text: Box<str>,
    day: CalendarDate,
}

impl Geboortedatum {
    /// Reads a date.
    ///
    /// # Errors
    ///
    /// See [`OauthError`].
    pub fn parse(text: &str) -> Result<Self, OauthError> {
        let (year, month, day) = split_date(text).ok_or(OauthError::GeboortedatumForm)?;
        if year == 0 || month == 0 || day == 0 {
            return Err(OauthError::GeboortedatumUnknown);
        }
        let day = CalendarDate::new(year, month, day).filter(|_| year >= 1800);
        Ok(Self {
            text: text.into(),
            day: day.ok_or(OauthError::GeboortedatumDay)?,
        })
    }

    /// The eight digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day.
    #[must_use]
    pub fn date(&self) -> CalendarDate {
        self.day
    }
}

impl FromStr for Geboortedatum {
    type Err = OauthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Debug for Geboortedatum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Geboortedatum(***)")
    }
}

/// Year, month and day of eight digits, whatever they are: `00` for a part that is not known.
#[must_use]
pub fn split_date(text: &str) -> Option<(u16, u8, u8)> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((
        text.get(..4)?.parse().ok()?,
        text.get(4..6)?.parse().ok()?,
        text.get(6..)?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ext_vert_authint_200_dates() {
        use OauthError as E;
        for good in ["19700901", "20000229", "20231231"] {
            assert!(Geboortedatum::parse(good).is_ok(), "{good}");
        }
        for (bad, error) in [
            ("", E::GeboortedatumForm),
            ("1970-09-01", E::GeboortedatumForm),
            ("197009011", E::GeboortedatumForm),
            ("1970090a", E::GeboortedatumForm),
            ("19700900", E::GeboortedatumUnknown),
            ("19700000", E::GeboortedatumUnknown),
            ("00000000", E::GeboortedatumUnknown),
            ("19001301", E::GeboortedatumDay),
            ("19000229", E::GeboortedatumDay),
            ("20230431", E::GeboortedatumDay),
            ("17991231", E::GeboortedatumDay),
        ] {
            assert_eq!(Geboortedatum::parse(bad), Err(error), "{bad}");
        }
    }
}
