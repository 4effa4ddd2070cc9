// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.103, core.logging.202 – core.logging.204 — whether a log line holds what its event needs.
//!
//! The central component judges each line; this check says beforehand which field an event lacks, which one has a form
//! that the interface does not know, and which one does not belong there.

use std::{
    collections::{HashMap, hash_map::RandomState},
    fmt,
    hash::BuildHasher as _,
};

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

impl Finding {
    fn unreadable(line: usize, error: LineError) -> Self {
        Self {
            line,
            event: None,
            fault: Fault::Unreadable(error),
        }
    }
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
    /// The id of a request that an earlier line of the same event and node has: every request has one of its own. A remark, for
    /// the other side can send one twice.
    Again(usize),
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
        !matches!(self, Self::UnknownEvent | Self::Again(_))
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
            Self::Again(line) => write!(f, "`request.id` is that of line {line}"),
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
        // who asks is in the token, which is judged after the request has arrived
        E::ReceiveResourceRequest => &[ARRIVED, RESOURCE],
        E::SendResourceResponse | E::ReceiveResourceResponse => &[RESPONSE],
        E::ReceiveResourceErrorResponse => &[RESPONSE, ERROR],
        E::SendResourceRequestError | E::ReceiveResourceRequestError => &[ERROR],
        E::SendResourceNotification | E::SendSubscriptionNotification => &[REQUEST, CALL, RESOURCE],
        // of which Abonnement it is is in the body, which is judged after the request has arrived
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
        Err(error) => return vec![Finding::unreadable(number, error)],
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
    let lines = text.lines().map(Ok::<_, LineError>);
    let numbered = lines.enumerate().map(|(index, line)| (index.saturating_add(1), line));
    check_lines(numbered).collect()
}

/// Checks the lines of one file as they are read, each with its number; one that could not be read with the reason. Empty lines
/// are passed over. Of the ids of requests the first million is remembered.
pub fn check_lines<T: AsRef<str>>(
    lines: impl IntoIterator<Item = (usize, Result<T, LineError>)>,
) -> impl Iterator<Item = Finding> {
    let keys = RandomState::new();
    let mut seen: HashMap<u64, usize> = HashMap::new();
    lines.into_iter().flat_map(move |(number, line)| {
        let line = match &line {
            Ok(line) if line.as_ref().trim().is_empty() => return Vec::new(),
            Ok(line) => line.as_ref(),
            Err(error) => return vec![Finding::unreadable(number, *error)],
        };
        let mut found = check_line(number, line);
        if let Some((event, key)) = ReadLine::parse(line).ok().as_ref().and_then(|read| key(read, &keys)) {
            match seen.get(&key) {
                Some(first) => found.push(Finding {
                    line: number,
                    event: Some(event),
                    fault: Fault::Again(*first),
                }),
                None if seen.len() < REMEMBERED => {
                    seen.insert(key, number);
                }
                None => {}
            }
        }
        found
    })
}

/// Ids of requests that are remembered.
const REMEMBERED: usize = 1_000_000;

/// The event of a request, and what no other line has.
fn key(read: &ReadLine, keys: &RandomState) -> Option<(String, u64)> {
    let event = read.text("event.type")?;
    let key = keys.hash_one((event, read.text("event.location"), read.text("request.id")?));
    Some((event.to_owned(), key))
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
            // RFC 3339 lets a space are there; ISO 8601 does not
            && text.as_bytes().get(10) == Some(&b'T')
            && !text.ends_with('z')
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
        "event.session_id",
        "event.trace_id",
        "request.id",
        "request.method",
        "request.uri",
        "request.provider_id",
        "response.request_id",
        "response.id",
        "error.code",
        "error.description",
        "error.request_id",
    ] {
        form(field, read.text(field).is_some_and(|text| !text.is_empty()));
    }
    faults
}

fn digits(after_dot: &str) -> usize {
    after_dot.bytes().skip(1).take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests;
