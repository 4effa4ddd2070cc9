// SPDX-License-Identifier: AGPL-3.0-or-later
//! A.9.4.1 — the gate: one middleware before every route. Without a session of two factors there is nothing here but the
//! pages of [`PUBLIC`]; whoever is in comes from the session alone, and only the gate makes a [`SignedIn`].

use crate::{
    App,
    account::{
        sessions::{self, Session, Stage},
        vault::VaultError,
    },
    children::{self, Child},
    html,
};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use medmij_dvp::person::PersonId;
use medmij_types::{Clock as _, SystemClock};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// What opens without a session, and nothing else does: each is a whole path, compared as it is.
pub const PUBLIC: [&str; 18] = [
    "/",
    "/hulp",
    "/toegankelijkheid",
    "/inloggen",
    "/inloggen/zonder-app",
    "/inloggen/nieuwe-app",
    "/inloggen/nieuw-wachtwoord",
    "/inloggen/per-mail",
    "/inloggen/per-mail/code",
    "/account-maken",
    "/account-maken/app",
    "/voorbeeldpersoon",
    "/uitgelogd",
    "/sessie/einde",
    "/stijl.css",
    "/sessie.css",
    "/pgo.js",
    "/icoon.svg",
];

/// For whom a session acts counts here: the dossier, collecting, and what happened.
const FOR_SOMEBODY: [&str; 5] = ["/dossier", "/ophalen", "/terug", "/gebeurd", "/toestemmingen"];
/// Open to a session that acts for a child, which does nothing else of the account.
const BESIDE: [&str; 3] = ["/kinderen", "/uitloggen", "/sessie"];

/// Looking at these is no use of the session: a page that asks for itself keeps nobody signed in.
const NO_USE: [&str; 2] = ["/ophalen/voortgang", "/sessie/einde"];

/// Whoever asks, known or not. Every handler can have it.
#[derive(Clone)]
pub(crate) struct Visitor {
    /// The secret of the session, or a new one that is nobody's.
    pub(crate) secret: String,
    /// The token of every form of this session.
    pub(crate) csrf: String,
    pub(crate) session: Option<Session>,
    pub(crate) person: Option<PersonId>,
    pub(crate) device: String,
    pub(crate) address: String,
    pub(crate) demo: bool,
    pub(crate) email_code: bool,
    pub(crate) source_code: Arc<str>,
    /// To what a login elsewhere is bound: this session, and for whom it acts.
    pub(crate) binding: String,
    signed_in: Option<SignedIn>,
}

/// Somebody who came in with two factors. Only the gate makes one.
#[derive(Clone)]
pub(crate) struct SignedIn {
    account: PersonId,
    name: String,
    child: Option<Child>,
}

impl SignedIn {
    /// Whose dossier it is: the owner of everything that is shown or changed. The Persoon, or a child for whom the Persoon
    /// acts.
    pub(crate) fn person(&self) -> PersonId {
        self.child.as_ref().map_or(self.account, |child| child.person)
    }

    /// Whose account it is.
    pub(crate) const fn account(&self) -> PersonId {
        self.account
    }

    /// The child for whom the Persoon acts.
    pub(crate) const fn child(&self) -> Option<&Child> {
        self.child.as_ref()
    }

    /// How the Persoon is called here.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Visitor {
    pub(crate) const fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_ref()
    }
}

/// The gate.
pub(crate) async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visitor, fresh) = match visitor(&app, &parts).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "sessions cannot be read");
            return html::plain_outage();
        }
    };
    let open = PUBLIC.contains(&parts.uri.path());
    if !open && visitor.signed_in.is_none() {
        return html::redirect("/inloggen");
    }
    // the child is too old, or its dossier is gone: the session is the Persoon's own again
    let acts_for = visitor.session.as_ref().and_then(|session| session.child);
    if acts_for.is_some()
        && visitor.signed_in().is_some_and(|signed_in| signed_in.child.is_none())
        && let Err(error) = app.accounts.act_for(&visitor.secret, None).await
    {
        return html::outage(&visitor, &error);
    }
    if let Some(elsewhere) = elsewhere(&visitor, parts.uri.path()) {
        return html::redirect(&elsewhere);
    }
    if let Some(signed_in) = &visitor.signed_in {
        parts.extensions.insert(signed_in.clone());
    }
    let secret = visitor.secret.clone();
    parts.extensions.insert(visitor);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if fresh && !response.headers().contains_key(header::SET_COOKIE) {
        set_cookie(&app, &mut response, &secret);
    }
    response
}

