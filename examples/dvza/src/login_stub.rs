// SPDX-License-Identifier: AGPL-3.0-or-later
//! A stub in the place of DigiD: a page on which one chooses who to be. It identifies nobody.
//!
//! It can only be made with a [`DangerDevelopment`]: the proof that every listener of this program is on loopback under a
//! `.localhost` name and that it trusts the roots of a test PKI only. A real DVZA talks to a DVAuthN here.

use crate::bronsysteem::Bronsysteem;
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use medmij_dvza::{Authentication, LoginCallback, LoginOutcome, LoginRequest, LoginStart, Persoon, SupplierError};
use medmij_net::DangerDevelopment;
use medmij_types::Hostname;
use serde::Deserialize;
use std::sync::Arc;

/// The path of the page.
pub(crate) const PATH: &str = "/inlogstub";

/// That of the other pages of the DVZA.
const STYLESHEET: &str = "/oauth/style.css";

/// The stub.
pub(crate) struct LoginStub {
    hostname: Hostname,
    bronsysteem: Arc<Bronsysteem>,
}

impl LoginStub {
    /// A stub that offers the invented persons of a source system.
    pub(crate) fn new(_proof: DangerDevelopment, hostname: Hostname, bronsysteem: Arc<Bronsysteem>) -> Self {
        Self { hostname, bronsysteem }
    }

    /// The page, to be mounted on the front channel.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route(PATH, get(choose))
            .with_state(Arc::clone(&self.bronsysteem))
    }
}

impl Authentication for LoginStub {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("flow", login.flow.as_str())
            .append_pair("back", &login.callback)
            .finish();
        Ok(LoginStart::new(format!("https://{}{PATH}?{query}", self.hostname)))
    }

    async fn finish(&self, callback: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        // by GET in the query; by POST, as SAML and `form_post` do, in the form
        let answers = [callback.query, callback.form];
        let mut answers = answers
            .iter()
            .flat_map(|answer| form_urlencoded::parse(answer.as_bytes()));
        let chosen = answers.find(|(name, _)| name == "persoon");
        let Some((_, chosen)) = chosen else {
            return Ok(LoginOutcome::Failed);
        };
        if chosen == "annuleren" {
            return Ok(LoginOutcome::Cancelled);
        }
        let persoon = chosen
            .parse::<usize>()
            .ok()
            .and_then(|number| self.bronsysteem.personen().get(number));
        Ok(persoon.map_or(LoginOutcome::Failed, |persoon| {
            LoginOutcome::LoggedIn(Persoon::new(persoon.bsn.clone()))
        }))
    }
}

#[derive(Template)]
#[template(path = "inlogstub.html")]
struct Page<'a> {
    back: &'a str,
    flow: &'a str,
    stylesheet: &'a str,
    personen: Vec<(usize, &'a str, &'a str)>,
}

#[derive(Deserialize)]
struct ChooseQuery {
    flow: String,
    back: String,
}

async fn choose(State(bronsysteem): State<Arc<Bronsysteem>>, Query(query): Query<ChooseQuery>) -> Response {
    // back to this very server and nowhere else, so that the page is no open redirector
    let Some(back) = query.back.splitn(4, '/').nth(3).map(|path| format!("/{path}")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let personen = bronsysteem
        .personen()
        .iter()
        .enumerate()
        .map(|(n, p)| (n, p.name.as_str(), p.geboortedatum.as_str()))
        .collect();
    match (Page {
        back: &back,
        flow: &query.flow,
        stylesheet: STYLESHEET,
        personen,
    })
    .render()
    {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
                (header::REFERRER_POLICY, "no-referrer"),
                (
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
                ),
            ];
            (headers, html).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
