// SPDX-License-Identifier: AGPL-3.0-or-later
//! The body of a request, under a deadline and a byte limit (fault R12)

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(super) struct LimitedBody {
    body: Incoming,
    left: u64,
    deadline: Pin<Box<Sleep>>,
}

impl LimitedBody {
    pub(super) fn new(body: Incoming, bytes: u64, time: Duration) -> Self {
        Self {
            body,
            left: bytes,
            deadline: Box::pin(tokio::time::sleep(time)),
        }
    }
}

impl Body for LimitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                return self.deadline.as_mut().poll(cx).map(|()| {
                    let late = io::Error::new(io::ErrorKind::TimedOut, "body of the request is too slow");
                    Some(Err(late.into()))
                });
            }
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => Poll::Ready(Some(Err("body of the request is too large".into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
