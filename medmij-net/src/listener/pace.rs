// SPDX-License-Identifier: AGPL-3.0-or-later
//! A peer that reads slowly is cut (fault R12)
//!
//! From the moment at which a write has to wait until everything is written, time is cut into windows; in each of them the
//! peer must take a least number of bytes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

pub(super) struct Pace {
    window: Duration,
    least: u64,
    watched: Option<(Pin<Box<Sleep>>, u64)>,
}

impl Pace {
    /// At least `rate` bytes a second, judged once in each window.
    pub(super) fn new(window: Duration, rate: u64) -> Self {
        Self {
            window,
            least: rate.saturating_mul(window.as_secs()).max(1),
            watched: None,
        }
    }

    /// So many bytes were taken.
    pub(super) fn wrote(&mut self, bytes: usize) {
        if let Some((_, received)) = &mut self.watched {
            *received = received.saturating_add(bytes as u64);
        }
    }

    /// Nothing is left to write.
    pub(super) fn done(&mut self) {
        self.watched = None;
    }

    /// A write has to wait; ready with the error that ends the connection.
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let window = self.window;
            let (timer, received) = self
                .watched
                .get_or_insert_with(|| (Box::pin(tokio::time::sleep(window)), 0));
            ready!(timer.as_mut().poll(cx));
            if *received < self.least {
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "peer reads too slowly"));
            }
            self.watched = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn r12_a_reader_is_cut_by_its_rate_and_not_by_a_byte_now_and_then() {
        for (pieces, survives) in [(4096, true), (1100, true), (900, false), (0, false)] {
            let mut pace = Pace::new(Duration::from_secs(30), 1024);
            let mut cut = false;
            for _ in 0..100 {
                let waiting = std::future::poll_fn(|cx| pace.poll_waiting(cx));
                cut |= tokio::time::timeout(Duration::from_secs(1), waiting).await.is_ok();
                pace.wrote(pieces);
            }
            assert_eq!(cut, !survives, "{pieces} bytes a second");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn r12_time_counts_only_while_a_write_waits() {
        let mut pace = Pace::new(Duration::from_secs(30), 1024);
        for _ in 0..10 {
            let waiting = std::future::poll_fn(|cx| pace.poll_waiting(cx));
            assert!(tokio::time::timeout(Duration::from_secs(29), waiting).await.is_err());
            pace.done();
        }
    }
}
