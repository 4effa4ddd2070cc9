// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the knowledge of a dialect comes from.

use std::fmt;

/// By what a list was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemaBasis {
    /// By the facts of an official schema of this release.
    Official,
    /// By a schema that the user supplied.
    Supplied,
    /// By what examples show: structure and keys refuse, forms and cardinalities only mark an entry.
    Inferred,
}

impl SchemaBasis {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Supplied => "supplied",
            Self::Inferred => "inferred",
        }
    }
}

impl fmt::Display for SchemaBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
