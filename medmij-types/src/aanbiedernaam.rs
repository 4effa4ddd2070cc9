// SPDX-License-Identifier: AGPL-3.0-or-later
//! The name of an Aanbieder in the network: core.alst.101, and the scope of core.authint.200.

checked_text! {
    /// The MedMij name of an Aanbieder (older: Zorgaanbieder), such as `umcharderwijk@medmij`.
    ///
    /// Lists write it with the suffix `@medmij`, the `scope` of release 2.x without it; [`parse`](Self::parse) takes both and
    /// [`as_str`](Self::as_str) and [`short`](Self::short) give both.
    ///
    /// Before the suffix stand 3 to 50 characters: segments joined by exactly one `-`, `&` or `.`. A segment is one
    /// fragment or more, each of letters `a`–`z` followed by at most four digits. The published schema of `release2`
    /// allows letters only, which [`lexical::is_zorgaanbiedernaam`](crate::lexical::is_zorgaanbiedernaam) judges. A name
    /// holds no space, `~` or `/`, the separators of a scope; an `&` is percent-encoded as `%26` in a query.
    ///
    /// ```
    /// use medmij_types::{Aanbiedernaam, AanbiedernaamError};
    ///
    /// let naam = Aanbiedernaam::parse("umcharderwijk")?;
    /// assert_eq!(naam, Aanbiedernaam::parse("umcharderwijk@medmij")?);
    /// assert_eq!((naam.as_str(), naam.short()), ("umcharderwijk@medmij", "umcharderwijk"));
    ///
    /// assert_eq!(Aanbiedernaam::parse("jansen&zn.tandarts2")?.short(), "jansen&zn.tandarts2");
    /// assert_eq!(Aanbiedernaam::parse("zorg--groep"), Err(AanbiedernaamError::Segment));
    /// assert_eq!(Aanbiedernaam::parse("UMCHarderwijk@medmij"), Err(AanbiedernaamError::Character));
    /// # Ok::<(), AanbiedernaamError>(())
    /// ```
    Aanbiedernaam, AanbiedernaamError, check,
    /// Reads a name with or without `@medmij`.
    ///
    /// # Errors
    ///
    /// [`AanbiedernaamError`]: the first rule that the text breaks.
}

impl Aanbiedernaam {
    /// The name without its suffix, as a scope of release 2.x writes it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.strip_suffix(SUFFIX).unwrap_or(&self.0)
    }
}

const SUFFIX: &str = "@medmij";

/// The name with its suffix.
fn check(text: &str) -> Result<String, AanbiedernaamError> {
    let short = text.strip_suffix(SUFFIX).unwrap_or(text);
    if short.contains('@') {
        return Err(AanbiedernaamError::Suffix);
    }
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || is_separator(b);
    if !short.bytes().all(fits) {
        return Err(AanbiedernaamError::Character);
    }
    match short.len() {
        0..3 => return Err(AanbiedernaamError::TooShort),
        3..=50 => {}
        _ => return Err(AanbiedernaamError::TooLong),
    }
    short
        .as_bytes()
        .split(|b| is_separator(*b))
        .try_for_each(check_segment)?;
    Ok(format!("{short}{SUFFIX}"))
}

const fn is_separator(b: u8) -> bool {
    matches!(b, b'-' | b'&' | b'.')
}

/// `([a-z]+[0-9]{0,4})+`
fn check_segment(segment: &[u8]) -> Result<(), AanbiedernaamError> {
    if !segment.first().is_some_and(u8::is_ascii_lowercase) {
        return Err(AanbiedernaamError::Segment);
    }
    let long = segment.split(u8::is_ascii_lowercase).any(|digits| digits.len() > 4);
    if long { Err(AanbiedernaamError::Digits) } else { Ok(()) }
}

