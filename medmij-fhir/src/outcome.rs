// SPDX-License-Identifier: AGPL-3.0-or-later
//! OperationOutcome: what a server says about a request (FHIR section 2.35).

use std::fmt;

use medmij_types::Printable;
use serde::{Deserialize, Serialize};

use crate::json::{self, JsonError};
use crate::resource::Resource;

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Nothing wrong.
    Information,
    /// The request was done; something deserves attention.
    Warning,
    /// The request failed.
    Error,
    /// The request failed and nothing more was tried.
    Fatal,
    /// A severity that FHIR does not have: to be taken for the worst.
    #[serde(other, rename = "unknown")]
    Unknown,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
            Self::Unknown => "unknown",
        })
    }
}

macro_rules! issue_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The kind of an issue (value set `issue-type`), STU3 and R4 together.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum IssueCode {
            $($(#[$doc])* $name,)*
            /// A code that this crate does not know, made printable.
            Other(String),
        }

        impl IssueCode {
            /// The code as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $code,)*
                    Self::Other(code) => code,
                }
            }

            fn read(code: &str) -> Self {
                match code {
                    $($code => Self::$name,)*
                    _ => Self::Other(printable(code, 64)),
                }
            }
        }
    };
}

issue_codes! {
    /// Content not valid against the specification.
    Invalid = "invalid",
    /// A structural issue.
    Structure = "structure",
    /// A required element is missing.
    Required = "required",
    /// An element value is invalid.
    Value = "value",
    /// A validation rule failed.
    Invariant = "invariant",
    /// An authentication, authorization or permission issue.
    Security = "security",
    /// The client needs to start an authentication process.
    Login = "login",
    /// The user or system is not known.
    Unknown = "unknown",
    /// The session has expired.
    Expired = "expired",
    /// The user does not have the rights.
    Forbidden = "forbidden",
    /// Some information was not, or might not have been, returned.
    Suppressed = "suppressed",
    /// Processing issue.
    Processing = "processing",
    /// The resource, operation or parameter is not supported.
    NotSupported = "not-supported",
    /// A duplicate record.
    Duplicate = "duplicate",
    /// The reference was not found.
    NotFound = "not-found",
    /// The content is too long.
    TooLong = "too-long",
    /// The code or system is not understood.
    CodeInvalid = "code-invalid",
    /// An extension was found that is not acceptable.
    Extension = "extension",
    /// The operation was stopped because it costs too much.
    TooCostly = "too-costly",
    /// A business rule forbids it.
    BusinessRule = "business-rule",
    /// An edit conflict.
    Conflict = "conflict",
    /// Not all data sources could be reached.
    Incomplete = "incomplete",
    /// A transient issue.
    Transient = "transient",
    /// A locking error.
    LockError = "lock-error",
    /// No persistent store is available.
    NoStore = "no-store",
    /// An unexpected internal error.
    Exception = "exception",
    /// An internal timeout.
    Timeout = "timeout",
    /// The system is not prepared to handle this load.
    Throttled = "throttled",
    /// Only information.
    Informational = "informational",
    /// The record is gone (R4).
    Deleted = "deleted",
    /// More than one record matches (R4).
    MultipleMatches = "multiple-matches",
}

/// One issue of an outcome. Its texts come from the other party: printable, at most 256 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What kind it is.
    pub code: IssueCode,
    /// `details.text`, or the display of its first coding.
    pub text: Option<String>,
    /// Technical details.
    pub diagnostics: Option<String>,
}

impl Issue {
    /// An issue with a text for people.
    #[must_use]
    pub fn new(severity: Severity, code: IssueCode, text: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            text: Some(text.into()),
            diagnostics: None,
        }
    }
}

/// What a server says about a request, with its issues in order.
///
/// ```
/// use medmij_fhir::{Issue, IssueCode, Limits, OperationOutcome, Resource, Severity};
///
/// let outcome = OperationOutcome::new(Issue::new(
///     Severity::Error,
///     IssueCode::NotSupported,
///     "resource type CarePlan is not supported",
/// ));
/// let resource = Resource::parse(&outcome.to_json(), &Limits::default())?;
/// assert_eq!(OperationOutcome::read(&resource)?, outcome);
/// assert_eq!(outcome.to_string(), "error not-supported: resource type CarePlan is not supported");
///
/// let other = Resource::parse(br#"{"resourceType":"Flag"}"#, &Limits::default())?;
/// assert!(OperationOutcome::read(&other).is_err());
/// # Ok::<(), medmij_fhir::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationOutcome {
    /// The issues.
    pub issues: Vec<Issue>,
}

