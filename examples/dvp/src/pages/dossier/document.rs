// SPDX-License-Identifier: AGPL-3.0-or-later
//! A document that opens: its bytes as they came, in a sandbox of the browser, so that nothing in it runs here.

use super::{not_there, open};
use crate::{
    App,
    gate::{SignedIn, Visitor},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// Kinds that a browser shows without running anything. Every other kind is saved, and not opened here.
const SHOWN: [&str; 4] = ["application/pdf", "image/jpeg", "image/png", "text/plain"];

/// No script, no form, no frame around it, nothing loaded, an origin of its own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'; base-uri 'none'";

pub(super) async fn document(
    State(app): State<Arc<App>>,
    Path((address, number)): Path<(String, usize)>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let opened = match open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let found = opened.find(&address).and_then(|(_, entry)| {
        let attachment = entry.attachments().get(number)?;
        let holder = opened.items.get(attachment.resource())?;
        let (kind, bytes) = attachment.open(holder.entry.bytes())?;
        Some((attachment.title().to_owned(), kind, bytes))
    });
    let Some((title, kind, bytes)) = found else {
        return not_there(&visitor);
    };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let shown = SHOWN.iter().find(|known| **known == essence);
    let kind = match shown {
        Some(&"text/plain") => "text/plain; charset=utf-8",
        Some(known) => known,
        None => "application/octet-stream",
    };
    let way = if shown.is_some() { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition(way, &title, ending(kind))),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}

fn ending(kind: &str) -> &'static str {
    match kind {
        "application/pdf" => "pdf",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "text/plain; charset=utf-8" => "txt",
        _ => "bin",
    }
}

/// RFC 6266 — the name of the file, of letters and digits that every system takes.
fn disposition(way: &str, title: &str, ending: &str) -> HeaderValue {
    let plain: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(60)
        .collect();
    let plain = plain.trim_matches('-');
    let name = if plain.is_empty() { "document" } else { plain };
    HeaderValue::from_str(&format!("{way}; filename=\"{name}.{ending}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn the_name_of_a_file_breaks_out_of_no_header() {
        for (title, name) in [
            ("Ontslagbrief longontsteking", "Ontslagbrief-longontsteking"),
            ("a\"; filename=b.exe\r\nX: y", "a---filename-b-exe--X--y"),
            ("é", "document"),
            ("", "document"),
        ] {
            assert_eq!(
                disposition("inline", title, "pdf"),
                format!("inline; filename=\"{name}.pdf\"")
            );
        }
    }
}
