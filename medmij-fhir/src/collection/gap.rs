// SPDX-License-Identifier: AGPL-3.0-or-later
//! What keeps a collection from being complete.
//!
//! A collection is complete only if each query ended with its last page. 404 with `not-supported` or
//! `not-found`, and an answer without matches, are answers; everything else that is missing, refused or
//! in doubt is a [`Gap`].

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::error::FhirError;
use crate::outcome::{IssueCode, OperationOutcome, Severity};

/// Something that is missing, or may be: what, where, and when to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// Label of the query, or `Document`, or `Reference`.
    pub label: String,
    /// The page, counted from 1; 0 when there was no answer.
    pub page: usize,
    /// The place in the page, where it is one: `entry[3].resource`.
    pub path: Option<String>,
    /// Why.
    pub reason: GapReason,
    /// When the server says that it can be asked again.
    pub retry_after: Option<Duration>,
}

/// Why something is missing, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// It was not asked.
    NotAsked,
    /// The token ended before it was asked.
    TokenEnded,
    /// There is a next page that was not asked.
    Unfinished,
    /// 408, 429 or 5xx: the server cannot answer now.
    Temporary(StatusCode),
    /// Any other refusal of the first page, but for 404 `not-supported` and `not-found`.
    Refused(StatusCode),
    /// A refusal of a page after the first: the answer began and did not end.
    RefusedAfterFirstPage(StatusCode),
    /// The server said in an OperationOutcome that the answer is not whole.
    Outcome {
        /// How bad it is.
        severity: Severity,
        /// What kind it is.
        code: IssueCode,
    },
    /// Fewer matches than `Bundle.total`, and no next page.
    FewerThanTotal {
        /// What the server says there is.
        total: u64,
        /// What came.
        found: u64,
    },
    /// A part of a page cannot be read.
    Fault(String),
    /// The answer could not be used.
    Failed(FhirError),
}

impl Gap {
    /// Whether asking again later may fill it.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match &self.reason {
            GapReason::NotAsked | GapReason::TokenEnded | GapReason::Unfinished | GapReason::Temporary(_) => true,
            GapReason::RefusedAfterFirstPage(status) => is_temporary(*status),
            GapReason::Outcome { code, .. } => is_temporary_code(code),
            GapReason::Failed(error) => matches!(error, FhirError::NoAnswer(_) | FhirError::Unauthorized),
            _ => false,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.label)?;
        if self.page > 0 {
            write!(f, ", page {}", self.page)?;
        }
        if let Some(path) = &self.path {
            write!(f, ", {path}")?;
        }
        write!(f, ": {}", self.reason)?;
        if let Some(time) = self.retry_after {
            write!(f, " (again after {} s)", time.as_secs())?;
        }
        Ok(())
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not asked"),
            Self::TokenEnded => f.write_str("not asked: the access token ended"),
            Self::Unfinished => f.write_str("the next page was not asked"),
            Self::Temporary(status) => write!(f, "temporary refusal ({})", status.as_u16()),
            Self::Refused(status) => write!(f, "refused ({})", status.as_u16()),
            Self::RefusedAfterFirstPage(status) => {
                write!(
                    f,
                    "the answer began and did not end: page refused ({})",
                    status.as_u16()
                )
            }
            Self::Outcome { severity, code } => write!(f, "the server reports {severity} {}", code.as_str()),
            Self::FewerThanTotal { total, found } => write!(f, "{found} of {total} matches and no next page"),
            Self::Fault(what) => f.write_str(what),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// 408, 429 and every 5xx.
pub(crate) fn is_temporary(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn is_temporary_code(code: &IssueCode) -> bool {
    matches!(
        code,
        IssueCode::Incomplete | IssueCode::Timeout | IssueCode::Throttled | IssueCode::Transient
    )
}

/// The first issue that says that an answer is not whole.
pub(super) fn doubt(outcome: &OperationOutcome) -> Option<GapReason> {
    let bad = outcome.issues.iter().find(|issue| {
        !matches!(issue.severity, Severity::Information | Severity::Warning) || is_temporary_code(&issue.code)
    })?;
    Some(GapReason::Outcome {
        severity: bad.severity,
        code: bad.code.clone(),
    })
}

/// Whether a refusal says that there is nothing: `not-supported` or `not-found`, and nothing worse.
pub(super) fn says_nothing_there(outcome: &OperationOutcome) -> bool {
    let absent = |code: &IssueCode| matches!(code, IssueCode::NotSupported | IssueCode::NotFound | IssueCode::Deleted);
    let mut issues = outcome.issues.iter().peekable();
    issues.peek().is_some()
        && outcome.issues.iter().any(|issue| absent(&issue.code))
        && issues.all(|issue| {
            absent(&issue.code)
                || matches!(issue.severity, Severity::Information | Severity::Warning)
                    && !is_temporary_code(&issue.code)
        })
}
