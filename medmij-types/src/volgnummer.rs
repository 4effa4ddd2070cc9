// SPDX-License-Identifier: AGPL-3.0-or-later
//! The number in the header of every list: plus one at each change that leads to publication.

use crate::{ValueError, lexical};
use std::{fmt, num::NonZeroU64, str::FromStr};

/// The `Volgnummer` of a list: 1 or more, and at most `u64::MAX`.
///
/// XML Schema has no upper bound here; a number beyond 64 bits is refused with an error of its own, never wrapped.
///
/// ```
/// use medmij_types::{Volgnummer, ValueError};
///
/// assert_eq!(Volgnummer::parse(" +007 ")?.value(), 7);
/// assert_eq!(Volgnummer::parse("18446744073709551616"), Err(ValueError::VolgnummerTooLarge));
/// # Ok::<(), ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volgnummer(NonZeroU64);

impl Volgnummer {
    /// The first number.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The number, or `None` for zero.
    #[must_use]
    pub const fn new(value: u64) -> Option<Self> {
        match NonZeroU64::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// Reads an `xs:positiveInteger`.
    ///
    /// # Errors
    ///
    /// [`ValueError`], the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = lexical::trim(text);
        let digits = text.strip_prefix('+').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ValueError::VolgnummerNotANumber);
        }
        let value: u64 = digits.parse().map_err(|_| ValueError::VolgnummerTooLarge)?;
        Self::new(value).ok_or(ValueError::VolgnummerZero)
    }

    /// The number as an integer.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0.get()
    }

    /// The number of the next publication; `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl FromStr for Volgnummer {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::parse(text)
    }
}

impl fmt::Display for Volgnummer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Volgnummer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.value())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Volgnummer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NonZeroU64::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_error_names_the_rule() {
        use ValueError as E;
        for (bad, why) in [
            ("0", E::VolgnummerZero),
            ("+00", E::VolgnummerZero),
            ("-1", E::VolgnummerNotANumber),
            ("1.0", E::VolgnummerNotANumber),
            ("", E::VolgnummerNotANumber),
            ("12345678901234567890123", E::VolgnummerTooLarge),
        ] {
            assert_eq!(Volgnummer::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn the_last_number_has_no_next() {
        let last = Volgnummer::new(u64::MAX).unwrap();
        assert_eq!(
            (last.next(), Volgnummer::FIRST.next().map(Volgnummer::value)),
            (None, Some(2))
        );
    }

    proptest! {
        #[test]
        fn within_64_bits_the_type_is_the_schema_type(text in "[ \n]?[+-]?[0-9]{0,19}[ \t]?") {
            prop_assert_eq!(Volgnummer::parse(&text).is_ok(), lexical::is_positiefnummer(&text));
        }
    }
}
