// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a form of ours brings. A form without the token of its session is another's (CSRF), and no handler sees it.

use crate::{gate::Visitor, html};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::Response,
};
use http::StatusCode;
use subtle::ConstantTimeEq as _;

/// The fields of a form of this session.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field, empty where it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }

    /// Whether a box was ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// Every value of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The most that a form holds.
const LARGEST: usize = 64 * 1024;

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
            return Err(html::redirect("/inloggen"));
        };
        let foreign = || html::message(&visitor, StatusCode::FORBIDDEN, &html::FOREIGN_FORM);
        let body = Bytes::from_request(request, state).await.map_err(|_| foreign())?;
        if body.len() > LARGEST {
            return Err(foreign());
        }
        let fields = Self(form_urlencoded::parse(&body).into_owned().collect());
        if !bool::from(fields.text("csrf").as_bytes().ct_eq(visitor.csrf.as_bytes())) {
            return Err(foreign());
        }
        Ok(fields)
    }
}
