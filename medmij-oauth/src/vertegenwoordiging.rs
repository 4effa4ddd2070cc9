// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.vert.authint.200 — representation: on whose behalf the Persoon logs in.

/// On whose behalf the Persoon logs in (ext.vert.authint.200).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Vertegenwoordiging {
    /// Voluntary representation: `onbehalfof`.
    Voluntary,
    /// Parental authority over a child of 0 up to and including 11: `onbehalfofchild`.
    ParentalAuthority,
}

impl Vertegenwoordiging {
    /// The literal in the scope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voluntary => "onbehalfof",
            Self::ParentalAuthority => "onbehalfofchild",
        }
    }

    /// Reads the literal of the scope.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Voluntary, Self::ParentalAuthority]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    pub(crate) fn is_literal(part: &str) -> bool {
        Self::from_name(part).is_some()
    }
}
