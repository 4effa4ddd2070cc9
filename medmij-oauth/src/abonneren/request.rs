// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint.200, ext.abo.subint.201 — the subscription interface: create, change and end an Abonnement.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use medmij_types::{BackchannelUri, Entropy, EntropyError};

use super::{AboPolicy, Datum};
use crate::wire::json::Json;

/// The id of an Abonnement: at most 64 of `A`–`Z`, `a`–`z`, `0`–`9`, `-` and `.`. New ones hold 256 random bits, so that
/// nobody guesses one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbonnementId(Box<str>);

impl AbonnementId {
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`AbonnementIdError`].
    pub fn parse(text: &str) -> Result<Self, AbonnementIdError> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(AbonnementIdError)
        }
    }

    /// A new id: 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// Where the entropy fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        use fmt::Write as _;
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        let mut text = String::with_capacity(64);
        for byte in bytes {
            // writing to a String cannot fail
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text.into()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AbonnementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no id of an Abonnement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of 1 to 64 letters, digits, '-' and '.'")]
pub struct AbonnementIdError;

/// What a DVP asks at the subscription interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbonnementRequest {
    /// A new Abonnement until a day.
    Aanmaken {
        /// The last day.
        end: Datum,
    },
    /// Another end.
    Wijzigen {
        /// Which.
        id: AbonnementId,
        /// The last day.
        end: Datum,
    },
    /// The end, one-sided.
    Beeindigen {
        /// Which.
        id: AbonnementId,
    },
}

/// An Abonnement as the DVZA agrees to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abonnement {
    /// Its id.
    pub id: AbonnementId,
    /// The last day.
    pub end: Datum,
}

impl Abonnement {
    /// An Abonnement.
    #[must_use]
    pub fn new(id: AbonnementId, end: Datum) -> Self {
        Self { id, end }
    }

    /// The answer of the DVZA.
    #[must_use]
    pub fn to_http(&self, created: bool, policy: &AboPolicy) -> Response<Bytes> {
        let body = BTreeMap::from([
            (policy.id, self.id.as_str().to_owned()),
            (policy.end, self.end.to_string()),
        ]);
        json_answer(if created { StatusCode::CREATED } else { StatusCode::OK }, &body)
    }

    /// Reads the answer, on the side of the DVP.
    ///
    /// # Errors
    ///
    /// [`AbonnementError`].
    pub fn parse(response: &Response<Bytes>, policy: &AboPolicy) -> Result<Self, AbonnementError> {
        if !response.status().is_success() {
            return Err(AbonnementError::Status(response.status().as_u16()));
        }
        let body = read_json(response.headers(), response.body())?;
        Ok(Self {
            id: read_id(&body, policy.id)?,
            end: read_end(&body, policy.end)?,
        })
    }
}

impl AbonnementRequest {
    /// The request as it is sent: HTTP/1.1, JSON, with the headers of
    /// [`Tokens::resource_headers`](crate::client::Tokens::resource_headers).
    ///
    /// Creating is a POST on the endpoint, changing and ending a PUT or DELETE on `endpoint/id`.
    #[must_use]
    pub fn to_http(&self, endpoint: &BackchannelUri, headers: HeaderMap, policy: &AboPolicy) -> Request<Bytes> {
        let base = endpoint.as_str().trim_end_matches('/');
        let (method, uri, body) = match self {
            Self::Aanmaken { end } => (Method::POST, base.to_owned(), Some(*end)),
            Self::Wijzigen { id, end } => (Method::PUT, format!("{base}/{id}"), Some(*end)),
            Self::Beeindigen { id } => (Method::DELETE, format!("{base}/{id}"), None),
        };
        let body =
            body.map(|end| serde_json::to_vec(&BTreeMap::from([(policy.end, end.to_string())])).unwrap_or_default());
        let mut request = Request::new(Bytes::from(body.unwrap_or_default()));
        *request.method_mut() = method;
        *request.version_mut() = Version::HTTP_11;
        // a BackchannelUri with an id behind it is always a uri
        *request.uri_mut() = uri.parse().unwrap_or_default();
        *request.headers_mut() = headers;
        request
            .headers_mut()
            .insert(header::ACCEPT, HeaderValue::from_static(JSON));
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        request
    }

