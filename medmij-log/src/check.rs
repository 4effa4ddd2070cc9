// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.103, core.logging.202 – core.logging.204 — whether a log line holds what its event needs.
//!
//! The central component judges each line; this check says beforehand which field an event lacks, which one has a form
//! that the interface does not know, and which one does not belong there.

use std::fmt;

use crate::{EventType, LineError, ReadLine};

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// The event, if it could be read.
    pub event: Option<String>,
    /// The fault.
    pub fault: Fault,
}

/// A fault of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The line is not a log line.
    Unreadable(LineError),
    /// A field that this event needs is absent.
    Missing(&'static str),
    /// A field has another form than the interface asks.
    Form(&'static str),
    /// A field that the interface does not know.
    Unknown(String),
    /// The event has a name that this version does not know; a remark, no error.
    UnknownEvent,
    /// A query parameter outside the allow list, or a nine-digit number that passes the eleven-test: a person could be
    /// traced (core.logging.103).
    Person(&'static str),
}

impl Fault {
    /// Whether the line would be refused; a remark is not.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::UnknownEvent)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Missing(field) => write!(f, "`{field}` is missing"),
            Self::Form(field) => write!(f, "`{field}` has a wrong form"),
            Self::Unknown(field) => write!(
                f,
                "`{}` is no field of the interface",
                medmij_types::Printable::new(field)
            ),
            Self::UnknownEvent => f.write_str("the event is not known to this version"),
            Self::Person(field) => write!(f, "`{field}` could be traced to a person (core.logging.103)"),
        }
    }
}

/// The fields that every event has.
const ALWAYS: &[&str] = &[
    "event.type",
    "event.location",
    "event.datetime",
    "event.session_id",
    "event.trace_id",
];
const REQUEST: &[&str] = &[
    "request.method",
    "request.client_id",
    "request.server_id",
    "request.uri",
];
const ARRIVED: &[&str] = &["request.method", "request.server_id", "request.uri"];
const CALL: &[&str] = &["request.id", "request.initiated_by"];
const RESPONSE: &[&str] = &["response.status"];
const ERROR: &[&str] = &["error.code", "error.description"];
const TOKEN: &[&str] = &["request.grant_type"];
const RESOURCE: &[&str] = &["request.provider_id", "request.service_id"];

/// All fields of the interface.
const FIELDS: &[&str] = &[
    "event.type",
    "event.location",
    "event.datetime",
    "event.session_id",
    "event.trace_id",
    "request.id",
    "request.method",
    "request.client_id",
    "request.server_id",
    "request.uri",
    "request.initiated_by",
    "request.grant_type",
    "request.provider_id",
    "request.service_id",
    "response.request_id",
    "response.id",
    "response.status",
    "error.code",
    "error.description",
    "error.request_id",
    "error.status",
];

/// The groups of fields that an event needs beside [`ALWAYS`].
fn needed(event: &EventType) -> &'static [&'static [&'static str]] {
    use EventType as E;
    match event {
        E::SendAuthorizationRequest => &[REQUEST],
        E::ReceiveAuthorizationRequest => &[REQUEST],
        E::AuthorizationRequestError | E::SendAuthorizationRequestError | E::ReceiveAuthenticationError => &[ERROR],
        E::SendTokenRequest => &[REQUEST, CALL, TOKEN],
        E::ReceiveTokenRequest => &[REQUEST, TOKEN],
        E::SendTokenResponse | E::ReceiveTokenResponse => &[RESPONSE],
        E::SendTokenRequestError | E::ReceiveTokenRequestError => &[ERROR],
        E::SendResourceRequest => &[REQUEST, CALL, RESOURCE],
        // who asks stands in the token, which is judged after the request has arrived
        E::ReceiveResourceRequest => &[ARRIVED, RESOURCE],
        E::SendResourceResponse | E::ReceiveResourceResponse => &[RESPONSE],
        E::ReceiveResourceErrorResponse => &[RESPONSE, ERROR],
        E::SendResourceRequestError | E::ReceiveResourceRequestError => &[ERROR],
        E::SendResourceNotification | E::SendSubscriptionNotification => &[REQUEST, CALL, RESOURCE],
        // of which Abonnement it is stands in the body, which is judged after the request has arrived
        E::ReceiveResourceNotification | E::ReceiveSubscriptionNotification => &[ARRIVED],
        E::SendResourceNotificationResponse
        | E::ReceiveResourceNotificationResponse
        | E::SendSubscriptionNotificationResponse
        | E::ReceiveSubscriptionNotificationResponse => &[RESPONSE, RESOURCE],
        E::SendResourceNotificationError
        | E::ReceiveResourceNotificationErrorResponse
        | E::SendSubscriptionNotificationError
        | E::ReceiveSubscriptionNotificationErrorResponse => &[RESPONSE, ERROR],
        E::ReceiveResourceNotificationError | E::ReceiveSubscriptionNotificationError => &[ERROR],
        _ => &[],
    }
}

