// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.204, core.autorisatie.205 — how long things last.

use std::time::Duration;

use super::Mark;

/// Lifetimes. A value is over at exactly its lifetime: a code of 900 s works at 899 s and not at 900 s (D02, D03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// An authorization code: 15 minutes (confirmed for 1.0, inferred for 2.x).
    pub code: Duration,
    /// An access token: 15 minutes (confirmed).
    pub access_token: Duration,
    /// A refresh token, from its issue: half a year (confirmed; that it is 182 days is inferred).
    pub refresh_token: Duration,
    /// A flow from authorization request to answer: 15 minutes (unknown in the framework).
    pub flow: Duration,
    /// The time within which a second use of a refresh token counts as a race and is put off, not judged (unknown).
    pub refresh_race: Duration,
}

impl Lifetimes {
    /// The values with the mark of each, for an overview.
    #[must_use]
    pub fn marked(&self) -> [(&'static str, Duration, Mark); 5] {
        [
            ("code", self.code, Mark::Confirmed),
            ("access_token", self.access_token, Mark::Confirmed),
            ("refresh_token", self.refresh_token, Mark::Inferred),
            ("flow", self.flow, Mark::Unknown),
            ("refresh_race", self.refresh_race, Mark::Unknown),
        ]
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: Duration::from_secs(900),
            access_token: Duration::from_secs(900),
            refresh_token: Duration::from_secs(182 * 24 * 60 * 60),
            flow: Duration::from_secs(900),
            refresh_race: Duration::from_secs(5),
        }
    }
}