    /// Reads a request; `rest` is the path after the endpoint, without slashes around it.
    ///
    /// # Errors
    ///
    /// [`AbonnementError`].
    pub fn parse(request: &Request<Bytes>, rest: &str, policy: &AboPolicy) -> Result<Self, AbonnementError> {
        let id = || AbonnementId::parse(rest).map_err(|_| AbonnementError::Id);
        let end = || read_end(&read_json(request.headers(), request.body())?, policy.end);
        match *request.method() {
            Method::POST if rest.is_empty() => Ok(Self::Aanmaken { end: end()? }),
            Method::PUT => Ok(Self::Wijzigen { id: id()?, end: end()? }),
            Method::DELETE => Ok(Self::Beeindigen { id: id()? }),
            _ => Err(AbonnementError::Method),
        }
    }
}

/// What the token of the request allows, from its scope `subscribe~N/naam~id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Toegestaan {
    /// The granted duration in days; 0 allows ending only.
    pub dagen: u32,
    /// Today.
    pub today: Datum,
}

impl Toegestaan {
    /// What is allowed.
    #[must_use]
    pub fn new(dagen: u32, today: Datum) -> Self {
        Self { dagen, today }
    }
}

/// What the DVZA may do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It has to accept: ending, or shortening.
    Accepteren,
    /// It may accept or refuse: creating, or extending.
    Vrij,
    /// It has to refuse: later than the consent allows, in the past, or no such Abonnement.
    Weigeren,
}

/// Judges a request against the Abonnement that there is (I02, I03, I04).
#[must_use]
pub fn judge(request: &AbonnementRequest, current: Option<&Abonnement>, allowed: Toegestaan) -> Verdict {
    let within = |end: Datum| allowed.dagen > 0 && end > allowed.today && end <= allowed.today.plus(allowed.dagen);
    match (request, current) {
        (AbonnementRequest::Beeindigen { id }, Some(current)) if *id == current.id => Verdict::Accepteren,
        (AbonnementRequest::Wijzigen { id, end }, Some(current)) if *id == current.id => {
            if *end <= current.end {
                Verdict::Accepteren
            } else if within(*end) {
                Verdict::Vrij
            } else {
                Verdict::Weigeren
            }
        }
        (AbonnementRequest::Aanmaken { end }, _) if within(*end) => Verdict::Vrij,
        _ => Verdict::Weigeren,
    }
}

/// Why a message of the subscription interface is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AbonnementError {
    /// Not `application/json`.
    #[error("content type is not application/json")]
    ContentType,
    /// Not readable.
    #[error("body is no json object of the expected form")]
    Json,
    /// No valid id.
    #[error("id of the abonnement is missing or malformed")]
    Id,
    /// No valid end.
    #[error("end of the abonnement is missing or no date")]
    End,
    /// Another method.
    #[error("method is not one of the subscription interface")]
    Method,
    /// The other side refused.
    #[error("subscription interface answered with status {0}")]
    Status(u16),
}

pub(super) fn read_json(headers: &HeaderMap, body: &Bytes) -> Result<BTreeMap<String, Json>, AbonnementError> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(JSON));
    if !is_json {
        return Err(AbonnementError::ContentType);
    }
    Json::parse(body)
        .ok()
        .and_then(Json::into_object)
        .ok_or(AbonnementError::Json)
}

pub(super) fn read_id(body: &BTreeMap<String, Json>, name: &str) -> Result<AbonnementId, AbonnementError> {
    body.get(name)
        .and_then(Json::as_str)
        .and_then(|text| AbonnementId::parse(text).ok())
        .ok_or(AbonnementError::Id)
}

