// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is out of the ordinary in a list that was accepted: remarks of the reader and findings of the lint, with a code
//! and a place. A warning never changes an exit code.

use std::collections::BTreeSet;

use crate::lint::{Code, Finding};
use medmij_list::Document;
use serde::Serialize;

use crate::{
    complaint::excerpt,
    output::{Output, Paint, printable},
};

/// One warning.
#[derive(Serialize)]
pub(crate) struct Warning {
    /// The rule of a remark (`schema.pattern`), or the code of a finding (`V9`).
    code: &'static str,
    message: String,
    line: Option<u32>,
    column: Option<u32>,
    path: Option<String>,
    #[serde(skip)]
    offset: usize,
}

/// The warnings of a list.
pub(crate) struct Warnings {
    /// The first ones, in the order of the document.
    pub(crate) first: Vec<Warning>,
    /// How many there are in all.
    pub(crate) total: usize,
}

impl Warnings {
    /// Collects at most so many, and counts them all.
    pub(crate) fn of(document: &Document, findings: Vec<Finding>, most: usize) -> Self {
        // What the lint says of the form of a name, the reader remarked too: once is enough.
        let named: BTreeSet<usize> = findings
            .iter()
            .filter(|finding| finding.code() == Code::V2)
            .filter_map(|finding| finding.place().map(|place| place.offset))
            .collect();
        let mut remarks = Vec::new();
        let mut total = findings.len();
        for remark in document.remarks().filter(|remark| !named.contains(&remark.offset())) {
            total += 1;
            if remarks.len() < most {
                remarks.push(remark);
            }
        }
        let offsets: Vec<usize> = remarks.iter().map(medmij_list::Remark::offset).collect();
        let places = if offsets.is_empty() {
            Vec::new()
        } else {
            document.locate(&offsets)
        };
        let remarks = remarks.into_iter().zip(places).map(|(remark, (place, _))| Warning {
            code: remark.rule().code(),
            message: remark.message().to_owned(),
            line: Some(place.line),
            column: Some(place.column),
            path: Some(remark.path().to_owned()),
            offset: place.offset,
        });
        let findings = findings.into_iter().take(most).map(Warning::from);
        let mut first: Vec<Warning> = remarks.chain(findings).collect();
        first.sort_by_key(|warning| warning.offset);
        first.truncate(most);
        Self { first, total }
    }
}

impl From<Finding> for Warning {
    fn from(finding: Finding) -> Self {
        let place = finding.place();
        Self {
            code: finding.code().as_str(),
            message: finding.message().to_owned(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            path: place.map(|_| finding.path().to_owned()),
            offset: place.map_or(usize::MAX, |place| place.offset),
        }
    }
}

impl Warning {
    /// Prints it.
    pub(crate) fn show(&self, name: &str, source: &[u8], output: &mut Output) {
        let head = output.paint(Paint::Yellow, format_args!("warning[{}]", self.code));
        output.line(format_args!("{head}: {}", printable(&self.message)));
        match (self.line, self.column) {
            (Some(line), Some(column)) => {
                let path = self.path.as_deref().unwrap_or_default();
                excerpt(name, source, self.offset, (line, column), path, None, output);
            }
            _ => output.line(format_args!(" --> {name}\n")),
        }
    }
}
