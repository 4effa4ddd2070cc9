// SPDX-License-Identifier: AGPL-3.0-or-later
//! An entry in a list: what may be read at once, with its date and where it came from.

use super::opened::Opened;
use medmij_fhir::show::Entry;

/// One line of a list.
pub(super) struct Line {
    pub(super) address: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) date: String,
    pub(super) section: &'static str,
    pub(super) provenance: String,
    pub(super) serious: bool,
}

impl Line {
    /// What is serious has a title that gives nothing away, and no summary.
    pub(super) fn of(opened: &Opened, entry: &Entry) -> Self {
        let serious = entry.serious().is_some();
        let summary = entry.summary().filter(|_| !serious).unwrap_or_default();
        Self {
            address: opened.address(entry),
            title: entry.calm_title().to_owned(),
            summary: summary.to_owned(),
            date: entry.date().map_or_else(String::new, |day| day.text().to_owned()),
            section: entry.section().title(),
            provenance: opened.provenance(entry),
            serious,
        }
    }
}
