// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bodies that come slowly, break off or never end

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

/// Pieces with a wait between them, and perhaps a break at the end.
pub(crate) struct Drip {
    rest: Bytes,
    piece: usize,
    every: Duration,
    wait: Option<Pin<Box<Sleep>>>,
    breaks: bool,
}

impl Drip {
    pub(crate) fn new(rest: Bytes, piece: usize, every: Duration) -> Self {
        Self {
            rest,
            piece: piece.max(1),
            every,
            wait: None,
            breaks: false,
        }
    }

    pub(crate) fn cut(rest: Bytes) -> Self {
        Self {
            piece: rest.len().max(1),
            rest,
            every: Duration::ZERO,
            wait: None,
            breaks: true,
        }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(wait) = &mut self.wait {
            if wait.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.wait = None;
        }
        if self.rest.is_empty() {
            let broken = self.breaks.then(|| Err(io::ErrorKind::ConnectionAborted.into()));
            return Poll::Ready(broken);
        }
        let length = self.piece.min(self.rest.len());
        let piece = self.rest.split_to(length);
        // Also before a break: it lets what was written leave first.
        self.wait = Some(Box::pin(sleep(self.every.max(Duration::from_millis(1)))));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

/// A list whose entries never stop.
#[derive(Default)]
pub(crate) struct Endless {
    started: bool,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = if std::mem::replace(&mut self.started, true) {
            ENTRIES
        } else {
            HEAD
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece)))))
    }
}

const HEAD: &[u8] = b"<Whitelist xmlns=\"xmlns://afsprakenstelsel.medmij.nl/whitelist/release2/\"><MedMijNodes>";
const ENTRIES: &[u8] = &[b' '; 64 * 1024];
