// SPDX-License-Identifier: AGPL-3.0-or-later
//! The name of an Aanbieder in the network: core.alst.101, and the scope of core.authint.200.

/// The MedMij name of an Aanbieder (older: Zorgaanbieder), such as `umcharderwijk@medmij`.
///
/// Lists write it with the suffix `@medmij`, the `scope` of release 2.x without it; [`parse`](Self::parse) takes both and
/// [`as_str`](Self::as_str) and [`short`](Self::short) give both. Before the suffix stand 3 to 50 letters `a`–`z`.
///
/// ```
/// use medmij_types::{Aanbiedernaam, AanbiedernaamError};
///
/// let naam = Aanbiedernaam::parse("umcharderwijk")?;
/// assert_eq!(naam, Aanbiedernaam::parse("umcharderwijk@medmij")?);
/// assert_eq!((naam.as_str(), naam.short()), ("umcharderwijk@medmij", "umcharderwijk"));
/// assert_eq!(Aanbiedernaam::parse("UMCHarderwijk@medmij"), Err(AanbiedernaamError::Character));
/// # Ok::<(), AanbiedernaamError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aanbiedernaam(Box<str>);

const SUFFIX: &str = "@medmij";

impl Aanbiedernaam {
    /// Reads a name with or without `@medmij`, by the rule of the published schemas: 3 to 50 letters `a`–`z`.
    ///
    /// # Errors
    ///
    /// The first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, AanbiedernaamError> {
        Self::checked(text, |b| b.is_ascii_lowercase())
    }

    /// As [`parse`](Self::parse), but digits, `.` and `-` may stand between letters too.
    ///
    /// The schema of the newer list (`release3`) is not public and names such as `test.huisarts.amsterdam@medmij` are
    /// in use, so its grammar is inferred. A name never holds a space, `~` or `/`, the separators of a scope.
    ///
    /// # Errors
    ///
    /// The first rule that the text breaks.
    pub fn parse_inferred(text: &str) -> Result<Self, AanbiedernaamError> {
        let naam = Self::checked(text, |b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-')
        })?;
        let short = naam.short();
        let edge = |b: Option<&u8>| b.is_some_and(|b| matches!(b, b'.' | b'-'));
        if edge(short.as_bytes().first()) || edge(short.as_bytes().last()) {
            return Err(AanbiedernaamError::Character);
        }
        Ok(naam)
    }

    /// The name with its suffix, as lists write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its suffix, as a scope of release 2.x writes it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.strip_suffix(SUFFIX).unwrap_or(&self.0)
    }

    fn checked(text: &str, allowed: impl Fn(u8) -> bool) -> Result<Self, AanbiedernaamError> {
        let short = text.strip_suffix(SUFFIX).unwrap_or(text);
        if short.contains('@') {
            return Err(AanbiedernaamError::Suffix);
        }
        if !short.bytes().all(allowed) {
            return Err(AanbiedernaamError::Character);
        }
        match short.len() {
            0..3 => Err(AanbiedernaamError::TooShort),
            3..=50 => Ok(Self(format!("{short}{SUFFIX}").into())),
            _ => Err(AanbiedernaamError::TooLong),
        }
    }
}

text_traits!(Aanbiedernaam, AanbiedernaamError);

/// Why a text is no [`Aanbiedernaam`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AanbiedernaamError {
    /// A character other than a letter `a`–`z`.
    #[error("Aanbiedernaam holds a character other than a-z")]
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
            ("ab.c", E::Character),
            ("abc1", E::Character),
            ("äbc", E::Character),
        ] {
            assert_eq!(Aanbiedernaam::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn inferred_names_may_hold_a_dot() {
        assert!(Aanbiedernaam::parse_inferred("test.huisarts.amsterdam@medmij").is_ok());
        for bad in [".abc", "abc.", "a b c", "abc~1", "abc/1", "ABC"] {
            assert_eq!(
                Aanbiedernaam::parse_inferred(bad),
                Err(AanbiedernaamError::Character),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_type_with_suffix_is_the_schema_type(text in "[a-z]{0,53}(@medmij)?|[a-zA-Z@.]{0,12}@medmij") {
            let with_suffix = text.ends_with(SUFFIX);
            prop_assert_eq!(with_suffix && Aanbiedernaam::parse(&text).is_ok(), lexical::is_zorgaanbiedernaam(&text));
        }
    }
}
