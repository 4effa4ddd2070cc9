// SPDX-License-Identifier: AGPL-3.0-or-later
//! Releases of the Afsprakenstelsel. What differs between them is data keyed by a `Release`, kept where it is used.

use crate::ValueError;
use std::fmt;

/// A release line of the Afsprakenstelsel (before 2.0: Afsprakenset). Later releases are greater.
///
/// ```
/// use medmij_types::Release;
///
/// assert_eq!(Release::parse("2.2.4B")?, Release::V2_2);
/// assert!(Release::V1_6 < Release::DEFAULT);
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// 1.0 of 2018.
    V1_0,
    /// 1.1 of 2018, with 1.1.2 of 2019.
    V1_1,
    /// 1.2 of 2020.
    V1_2,
    /// 1.3 of 2020.
    V1_3,
    /// 1.4 of 2021.
    V1_4,
    /// 1.5 of 2021.
    V1_5,
    /// 1.6 of 2022.
    V1_6,
    /// 2.0 of 2023.
    V2_0,
    /// 2.1.
    V2_1,
    /// 2.2, the default.
    #[default]
    V2_2,
}

impl Release {
    /// The release that everything follows unless told otherwise: 2.2.
    pub const DEFAULT: Self = Self::V2_2;

    /// Every release, oldest first.
    pub const ALL: &[Self] = &[
        Self::V1_0,
        Self::V1_1,
        Self::V1_2,
        Self::V1_3,
        Self::V1_4,
        Self::V1_5,
        Self::V1_6,
        Self::V2_0,
        Self::V2_1,
        Self::V2_2,
    ];

    /// Reads `2.2`, and also a patch such as `2.2.4` or `2.2.4B`, which belongs to its line.
    ///
    /// # Errors
    ///
    /// [`ValueError`] where the text names none of the lines.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let mut parts = text.splitn(3, '.');
        let line = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let patch = parts.next().unwrap_or("0");
        let number = patch.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(patch);
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ValueError::Release);
        }
        Self::ALL
            .iter()
            .copied()
            .find(|r| r.line() == line)
            .ok_or(ValueError::Release)
    }

    /// The line as text, such as `2.2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V1_4 => "1.4",
            Self::V1_5 => "1.5",
            Self::V1_6 => "1.6",
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
            Self::V2_2 => "2.2",
        }
    }

    /// The major version: the `api` of the list interfaces since 2.0 (core.lijsten.300).
    #[must_use]
    pub fn major(self) -> u8 {
        if self < Self::V2_0 { 1 } else { 2 }
    }

    fn line(self) -> (&'static str, &'static str) {
        self.as_str().split_once('.').unwrap_or_default()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

text_in_and_out!(Release, ValueError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_reads_its_own_text() {
        for release in Release::ALL {
            assert_eq!(Release::parse(release.as_str()), Ok(*release));
        }
        assert!(Release::ALL.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn patches_belong_to_their_line() {
        assert_eq!(Release::parse("1.1.2"), Ok(Release::V1_1));
        assert_eq!(Release::parse("2.0.3A"), Ok(Release::V2_0));
        for bad in ["", "2", "2.", "2.2.", "2.2.x", "2.2.4BB", "02.2", "3.0", "2.22", "v2.2"] {
            assert_eq!(Release::parse(bad), Err(ValueError::Release), "{bad}");
        }
    }
}
