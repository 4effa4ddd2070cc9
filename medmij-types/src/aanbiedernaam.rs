// SPDX-License-Identifier: AGPL-3.0-or-later
//! The name of an Aanbieder in the network: core.alst.101, and the scope of core.authint.200.

use crate::ValueError;

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
    /// use medmij_types::{Aanbiedernaam, ValueError};
    ///
    /// let name = Aanbiedernaam::parse("umcharderwijk")?;
    /// assert_eq!(name, Aanbiedernaam::parse("umcharderwijk@medmij")?);
    /// assert_eq!((name.as_str(), name.short()), ("umcharderwijk@medmij", "umcharderwijk"));
    ///
    /// assert_eq!(Aanbiedernaam::parse("jansen&zn.tandarts2")?.short(), "jansen&zn.tandarts2");
    /// assert_eq!(Aanbiedernaam::parse("zorg--groep"), Err(ValueError::AanbiedernaamSegment));
    /// assert_eq!(Aanbiedernaam::parse("UMCHarderwijk@medmij"), Err(ValueError::AanbiedernaamCharacter));
    /// # Ok::<(), ValueError>(())
    /// ```
    Aanbiedernaam, ValueError, check,
    /// Reads a name with or without `@medmij`.
    ///
    /// # Errors
    ///
    /// [`ValueError`]: the first rule that the text breaks.
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
fn check(text: &str) -> Result<String, ValueError> {
    let short = text.strip_suffix(SUFFIX).unwrap_or(text);
    if short.contains('@') {
        return Err(ValueError::AanbiedernaamSuffix);
    }
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || is_separator(b);
    if !short.bytes().all(fits) {
        return Err(ValueError::AanbiedernaamCharacter);
    }
    match short.len() {
        0..3 => return Err(ValueError::AanbiedernaamTooShort),
        3..=50 => {}
        _ => return Err(ValueError::AanbiedernaamTooLong),
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
fn check_segment(segment: &[u8]) -> Result<(), ValueError> {
    if !segment.first().is_some_and(u8::is_ascii_lowercase) {
        return Err(ValueError::AanbiedernaamSegment);
    }
    let long = segment.split(u8::is_ascii_lowercase).any(|digits| digits.len() > 4);
    if long {
        Err(ValueError::AanbiedernaamDigits)
    } else {
        Ok(())
    }
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
        use ValueError as E;
        for (bad, why) in [
            ("", E::AanbiedernaamTooShort),
            ("ab@medmij", E::AanbiedernaamTooShort),
            ("@medmij", E::AanbiedernaamTooShort),
            (&*"a".repeat(51), E::AanbiedernaamTooLong),
            ("radiologencentraalflevoland@", E::AanbiedernaamSuffix),
            ("abc@MedMij", E::AanbiedernaamSuffix),
            ("abc@medmij.nl", E::AanbiedernaamSuffix),
            ("abc@medmij@medmij", E::AanbiedernaamSuffix),
            ("UMCHarderwijk@medmij", E::AanbiedernaamCharacter),
            (" abc@medmij", E::AanbiedernaamCharacter),
            ("abc@medmij ", E::AanbiedernaamSuffix),
            ("abc~48", E::AanbiedernaamCharacter),
            ("abc/48", E::AanbiedernaamCharacter),
            ("a b c", E::AanbiedernaamCharacter),
            ("äbc", E::AanbiedernaamCharacter),
            ("abc+d", E::AanbiedernaamCharacter),
            ("abc_d", E::AanbiedernaamCharacter),
            ("ab\u{661}", E::AanbiedernaamCharacter),
        ] {
            assert_eq!(Aanbiedernaam::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn segments_are_joined_by_one_separator_and_made_of_letters_with_at_most_four_digits() {
        use ValueError as E;
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
            ("zorg--groep", E::AanbiedernaamSegment),
            ("zorg.-groep", E::AanbiedernaamSegment),
            ("zorg&&groep", E::AanbiedernaamSegment),
            ("2020zorg", E::AanbiedernaamSegment),
            ("zorg.2020", E::AanbiedernaamSegment),
            ("1.2", E::AanbiedernaamSegment),
            ("123", E::AanbiedernaamSegment),
            (".abc", E::AanbiedernaamSegment),
            ("abc.", E::AanbiedernaamSegment),
            ("abc-@medmij", E::AanbiedernaamSegment),
            ("&abc", E::AanbiedernaamSegment),
            ("...", E::AanbiedernaamSegment),
            ("zorg20201", E::AanbiedernaamDigits),
            ("a12345b", E::AanbiedernaamDigits),
        ] {
            assert_eq!(Aanbiedernaam::parse(bad), Err(why), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_survives_its_own_text(text in "([a-z]{1,3}[0-9]{0,5}){1,3}([-&.]{1,2}([a-z]{0,3}[0-9]{0,4}){1,2}){0,3}(@medmij)?") {
            if let Ok(name) = Aanbiedernaam::parse(&text) {
                prop_assert_eq!(name.to_string().parse(), Ok(name.clone()));
                prop_assert_eq!(Aanbiedernaam::parse(name.short()), Ok(name.clone()));
                #[cfg(feature = "serde")]
                {
                    let json = serde_json::to_string(&name).unwrap();
                    prop_assert_eq!(serde_json::from_str::<Aanbiedernaam>(&json).unwrap(), name);
                }
            }
        }

        #[test]
        fn what_the_published_schema_takes_is_a_name(text in "[a-z]{0,53}(@medmij)?|[a-zA-Z@.]{0,12}@medmij") {
            if lexical::is_zorgaanbiedernaam(&text) {
                prop_assert!(Aanbiedernaam::parse(&text).is_ok());
            }
            if let Ok(name) = Aanbiedernaam::parse(&text) && name.short().bytes().all(|b| b.is_ascii_lowercase()) {
                prop_assert!(lexical::is_zorgaanbiedernaam(name.as_str()));
            }
        }
    }
}
