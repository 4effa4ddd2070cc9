// SPDX-License-Identifier: AGPL-3.0-or-later
//! A stub in place of DigiD: a page on which one chooses who to be. It identifies nobody.
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
use medmij_oauth::Vertegenwoordiging;
use medmij_types::Hostname;
use serde::Deserialize;
use std::sync::Arc;

/// The path of the page.
pub(crate) const PATH: &str = "/inlogstub";

/// What a login for a child remembers.
const FOR_CHILD: &[u8] = b"kind";

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
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("flow", login.flow.as_str())
            .append_pair("back", &login.callback);
        // ext.vert.authint.201, ext.vert.authint.204: only where it is asked
        let for_child = login.vertegenwoordiging == Some(Vertegenwoordiging::ParentalAuthority);
        if for_child {
            query.append_pair("namens", "kind");
        }
        let start = LoginStart::new(format!("https://{}{PATH}?{}", self.hostname, query.finish()));
        Ok(if for_child { start.remembering(FOR_CHILD) } else { start })
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
        if chosen == "cancel" {
            return Ok(LoginOutcome::Cancelled);
        }
        let (number, for_child) = match chosen.strip_prefix("kind-") {
            Some(number) => (number, true),
            None => (&*chosen, false),
        };
        // what was not asked is not offered
        if for_child && callback.remember != FOR_CHILD {
            return Ok(LoginOutcome::Failed);
        }
        let persoon = number.parse().ok().and_then(|number| self.bronsysteem.persoon(number));
        Ok(match persoon {
            Some(child) if for_child && self.bronsysteem.is_represented(&child.bsn) => {
                let child = Persoon::new(child.bsn.clone());
                LoginOutcome::LoggedIn(child.represented(Vertegenwoordiging::ParentalAuthority))
            }
            Some(persoon) if !for_child => LoginOutcome::LoggedIn(Persoon::new(persoon.bsn.clone())),
            _ => LoginOutcome::Failed,
        })
    }
}

#[derive(Template)]
#[template(path = "login-stub.html")]
struct Page<'a> {
    back: &'a str,
    flow: &'a str,
    stylesheet: &'a str,
    personen: Vec<(usize, &'a str, &'a str)>,
    /// Each child with the parent who logs in.
    children: Vec<(usize, &'a str, &'a str, &'a str)>,
}

#[derive(Deserialize)]
struct ChooseQuery {
    flow: String,
    back: String,
    #[serde(default)]
    namens: String,
}

async fn choose(State(bronsysteem): State<Arc<Bronsysteem>>, Query(query): Query<ChooseQuery>) -> Response {
    // back to this very server and nowhere else, so that the page is no open redirector
    let Some(back) = query.back.splitn(4, '/').nth(3).map(|path| format!("/{path}")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let for_child = query.namens == "kind";
    let personen = bronsysteem.personen().filter(|_| !for_child);
    let personen = personen.map(|(n, p)| (n, p.name.as_str(), p.geboortedatum.as_str()));
    let children = bronsysteem.ouders().filter(|_| for_child);
    let children = children.map(|(parent, n, child)| {
        (
            n,
            child.name.as_str(),
            child.geboortedatum.as_str(),
            parent.name.as_str(),
        )
    });
    match (Page {
        back: &back,
        flow: &query.flow,
        stylesheet: STYLESHEET,
        personen: personen.collect(),
        children: children.collect(),
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
