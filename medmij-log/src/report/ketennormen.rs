// SPDX-License-Identifier: AGPL-3.0-or-later
//! Ketennormen: how long the other side took, as shares and percentiles of a period.
//!
//! A token request is to be answered within 10 s in 99.5 % of the cases, a resource request within 60 s in 98.5 %. A
//! request without an answer counts as too late. The measure is taken from the log lines of one side: the request and
//! its answer carry the same request id.

use std::{collections::HashMap, fmt, time::Duration};

use chrono::{DateTime, FixedOffset};

use crate::ReadLine;

/// A norm: the share of requests that is to be answered within a time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ketennorm {
    /// What the norm is about.
    pub name: &'static str,
    /// The events that begin the measure.
    pub requests: &'static [&'static str],
    /// The events that end it.
    pub answers: &'static [&'static str],
    /// Within this time …
    pub within: Duration,
    /// … in this share of the cases, in thousandths.
    pub share_permille: u32,
}

impl Ketennorm {
    /// The token interface, seen by the DVP.
    pub const TOKEN: Self = Self {
        name: "token",
        requests: &["send_token_request"],
        answers: &["receive_token_response", "receive_token_request_error"],
        within: Duration::from_secs(10),
        share_permille: 995,
    };

    /// The resource interface, seen by the DVP.
    pub const RESOURCE: Self = Self {
        name: "resource",
        requests: &["send_resource_request"],
        // a request that failed (`receive_resource_request_error`) has no answer, however fast it failed
        answers: &["receive_resource_response", "receive_resource_error_response"],
        within: Duration::from_secs(60),
        share_permille: 985,
    };

    /// The token interface, seen by the DVA, which measures its own answers.
    pub const TOKEN_AT_DVA: Self = Self {
        requests: &["receive_token_request"],
        answers: &["send_token_response", "send_token_request_error"],
        ..Self::TOKEN
    };

    /// The resource interface, seen by the DVA.
    pub const RESOURCE_AT_DVA: Self = Self {
        requests: &["receive_resource_request"],
        answers: &["send_resource_response", "send_resource_request_error"],
        ..Self::RESOURCE
    };

    /// Notifications of both kinds, seen by the DVA that sends them (ext.abo.rscnotint.207).
    pub const NOTIFICATION_AT_DVA: Self = Self {
        name: "notification",
        requests: &["send_resource_notification", "send_subscription_notification"],
        // one that got no answer (`receive_…_notification_error`) has none, however fast that was known
        answers: &[
            "receive_resource_notification_response",
            "receive_resource_notification_error_response",
            "receive_subscription_notification_response",
            "receive_subscription_notification_error_response",
        ],
        within: Duration::from_secs(10),
        share_permille: 985,
    };

    /// Notifications, seen by the DVP that answers them.
    pub const NOTIFICATION: Self = Self {
        requests: &["receive_resource_notification", "receive_subscription_notification"],
        answers: &[
            "send_resource_notification_response",
            "send_resource_notification_error",
            "send_subscription_notification_response",
            "send_subscription_notification_error",
        ],
        ..Self::NOTIFICATION_AT_DVA
    };

    /// What a DVP measures.
    pub const OF_DVP: [Self; 3] = [Self::TOKEN, Self::RESOURCE, Self::NOTIFICATION];

    /// What a DVA measures.
    pub const OF_DVA: [Self; 3] = [Self::TOKEN_AT_DVA, Self::RESOURCE_AT_DVA, Self::NOTIFICATION_AT_DVA];
}

/// What was measured for a norm.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// The norm.
    pub norm: Ketennorm,
    /// Requests in the period.
    pub requests: usize,
    /// Requests that were answered within the time of the norm.
    pub in_time: usize,
    /// Requests without an answer.
    pub unanswered: usize,
    /// Times of the answers, the shortest first.
    times: Vec<Duration>,
}

impl Measured {
    /// The time within which this share of the answered requests was answered; `None` where none was. `permille` is
    /// held to 1..=1000.
    #[must_use]
    pub fn percentile(&self, permille: u32) -> Option<Duration> {
        let permille = usize::try_from(permille.clamp(1, 1_000)).ok()?;
        let rank = self.times.len().saturating_mul(permille).div_ceil(1_000);
        self.times.get(rank.checked_sub(1)?).copied()
    }

    /// Whether the norm is met; no request meets it.
    #[must_use]
    pub fn is_met(&self) -> bool {
        let share = usize::try_from(self.norm.share_permille).unwrap_or(usize::MAX);
        self.in_time.saturating_mul(1_000) >= self.requests.saturating_mul(share)
    }
}

/// Norms measured over a period.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct KetennormReport {
    /// A row a norm.
    pub rows: Vec<Measured>,
}

