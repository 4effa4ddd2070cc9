// SPDX-License-Identifier: AGPL-3.0-or-later
//! Operations per second, how long they took, and what processes used meanwhile.

mod process;

use std::{
    fmt,
    time::{Duration, Instant},
};

pub(crate) use self::process::{Meter, Process, Shares, usage};

/// Waits until an operation is due. One that is due already begins at once: the timer of the runtime would wait for its next
/// tick of a millisecond, and a closed loop would measure that.
pub(crate) async fn wait_for(due: Instant) {
    if due > Instant::now() {
        tokio::time::sleep_until(due.into()).await;
    }
}

/// How long each of a number of operations took.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    micros: Vec<u32>,
}

impl Timings {
    pub(crate) fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.micros.extend(other.micros);
    }

    /// The figures, where the operations took so long together.
    pub(crate) fn summary(mut self, elapsed: Duration) -> Summary {
        self.micros.sort_unstable();
        let at = |part: f64| {
            let last = self.micros.len().saturating_sub(1);
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss
            )]
            let index = (last as f64 * part).round() as usize;
            Duration::from_micros(self.micros.get(index).copied().unwrap_or_default().into())
        };
        Summary {
            count: self.micros.len(),
            elapsed,
            p50: at(0.50),
            p99: at(0.99),
            most: at(1.0),
        }
    }
}

/// The figures of one kind of operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    pub(crate) count: usize,
    elapsed: Duration,
    p50: Duration,
    p99: Duration,
    most: Duration,
}

impl Summary {
    pub(crate) const HEAD: &'static str = "       n      ops/s    p50 ms    p99 ms    max ms";

    /// Operations a second.
    #[allow(clippy::cast_precision_loss, reason = "a rate to read")]
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Half of them were at least as fast.
    pub(crate) fn p50(&self) -> Duration {
        self.p50
    }

    /// Ninety-nine of a hundred were at least as fast.
    pub(crate) fn p99(&self) -> Duration {
        self.p99
    }

    /// The cells of a table in Markdown: number, rate, p50, p99 and the slowest in ms.
    pub(crate) fn cells(&self) -> String {
        format!(
            "{} | {:.0} | {:.1} | {:.1} | {:.0}",
            self.count,
            self.rate(),
            ms(self.p50),
            ms(self.p99),
            ms(self.most)
        )
    }

    /// `p50 / p99 / slowest` in ms.
    pub(crate) fn latencies(&self) -> String {
        format!("{:.1} / {:.1} / {:.0} ms", ms(self.p50), ms(self.p99), ms(self.most))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8} {:>10.0} {:>9.2} {:>9.2} {:>9.2}",
            self.count,
            self.rate(),
            ms(self.p50),
            ms(self.p99),
            ms(self.most)
        )
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::Future, pin::pin};

    #[test]
    fn the_middle_and_the_tail_are_told() {
        let timings = Timings {
            micros: (1..=1000).rev().collect(),
        };
        let summary = timings.summary(Duration::from_secs(2));
        assert_eq!((summary.p50.as_micros(), summary.p99.as_micros()), (501, 990));
        assert_eq!(summary.most.as_micros(), 1000);
        assert_eq!(summary.to_string().split_whitespace().nth(1), Some("500"));
        assert_eq!(summary.cells(), "1000 | 500 | 0.5 | 1.0 | 1");
    }

    /// A timer would be pending at its first poll.
    #[tokio::test]
    async fn what_is_due_already_does_not_wait_for_a_tick_of_the_timer() {
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        for due in [Instant::now(), Instant::now() - Duration::from_millis(5)] {
            assert!(pin!(wait_for(due)).poll(context).is_ready());
        }
        let later = Instant::now() + Duration::from_secs(3600);
        assert!(pin!(wait_for(later)).poll(context).is_pending());
    }
}
