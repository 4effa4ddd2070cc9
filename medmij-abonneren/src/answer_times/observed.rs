// SPDX-License-Identifier: AGPL-3.0-or-later
//! Answer times from the events of the chain log, and as text for `/metrics`: what both apps mount.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use medmij_log::{Event, EventType, Observer};
use medmij_oauth::ClientId;
use medmij_types::MedMijRequestId;

use super::AnswerTimes;
use crate::AboPolicy;

/// Notifications that may wait for their answer at once; beyond it none is counted until answers come.
const OPEN: usize = 65_536;

impl AnswerTimes {
    /// Counts from the events of notifications, as a [`NotificationLog`](crate::NotificationLog) makes them, and passes all
    /// events on. Who counts so gives [`notify`](crate::notify) and `with_times` another one, or everything counts twice.
    #[must_use]
    pub fn before(self: Arc<Self>, next: Arc<dyn Observer>, policy: AboPolicy) -> Arc<dyn Observer> {
        Arc::new(Counting {
            times: self,
            next,
            policy,
            began: Mutex::default(),
        })
    }

    /// The counts of the last month of each DVP, and of the last hour, in the text format of Prometheus (version 0.0.4).
    #[must_use]
    pub fn to_text(&self, now: SystemTime) -> String {
        let mut last = std::collections::BTreeMap::new();
        for (client, month, count) in self.counts() {
            last.insert(client, (month, count));
        }
        let mut out = String::new();
        let mut family = |name: &str, help: &str, rows: Vec<String>| {
            if !rows.is_empty() {
                // writing to a String does not fail
                let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
                rows.iter().for_each(|row| {
                    let _ = writeln!(out, "{name}{row}");
                });
            }
        };
        let of_month = |value: fn(&super::AnswerCount) -> u64| {
            let rows = last.iter().map(|(client, (month, count))| {
                format!("{{client=\"{}\",month=\"{month}\"}} {}", client.as_str(), value(count))
            });
            rows.collect::<Vec<_>>()
        };
        family(
            "medmij_notifications",
            "Notifications of a month.",
            of_month(|count| count.all),
        );
        let help = "Of these, answered in time.";
        family("medmij_notifications_in_time", help, of_month(|count| count.in_time));
        let hour = self.last_hour(now);
        let rows = hour
            .iter()
            .map(|(client, lost, _)| format!("{{client=\"{}\"}} {lost}", client.as_str()));
        let help = "Notifications of the last hour that nobody took.";
        family("medmij_notifications_lost_hour", help, rows.collect());
        out
    }
}

struct Counting {
    times: Arc<AnswerTimes>,
    next: Arc<dyn Observer>,
    policy: AboPolicy,
    began: Mutex<HashMap<MedMijRequestId, (ClientId, SystemTime)>>,
}

impl Counting {
    fn count(&self, event: &Event) {
        use EventType as E;
        let Some(counted) = (match event.event_type {
            E::SendResourceNotification
            | E::SendSubscriptionNotification
            | E::ReceiveResourceNotification
            | E::ReceiveSubscriptionNotification => None,
            E::ReceiveResourceNotificationResponse
            | E::ReceiveSubscriptionNotificationResponse
            | E::SendResourceNotificationResponse
            | E::SendSubscriptionNotificationResponse => Some(true),
            // a refusal is an answer, a server that failed is none
            E::ReceiveResourceNotificationErrorResponse
            | E::ReceiveSubscriptionNotificationErrorResponse
            | E::SendResourceNotificationError
            | E::SendSubscriptionNotificationError => {
                Some(event.response.as_ref().is_some_and(|response| response.status < 500))
            }
            E::ReceiveResourceNotificationError | E::ReceiveSubscriptionNotificationError => Some(false),
            _ => return,
        }) else {
            return self.began(event);
        };
        let id = event.request.as_ref().and_then(|request| request.id.as_ref());
        let began = id.and_then(|id| self.began.lock().unwrap_or_else(PoisonError::into_inner).remove(id));
        if let Some((client_id, began)) = began {
            let at = event.at.unwrap_or(began);
            let took = counted.then(|| at.duration_since(began).unwrap_or_default());
            // raised where it is counted
            let _ = self.times.count(&client_id, took, at, &self.policy);
        }
    }

    fn began(&self, event: &Event) {
        let Some(request) = &event.request else { return };
        let (Some(id), Some(client), Some(at)) = (&request.id, &request.client_id, event.at) else {
            return;
        };
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        if began.len() < OPEN {
            began.insert(id.clone(), (ClientId::from(client.clone()), at));
        }
    }
}

impl Observer for Counting {
    fn observe(&self, event: Event) {
        self.count(&event);
        self.next.observe(event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use medmij_log::{MemoryObserver, RequestInfo, ResponseInfo};

    use super::*;

    fn event(kind: EventType, number: usize, seconds: u64, status: Option<u16>) -> Event {
        let mut event = Event::new(kind);
        event.at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_036_400 + seconds));
        let mut request = RequestInfo::default();
        request.id = Some(format!("00000000-0000-4000-8000-{number:012}").parse().unwrap());
        request.client_id = Some("pgo.example.nl".parse().unwrap());
        event.request = Some(request);
        event.response = status.map(|status| ResponseInfo::new(None, status));
        event
    }

    #[test]
    fn ext_abo_rscnotint_207_answers_are_counted_from_the_events_of_both_sides() {
        use EventType as E;
        for (sent, answered, refused, failed) in [
            (
                E::SendResourceNotification,
                E::ReceiveResourceNotificationResponse,
                E::ReceiveResourceNotificationErrorResponse,
                Some(E::ReceiveResourceNotificationError),
            ),
            (
                E::ReceiveSubscriptionNotification,
                E::SendSubscriptionNotificationResponse,
                E::SendSubscriptionNotificationError,
                None,
            ),
        ] {
            let (times, next) = (Arc::new(AnswerTimes::new()), Arc::new(MemoryObserver::new()));
            let observer = Arc::clone(&times).before(next.clone(), AboPolicy::default());
            for (number, kind, took, status) in [
                (1, Some(answered.clone()), 10, Some(200)),
                (2, Some(answered.clone()), 11, Some(200)),
                (3, Some(refused.clone()), 1, Some(400)),
                (4, Some(refused.clone()), 1, Some(500)),
                (5, failed.clone(), 1, None),
            ] {
                observer.observe(event(sent.clone(), number, 0, None));
                if let Some(kind) = kind {
                    observer.observe(event(kind, number, took, status));
                }
            }
            let text = times.to_text(SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_036_500));
            let all = if failed.is_some() { 5 } else { 4 };
            for line in [
                format!(r#"medmij_notifications{{client="pgo.example.nl",month="2026-11"}} {all}"#),
                r#"medmij_notifications_in_time{client="pgo.example.nl",month="2026-11"} 2"#.to_owned(),
                format!(
                    r#"medmij_notifications_lost_hour{{client="pgo.example.nl"}} {}"#,
                    all - 3
                ),
            ] {
                assert!(text.lines().any(|found| found == line), "{line} in {text}");
            }
            assert_eq!(next.events().len(), 5 + all);
        }
    }
}
