// SPDX-License-Identifier: AGPL-3.0-or-later
//! Ketennormen while they happen: an observer that counts answers by calendar month in the Netherlands, for `/metrics`.
//!
//! It is in memory: a process that starts anew counts anew, and each replica counts its own. Over a whole month
//! [`KetennormReport`](super::KetennormReport) measures the log lines.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use medmij_types::{CalendarDate, MedMijRequestId};

use super::Ketennorm;
use crate::{Event, Observer};

/// Requests that may wait for their answer at once; of more the oldest count as not answered.
const OPEN: usize = 65_536;
/// Months that are kept.
const KEPT: usize = 13;
/// Months that are shown.
const SHOWN: usize = 2;
/// Upper bounds of the times that are told apart: a millisecond, and a seventh more each time, up to ten minutes.
const STEPS: usize = 101;

/// Counts how fast requests are answered, and passes the events on.
///
/// ```
/// use medmij_log::{NoObserver, report::{Ketennorm, KetennormCounter}};
/// use std::sync::Arc;
///
/// let counter = KetennormCounter::before(Arc::new(NoObserver), [Ketennorm::TOKEN, Ketennorm::RESOURCE]);
/// assert_eq!(counter.to_text(), "");
/// ```
pub struct KetennormCounter {
    next: Arc<dyn Observer>,
    norms: Vec<Ketennorm>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    began: HashMap<(usize, MedMijRequestId), SystemTime>,
    order: VecDeque<(usize, MedMijRequestId)>,
    months: BTreeMap<(u16, u8), BTreeMap<usize, Counted>>,
}

#[derive(Clone)]
struct Counted {
    requests: u64,
    answered: u64,
    in_time: u64,
    times: [u64; STEPS],
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            requests: 0,
            answered: 0,
            in_time: 0,
            times: [0; STEPS],
        }
    }
}

impl KetennormCounter {
    /// Counts by these norms what goes on to another observer.
    #[must_use]
    pub fn before(next: Arc<dyn Observer>, norms: impl IntoIterator<Item = Ketennorm>) -> Self {
        Self {
            next,
            norms: norms.into_iter().collect(),
            inner: Mutex::default(),
        }
    }

    fn count(&self, event: &Event) {
        let name = event.event_type.as_str();
        let Some(id) = event.request.as_ref().and_then(|request| request.id.as_ref()) else {
            return;
        };
        // most events are of no norm
        let begins = |norm: &Ketennorm| norm.requests.contains(&name);
        let Some(index) = (self.norms.iter()).position(|norm| begins(norm) || norm.answers.contains(&name)) else {
            return;
        };
        let Some(norm) = self.norms.get(index) else { return };
        // one without a time, which our crates do not make, tells nothing
        let Some(at) = event.at else { return };
        let key = (index, id.clone());
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if begins(norm) {
            inner.counted(at, index).requests += 1;
            if inner.order.len() >= OPEN
                && let Some(oldest) = inner.order.pop_front()
            {
                inner.began.remove(&oldest);
            }
            inner.order.push_back(key.clone());
            inner.began.insert(key, at);
        } else if let Some(began) = inner.began.remove(&key) {
            let took = at.duration_since(began).unwrap_or_default();
            // in the month in which it was asked
            let counted = inner.counted(began, index);
            counted.answered += 1;
            counted.in_time += u64::from(took <= norm.within);
            if let Some(count) = counted.times.get_mut(step(took)) {
                *count += 1;
            }
        }
    }

    /// The counts of this month and the one before, in the text format of Prometheus (version 0.0.4).
    #[must_use]
    pub fn to_text(&self) -> String {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let months = || inner.months.iter().rev().take(SHOWN);
        let mut out = String::new();
        let mut family = |name: &str, help: &str, values: &dyn Fn(&Counted, &str) -> Vec<String>| {
            let rows = months().flat_map(|((year, month), norms)| {
                norms.iter().flat_map(move |(index, counted)| {
                    let norm = self.norms.get(*index).map_or("", |norm| norm.name);
                    values(counted, &format!("norm=\"{norm}\",month=\"{year:04}-{month:02}\""))
                })
            });
            let rows: Vec<String> = rows.collect();
            if !rows.is_empty() {
                // writing to a String does not fail
                let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
                rows.iter().for_each(|row| {
                    let _ = writeln!(out, "{name}{row}");
                });
            }
        };
        family(
            "medmij_ketennorm_requests",
            "Requests of a month.",
            &|counted, labels| vec![format!("{{{labels}}} {}", counted.requests)],
        );
        family(
            "medmij_ketennorm_answered",
            "Of these, answered.",
            &|counted, labels| vec![format!("{{{labels}}} {}", counted.answered)],
        );
        family(
            "medmij_ketennorm_in_time",
            "Of these, answered within the time of the norm.",
            &|counted, labels| vec![format!("{{{labels}}} {}", counted.in_time)],
        );
        family(
            "medmij_ketennorm_seconds",
            "The time within which a share of the answers came.",
            &|counted, labels| {
                let each = [500, 950, 985, 995].into_iter();
                let rows = each.filter_map(|permille| {
                    let seconds = counted.percentile(permille)?.as_secs_f64();
                    let share = f64::from(permille) / 1_000.0;
                    Some(format!("{{{labels},quantile=\"{share}\"}} {seconds:.3}"))
                });
                rows.collect()
            },
        );
        out
    }
}

