// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.204, core.autorisatie.205 — how long codes, tokens and flows are valid.

use std::time::Duration;

use crate::OauthError;

use super::Mark;

/// A duration between `MIN` and `MAX` seconds, whatever it was made of.
///
/// ```
/// use std::time::Duration;
/// use medmij_oauth::policy::Lifetime;
///
/// type Code = Lifetime<1, 3_600>;
/// assert_eq!(Code::new(Duration::from_secs(900))?.get().as_secs(), 900);
/// assert!(Code::new(Duration::ZERO).is_err());
/// assert!(Code::new(Duration::from_secs(u64::MAX)).is_err());
/// # Ok::<(), medmij_oauth::OauthError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime<const MIN: u64, const MAX: u64>(Duration);

impl<const MIN: u64, const MAX: u64> Lifetime<MIN, MAX> {
    /// The longest.
    pub const MAX: Duration = Duration::from_secs(MAX);

    /// A lifetime.
    ///
    /// # Errors
    ///
    /// [`OauthError::Lifetime`] where it is shorter or longer than the bounds.
    pub fn new(duration: Duration) -> Result<Self, OauthError> {
        let seconds = duration.as_secs();
        if seconds < MIN || duration > Self::MAX {
            return Err(OauthError::Lifetime {
                seconds,
                least: MIN,
                most: MAX,
            });
        }
        Ok(Self(duration))
    }

    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }

    /// For the defaults of this file, which are within their bounds.
    const fn of(seconds: u64) -> Self {
        assert!(MIN <= seconds && seconds <= MAX, "a default outside its bounds");
        Self(Duration::from_secs(seconds))
    }
}

/// Lifetimes. A value is over at exactly its lifetime: a code of 900 s works at 899 s and not at 900 s (D02, D03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// An authorization code: 15 minutes (confirmed for 1.0, inferred for 2.x).
    pub code: Lifetime<1, 3_600>,
    /// An access token: 15 minutes (confirmed).
    pub access_token: Lifetime<1, 3_600>,
    /// A refresh token, from its issue: half a year (confirmed; that it is 182 days is inferred).
    pub refresh_token: Lifetime<1, 15_897_600>,
    /// A flow from authorization request to answer: 15 minutes (unknown in the framework).
    pub flow: Lifetime<1, 3_600>,
    /// The time within which a second use of a refresh token counts as a race and is put off, not judged (unknown).
    pub refresh_race: Lifetime<0, 600>,
}

impl Lifetimes {
    /// The values with the mark of each, for an overview.
    #[must_use]
    pub fn marked(&self) -> [(&'static str, Duration, Mark); 5] {
        [
            ("code", self.code.get(), Mark::Confirmed),
            ("access_token", self.access_token.get(), Mark::Confirmed),
            ("refresh_token", self.refresh_token.get(), Mark::Inferred),
            ("flow", self.flow.get(), Mark::Unknown),
            ("refresh_race", self.refresh_race.get(), Mark::Unknown),
        ]
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: const { Lifetime::of(900) },
            access_token: const { Lifetime::of(900) },
            refresh_token: const { Lifetime::of(182 * 24 * 60 * 60) },
            flow: const { Lifetime::of(900) },
            refresh_race: const { Lifetime::of(5) },
        }
    }
}
