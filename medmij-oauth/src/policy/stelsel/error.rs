// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a policy file is refused.

use crate::OauthError;

/// Why a policy file is refused, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StelselError {
    /// Not TOML of this form; the text says where.
    #[error("policy file cannot be read: {0}")]
    File(String),
    /// A name that does not exist, uitzondering 1a among them.
    #[error("policy file names {0}, which does not exist")]
    Name(String),
    /// A value that the name cannot have.
    #[error("policy file gives {name} a value that it cannot have: {value}")]
    Value {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// A lifetime of zero, or over its floor.
    #[error("lifetime of {name} is zero or longer than {most} seconds")]
    Lifetime {
        /// The name.
        name: String,
        /// The most that it may be.
        most: u64,
    },
    /// A floor forbids the rule.
    #[error("rule for {name}: {fault}")]
    Uitzondering {
        /// The exception.
        name: String,
        /// The floor.
        fault: OauthError,
    },
}
