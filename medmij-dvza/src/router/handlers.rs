// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.201, RFC 6749 section 3.2 — the endpoints over HTTP: each request becomes a step of the server, and its answer a response.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use medmij_oauth::form::Form;
use medmij_types::PeerNames;

use super::{
    RouterOptions, answer,
    body::{self, Unread},
    cookie, peer_address,
};
use crate::{
    server::{Arrival, Arrived, Dvza, LoginAnswer, Next, Server, StepError, Submitted, Visitor},
    store::FlowId,
};

/// A server with its options. Cheap to clone.
pub(super) struct Mounted<D: Dvza> {
    pub(super) server: Server<D>,
    pub(super) options: Arc<RouterOptions>,
}

impl<D: Dvza> Mounted<D> {
    pub(super) fn new(server: Server<D>, options: RouterOptions) -> Self {
        Self {
            server,
            options: Arc::new(options),
        }
    }

    fn path(&self, visitor: &Visitor) -> String {
        format!("{}/flow/{}", self.options.base(), visitor.flow)
    }

    fn login_callback(&self) -> String {
        format!("https://{}{}/login", self.server.config().hostname, self.options.base())
    }

    fn to_flow(&self, visitor: &Visitor, after_post: bool) -> Response {
        let mut response = answer::redirect(&self.options, &self.path(visitor), after_post);
        let max_age = self.server.config().lifetimes.flow.get().as_secs();
        cookie::set(response.headers_mut(), &self.options, visitor, max_age);
        response
    }

    fn visitor(&self, headers: &HeaderMap, flow: FlowId) -> Option<Visitor> {
        let session = cookie::session(headers, &self.options, &flow)?;
        Some(Visitor::new(flow, session))
    }

    fn arrived(&self, arrived: &Arrived, request: &HeaderMap) -> Response {
        match arrived {
            Arrived::Flow(visitor) => {
                let mut response = self.to_flow(visitor, false);
                for flow in self.server.surplus(cookie::held(request, &self.options)) {
                    cookie::clear(response.headers_mut(), &self.options, &flow);
                }
                response
            }
            Arrived::Redirect(location) => answer::redirect(&self.options, location, false),
            Arrived::Page(page) => answer::page(&self.options, page, ""),
        }
    }

    fn next(&self, next: &Next, after_post: bool) -> Response {
        match next {
            Next::Flow(visitor) => self.to_flow(visitor, after_post),
            Next::Login { visitor, location } => {
                let mut response = answer::redirect(&self.options, location, after_post);
                let max_age = self.server.config().lifetimes.flow.get().as_secs();
                cookie::set(response.headers_mut(), &self.options, visitor, max_age);
                response
            }
            Next::Away(location) => answer::redirect(&self.options, location, after_post),
            Next::Page(page) => answer::page(&self.options, page, ""),
        }
    }

    fn expired(&self) -> Response {
        answer::page(&self.options, &self.server.expired(), "")
    }

    /// Forms come from our own pages. `Origin` is `null` there, for the pages send no referrer; `Sec-Fetch-Site` tells.
    fn is_own_form(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let own = format!("https://{}", self.server.config().hostname);
        let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
        let origin = text("origin").is_none_or(|origin| {
            origin == "null"
                || origin == own
                || origin == self.options.rewrite(&format!("{own}/")).trim_end_matches('/')
        });
        site && origin
    }
}

/// The last thing that happens to an answer.
pub(super) async fn finish<D: Dvza>(State(mounted): State<Mounted<D>>, mut response: Response) -> Response {
    answer::secure(response.headers_mut());
    if !mounted.options.is_loopback() {
        response
            .headers_mut()
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    response
}

impl<D: Dvza> Clone for Mounted<D> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            options: Arc::clone(&self.options),
        }
    }
}

pub(super) async fn authorize<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request) -> Response {
    arrive(&mounted, request, false).await
}

pub(super) async fn toestemmingen<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request) -> Response {
    arrive(&mounted, request, true).await
}

async fn arrive<D: Dvza>(mounted: &Mounted<D>, request: Request, beheren: bool) -> Response {
    if request.method() != Method::GET {
        return only_get();
    }
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let arrival = Arrival {
        address: peer_address::address(&parts.extensions),
        path: parts.uri.path(),
        beheren,
    };
    let arrived = mounted.server.arrive(query, &parts.headers, arrival).await;
    mounted.arrived(&arrived, &parts.headers)
}

