// SPDX-License-Identifier: AGPL-3.0-or-later
//! O7, O9, O11 — the headers of every answer of the front channel.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{RenderContext, RouterOptions};
use crate::server::{Page, Screen};

/// A page, with a policy that lets nothing in and nobody frame it.
pub(super) fn page(options: &RouterOptions, page: &Page, action: &str) -> Response {
    let stylesheet = format!("{}/stijl.css", options.base());
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
    common(headers, options);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    let form_action = match (&page.csrf, &page.form_origin) {
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
    if page.status == 503 || matches!(page.screen, Screen::Storing(_)) {
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
    common(response.headers_mut(), options);
    match HeaderValue::from_str(&options.rewrite(location)) {
        Ok(value) => {
            response.headers_mut().insert(header::LOCATION, value);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// An answer without content.
pub(super) fn status(options: &RouterOptions, status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    common(response.headers_mut(), options);
    response
}

fn common(headers: &mut HeaderMap, options: &RouterOptions) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !options.is_loopback() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}
