// SPDX-License-Identifier: AGPL-3.0-or-later
//! What kind of Aanbieder it is. The values grow with the framework, so the type is open.

use std::fmt;

/// The `Aanbiedertype` of release3.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aanbiedertype {
    /// `ZA`: zorgaanbieder.
    Zorgaanbieder,
    /// `BAZB`: aanbieder zonder behandelrelatie.
    NoTreatmentRelation,
    /// Any other code.
    Other(String),
}

impl Aanbiedertype {
    /// The type of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "ZA" => Self::Zorgaanbieder,
            "BAZB" => Self::NoTreatmentRelation,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The code in the list.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Zorgaanbieder => "ZA",
            Self::NoTreatmentRelation => "BAZB",
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for Aanbiedertype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
