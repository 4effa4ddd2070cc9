// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why the command could not do what it was asked for: exit code 2.

use std::{error::Error, fmt, io};

use medmij_list::{DialectError, SchemaError, supply::StorageError};

use crate::complaint::Complaint;

/// Why the command could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("cannot read {name}: {cause}{}", hint(.name))]
    Read { name: String, cause: io::Error },
    #[error("cannot write {name}: {cause}")]
    Write { name: String, cause: io::Error },
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    #[error("{name}:{}:{}: {} [{}]", .complaint.line, .complaint.column, .complaint.message, .complaint.rule)]
    Refused { name: String, complaint: Box<Complaint> },
    #[error("{name}: {cause}")]
    Dialect { name: String, cause: DialectError },
    #[error("{name}: {cause}")]
    Schema { name: String, cause: SchemaError },
    #[error("{0}")]
    ListStorage(#[from] StorageError),
    #[cfg(any(feature = "stelselnode", feature = "store"))]
    #[error("{}: {}", .what, Causes(&**.cause))]
    Failed {
        what: String,
        cause: Box<dyn Error + Send + Sync>,
    },
    #[error("{0}")]
    Usage(String),
}

/// An address where a file is expected.
fn hint(name: &str) -> &'static str {
    if name.starts_with("http://") || name.starts_with("https://") {
        " (this is an address; fetch the list to a file first, or use `medmij cache refresh`)"
    } else {
        ""
    }
}

impl CliError {
    #[cfg(any(feature = "stelselnode", feature = "store"))]
    pub(crate) fn failed(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            what: what.into(),
            cause: cause.into(),
        }
    }
}

/// An error with its causes, on one line; what one says already is not said again by its cause.
pub(crate) struct Causes<'a>(pub(crate) &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !said.ends_with(&more) {
                said = format!("{said}: {more}");
            }
            cause = error.source();
        }
        f.write_str(&said)
    }
}
