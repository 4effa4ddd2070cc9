// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint.200, ext.abo.subint.201 — the subscription interface: create, change and end an Abonnement.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use medmij_types::BackchannelUri;

use super::{
    AboPolicy, AbonnementError, AbonnementId, CalendarDate,
    message::{JSON, json_answer, read_end, read_id, read_json},
};

/// What a DVP asks at the subscription interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbonnementRequest {
    /// A new Abonnement until a day.
    Create {
        /// The last day.
        end: CalendarDate,
    },
    /// Another end.
    Change {
        /// Which.
        id: AbonnementId,
        /// The last day.
        end: CalendarDate,
    },
    /// The end, one-sided.
    End {
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
    pub end: CalendarDate,
}

impl Abonnement {
    /// An Abonnement.
    #[must_use]
    pub fn new(id: AbonnementId, end: CalendarDate) -> Self {
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
    /// `Tokens::resource_headers` of `medmij-dvp`.
    ///
    /// Creating is a POST on the endpoint, changing and ending a PUT or DELETE on `endpoint/id`.
    #[must_use]
    pub fn to_http(&self, endpoint: &BackchannelUri, headers: HeaderMap, policy: &AboPolicy) -> Request<Bytes> {
        let base = endpoint.as_str().trim_end_matches('/');
        let (method, uri, body) = match self {
            Self::Create { end } => (Method::POST, base.to_owned(), Some(*end)),
            Self::Change { id, end } => (Method::PUT, format!("{base}/{id}"), Some(*end)),
            Self::End { id } => (Method::DELETE, format!("{base}/{id}"), None),
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
            Method::POST if rest.is_empty() => Ok(Self::Create { end: end()? }),
            Method::PUT => Ok(Self::Change { id: id()?, end: end()? }),
            Method::DELETE => Ok(Self::End { id: id()? }),
            _ => Err(AbonnementError::Method),
        }
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;

    fn day(text: &str) -> CalendarDate {
        CalendarDate::parse(text).unwrap()
    }

    #[test]
    fn ext_abo_subint_200_201_i01_the_subscription_request_has_its_form() {
        let endpoint = BackchannelUri::parse("https://dvza.example.nl/abo").unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"))]);
        let policy = AboPolicy::default();
        let id = AbonnementId::random(&OsEntropy).unwrap();
        for (request, method, rest) in [
            (
                AbonnementRequest::Create { end: day("2026-12-31") },
                Method::POST,
                String::new(),
            ),
            (
                AbonnementRequest::Change {
                    id: id.clone(),
                    end: day("2026-12-31"),
                },
                Method::PUT,
                id.to_string(),
            ),
            (
                AbonnementRequest::End { id: id.clone() },
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
    fn answers_round_trip() {
        let policy = AboPolicy::default();
        let abonnement = Abonnement::new(AbonnementId::random(&OsEntropy).unwrap(), day("2026-06-30"));
        assert_eq!(
            Abonnement::parse(&abonnement.to_http(true, &policy), &policy),
            Ok(abonnement)
        );
    }
}
