// SPDX-License-Identifier: AGPL-3.0-or-later
//! The stream below HTTP: what goes through it, and what does not (core.whl.309, fault R12)
//!
//! * It asks the gate whenever something is written, so that nothing that the HTTP library says by itself reaches a peer
//!   that has been taken off the list.
//! * It ends the connection of a peer that does not read.
//! * It shows the library no head with a bare LF.
//! * It completes the answers that the library makes by itself with the headers that every answer has.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::gate::Gate;
use super::heads::Heads;
use super::pace::Pace;

/// A stream that writes only as long as its gate is open and the other side reads.
pub(super) struct Wire<S> {
    stream: S,
    gate: Gate,
    pace: Pace,
    heads: Heads,
    turn: Arc<Turn>,
    /// What is put into the next answer of the library, and how much of it went out.
    own: Vec<u8>,
    sent: usize,
    headers: Arc<str>,
}

/// Whether the router has its turn, so that what is written is not the library's.
#[derive(Default)]
pub(super) struct Turn {
    requests: AtomicUsize,
    answers: AtomicUsize,
    begun: AtomicBool,
}

/// A request that the router answers, until its answer was handed over.
pub(super) struct Answer(Arc<Turn>);

impl Turn {
    pub(super) fn begin(self: &Arc<Self>) -> Answer {
        self.requests.fetch_add(1, Ordering::AcqRel);
        self.answers.store(1, Ordering::Release);
        self.begun.store(true, Ordering::Release);
        Answer(Arc::clone(self))
    }

    /// Whether there ever was a request.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether a request is with the router, or its answer is not handed over yet.
    pub(super) fn is_answering(&self) -> bool {
        self.requests.load(Ordering::Acquire) > 0
    }

    /// Everything was written.
    fn flushed(&self) {
        if !self.is_answering() {
            self.answers.store(0, Ordering::Release);
        }
    }

    fn is_of_router(&self) -> bool {
        self.answers.load(Ordering::Acquire) > 0
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, gate: Gate, pace: Pace, turn: Arc<Turn>, headers: Arc<str>) -> Self {
        Self {
            stream,
            gate,
            pace,
            heads: Heads::default(),
            turn,
            own: Vec::new(),
            sent: 0,
            headers,
        }
    }

    /// A write that cannot go on is watched.
    fn watched<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_pending() {
            return self.pace.poll_waiting(cx).map(Err);
        }
        written
    }

    fn check(&self) -> io::Result<()> {
        if self.gate.is_open() {
            Ok(())
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    /// Writes what is left of an answer of the library.
    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.own.get(self.sent..)
            && !rest.is_empty()
        {
            let written = Pin::new(&mut self.stream).poll_write(cx, rest);
            let written = ready!(self.watched(cx, written))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        self.own.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Takes over an answer of the library whole, with our headers behind its first line.
    fn take_over(&mut self, bytes: &[u8]) -> bool {
        if self.turn.is_of_router() || !bytes.starts_with(b"HTTP/1.") || !self.own.is_empty() {
            return false;
        }
        let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
            return false;
        };
        let (line, rest) = bytes.split_at(end + 2);
        self.own = [line, self.headers.as_bytes(), rest].concat();
        true
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        self.heads
            .look(buffer.filled_mut().get_mut(before..).unwrap_or_default());
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        ready!(self.poll_own(cx))?;
        if self.take_over(bytes) {
            // The rest goes out with the flush that follows.
            let _ = self.poll_own(cx)?;
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            self.pace.wrote(*count);
        }
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.turn.is_of_router() || !self.own.is_empty() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(cx, first.map_or(&[], |slice| slice));
        }
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(count)) = &written {
            self.pace.wrote(*count);
        }
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(cx))?;
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = &flushed {
            self.pace.done();
            self.turn.flushed();
        }
        self.watched(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(cx))?;
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watched(cx, shut)
    }
}
