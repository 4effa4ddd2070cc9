// SPDX-License-Identifier: AGPL-3.0-or-later
//! Headers that every answer carries, whoever made it: the router, this listener or the HTTP library
//!
//! What the router sets stays. A page of an application may need another content policy, so that of the listener is on
//! answers without success only, where nothing has to work.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

/// Puts in what is not there.
pub(super) fn complete<B>(response: &mut Response<B>, transport: bool) {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    add(headers, EVERY);
    if transport {
        add(headers, TRANSPORT);
    }
    if failed {
        add(headers, FAILED);
    }
}

/// An answer of the listener itself, after which the connection ends.
pub(super) fn refusal(status: StatusCode) -> Response<axum::body::Body> {
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The same headers as lines, for an answer that the HTTP library makes by itself.
pub(super) fn lines(transport: bool) -> String {
    let transport = if transport { TRANSPORT } else { &[] };
    let all = EVERY.iter().chain(FAILED).chain(transport);
    all.map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

fn add(headers: &mut HeaderMap, all: &[(HeaderName, &'static str)]) {
    for (name, value) in all {
        headers.entry(name).or_insert_with(|| HeaderValue::from_static(value));
    }
}

const EVERY: &[(HeaderName, &str)] = &[
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];
/// Not for names under `.localhost`, where a browser may need plain http next.
const TRANSPORT: &[(HeaderName, &str)] = &[(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")];
const FAILED: &[(HeaderName, &str)] = &[
    (header::CACHE_CONTROL, "no-store"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];
