// SPDX-License-Identifier: AGPL-3.0-or-later
//! The body of a request, under a deadline and a byte limit (fault R12)
//!
//! What went wrong with it decides the status of the answer, whatever the handler made of the error: 408 for a body that
//! is too slow, 413 for one that is too large, 400 for one that breaks off or cannot be read.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

pub(super) struct LimitedBody {
    body: Incoming,
    left: u64,
    deadline: Pin<Box<Sleep>>,
    fault: BodyFault,
}

/// What went wrong with a body, for whoever answers.
#[derive(Clone, Default)]
pub(super) struct BodyFault(Arc<AtomicU8>);

#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Fault {
    #[error("body of the request is too slow")]
    Slow = 1,
    #[error("body of the request is too large")]
    Large,
    #[error("body of the request cannot be read")]
    Broken,
}

impl LimitedBody {
    pub(super) fn new(body: Incoming, bytes: u64, time: Duration, fault: BodyFault) -> Self {
        Self {
            body,
            left: bytes,
            deadline: Box::pin(tokio::time::sleep(time)),
            fault,
        }
    }

    fn fail<T>(&self, fault: Fault) -> Poll<Option<Result<T, BoxError>>> {
        self.fault.0.store(fault as u8, Ordering::Release);
        Poll::Ready(Some(Err(fault.into())))
    }
}

impl BodyFault {
    /// The status that fits, if anything was wrong.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self.0.load(Ordering::Acquire) {
            1 => Some(StatusCode::REQUEST_TIMEOUT),
            2 => Some(StatusCode::PAYLOAD_TOO_LARGE),
            3 => Some(StatusCode::BAD_REQUEST),
            _ => None,
        }
    }
}

impl Body for LimitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => {
                tracing::debug!(%error, "body of a request broke");
                return self.fail(Fault::Broken);
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                return match self.deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => self.fail(Fault::Slow),
                    Poll::Pending => Poll::Pending,
                };
            }
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => self.fail(Fault::Large),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
