// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.lijsten.301, core.whl.302 — a Node is ready when it can do its work: its lists can be used, and what the application adds (its
//! store, its source systems) says so too.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use medmij_list::{Freshness, List, ListCache};

use crate::{NodeList, lists::Lists};

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
    /// Which part: a list, or what an application added.
    pub part: String,
    /// What is wrong.
    pub what: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// The Node cannot do its work: take it out of the load balancer.
    NotReady,
    /// It works, and an operator has to look.
    Alarm,
}

impl Readiness {
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
        for Finding { part, what, .. } in &self.findings {
            write!(f, "; {part}: {what}")?;
        }
        Ok(())
    }
}

type Check = Box<dyn Fn() -> Option<Finding> + Send + Sync>;

/// The checks of a Node.
#[derive(Default)]
pub(crate) struct Checks(Mutex<Vec<Check>>);

impl Checks {
    pub(crate) fn of(lists: &Lists, followed: &BTreeSet<NodeList>) -> Self {
        let mut checks = vec![of_list(&lists.whitelist, Severity::NotReady)];
        for list in followed {
            checks.push(match list {
                NodeList::Zal => of_list(&lists.zal, Severity::NotReady),
                NodeList::Ocl => of_list(&lists.ocl, Severity::NotReady),
                // only names: nothing stops without them
                NodeList::Gnl => of_list(&lists.gnl, Severity::Alarm),
            });
        }
        Self(Mutex::new(checks))
    }

    pub(crate) fn add(&self, part: &'static str, check: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        let found = move || {
            check().err().map(|what| Finding {
                severity: Severity::NotReady,
                part: part.to_owned(),
                what,
            })
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(found));
    }

    pub(crate) fn judge(&self) -> Readiness {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut findings: Vec<_> = checks.iter().filter_map(|check| check()).collect();
        findings.sort_by_key(|finding| finding.severity);
        Readiness { findings }
    }
}

fn of_list<L: List>(cache: &Arc<ListCache<L>>, unusable: Severity) -> Check {
    let cache = Arc::clone(cache);
    Box::new(move || {
        let (severity, what) = match cache.freshness() {
            Freshness::Fresh | Freshness::Stale => return None,
            Freshness::Alarm => (Severity::Alarm, "was not confirmed for too long"),
            Freshness::Absent => (unusable, "there is none"),
            _ => (unusable, "is too old to be used"),
        };
        Some(Finding {
            severity,
            part: L::KIND.to_string(),
            what: what.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use medmij_types::{Clock, SystemClock};

    use super::*;

    #[test]
    fn core_whl_302_a_node_without_a_list_that_it_needs_is_not_ready() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let lists = Lists::new(&clock);
        let checks = Checks::of(&lists, &BTreeSet::from([NodeList::Gnl]));
        let readiness = checks.judge();
        assert!(!readiness.is_ready());
        let severities: Vec<_> = readiness.findings.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::NotReady, Severity::Alarm], "{readiness}");
    }

    #[test]
    fn what_an_application_adds_counts() {
        let checks = Checks::default();
        assert!(checks.judge().is_ready());
        checks.add("store", || Err("disk full".to_owned()));
        let readiness = checks.judge();
        assert_eq!(readiness.to_string(), "not ready; store: disk full");
        assert!(!readiness.is_ready());
    }
}
