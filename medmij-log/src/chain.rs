// SPDX-License-Identifier: AGPL-3.0-or-later
//! A chain (keten): every event of one `trace_id`, from the log files of both sides, as a sequence diagram.

mod svg;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use chrono::{DateTime, FixedOffset};

use crate::ReadLine;
pub use svg::svg;

/// The events of one `trace_id`, in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// `event.trace_id`.
    pub trace_id: String,
    /// The events. Two of one time stand as they were read.
    pub events: Vec<ChainEvent>,
}

/// One event of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChainEvent {
    /// `event.type`.
    pub name: String,
    /// `event.location`: the node that logged it.
    pub node: String,
    /// `event.datetime`.
    pub at: DateTime<FixedOffset>,
    /// The request that it speaks of.
    pub request_id: Option<String>,
    /// `response.status`.
    pub status: Option<u16>,
    /// `error.code`.
    pub error: Option<String>,
}

impl ChainEvent {
    fn read(line: &ReadLine) -> Option<(String, Self)> {
        let event = Self {
            name: line.text("event.type")?.to_owned(),
            node: line.text("event.location").unwrap_or("?").to_owned(),
            at: line.at()?,
            request_id: line.request_id().map(str::to_owned),
            status: line.status(),
            error: line.text("error.code").map(str::to_owned),
        };
        Some((line.text("event.trace_id")?.to_owned(), event))
    }

    /// What stands at the arrow.
    fn label(&self) -> String {
        let mut label = self.name.clone();
        if let Some(status) = self.status {
            label.push_str(&format!(" {status}"));
        }
        if let Some(error) = &self.error {
            label.push_str(&format!(" ({error})"));
        }
        medmij_types::Printable::new(&label).to_string()
    }
}

/// A line between two nodes, or within one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step<'a> {
    pub(crate) event: &'a ChainEvent,
    /// The other side's event of the same message, where its log is among the files.
    pub(crate) pair: Option<&'a ChainEvent>,
}

impl Chain {
    /// The chains in log lines, or in whole texts of them, in whatever order they come; the earliest first. Lines that are no
    /// events of a chain are passed over: see [`crate::check`]. One that is there twice, as where a file was given twice,
    /// counts once.
    #[must_use]
    pub fn read<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Vec<Self> {
        let mut chains: BTreeMap<String, Vec<ChainEvent>> = BTreeMap::new();
        for text in texts {
            for line in text.as_ref().lines() {
                if let Some((trace_id, event)) = ReadLine::parse(line).ok().as_ref().and_then(ChainEvent::read) {
                    chains.entry(trace_id).or_default().push(event);
                }
            }
        }
        let mut chains: Vec<Self> = chains
            .into_iter()
            .map(|(trace_id, mut events)| {
                events.sort_by_key(|event| event.at);
                let mut there = HashSet::new();
                events.retain(|event| event.request_id.is_none() || there.insert(event.clone()));
                Self { trace_id, events }
            })
            .collect();
        chains.sort_by_key(|chain| chain.events.first().map(|event| event.at));
        chains
    }

    /// The nodes, in the order in which they appear.
    #[must_use]
    pub fn nodes(&self) -> Vec<&str> {
        let mut nodes: Vec<&str> = Vec::new();
        for event in &self.events {
            if !nodes.contains(&event.node.as_str()) {
                nodes.push(&event.node);
            }
        }
        nodes
    }

    /// Messages that one side logged and the other did not: a `send_x` without the `receive_x` of another node, or the
    /// other way round. Empty for a chain of one node, of which the other log is not at hand.
    #[must_use]
    pub fn one_sided(&self) -> Vec<&ChainEvent> {
        if self.nodes().len() < 2 {
            return Vec::new();
        }
        self.steps()
            .into_iter()
            .filter(|step| step.pair.is_none() && twin(&step.event.name).is_some())
            .map(|step| step.event)
            .collect()
    }

    /// The events, each message once: its sending and its arrival are one step.
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        let mut used = vec![false; self.events.len()];
        let mut steps = Vec::new();
        for (index, event) in self.events.iter().enumerate() {
            if used.get(index).copied().unwrap_or(true) {
                continue;
            }
            let other = twin(&event.name).and_then(|twin| {
                self.events.iter().enumerate().position(|(at, candidate)| {
                    at > index
                        && !used.get(at).copied().unwrap_or(true)
                        && candidate.name == twin
                        && candidate.node != event.node
                        && (candidate.request_id == event.request_id
                            || candidate.request_id.is_none()
                            || event.request_id.is_none())
                })
            });
            if let Some(used) = other.and_then(|at| used.get_mut(at)) {
                *used = true;
            }
            let pair = other.and_then(|at| self.events.get(at));
            // clocks of two nodes differ: the sending comes first whatever the times say
            let (event, pair) = match pair {
                Some(pair) if event.name.starts_with("receive_") => (pair, Some(event)),
                pair => (event, pair),
            };
            steps.push(Step { event, pair });
        }
        steps
    }
}

/// Events that tell of one message at two nodes under names that are no mere `send_`/`receive_`.
const TWINS: &[(&str, &str)] = &[
    ("send_token_request_error", "receive_token_request_error"),
    ("send_resource_request_error", "receive_resource_error_response"),
    (
        "send_resource_notification_error",
        "receive_resource_notification_error_response",
    ),
    (
        "send_subscription_notification_error",
        "receive_subscription_notification_error_response",
    ),
    ("send_authorization_request_error", "receive_authorization_response"),
    ("send_authorization_cancellation", "receive_authorization_response"),
];

/// Events of which the other side is no node of MedMij, or the user agent.
const ALONE: &[&str] = &[
    "send_authentication_request",
    "receive_authentication_response",
    "receive_authentication_error",
    "receive_authorization_cancellation",
    "send_artifact_resolution_request",
    "receive_resource_request_error",
    "receive_resource_notification_error",
    "receive_subscription_notification_error",
    "consent_withdrawn",
];

fn twin(name: &str) -> Option<String> {
    if ALONE.contains(&name) {
        return None;
    }
    if let Some((_, other)) = TWINS.iter().find(|(from, _)| *from == name) {
        return Some((*other).to_owned());
    }
    if let Some((other, _)) = TWINS
        .iter()
        .find(|(_, to)| *to == name && *to != "receive_authorization_response")
    {
        return Some((*other).to_owned());
    }
    if let Some(rest) = name.strip_prefix("send_") {
        return Some(format!("receive_{rest}"));
    }
    name.strip_prefix("receive_").map(|rest| format!("send_{rest}"))
}

impl fmt::Display for Chain {
    /// The chain as a sequence diagram in text, one step a line with the milliseconds since the first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.nodes();
        let start = self.events.first().map(|event| event.at);
        writeln!(f, "chain {}", medmij_types::Printable::new(&self.trace_id))?;
        let width = nodes.iter().map(|node| node.len()).max().unwrap_or_default();
        for step in self.steps() {
            let since = start.map_or(0, |start| step.event.at.signed_duration_since(start).num_milliseconds());
            let from = medmij_types::Printable::new(&step.event.node).to_string();
            let arrow = match step.pair {
                Some(pair) => format!("→ {}", medmij_types::Printable::new(&pair.node)),
                None => String::new(),
            };
            let pad = width.saturating_add(2);
            writeln!(f, "{since:>8} ms  {from:width$}  {arrow:pad$}  {}", step.event.label())?;
        }
        for event in self.one_sided() {
            writeln!(
                f,
                "one side only: {} at {}",
                event.label(),
                medmij_types::Printable::new(&event.node)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
