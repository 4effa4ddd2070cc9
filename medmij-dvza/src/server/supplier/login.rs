// SPDX-License-Identifier: AGPL-3.0-or-later
//! The login at a DVAuthN, in two legs.

use super::super::SupplierError;
use super::Persoon;
use crate::store::FlowId;
use medmij_oauth::Vertegenwoordiging;
use std::{fmt, future::Future};

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
/// [`ServerConfig::login_query`](super::super::ServerConfig::login_query) and
/// [`ServerConfig::login_form`](super::super::ServerConfig::login_form).
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
    LoggedIn(Persoon),
    /// The Persoon cancelled.
    Cancelled,
    /// The identity could not be established.
    Failed,
}
