// SPDX-License-Identifier: AGPL-3.0-or-later
//! O9 — why a system of the supplier does not answer; its text reaches no log.

use std::fmt;

/// Something of the supplier failed. The DVP and the Persoon do not get to see it; the log gets the part and the kind, and
/// nothing else: the text of a supplier's error can hold what was asked, a BSN in the address of a source system for one.
#[derive(thiserror::Error)]
#[error("{part} failed: {kind}")]
pub struct SupplierError {
    part: &'static str,
    kind: SupplierFailure,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// How something of the supplier failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupplierFailure {
    /// It did not answer in time.
    Timeout,
    /// It cannot be reached.
    Unreachable,
    /// It refused.
    Refused,
    /// Its answer cannot be used.
    Unusable,
    /// Anything else.
    Other,
}

impl fmt::Display for SupplierFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no answer in time",
            Self::Unreachable => "cannot be reached",
            Self::Refused => "refused",
            Self::Unusable => "answer cannot be used",
            Self::Other => "failed",
        })
    }
}

impl SupplierError {
    /// A failure of a part; `part` is a fixed text. The kind comes from the `std::io::Error` among its causes, if there is one.
    #[must_use]
    pub fn new(part: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        Self {
            part,
            kind: kind_of(&*cause),
            cause: Some(cause),
        }
    }

    /// A failure of a known kind.
    #[must_use]
    pub fn of_kind(part: &'static str, kind: SupplierFailure) -> Self {
        Self {
            part,
            kind,
            cause: None,
        }
    }

    /// The part that failed.
    #[must_use]
    pub fn part(&self) -> &'static str {
        self.part
    }

    /// How.
    #[must_use]
    pub fn kind(&self) -> SupplierFailure {
        self.kind
    }

    /// What the supplier's code said, for the supplier's code: it is no [`source`](std::error::Error::source), so that no log
    /// that walks the causes shows it.
    #[must_use]
    pub fn into_cause(self) -> Option<Box<dyn std::error::Error + Send + Sync>> {
        self.cause
    }
}

impl fmt::Debug for SupplierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupplierError")
            .field("part", &self.part)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

pub(super) fn kind_of(error: &(dyn std::error::Error + 'static)) -> SupplierFailure {
    use std::io::ErrorKind;
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return match error.kind() {
                ErrorKind::TimedOut => SupplierFailure::Timeout,
                ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::NotConnected => {
                    SupplierFailure::Unreachable
                }
                ErrorKind::PermissionDenied => SupplierFailure::Refused,
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => SupplierFailure::Unusable,
                _ => SupplierFailure::Other,
            };
        }
        cause = error.source();
    }
    SupplierFailure::Other
}

#[cfg(test)]
mod tests;