impl OperationOutcome {
    /// An outcome with one issue.
    #[must_use]
    pub fn new(issue: Issue) -> Self {
        Self { issues: vec![issue] }
    }

    /// Reads an OperationOutcome.
    ///
    /// # Errors
    /// [`JsonError`] when the resource is another type or an issue is of another shape. An unknown severity is
    /// [`Severity::Unknown`], an unknown code [`IssueCode::Other`].
    pub fn read(resource: &Resource) -> Result<Self, JsonError> {
        if resource.resource_type().as_str() != "OperationOutcome" {
            return Err(json::shape(0));
        }
        let wire: Wire = json::read(resource.as_str())?;
        Ok(Self {
            issues: wire.issue.into_iter().map(Issue::from).collect(),
        })
    }

    /// Writes the outcome as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let wire = Wire {
            resource_type: "OperationOutcome".to_owned(),
            issue: self.issues.iter().map(WireIssue::from).collect(),
        };
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

/// One line: every issue with severity, code and text.
impl fmt::Display for OperationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, issue) in self.issues.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{} {}", issue.severity, issue.code.as_str())?;
            if let Some(text) = issue.text.as_ref().or(issue.diagnostics.as_ref()) {
                write!(f, ": {text}")?;
            }
        }
        Ok(())
    }
}

/// Text of another party as it can be shown or logged: at most so many of its characters.
pub(crate) fn printable(text: &str, most: usize) -> String {
    Printable::new(text).max_chars(most).to_string()
}

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    issue: Vec<WireIssue>,
}

#[derive(Serialize, Deserialize)]
struct WireIssue {
    #[serde(default = "unknown")]
    severity: Severity,
    #[serde(default)]
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<WireDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostics: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WireDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    coding: Vec<WireCoding>,
}

#[derive(Serialize, Deserialize)]
struct WireCoding {
    display: Option<String>,
}

/// An issue without a severity: to be taken for the worst.
const fn unknown() -> Severity {
    Severity::Unknown
}

impl From<WireIssue> for Issue {
    fn from(wire: WireIssue) -> Self {
        let text = wire.details.and_then(|details| {
            details
                .text
                .or_else(|| details.coding.into_iter().find_map(|coding| coding.display))
        });
        Self {
            severity: wire.severity,
            code: IssueCode::read(&wire.code),
            text: text.map(|text| printable(&text, 256)),
            diagnostics: wire.diagnostics.map(|text| printable(&text, 256)),
        }
    }
}

impl From<&Issue> for WireIssue {
    fn from(issue: &Issue) -> Self {
        Self {
            severity: issue.severity,
            code: issue.code.as_str().to_owned(),
            details: issue.text.clone().map(|text| WireDetails {
                text: Some(text),
                coding: Vec::new(),
            }),
            diagnostics: issue.diagnostics.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IssueCode, OperationOutcome, Severity};
    use crate::limits::Limits;
    use crate::resource::Resource;

    #[test]
    fn texts_of_the_other_party_are_made_printable() {
        let text = r#"{"resourceType":"OperationOutcome","issue":[
            {"severity":"error","code":"x\r\nSet-Cookie: a=b","details":{"coding":[{"code":"MSG","display":"\u001b[31mrood"}]}},
            {"severity":"warning","code":"throttled","diagnostics":"DIAG"}]}"#
            .replace("DIAG", &"a".repeat(1000));
        let outcome = OperationOutcome::read(&Resource::parse(text.as_bytes(), &Limits::default()).unwrap()).unwrap();
        assert_eq!(
            outcome.issues[0].code,
            IssueCode::Other("x\\r\\nSet-Cookie: a=b".to_owned())
        );
        assert_eq!(outcome.issues[0].text.as_deref(), Some("\\u{1b}[31mrood"));
        assert_eq!(outcome.issues[1].code, IssueCode::Throttled);
        assert_eq!(outcome.issues[1].diagnostics.as_ref().unwrap().chars().count(), 257);
    }

    #[test]
    fn an_unknown_severity_is_taken_for_the_worst() {
        let text = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"notice","code":"processing","diagnostics":"storing"},{"code":"x"}]}"#;
        let outcome = OperationOutcome::read(&Resource::parse(text, &Limits::default()).unwrap()).unwrap();
        assert_eq!(outcome.issues[0].severity, Severity::Unknown);
        assert!(outcome.issues.iter().all(|issue| issue.severity > Severity::Fatal));
        assert_eq!(outcome.issues[0].diagnostics.as_deref(), Some("storing"));
    }
}