impl KetennormReport {
    /// Measures norms over log lines, in whatever order they come, for requests from `from` until before `until`. A request
    /// that is in several lines is one.
    pub fn measure<T: AsRef<str>>(
        lines: impl IntoIterator<Item = T>,
        norms: &[Ketennorm],
        from: DateTime<FixedOffset>,
        until: DateTime<FixedOffset>,
    ) -> Self {
        // by name of the norm and the id of its request: when it began, and when it ended
        type Moments = (Option<DateTime<FixedOffset>>, Option<DateTime<FixedOffset>>);
        let mut requests: HashMap<(&'static str, String), Moments> = HashMap::new();
        for line in lines {
            let Ok(read) = ReadLine::parse(line.as_ref()) else {
                continue;
            };
            let (Some(name), Some(at), Some(id)) = (read.text("event.type"), read.at(), read.request_id()) else {
                continue;
            };
            let first = |moment: &mut Option<_>| *moment = Some(moment.map_or(at, |known| at.min(known)));
            for norm in norms {
                if norm.requests.contains(&name) {
                    first(&mut requests.entry((norm.name, id.to_owned())).or_default().0);
                } else if norm.answers.contains(&name) {
                    first(&mut requests.entry((norm.name, id.to_owned())).or_default().1);
                }
            }
        }
        let rows = norms
            .iter()
            .map(|norm| {
                let of_norm = requests.iter().filter(|((name, _), _)| *name == norm.name);
                let asked: Vec<_> = of_norm
                    .filter_map(|(_, (began, ended))| Some(((*began)?, *ended)))
                    .filter(|(began, _)| *began >= from && *began < until)
                    .collect();
                let mut times: Vec<Duration> = asked
                    .iter()
                    .filter_map(|(began, ended)| Some(ended.as_ref()?.signed_duration_since(*began)))
                    .map(|took| took.to_std().unwrap_or_default())
                    .collect();
                times.sort_unstable();
                Measured {
                    norm: *norm,
                    requests: asked.len(),
                    in_time: times.partition_point(|took| *took <= norm.within),
                    unanswered: asked.len().saturating_sub(times.len()),
                    times,
                }
            })
            .collect();
        Self { rows }
    }
}

impl fmt::Display for KetennormReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let share = |part: usize| {
                let permille = part.saturating_mul(1_000).checked_div(row.requests).unwrap_or(1_000);
                format!("{}.{}", permille / 10, permille % 10)
            };
            let time = |permille| {
                row.percentile(permille)
                    .map_or_else(|| "-".to_owned(), |t| format!("{} ms", t.as_millis()))
            };
            writeln!(
                f,
                "{}: {} requests, {} % within {} s (norm {}.{} %: {}), {} unanswered, p50 {}, p95 {}, p99 {}",
                row.norm.name,
                row.requests,
                share(row.in_time),
                row.norm.within.as_secs(),
                row.norm.share_permille / 10,
                row.norm.share_permille % 10,
                if row.is_met() { "met" } else { "not met" },
                row.unanswered,
                time(500),
                time(950),
                time(990),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, second: u32, id: usize) -> String {
        format!(
            r#"{{"event":{{"type":"{name}","datetime":"2026-11-30T12:{:02}:{:02}.000+00:00"}},"request":{{"id":"{id}"}}}}"#,
            second / 60,
            second % 60
        )
    }

    fn measure(lines: &[String]) -> KetennormReport {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        KetennormReport::measure(
            lines.iter().map(String::as_str),
            &[Ketennorm::TOKEN, Ketennorm::RESOURCE],
            at("2026-11-01T00:00:00+01:00"),
            at("2026-12-01T00:00:00+01:00"),
        )
    }

    #[test]
    fn a_token_norm_is_met_at_99_5_percent_and_not_below() {
        for (late, met) in [(0, true), (1, true), (2, false)] {
            let mut lines = Vec::new();
            for id in 0..200 {
                lines.push(line("send_token_request", 0, id));
                lines.push(line("receive_token_response", if id < late { 11 } else { 10 }, id));
            }
            let report = measure(&lines);
            assert_eq!(report.rows[0].is_met(), met, "{late} late");
            assert_eq!(report.rows[0].in_time, 200 - late);
            assert!(report.rows[1].is_met(), "no request meets a norm");
        }
    }

    #[test]
    fn a_request_without_an_answer_is_too_late() {
        let lines = [
            line("send_resource_request", 0, 1),
            line("receive_resource_request_error", 1, 1),
        ];
        let row = &measure(&lines).rows[1];
        assert_eq!(
            (row.requests, row.in_time, row.unanswered, row.is_met()),
            (1, 0, 1, false)
        );
    }

    #[test]
    fn what_lies_outside_the_period_does_not_count() {
        let lines = [line("send_token_request", 0, 1).replace("2026-11-30", "2026-12-02")];
        assert_eq!(measure(&lines).rows[0].requests, 0);
    }

    #[test]
    fn lines_come_in_any_order_and_a_request_that_is_there_twice_is_one() {
        let mut lines: Vec<String> = (0..50)
            .flat_map(|id| {
                [
                    line("send_token_request", 0, id),
                    line("receive_token_response", 3, id),
                    line("send_token_request", 0, id),
                ]
            })
            .collect();
        let forth = measure(&lines);
        lines.reverse();
        assert_eq!(measure(&lines), forth);
        let row = &forth.rows[0];
        assert_eq!((row.requests, row.in_time, row.unanswered), (50, 50, 0));
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let mut lines = Vec::new();
        for id in 1..=100 {
            lines.push(line("send_token_request", 0, id));
            lines.push(line("receive_token_response", u32::try_from(id).unwrap(), id));
        }
        let report = measure(&lines);
        for (permille, seconds) in [(500, 50), (950, 95), (990, 99), (1_000, 100), (1, 1)] {
            assert_eq!(report.rows[0].percentile(permille), Some(Duration::from_secs(seconds)));
        }
        assert!(
            report
                .to_string()
                .contains("token: 100 requests, 10.0 % within 10 s (norm 99.5 %: not met)")
        );
    }
}