/// Why a text is no [`Aanbiedernaam`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AanbiedernaamError {
    /// A character other than `a`–`z`, `0`–`9`, `-`, `&` and `.`.
    #[error("Aanbiedernaam holds a character other than a-z, 0-9, '-', '&' and '.'")]
    Character,
    /// Fewer than 3 characters before the suffix.
    #[error("Aanbiedernaam has fewer than 3 characters before '@medmij'")]
    TooShort,
    /// More than 50 characters before the suffix.
    #[error("Aanbiedernaam has more than 50 characters before '@medmij'")]
    TooLong,
    /// An `@` that does not start the suffix `@medmij`.
    #[error("Aanbiedernaam has a suffix other than '@medmij'")]
    Suffix,
    /// A segment that is empty or starts with a digit.
    #[error("Aanbiedernaam has a segment between '-', '&' and '.' that does not start with a letter")]
    Segment,
    /// More than four digits in a row.
    #[error("Aanbiedernaam has more than four digits in a row")]
    Digits,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical;
    use proptest::prelude::*;

    #[test]
    fn core_alst_101_names_with_and_without_suffix() {
        for (text, short) in [
            ("abc", "abc"),
            ("abc@medmij", "abc"),
            (&*"a".repeat(50), &*"a".repeat(50)),
            ("medmij", "medmij"),
        ] {
            assert_eq!(Aanbiedernaam::parse(text).as_ref().map(Aanbiedernaam::short), Ok(short));
        }
    }

    #[test]
    fn core_alst_101_refused_names() {
        use AanbiedernaamError as E;
        for (bad, why) in [
            ("", E::TooShort),
            ("ab@medmij", E::TooShort),
            ("@medmij", E::TooShort),
            (&*"a".repeat(51), E::TooLong),
            ("radiologencentraalflevoland@", E::Suffix),
            ("abc@MedMij", E::Suffix),
            ("abc@medmij.nl", E::Suffix),
            ("abc@medmij@medmij", E::Suffix),
            ("UMCHarderwijk@medmij", E::Character),
            (" abc@medmij", E::Character),
            ("abc@medmij ", E::Suffix),
            ("abc~48", E::Character),
            ("abc/48", E::Character),
            ("a b c", E::Character),
            ("äbc", E::Character),
            ("abc+d", E::Character),
            ("abc_d", E::Character),
            ("ab\u{661}", E::Character),
        ] {
            assert_eq!(Aanbiedernaam::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn segments_are_joined_by_one_separator_and_made_of_letters_with_at_most_four_digits() {
        use AanbiedernaamError as E;
        for good in [
            "test.huisarts.amsterdam@medmij",
            "jansen&zn",
            "zorg-groep",
            "zorg2020",
            "z1zorg2020groep",
            "a.b",
            "a1-b22&c333.d4444",
        ] {
            assert!(Aanbiedernaam::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("zorg--groep", E::Segment),
            ("zorg.-groep", E::Segment),
            ("zorg&&groep", E::Segment),
            ("2020zorg", E::Segment),
            ("zorg.2020", E::Segment),
            ("1.2", E::Segment),
            ("123", E::Segment),
            (".abc", E::Segment),
            ("abc.", E::Segment),
            ("abc-@medmij", E::Segment),
            ("&abc", E::Segment),
            ("...", E::Segment),
            ("zorg20201", E::Digits),
            ("a12345b", E::Digits),
        ] {
            assert_eq!(Aanbiedernaam::parse(bad), Err(why), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_survives_its_own_text(text in "([a-z]{1,3}[0-9]{0,5}){1,3}([-&.]{1,2}([a-z]{0,3}[0-9]{0,4}){1,2}){0,3}(@medmij)?") {
            if let Ok(naam) = Aanbiedernaam::parse(&text) {
                prop_assert_eq!(naam.to_string().parse(), Ok(naam.clone()));
                prop_assert_eq!(Aanbiedernaam::parse(naam.short()), Ok(naam.clone()));
                #[cfg(feature = "serde")]
                {
                    let json = serde_json::to_string(&naam).unwrap();
                    prop_assert_eq!(serde_json::from_str::<Aanbiedernaam>(&json).unwrap(), naam);
                }
            }
        }

        #[test]
        fn what_the_published_schema_takes_is_a_name(text in "[a-z]{0,53}(@medmij)?|[a-zA-Z@.]{0,12}@medmij") {
            if lexical::is_zorgaanbiedernaam(&text) {
                prop_assert!(Aanbiedernaam::parse(&text).is_ok());
            }
            if let Ok(naam) = Aanbiedernaam::parse(&text) && naam.short().bytes().all(|b| b.is_ascii_lowercase()) {
                prop_assert!(lexical::is_zorgaanbiedernaam(naam.as_str()));
            }
        }
    }
}
