// SPDX-License-Identifier: AGPL-3.0-or-later
//! The body of an answer, which keeps its connection from being idle until it is handed over

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::shares::{Answering, NodeRequest};
use super::wire::Answer;

pub(super) struct AnswerBody {
    body: axum::body::Body,
    _held: Held,
}

/// What a request holds until its answer was handed over.
pub(super) type Held = (Answering, Answer, Option<NodeRequest>);

impl AnswerBody {
    pub(super) fn new(body: axum::body::Body, held: Held) -> Self {
        Self { body, _held: held }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