impl Inner {
    fn counted(&mut self, at: SystemTime, norm: usize) -> &mut Counted {
        let day = CalendarDate::in_amsterdam(at);
        while self.months.len() > KEPT {
            self.months.pop_first();
        }
        self.months
            .entry((day.year(), day.month()))
            .or_default()
            .entry(norm)
            .or_default()
    }
}

impl Counted {
    /// The upper bound of the step in which this share of the answers is; no more than a seventh too high.
    fn percentile(&self, permille: u32) -> Option<Duration> {
        let rank = self.answered.saturating_mul(permille.into()).div_ceil(1_000);
        let mut below = 0_u64;
        let at = self.times.iter().position(|count| {
            below = below.saturating_add(*count);
            rank > 0 && below >= rank
        });
        at.map(bound)
    }
}

/// The first step whose bound is not below a time; the last one takes the rest.
fn step(took: Duration) -> usize {
    (0..STEPS).find(|at| bound(*at) >= took).unwrap_or(STEPS - 1)
}

fn bound(at: usize) -> Duration {
    let exponent = i32::try_from(at).unwrap_or(i32::MAX);
    Duration::from_secs_f64(0.001 * (8.0_f64 / 7.0).powi(exponent))
}

impl Observer for KetennormCounter {
    fn observe(&self, event: Event) {
        self.count(&event);
        self.next.observe(event);
    }
}

impl fmt::Debug for KetennormCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KetennormCounter")
            .field("norms", &self.norms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventType, MemoryObserver, RequestInfo};

    /// 2026-11-30 12:00 in the Netherlands.
    const NOON: u64 = 1_796_036_400;

    fn event(kind: EventType, number: u32, millis: u64) -> Event {
        let mut event = Event::new(kind);
        event.at = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON * 1_000 + millis));
        let mut request = RequestInfo::default();
        request.id = Some(format!("00000000-0000-4000-8000-{number:012}").parse().unwrap());
        event.request = Some(request);
        event
    }

    #[test]
    fn core_tknint_206_core_rscint_202_answers_are_counted_by_norm_and_month_with_percentiles() {
        let next = Arc::new(MemoryObserver::new());
        let counter = KetennormCounter::before(next.clone(), [Ketennorm::TOKEN, Ketennorm::RESOURCE]);
        for number in 0..1_000 {
            counter.observe(event(EventType::SendTokenRequest, number, 0));
            // two are late, and one gets no answer
            let took = if number % 500 == 1 { 10_001 } else { 50 };
            if number != 7 {
                counter.observe(event(EventType::ReceiveTokenResponse, number, took));
            }
        }
        counter.observe(event(EventType::SendResourceRequest, 1, 0));
        counter.observe(event(EventType::ReceiveResourceResponse, 1, 60_000));
        // of no norm, and without a request
        counter.observe(event(EventType::ShowLandingPage, 1, 0));
        counter.observe(event(EventType::ReceiveTokenResponse, 5_000, 0));
        assert_eq!(next.events().len(), 2_003);
        let text = counter.to_text();
        for line in [
            r#"medmij_ketennorm_requests{norm="token",month="2026-11"} 1000"#,
            r#"medmij_ketennorm_answered{norm="token",month="2026-11"} 999"#,
            r#"medmij_ketennorm_in_time{norm="token",month="2026-11"} 997"#,
            r#"medmij_ketennorm_in_time{norm="resource",month="2026-11"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
        let seconds = |row: &str| -> f64 {
            let row = text.lines().find(|line| line.contains(row)).unwrap();
            row.rsplit(' ').next().unwrap().parse().unwrap()
        };
        let half = seconds(r#"norm="token",month="2026-11",quantile="0.5""#);
        assert!((0.050..0.058).contains(&half), "{half}");
        let most = seconds(r#"norm="resource",month="2026-11",quantile="0.985""#);
        assert!((60.0..70.0).contains(&most), "{most}");
    }

    #[test]
    fn what_waits_for_an_answer_is_bounded_and_months_go() {
        let counter = KetennormCounter::before(Arc::new(crate::NoObserver), [Ketennorm::TOKEN]);
        for number in 0..70_000 {
            counter.observe(event(EventType::SendTokenRequest, number, 0));
        }
        for month in 0..30 {
            counter.observe(event(EventType::SendTokenRequest, 1, month * 31 * 86_400_000));
        }
        let inner = counter.inner.lock().unwrap();
        assert!(inner.began.len() <= OPEN && inner.order.len() <= OPEN);
        assert!(inner.months.len() <= KEPT + 1);
    }
}
