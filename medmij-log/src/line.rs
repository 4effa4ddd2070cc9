// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.102 — the log line: one event as one line of JSON.
//!
//! Times are ISO 8601 with milliseconds and an offset. In what the framework publishes and what an implementation sends
//! the name of the answered request differs (`response.request_id` and `response.id`), so that name is a value of
//! [`LineFormat`].

mod read;

use std::time::SystemTime;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::Value;

pub use self::read::{LineError, ReadLine};
use crate::{Event, InitiatedBy};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFormat {
    response_id: ResponseIdName,
    offset: FixedOffset,
}

/// The name of the answered request in the `response` object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseIdName {
    /// `response.request_id`, as in the published example (the default).
    #[default]
    RequestId,
    /// `response.id`, as one implementation sends it.
    Id,
}

impl ResponseIdName {
    /// The member of the object.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestId => "request_id",
            Self::Id => "id",
        }
    }
}

impl Default for LineFormat {
    /// `response.request_id`, and times in UTC (`+00:00`).
    fn default() -> Self {
        Self {
            response_id: ResponseIdName::default(),
            offset: Utc.fix(),
        }
    }
}

impl LineFormat {
    /// Another name of the answered request.
    #[must_use]
    pub fn with_response_id(mut self, name: ResponseIdName) -> Self {
        self.response_id = name;
        self
    }

    /// Times at this offset from UTC, in minutes; more than a day is taken as UTC.
    #[must_use]
    pub fn with_offset_minutes(mut self, minutes: i32) -> Self {
        self.offset = minutes
            .checked_mul(60)
            .and_then(FixedOffset::east_opt)
            .unwrap_or_else(|| Utc.fix());
        self
    }

    /// An event as one line of JSON without its line end. `now` stands in for an event that carries no time.
    ///
    /// ```
    /// use medmij_log::{Event, EventType, LineFormat};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_758_557_400_123);
    /// let line = LineFormat::default().line(&Event::new(EventType::ShowLandingPage), at);
    /// assert_eq!(
    ///     line,
    ///     r#"{"event":{"type":"show_landing_page","datetime":"2025-09-22T16:10:00.123+00:00"}}"#
    /// );
    /// ```
    #[must_use]
    pub fn line(&self, event: &Event, now: SystemTime) -> String {
        let mut line = Writer::new();
        line.object("event", |about| {
            about.put("type", Some(event.event_type.as_str()));
            about.put("location", event.location.as_ref().map(|host| host.as_str()));
            about.put("datetime", Some(&self.time(event.at.unwrap_or(now))));
            about.put("session_id", event.session_id.as_ref().map(|id| id.as_str()));
            about.put("trace_id", event.trace_id.as_ref().map(|id| id.as_str()));
        });
        if let Some(info) = &event.request {
            line.object("request", |request| {
                request.put("id", info.id.as_ref().map(|id| id.as_str()));
                request.put("method", info.method);
                request.put("client_id", info.client_id.as_ref().map(|host| host.as_str()));
                request.put("server_id", info.server_id.as_ref().map(|host| host.as_str()));
                request.put("uri", info.uri());
                request.put("initiated_by", info.initiated_by.map(InitiatedBy::as_str));
                request.put("grant_type", info.grant_type);
                request.put("provider_id", info.provider_id.as_ref().map(|name| name.as_str()));
                request.put("service_id", info.service_id.as_ref().map(|id| id.as_str()));
            });
        }
        if let Some(info) = &event.response {
            line.object("response", |response| {
                let id = info.request_id.as_ref().map(|id| id.as_str());
                response.put(self.response_id.as_str(), id);
                response.number("status", info.status);
            });
        }
        if let Some(info) = &event.error {
            line.object("error", |error| {
                error.put("code", Some(info.code));
                error.put("description", Some(info.description));
            });
        }
        line.finish()
    }

    /// ISO 8601 with milliseconds and the offset, never `Z`.
    fn time(&self, at: SystemTime) -> String {
        DateTime::<Utc>::from(at)
            .with_timezone(&self.offset)
            .to_rfc3339_opts(SecondsFormat::Millis, false)
    }
}

use chrono::Offset as _;

/// A line that grows, member by member, in the order of the published example.
struct Writer(String);

