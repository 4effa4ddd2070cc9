// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files of the pages: stylesheets, a small script, an icon.

use crate::App;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;
use std::sync::Arc;

pub(crate) async fn stylesheet() -> Response {
    file("text/css; charset=utf-8", include_str!("../../static/style.css"))
}

pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../static/pgo.js"))
}

pub(crate) async fn icon() -> Response {
    file("image/svg+xml", include_str!("../../static/icon.svg"))
}

/// WCAG 2.2.1 — the warning before a session ends, and the end of it: without a script, by the time since the page came.
pub(crate) async fn session_stylesheet(State(app): State<Arc<App>>) -> Response {
    let end = app.limits.idle_seconds();
    let warning = end.saturating_sub(120).max(end / 2);
    let css = format!(
        "@keyframes show {{ to {{ visibility: visible }} }}\n\
         @keyframes hide {{ to {{ visibility: hidden }} }}\n\
         .frame {{ animation: hide 0s linear {end}s forwards }}\n\
         .idle-warning {{ animation: show 0s linear {warning}s forwards, hide 0s linear {end}s forwards }}\n\
         .idle-end {{ animation: show 0s linear {end}s forwards }}\n\
         .again .frame, .again .idle-warning, .again .idle-end {{ animation: none }}\n"
    );
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

fn file(kind: &'static str, content: &'static str) -> Response {
    // asked again each time: a new version shows at once
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
    (headers, content).into_response()
}
