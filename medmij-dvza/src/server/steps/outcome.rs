// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.207 — what comes of a step: the next page of the flow, a way out, or a page that ends it.

use std::{fmt, net::IpAddr};

use medmij_oauth::form::{self, Form};

use crate::server::{Page, Visitor};

/// What became of an authorization request. `Debug` shows no query of an address.
#[non_exhaustive]
pub enum Arrived {
    /// A flow has started: give the browser the secret as a cookie and send it to the page of the flow.
    Flow(Visitor),
    /// Uitzondering 1b: redirect to the DVP.
    Redirect(String),
    /// Uitzondering 1a, or a disturbance: a page, and no redirect.
    Page(Box<Page>),
}

/// Where the browser goes next. `Debug` shows no query of an address: it can hold a code.
#[non_exhaustive]
pub enum Next {
    /// To the page of the flow, with another cookie where a secret is given.
    Flow(Visitor),
    /// Away to the login, with another cookie: the flow waits in it.
    #[non_exhaustive]
    Login {
        /// The flow, with the cookie.
        visitor: Visitor,
        /// Where the browser goes.
        location: String,
    },
    /// Away, back to the DVP.
    Away(String),
    /// Nowhere: this page.
    Page(Box<Page>),
}

impl fmt::Debug for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(visitor) => f.debug_tuple("Flow").field(visitor).finish(),
            Self::Redirect(url) => f.debug_tuple("Redirect").field(&form::without_query(url)).finish(),
            Self::Page(page) => f.debug_tuple("Page").field(page).finish(),
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(visitor) => f.debug_tuple("Flow").field(visitor).finish(),
            Self::Login { visitor, location } => f
                .debug_struct("Login")
                .field("visitor", visitor)
                .field("location", &form::without_query(location))
                .finish(),
            Self::Away(url) => f.debug_tuple("Away").field(&form::without_query(url)).finish(),
            Self::Page(page) => f.debug_tuple("Page").field(page).finish(),
        }
    }
}

/// What a form brought, with its token.
#[derive(Debug)]
#[non_exhaustive]
pub struct Submitted<'a> {
    /// The fields of the form: `csrf`, `answer`, `langdurig`, `number`.
    pub form: &'a Form,
    /// The absolute address to which the login sends the browser back.
    pub login_callback: &'a str,
    /// The address of who sent it, where it is known.
    pub address: Option<IpAddr>,
}

impl<'a> Submitted<'a> {
    /// A form.
    #[must_use]
    pub fn new(form: &'a Form, login_callback: &'a str) -> Self {
        Self {
            form,
            login_callback,
            address: None,
        }
    }

    /// The form with the address of who sent it.
    #[must_use]
    pub fn with_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }
}
