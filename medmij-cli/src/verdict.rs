// SPDX-License-Identifier: AGPL-3.0-or-later
//! One line of `medmij validate --json`: its fields are a contract.

use medmij_list::ListKind;
use serde::Serialize;

use crate::{
    any_list::AnyList,
    cli_error::CliError,
    complaint::Complaint,
    warning::{Warning, Warnings},
};

/// What is said of one file.
#[derive(Serialize)]
pub(crate) struct Verdict<'a> {
    file: &'a str,
    accepted: bool,
    kind: Option<&'static str>,
    release: Option<&'a str>,
    basis: Option<String>,
    volgnummer: Option<u64>,
    tijdstempel: Option<&'a str>,
    entries: Option<usize>,
    warnings: Vec<Warning>,
    warnings_total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [Complaint]>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Problem<'a> {
    Complaint(&'a Complaint),
    Unreadable {
        line: Option<u32>,
        column: Option<u32>,
        path: &'static str,
        rule: &'static str,
        message: String,
    },
}

impl<'a> Verdict<'a> {
    pub(crate) fn accepted(file: &'a str, list: &'a AnyList, warnings: Warnings) -> Self {
        let document = list.document();
        Self {
            accepted: true,
            kind: Some(list.kind().short()),
            release: Some(document.release()),
            basis: Some(document.basis().to_string()),
            volgnummer: Some(document.header().volgnummer().value()),
            tijdstempel: Some(document.header().tijdstempel().as_str()),
            entries: Some(list.len()),
            warnings: warnings.first,
            warnings_total: warnings.total,
            ..Self::nothing(file)
        }
    }

    /// `all` is what `--all` adds.
    pub(crate) fn refused(file: &'a str, first: &'a Complaint, all: Option<&'a [Complaint]>) -> Self {
        Self {
            kind: first.kind.map(ListKind::short),
            error: Some(Problem::Complaint(first)),
            errors: all,
            ..Self::nothing(file)
        }
    }

    pub(crate) fn unreadable(file: &'a str, fault: &CliError) -> Self {
        Self {
            error: Some(Problem::Unreadable {
                line: None,
                column: None,
                path: "",
                rule: "io",
                message: fault.to_string(),
            }),
            ..Self::nothing(file)
        }
    }

    const fn nothing(file: &'a str) -> Self {
        Self {
            file,
            accepted: false,
            kind: None,
            release: None,
            basis: None,
            volgnummer: None,
            tijdstempel: None,
            entries: None,
            warnings: Vec::new(),
            warnings_total: 0,
            error: None,
            errors: None,
        }
    }
}
