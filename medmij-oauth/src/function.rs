// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.200 — the functions of the framework that are authorized with OAuth.

use std::fmt;

/// What a DVP asks a DVA for.
///
/// ```
/// use medmij_oauth::Function;
///
/// assert_eq!(Function::from_name("Delen"), Some(Function::Delen));
/// assert_eq!(Function::ALL.map(Function::as_str), ["Verzamelen", "Delen", "Abonneren"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new function has to be thought of wherever one is handled"
)]
pub enum Function {
    /// Collecting health information from an Aanbieder.
    Verzamelen,
    /// Sharing health information with an Aanbieder.
    Delen,
    /// Starting, changing or ending an Abonnement on notifications.
    Abonneren,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Verzamelen, Self::Delen, Self::Abonneren];

    /// The Dutch name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verzamelen => "Verzamelen",
            Self::Delen => "Delen",
            Self::Abonneren => "Abonneren",
        }
    }

    /// Reads a name, exactly as [`as_str`](Self::as_str) writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.as_str() == name)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
