// SPDX-License-Identifier: AGPL-3.0-or-later
//! O7, O9, O11 — pages and redirects, and the headers of every answer: of the pages, of the token endpoint, and of what is
//! answered before either is reached (404, 405, 413).

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{RenderContext, RouterOptions};
use crate::server::{Page, Screen};

/// A page, with a policy that lets nothing in and nobody frame it.
pub(super) fn page(options: &RouterOptions, page: &Page, action: &str) -> Response {
    let stylesheet = format!("{}/style.css", options.base());
    let rewrite = |address: &str| options.rewrite(address);
    let context = RenderContext {
        action,
        stylesheet: &stylesheet,
        rewrite: &rewrite,
    };
    let html = options.screens().render(page, &context);
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    let form_action = match (&page.csrf, &page.form_origin) {
        (None, _) if matches!(page.screen, Screen::LoginAnswer(_)) => "; form-action 'self'".to_owned(),
        (None, _) => "; form-action 'none'".to_owned(),
        // the form leads to a login elsewhere, and Chrome checks the redirect too
        (Some(_), None) => String::new(),
        (Some(_), Some(_)) if options.has_further_redirects() => String::new(),
        (Some(_), Some(origin)) => {
            let origin = options.rewrite(&format!("{origin}/"));
            format!("; form-action 'self' {}", origin.trim_end_matches('/'))
        }
    };
    let policy = format!("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'{form_action}");
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    if page.status == 503 || matches!(page.screen, Screen::Outage(_)) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

/// A redirect: 303 after a POST, 302 otherwise, never 307.
pub(super) fn redirect(options: &RouterOptions, location: &str, after_post: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = if after_post {
        StatusCode::SEE_OTHER
    } else {
        StatusCode::FOUND
    };
    match HeaderValue::from_str(&options.rewrite(location)) {
        Ok(value) => {
            response.headers_mut().insert(header::LOCATION, value);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// An answer without content.
pub(super) fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The headers that every answer has, where it does not have a value of its own.
pub(super) fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| value == "no-store")
    {
        headers
            .entry(header::PRAGMA)
            .or_insert(HeaderValue::from_static("no-cache"));
    }
}
