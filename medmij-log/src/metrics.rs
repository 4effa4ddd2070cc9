// SPDX-License-Identifier: AGPL-3.0-or-later
//! Counters of events, as text for Prometheus. Labels are names of events and statuses, never hosts or ids, so the
//! number of series stays small.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Event, EventType, Observer};

/// Events of other names than this version knows share one series, so that no peer can make series.
const OTHER: &str = "other";

/// Counts events and passes them on.
pub struct Metrics {
    next: Arc<dyn Observer>,
    counts: Mutex<BTreeMap<(String, String), u64>>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Counts what goes on to another observer.
    #[must_use]
    pub fn before(next: Arc<dyn Observer>) -> Self {
        Self {
            next,
            counts: Mutex::new(BTreeMap::new()),
        }
    }

    /// The counters in the text format of Prometheus (version 0.0.4).
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::from(
            "# HELP medmij_events_total Events of the chain log by type and outcome.\n# TYPE medmij_events_total counter\n",
        );
        for ((event, outcome), count) in self.counts.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(
                out,
                "medmij_events_total{{event=\"{event}\",outcome=\"{outcome}\"}} {count}"
            );
        }
        out
    }
}

impl Observer for Metrics {
    fn observe(&self, event: Event) {
        let name = match &event.event_type {
            EventType::Other(_) => OTHER,
            known => known.as_str(),
        };
        let outcome = match (&event.error, &event.response) {
            (Some(_), _) => "error".to_owned(),
            (None, Some(response)) => format!("{}xx", response.status / 100),
            (None, None) => "none".to_owned(),
        };
        let key = (name.to_owned(), outcome);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        *count = count.saturating_add(1);
        drop(counts);
        self.next.observe(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorInfo, MemoryObserver, ResponseInfo};

    #[test]
    fn events_are_counted_by_type_and_outcome_and_passed_on() {
        let next = Arc::new(MemoryObserver::new());
        let metrics = Metrics::before(next.clone());
        let mut answered = Event::new(EventType::SendTokenResponse);
        answered.response = Some(ResponseInfo::new(None, 200));
        let mut refused = Event::new(EventType::SendTokenRequestError);
        refused.error = Some(ErrorInfo::new("invalid_grant", "code is used"));
        for event in [
            answered.clone(),
            answered,
            refused,
            Event::new(EventType::from_name("x\"} 1\nevil")),
        ] {
            metrics.observe(event);
        }
        assert_eq!(next.events().len(), 4);
        let text = metrics.to_text();
        for line in [
            r#"medmij_events_total{event="send_token_response",outcome="2xx"} 2"#,
            r#"medmij_events_total{event="send_token_request_error",outcome="error"} 1"#,
            r#"medmij_events_total{event="other",outcome="none"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
    }
}
