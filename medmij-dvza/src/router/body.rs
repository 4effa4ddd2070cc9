// SPDX-License-Identifier: AGPL-3.0-or-later
//! The body of a request, bounded in bytes and in time: what is too long is 413, what comes too slowly 408, what breaks off
//! 400.

use std::{future::poll_fn, io, pin::Pin, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    response::Response,
};
use http::StatusCode;

/// Why there is no body.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is longer than it may be; the part that was read, one byte more than that.
    TooLong(Bytes),
    /// It did not come in time.
    Slow,
    /// The connection or the encoding broke.
    Broken,
}

impl Unread {
    /// The answer, without content.
    pub(super) fn to_response(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = match self {
            Self::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        };
        response
    }
}

/// Reads a body of at most `most` bytes.
pub(super) async fn read(body: Body, most: usize, within: Duration) -> Result<Bytes, Unread> {
    match tokio::time::timeout(within, read_all(body, most)).await {
        Ok(read) => read,
        Err(_) => Err(Unread::Slow),
    }
}

async fn read_all(mut body: Body, most: usize) -> Result<Bytes, Unread> {
    let mut read = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| {
            if timed_out(&error) {
                Unread::Slow
            } else {
                Unread::Broken
            }
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = most.saturating_add(1) - read.len();
        read.extend_from_slice(data.get(..room).unwrap_or(&data));
        if read.len() > most {
            return Err(Unread::TooLong(read.into()));
        }
    }
    Ok(read.into())
}

/// Whether the listener cut the body off because it took too long.
fn timed_out(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        {
            return true;
        }
        cause = error.source();
    }
    false
}