/// Checks one line; `number` counts from 1.
#[must_use]
pub fn check_line(number: usize, line: &str) -> Vec<Finding> {
    let read = match ReadLine::parse(line) {
        Ok(read) => read,
        Err(error) => {
            return vec![Finding {
                line: number,
                event: None,
                fault: Fault::Unreadable(error),
            }];
        }
    };
    let name = read.text("event.type").map(str::to_owned);
    let mut faults = Vec::new();
    let event = name.as_deref().map(EventType::from_name);
    if matches!(event, Some(EventType::Other(_))) {
        faults.push(Fault::UnknownEvent);
    }
    let groups = event.as_ref().map_or(&[][..], needed);
    for field in ALWAYS.iter().chain(groups.iter().copied().flatten()) {
        if read.value(field).is_none() {
            faults.push(Fault::Missing(field));
        }
    }
    faults.extend(forms(&read));
    faults.extend(
        read.paths()
            .filter(|path| !FIELDS.contains(&path.as_str()))
            .map(Fault::Unknown),
    );
    for field in FIELDS {
        if read
            .text(field)
            .is_some_and(|text| crate::redact::names_a_person(field, text))
        {
            faults.push(Fault::Person(field));
        }
    }
    faults
        .into_iter()
        .map(|fault| Finding {
            line: number,
            event: name.clone(),
            fault,
        })
        .collect()
}

/// Checks a file of lines. Empty lines are passed over.
pub fn check(text: &str) -> Vec<Finding> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .flat_map(|(index, line)| check_line(index.saturating_add(1), line))
        .collect()
}

fn forms(read: &ReadLine) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut form = |field: &'static str, right: bool| {
        if read.value(field).is_some() && !right {
            faults.push(Fault::Form(field));
        }
    };
    let millis = |text: &str| {
        text.find('.')
            .is_some_and(|dot| text.get(dot..).is_some_and(|rest| digits(rest) == 3))
    };
    form(
        "event.datetime",
        read.at().is_some() && read.text("event.datetime").is_some_and(millis),
    );
    form(
        "request.initiated_by",
        matches!(read.text("request.initiated_by"), Some("person" | "machine")),
    );
    form(
        "request.grant_type",
        matches!(
            read.text("request.grant_type"),
            Some("authorization_code" | "refresh_token")
        ),
    );
    form(
        "response.status",
        read.status().is_some_and(|status| (100..600).contains(&status)),
    );
    form(
        "request.service_id",
        read.value("request.service_id")
            .is_some_and(|v| v.is_string() || v.is_u64()),
    );
    let host = |field: &str| {
        read.text(field)
            .is_some_and(|text| text.parse::<medmij_types::Hostname>().is_ok())
    };
    for field in ["event.location", "request.client_id", "request.server_id"] {
        form(field, host(field));
    }
    for field in [
        "event.type",
        "request.uri",
        "request.provider_id",
        "error.code",
        "error.description",
    ] {
        form(field, read.text(field).is_some_and(|text| !text.is_empty()));
    }
    faults
}

fn digits(after_dot: &str) -> usize {
    after_dot.bytes().skip(1).take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"event":{"type":"send_token_request","location":"pgo.example.nl","datetime":"2026-11-30T12:00:00.001+01:00","session_id":"s","trace_id":"t"},"request":{"id":"r","method":"post","client_id":"pgo.example.nl","server_id":"dva.example.nl","uri":"https://dva.example.nl/token","initiated_by":"person","grant_type":"authorization_code"}}"#;

    #[test]
    fn a_whole_line_passes() {
        assert_eq!(check(GOOD), []);
        assert_eq!(check("\n\n"), []);
    }

    #[test]
    fn core_logging_202_each_missing_or_malformed_field_is_named() {
        let cases: &[(&str, &str, Fault)] = &[
            (r#","trace_id":"t""#, "", Fault::Missing("event.trace_id")),
            (r#""location":"pgo.example.nl","#, "", Fault::Missing("event.location")),
            (
                r#","grant_type":"authorization_code""#,
                "",
                Fault::Missing("request.grant_type"),
            ),
            ("12:00:00.001+01:00", "12:00:00+01:00", Fault::Form("event.datetime")),
            ("12:00:00.001+01:00", "12:00:00.001", Fault::Form("event.datetime")),
            (r#""person""#, r#""robot""#, Fault::Form("request.initiated_by")),
            (
                r#""id":"r""#,
                r#""id":"r","bsn":"x""#,
                Fault::Unknown("request.bsn".to_owned()),
            ),
            ("send_token_request", "send_something_new", Fault::UnknownEvent),
            (
                "https://dva.example.nl/token",
                "https://dva.example.nl/999911120",
                Fault::Person("request.uri"),
            ),
            (
                "https://dva.example.nl/token",
                "https://dva.example.nl/token?code=abc",
                Fault::Person("request.uri"),
            ),
        ];
        for (from, to, fault) in cases {
            let line = GOOD.replacen(from, to, 1);
            assert_ne!(line, GOOD, "{from}");
            let found: Vec<Fault> = check(&line).into_iter().map(|finding| finding.fault).collect();
            assert!(found.contains(fault), "{line}: {found:?}");
        }
    }

    #[test]
    fn an_unreadable_line_is_named_with_its_number() {
        let text = format!("{GOOD}\nnot json\n{GOOD}");
        let found = check(&text);
        assert_eq!(found.len(), 1);
        assert!(
            found
                .iter()
                .all(|f| f.line == 2 && f.fault == Fault::Unreadable(LineError::NotJson))
        );
    }
}