pub(super) fn read_end(body: &BTreeMap<String, Json>, name: &str) -> Result<Datum, AbonnementError> {
    body.get(name)
        .and_then(Json::as_str)
        .and_then(|text| Datum::parse(text).ok())
        .ok_or(AbonnementError::End)
}

pub(super) fn json_answer(status: StatusCode, body: &BTreeMap<&str, String>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) const JSON: &str = "application/json";

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;

    fn day(text: &str) -> Datum {
        Datum::parse(text).unwrap()
    }

    #[test]
    fn ext_abo_subint_200_201_i01_the_request() {
        let endpoint = BackchannelUri::parse("https://dvza.example.nl/abo").unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"))]);
        let policy = AboPolicy::default();
        let id = AbonnementId::random(&OsEntropy).unwrap();
        for (request, method, rest) in [
            (
                AbonnementRequest::Aanmaken { end: day("2026-12-31") },
                Method::POST,
                String::new(),
            ),
            (
                AbonnementRequest::Wijzigen {
                    id: id.clone(),
                    end: day("2026-12-31"),
                },
                Method::PUT,
                id.to_string(),
            ),
            (
                AbonnementRequest::Beeindigen { id: id.clone() },
                Method::DELETE,
                id.to_string(),
            ),
        ] {
            let http = request.to_http(&endpoint, headers.clone(), &policy);
            assert_eq!((http.method(), http.version()), (&method, Version::HTTP_11));
            for name in [header::ACCEPT, header::CONTENT_TYPE] {
                assert_eq!(http.headers()[name], JSON);
            }
            assert_eq!(http.headers()[header::AUTHORIZATION], "Bearer t");
            assert_eq!(AbonnementRequest::parse(&http, &rest, &policy), Ok(request));
        }
    }

    #[test]
    fn subscription_interface_i02_i03_i04_what_must_be_accepted() {
        let id = AbonnementId::random(&OsEntropy).unwrap();
        let current = Abonnement::new(id.clone(), day("2026-06-30"));
        let allowed = Toegestaan::new(90, day("2026-05-01"));
        let change = |end| AbonnementRequest::Wijzigen {
            id: id.clone(),
            end: day(end),
        };
        let none = Toegestaan::new(0, day("2026-05-01"));
        for (request, allowed, verdict) in [
            (
                AbonnementRequest::Beeindigen { id: id.clone() },
                none,
                Verdict::Accepteren,
            ),
            (change("2026-06-01"), allowed, Verdict::Accepteren),
            (change("2026-06-30"), allowed, Verdict::Accepteren),
            (change("2026-07-15"), allowed, Verdict::Vrij),
            (change("2026-08-01"), allowed, Verdict::Weigeren),
            (change("2026-07-15"), none, Verdict::Weigeren),
            (
                AbonnementRequest::Aanmaken { end: day("2026-07-30") },
                allowed,
                Verdict::Vrij,
            ),
            (
                AbonnementRequest::Aanmaken { end: day("2026-05-01") },
                allowed,
                Verdict::Weigeren,
            ),
            (
                AbonnementRequest::Beeindigen {
                    id: AbonnementId::random(&OsEntropy).unwrap(),
                },
                allowed,
                Verdict::Weigeren,
            ),
        ] {
            assert_eq!(judge(&request, Some(&current), allowed), verdict, "{request:?}");
        }
        assert_eq!(judge(&change("2026-06-01"), None, allowed), Verdict::Weigeren);
    }

    #[test]
    fn answers_round_trip() {
        let policy = AboPolicy::default();
        let abonnement = Abonnement::new(AbonnementId::random(&OsEntropy).unwrap(), day("2026-06-30"));
        assert_eq!(
            Abonnement::parse(&abonnement.to_http(true, &policy), &policy),
            Ok(abonnement)
        );
        for bad in ["", "a b", "a/b", "é", &"a".repeat(65)] {
            assert_eq!(AbonnementId::parse(bad), Err(AbonnementIdError), "{bad}");
        }
    }
}
