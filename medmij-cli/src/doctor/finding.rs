// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was found, and what to do about it

use std::fmt;

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A stable word.
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Error,
    Warning,
    Note,
}

impl Finding {
    pub(super) fn error(code: &'static str, message: impl fmt::Display, remedy: &'static str) -> Self {
        Self::of(Severity::Error, code, message, remedy)
    }

    pub(super) fn warning(code: &'static str, message: impl fmt::Display, remedy: &'static str) -> Self {
        Self::of(Severity::Warning, code, message, remedy)
    }

    pub(super) fn of(severity: Severity, code: &'static str, message: impl fmt::Display, remedy: &'static str) -> Self {
        Self {
            severity,
            code,
            message: message.to_string(),
            remedy,
        }
    }
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
