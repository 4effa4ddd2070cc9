// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was found in a bundle, and what to do about it.

use super::certificate::CertificateView;

/// How bad a finding is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Error,
    Warning,
    Note,
}

impl Severity {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What was found, about which certificate, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) code: &'static str,
    pub(crate) certificate: Option<String>,
    pub(crate) message: String,
    pub(crate) remedy: &'static str,
}

pub(super) fn about(
    certificate: &CertificateView,
    severity: Severity,
    code: &'static str,
    message: &str,
    remedy: &'static str,
) -> Finding {
    Finding {
        severity,
        code,
        certificate: Some(certificate.subject.clone()),
        message: message.to_owned(),
        remedy,
    }
}

pub(super) const REPLACE: &str = "Take it out of the bundle and replace it by its successor.";
