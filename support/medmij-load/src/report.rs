// SPDX-License-Identifier: AGPL-3.0-or-later
//! A row of the table that the load programs print: Markdown, so that it goes into the documentation as it is.

use std::fmt;

use crate::measure::{Shares, Summary};

/// One measurement.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) connections: usize,
    pub(crate) summary: Summary,
    pub(crate) shares: Shares,
    /// Of the server, in KiB, before and after.
    pub(crate) resident: (Option<u64>, Option<u64>),
    pub(crate) note: String,
}

impl Row {
    pub(crate) const HEAD: &'static str = "\
        | server | what | at once | n | per s | p50 ms | p99 ms | max ms | processor: server / load program / rest | server, each | RSS of the server, MiB | |\n\
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: Option<u64>| kib.map_or_else(|| "?".to_owned(), |kib| (kib / 1024).to_string());
        write!(
            f,
            "| {} | {} | {} | {} | {} | {} µs | {} → {} | {} |",
            self.name,
            self.what,
            self.connections,
            self.summary.cells(),
            self.shares,
            self.shares.each(self.summary.count).as_micros(),
            mib(self.resident.0),
            mib(self.resident.1),
            self.note
        )
    }
}
