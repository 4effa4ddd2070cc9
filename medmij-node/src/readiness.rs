// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.301, core.whl.302, core.tls.314 — a Node is ready when it can do its work.
//!
//! Probes look (lists, certificate, revocation lists, folder, clock, and what the application adds); what they saw is
//! [`Observed`], and [`Observed::severity`] judges it by [`Alarms`] without any IO. The Node looks every five seconds.

mod alarms;
mod monitor;
mod observed;
mod probes;

use std::fmt;

pub use alarms::Alarms;
pub(crate) use monitor::{Monitor, Probe};
pub use observed::{Observed, StoreState};
pub(crate) use probes::{clock, credentials, descriptors, folder, list};

/// Whether a Node can do its work, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// What was found, the worst first; empty where all is well.
    pub findings: Vec<Finding>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which part: a list, the certificate, or what an application added.
    pub part: String,
    /// The reason.
    pub reason: Observed,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// The Node cannot do its work: take it out of the load balancer.
    NotReady,
    /// It works, and an operator has to look now.
    Alarm,
    /// It works, and something has to be done in the coming weeks.
    Warning,
}

impl Severity {
    /// As operators read it: `not-ready`, `alarm` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotReady => "not-ready",
            Self::Alarm => "alarm",
            Self::Warning => "warning",
        }
    }
}

impl Readiness {
    /// Judges what probes saw, by part.
    pub(crate) fn judge<'a>(observed: impl IntoIterator<Item = (&'a str, &'a Observed)>, alarms: &Alarms) -> Self {
        let found = |(part, observed): (&str, &Observed)| {
            Some(Finding {
                severity: observed.severity(alarms)?,
                part: part.to_owned(),
                reason: observed.clone(),
            })
        };
        let mut findings: Vec<_> = observed.into_iter().filter_map(found).collect();
        findings.sort_by_key(|finding| finding.severity);
        Self { findings }
    }

    /// Whether the Node can do its work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity != Severity::NotReady)
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_ready() { "ready" } else { "not ready" })?;
        for Finding { part, reason, .. } in &self.findings {
            write!(f, "; {part}: {reason}")?;
        }
        Ok(())
    }
}