/// Where a session that acts for a child goes instead: an account is the Persoon's own, and a dossier that is closed is not
/// opened.
fn elsewhere(visitor: &Visitor, path: &str) -> Option<String> {
    let acts_for = visitor.session.as_ref()?.child?;
    let signed_in = visitor.signed_in.as_ref()?;
    let below = |start: &str| {
        path.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if PUBLIC.contains(&path) || BESIDE.iter().any(|start| below(start)) {
        return None;
    }
    let is_open = signed_in.child.is_some();
    if is_open && FOR_SOMEBODY.iter().any(|start| below(start)) {
        return None;
    }
    Some(format!("/kinderen/{:032x}", u128::from_be_bytes(acts_for)))
}

/// The child for whom a session acts, where it is of this account and the parent may read.
async fn child_of(app: &App, session: &Session, parent: PersonId) -> Result<Option<Child>, VaultError> {
    let Some(child) = session.child else { return Ok(None) };
    let number = format!("{:032x}", u128::from_be_bytes(child));
    let found = children::find(&app.accounts.vault, parent, &number).await?;
    Ok(found.filter(|child| child.page(children::today(app)).is_none()))
}

async fn visitor(app: &App, parts: &Parts) -> Result<(Visitor, bool), VaultError> {
    let known = cookie(app, &parts.headers).filter(|secret| sessions::is_secret(secret));
    let (secret, fresh) = match known {
        Some(secret) => (secret.to_owned(), false),
        None => (sessions::new_secret()?, true),
    };
    let touch = !NO_USE.contains(&parts.uri.path());
    let now = SystemClock::default().now();
    let found = match fresh {
        true => None,
        false => app.accounts.session(&secret, touch, now).await?,
    };
    let (session, person) = found.map_or((None, None), |(session, person)| (Some(session), person));
    let signed_in = match (&session, person) {
        (Some(session), Some(person)) if matches!(session.stage, Stage::Complete) => Some(SignedIn {
            account: person,
            name: app.accounts.account(person).await?.content.name,
            child: child_of(app, session, person).await?,
        }),
        _ => None,
    };
    // a form, and a login elsewhere, are for whom they were made
    let acts_for = session.as_ref().and_then(|session| session.child);
    let binding = match acts_for {
        Some(child) => format!("{secret} {:032x}", u128::from_be_bytes(child)),
        None => secret.clone(),
    };
    let visitor = Visitor {
        csrf: app.csrf(&binding)?,
        binding,
        secret,
        session,
        person,
        device: header_text(&parts.headers, &header::USER_AGENT).map_or_else(String::new, sessions::device),
        address: address(app, parts),
        demo: app.demo.is_some(),
        email_code: app.email_code && app.mail.is_some(),
        source_code: Arc::clone(&app.source_code),
        signed_in,
    };
    Ok((visitor, fresh))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The address of the browser: of the connection, or what one's own proxy says in the header that the configuration names. A
/// network of IPv6 counts as one address.
fn address(app: &App, parts: &Parts) -> String {
    let said = app.address_header.as_ref().and_then(|name| {
        let text = header_text(&parts.headers, name)?;
        // the last one is what the nearest proxy saw
        text.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
    });
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|peer| peer.0.ip());
    match said.or(peer).map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(address) => address.to_string(),
        None => "unknown".to_owned(),
    }
}

/// The value of our cookie; none where it comes twice, since one of them was planted.
fn cookie<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    // pair by pair: a cookie of another application that cannot be read is none of ours
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().strip_prefix(app.cookie)?.strip_prefix('='));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Gives the browser the secret of a session.
pub(crate) fn set_cookie(app: &App, response: &mut Response, secret: &str) {
    let secure = if app.cookie.starts_with("__Host-") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}", app.cookie);
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
    }
}
