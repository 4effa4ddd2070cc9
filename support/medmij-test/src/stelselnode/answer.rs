// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Stelselnode may do at a request: well, late, half, too much, or something else (threats L3, L9, L10)

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};

use crate::stelselnode::body::{Drip, Endless};

/// The answer to one request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// What is published, with 200.
    Published,
    /// This status with an empty body.
    Status(StatusCode),
    /// What is published, with this status, for instance 206.
    PublishedAs(StatusCode),
    /// 302 to this address.
    Redirect(String),
    /// These bytes, with 200: another list, an older number, HTML, an empty body.
    Bytes(Bytes),
    /// The first part of what is published as if it were all of it.
    Truncated(usize),
    /// The right length in the head, this many bytes of body, and the end of the connection.
    CutAfter(usize),
    /// What is published, piece by piece: so many bytes, then a wait, again and again.
    Drip {
        /// Bytes of a piece.
        bytes: usize,
        /// The wait after each.
        every: Duration,
    },
    /// Nothing, until [`Stelselnode::release`](crate::stelselnode::Stelselnode::release), and then what is published.
    Hold,
    /// A list that never ends.
    Endless,
    /// A small gzip body that would unpack to a large one.
    GzipBomb,
    /// What is published, by a clock that says this: the value of `Date`.
    Dated(String),
    /// A head of this many bytes, then what is published.
    LargeHead(usize),
}

impl Answer {
    pub(crate) fn respond(self, published: Bytes) -> Response {
        let length = published.len();
        match self {
            Self::Published | Self::Hold => whole(StatusCode::OK, published),
            Self::Status(status) => whole(status, Bytes::new()),
            Self::PublishedAs(status) => whole(status, published),
            Self::Redirect(to) => with(whole(StatusCode::FOUND, Bytes::new()), header::LOCATION, &to),
            Self::Bytes(bytes) => whole(StatusCode::OK, bytes),
            Self::Truncated(at) => whole(StatusCode::OK, published.slice(..at.min(length))),
            Self::CutAfter(at) => {
                let body = Body::new(Drip::cut(published.slice(..at.min(length))));
                with(xml(StatusCode::OK, body), header::CONTENT_LENGTH, &length.to_string())
            }
            Self::Drip { bytes, every } => {
                let body = Body::new(Drip::new(published, bytes, every));
                with(xml(StatusCode::OK, body), header::CONTENT_LENGTH, &length.to_string())
            }
            Self::Endless => xml(StatusCode::OK, Body::new(Endless::default())),
            Self::GzipBomb => with(
                whole(StatusCode::OK, Bytes::from_static(GZIP)),
                header::CONTENT_ENCODING,
                "gzip",
            ),
            Self::Dated(date) => with(whole(StatusCode::OK, published), header::DATE, &date),
            Self::LargeHead(bytes) => with(
                whole(StatusCode::OK, published),
                HeaderName::from_static("x-vulling"),
                &"x".repeat(bytes),
            ),
        }
    }
}

fn whole(status: StatusCode, bytes: Bytes) -> Response {
    xml(status, Body::from(bytes))
}

fn xml(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    with(response, header::CONTENT_TYPE, "application/xml")
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = http::HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The head of a gzip stream and a little of what follows; nobody should come to unpack it.
const GZIP: &[u8] = &[
    0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff, 0xed, 0xc1, 0x01, 0x0d, 0, 0, 0, 0xc2, 0xa0,
];
