// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.200, core.authint.208, ext.vert.authint.200 — the authorization request.
//!
//! Building is here. Reading goes by steps, because an error that is found before the redirect is proven must not become
//! a redirect: see the module `server`.

use std::{fmt, str::FromStr};

use medmij_types::{FrontchannelUri, State};

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

    /// The query: exactly the parameters of the rule, each value encoded once.
    #[must_use]
    pub fn to_query(&self) -> String {
        self.with_pairs(|pairs| form::encode(pairs.iter().copied()))
    }

    /// The URL to which the user agent goes; a query that the endpoint has stays (RFC 6749 section 3.1).
    #[must_use]
    pub fn to_url(&self, endpoint: &FrontchannelUri) -> String {
        self.with_pairs(|pairs| form::append_query(endpoint.as_str(), pairs.iter().copied()))
    }

    fn with_pairs(&self, write: impl FnOnce(&[(&str, &str)]) -> String) -> String {
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
        if let Some(datum) = &self.geboortedatum {
            pairs.push(("MedMij_geboortedatum", datum.as_str()));
        }
        write(&pairs)
    }
}

/// A birth date as `MedMij_geboortedatum` writes it: `JJJJMMDD`, a day that exists (ext.vert.authint.200).
///
/// ```
/// use medmij_oauth::wire::Geboortedatum;
///
/// assert_eq!(Geboortedatum::parse("19700901")?.as_str(), "19700901");
/// assert!(Geboortedatum::parse("19700931").is_err());
/// # Ok::<(), medmij_oauth::wire::GeboortedatumError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Geboortedatum(Box<str>);

impl Geboortedatum {
    /// Reads a date.
    ///
    /// # Errors
    ///
    /// [`GeboortedatumError`] where the text is not eight digits or the day does not exist.
    pub fn parse(text: &str) -> Result<Self, GeboortedatumError> {
        let (year, month, day) = split(text).ok_or(GeboortedatumError)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(GeboortedatumError),
        };
        if year < 1800 || !(1..=days).contains(&day) {
            return Err(GeboortedatumError);
        }
        Ok(Self(text.into()))
    }

    /// The eight digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full years between this day and another one, as an age is counted. A day that comes before gives 0.
    #[must_use]
    pub fn age_on(&self, today: &Self) -> u16 {
        let (Some((born, month, day)), Some((year, this_month, this_day))) = (split(&self.0), split(&today.0)) else {
            return 0;
        };
        let had_birthday = (this_month, this_day) >= (month, day);
        year.saturating_sub(born)
            .saturating_sub(u16::from(!had_birthday && year > born))
    }
}

impl FromStr for Geboortedatum {
    type Err = GeboortedatumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Debug for Geboortedatum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Geboortedatum(***)")
    }
}

/// The text is not a day of the form `JJJJMMDD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form JJJJMMDD")]
pub struct GeboortedatumError;

fn split(text: &str) -> Option<(u16, u8, u8)> {
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
        for good in ["19700901", "20000229", "20231231"] {
            assert!(Geboortedatum::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "1970-09-01",
            "19700900",
            "19001301",
            "19000229",
            "20230431",
            "197009011",
            "1970090a",
        ] {
            assert_eq!(Geboortedatum::parse(bad), Err(GeboortedatumError), "{bad}");
        }
    }

    #[test]
    fn beschikbaarheidstoets_age_c07_c08_c09() {
        let born = Geboortedatum::parse("20100615").unwrap();
        for (today, age) in [
            ("20260614", 15),
            ("20260615", 16),
            ("20260616", 16),
            ("20100614", 0),
            ("20100615", 0),
        ] {
            assert_eq!(born.age_on(&Geboortedatum::parse(today).unwrap()), age, "{today}");
        }
    }
}