pub(super) async fn page<D: Dvza>(
    State(mounted): State<Mounted<D>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(visitor) = FlowId::parse(&id).and_then(|flow| mounted.visitor(&headers, flow)) else {
        return mounted.expired();
    };
    let page = mounted.server.page(&visitor).await;
    answer::page(&mounted.options, &page, &mounted.path(&visitor))
}

pub(super) async fn submit<D: Dvza>(
    State(mounted): State<Mounted<D>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let visitor = FlowId::parse(&id).and_then(|flow| mounted.visitor(&headers, flow));
    let (Some(visitor), true) = (visitor, mounted.is_own_form(&headers)) else {
        return mounted.expired();
    };
    let read = match body::read(body, Form::MAX_LEN, mounted.options.body_time()).await {
        Ok(read) => read,
        Err(unread) => return unread.to_response(),
    };
    let Ok(form) = Form::parse(&read) else {
        return mounted.expired();
    };
    let callback = mounted.login_callback();
    let submitted = Submitted::new(&form, &callback).with_address(peer_address::address(&parts.extensions));
    let next = mounted.server.submit(&visitor, &submitted).await;
    let mut response = mounted.next(&next, true);
    if matches!(next, Next::Away(_)) {
        cookie::clear(response.headers_mut(), &mounted.options, &visitor.flow);
    }
    response
}

pub(super) async fn login<D: Dvza>(State(mounted): State<Mounted<D>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = uri.query().unwrap_or_default();
    match mounted.server.login_flow(query) {
        Ok(flow) => match flow.and_then(|flow| mounted.visitor(&headers, flow)) {
            Some(visitor) => mounted.next(&mounted.server.login(&visitor, query).await, false),
            None => mounted.expired(),
        },
        Err(error) => answer::page(&mounted.options, &mounted.server.failure(&error), ""),
    }
}

/// The login comes back with a form, from the site of the DVAuthN: no cookie comes along, and the Persoon sends it once more.
pub(super) async fn login_posted<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let failure = |error| answer::page(&mounted.options, &mounted.server.failure(&error), "");
    let most = mounted.server.config().login_form;
    let form = match body::read(body, most, mounted.options.body_time()).await {
        Ok(form) => form,
        Err(Unread::TooLong(begin)) => {
            let (part, length) = ("form", begin.len());
            return failure(StepError::LoginAnswerTooLong { part, length, most });
        }
        Err(unread) => return unread.to_response(),
    };
    let Ok(form) = std::str::from_utf8(&form) else {
        return mounted.expired();
    };
    let answer = LoginAnswer::posted(query, form);
    match mounted.server.login_flow(answer) {
        Ok(Some(flow)) => match mounted.visitor(&parts.headers, flow) {
            Some(visitor) => mounted.next(&mounted.server.login(&visitor, answer).await, true),
            None => match mounted.server.login_again(form) {
                Some(page) => answer::page(&mounted.options, &page, parts.uri.path()),
                None => mounted.expired(),
            },
        },
        Ok(None) => mounted.expired(),
        Err(error) => failure(error),
    }
}

/// An address of ours at which there is no page.
pub(super) async fn not_found<D: Dvza>(State(mounted): State<Mounted<D>>) -> Response {
    answer::page(&mounted.options, &mounted.server.not_found(), "")
}

/// HEAD: a method that only looks shows nothing, records nothing and uses nothing up.
pub(super) async fn look() -> Response {
    answer::status(StatusCode::OK)
}

pub(super) async fn stylesheet() -> Response {
    let mut response = Response::new(Body::from(include_str!("../../templates/style.css")));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/css; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

pub(super) async fn token<D: Dvza>(State(mounted): State<Mounted<D>>, request: Request) -> Response {
    let peer = request
        .extensions()
        .get::<PeerNames>()
        .cloned()
        .unwrap_or_else(|| PeerNames::new(None, []));
    let (parts, body) = request.into_parts();
    let (body, too_long) = match body::read(body, Form::MAX_LEN, mounted.options.body_time()).await {
        Ok(body) => (body, false),
        // core.tknint.204: a code that the beginning names was offered
        Err(Unread::TooLong(begin)) => (begin, true),
        Err(unread) => return unread.to_response(),
    };
    let response = mounted
        .server
        .token(&http::Request::from_parts(parts, body), &peer)
        .await;
    let mut response = response.map(Body::from);
    if too_long && response.status() == StatusCode::BAD_REQUEST {
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    }
    response
}

fn only_get() -> Response {
    let mut response = answer::status(StatusCode::METHOD_NOT_ALLOWED);
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET"));
    response
}
