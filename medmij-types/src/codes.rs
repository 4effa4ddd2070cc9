// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opaque keys: the id of a Gegevensdienst and the code of a Systeemrol.

use crate::{ValueError, lexical};

checked_text! {
    /// The id of a Gegevensdienst, such as `48` or `900000401`: text, never a number.
    ///
    /// The schemas take any 1 to 30 characters. Usable is what can occur in a scope and in a path without changing its
    /// meaning: ASCII letters, digits, `.`, `_` and `-`, starting with a letter or a digit. Ids compare exactly.
    ///
    /// ```
    /// use medmij_types::{GegevensdienstId, ValueError};
    ///
    /// assert_eq!(GegevensdienstId::parse("48")?.as_str(), "48");
    /// assert_ne!(GegevensdienstId::parse("48")?, GegevensdienstId::parse("048")?);
    /// assert_eq!(GegevensdienstId::parse("48 49"), Err(ValueError::GegevensdienstIdCharacter));
    /// # Ok::<(), ValueError>(())
    /// ```
    GegevensdienstId, ValueError, check_id,
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`ValueError::GegevensdienstIdLength`] or [`ValueError::GegevensdienstIdCharacter`].
}

fn check_id(text: &str) -> Result<&str, ValueError> {
    if !lexical::has_length(text, 1, 30) {
        return Err(ValueError::GegevensdienstIdLength);
    }
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !starts_well || !text.bytes().all(fits) {
        return Err(ValueError::GegevensdienstIdCharacter);
    }
    Ok(text)
}

checked_text! {
    /// The code of a Systeemrol, such as `MM-3.0-BZB-FHIR` or `MMC-PTB-zib2020/R4-beta.2`.
    ///
    /// An opaque key of 1 to 30 printable characters; it has no grammar that holds for all of them. Codes compare exactly.
    ///
    /// ```
    /// use medmij_types::Systeemrolcode;
    ///
    /// assert!(Systeemrolcode::parse("MMC-PTB-zib2020/R4-beta.2").is_ok());
    /// assert!(Systeemrolcode::parse("").is_err());
    /// ```
    Systeemrolcode, ValueError, check_code,
    /// Reads a code.
    ///
    /// # Errors
    ///
    /// [`ValueError::SysteemrolcodeLength`] or [`ValueError::SysteemrolcodeControl`].
}

fn check_code(text: &str) -> Result<&str, ValueError> {
    if !lexical::has_length(text, 1, 30) {
        return Err(ValueError::SysteemrolcodeLength);
    }
    if text.chars().any(char::is_control) {
        return Err(ValueError::SysteemrolcodeControl);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gegevensdienst_ids_are_text_that_fits_a_scope() {
        for good in ["1", "48", "900000401", "gd-1", "abc", "NaN", &*"9".repeat(30)] {
            assert!(GegevensdienstId::parse(good).is_ok(), "{good}");
        }
        use ValueError as E;
        for (bad, why) in [
            ("", E::GegevensdienstIdLength),
            (&*"9".repeat(31), E::GegevensdienstIdLength),
            ("-5", E::GegevensdienstIdCharacter),
            (" 3 ", E::GegevensdienstIdCharacter),
            ("4~8", E::GegevensdienstIdCharacter),
            ("4/8", E::GegevensdienstIdCharacter),
            ("٤٨", E::GegevensdienstIdCharacter),
            ("48\n", E::GegevensdienstIdCharacter),
            ("4&8", E::GegevensdienstIdCharacter),
        ] {
            assert_eq!(GegevensdienstId::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn systeemrolcodes_are_opaque() {
        for good in ["LAB-1.0.0-LRB-FHIR", "MMC-PTB-zib2020/R4-beta.2", "a b"] {
            assert!(Systeemrolcode::parse(good).is_ok(), "{good}");
        }
        assert_eq!(
            Systeemrolcode::parse(&"x".repeat(31)),
            Err(ValueError::SysteemrolcodeLength)
        );
        assert_eq!(Systeemrolcode::parse("a\nb"), Err(ValueError::SysteemrolcodeControl));
    }
}