impl Writer {
    fn new() -> Self {
        // a line of a resource request has some 500 bytes
        let mut text = String::with_capacity(640);
        text.push('{');
        Self(text)
    }

    /// An object, unless it stays empty.
    fn object(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        let before = self.0.len();
        self.name(name);
        self.0.push('{');
        let empty = self.0.len();
        fill(self);
        if self.0.len() == empty {
            self.0.truncate(before);
        } else {
            self.0.push('}');
        }
    }

    fn put(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name);
            self.text(value);
        }
    }

    fn number(&mut self, name: &str, value: u16) {
        self.name(name);
        self.0.push_str(&value.to_string());
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn text(&mut self, value: &str) {
        // without an early end the compiler looks at sixteen at once
        let odd = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
        if value.bytes().fold(false, |found, byte| found | odd(byte)) {
            self.0.push_str(&Value::from(value).to_string());
        } else {
            self.0.push('"');
            self.0.push_str(value);
            self.0.push('"');
        }
    }

    fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorInfo, EventType, RequestInfo, ResponseInfo};
    use std::time::Duration;

    fn at() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_758_551_400_007)
    }

    fn answered() -> Event {
        let mut event = Event::new(EventType::ReceiveTokenResponse);
        event.response = Some(ResponseInfo::new(
            Some("0f0d3b5e-8f5c-4a8c-9c7e-0a3a1f2b4c5d".parse().unwrap()),
            200,
        ));
        event
    }

    #[test]
    fn core_logging_102_times_have_milliseconds_and_an_offset() {
        let event = Event::new(EventType::ShowLandingPage);
        let winter = LineFormat::default().with_offset_minutes(120).line(&event, at());
        assert!(
            winter.contains(r#""datetime":"2025-09-22T16:30:00.007+02:00""#),
            "{winter}"
        );
        let utc = LineFormat::default().line(&event, at());
        assert!(utc.contains(r#""datetime":"2025-09-22T14:30:00.007+00:00""#), "{utc}");
    }

    #[test]
    fn core_logging_102_the_name_of_the_answered_request_is_a_policy() {
        for (name, member) in [(ResponseIdName::RequestId, "request_id"), (ResponseIdName::Id, "id")] {
            let line = LineFormat::default().with_response_id(name).line(&answered(), at());
            let expected = format!(r#""response":{{"{member}":"0f0d3b5e-8f5c-4a8c-9c7e-0a3a1f2b4c5d","status":200}}"#);
            assert!(line.contains(&expected), "{line}");
            assert_eq!(
                ReadLine::parse(&line).unwrap().request_id(),
                Some("0f0d3b5e-8f5c-4a8c-9c7e-0a3a1f2b4c5d")
            );
        }
    }

    #[test]
    fn a_line_reads_back_whatever_its_texts_hold() {
        let mut event = Event::new(EventType::from_name("x\n\"y\"\u{202e}"));
        event.request = Some(RequestInfo::default().with_uri("https://dva.example.nl/fhir/Patient"));
        event.error = Some(ErrorInfo::new("other", "a \"quote\"\nand a line end"));
        let line = LineFormat::default().line(&event, at());
        assert_eq!(line.lines().count(), 1);
        let read = ReadLine::parse(&line).unwrap();
        assert_eq!(read.text("event.type"), Some("x\n\"y\"\u{202e}"));
        assert_eq!(read.text("error.description"), Some("a \"quote\"\nand a line end"));
        assert_eq!(read.at().unwrap(), DateTime::<Utc>::from(at()).fixed_offset());
    }

    #[test]
    fn what_is_no_object_of_objects_or_names_a_member_twice_is_refused() {
        assert_eq!(ReadLine::parse("{"), Err(LineError::NotJson));
        for line in ["[]", "1", r#"{"event":"x"}"#] {
            assert_eq!(ReadLine::parse(line), Err(LineError::NotObjects), "{line}");
        }
        // which of the two a reader takes is not the same everywhere
        for line in [
            r#"{"event":{},"event":{}}"#,
            r#"{"event":{"type":"x","type":"y"}}"#,
            r#"{"event":{"a":[{"b":1,"b":1}]}}"#,
        ] {
            assert_eq!(ReadLine::parse(line), Err(LineError::Twice), "{line}");
        }
    }
}
