// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opaque keys: the id of a Gegevensdienst and the code of a Systeemrol.

use crate::lexical;

checked_text! {
    /// The id of a Gegevensdienst, such as `48` or `900000401`: text, never a number.
    ///
    /// The schemas take any 1 to 30 characters. Usable is what can stand in a scope and in a path without changing its
    /// meaning: ASCII letters, digits, `.`, `_` and `-`, starting with a letter or a digit. Ids compare exactly.
    ///
    /// ```
    /// use medmij_types::{GegevensdienstId, GegevensdienstIdError};
    ///
    /// assert_eq!(GegevensdienstId::parse("48")?.as_str(), "48");
    /// assert_ne!(GegevensdienstId::parse("48")?, GegevensdienstId::parse("048")?);
    /// assert_eq!(GegevensdienstId::parse("48 49"), Err(GegevensdienstIdError::Character));
    /// # Ok::<(), GegevensdienstIdError>(())
    /// ```
    GegevensdienstId, GegevensdienstIdError, check_id,
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`GegevensdienstIdError::Length`] or [`GegevensdienstIdError::Character`].
}

fn check_id(text: &str) -> Result<&str, GegevensdienstIdError> {
    if !lexical::has_length(text, 1, 30) {
        return Err(GegevensdienstIdError::Length);
    }
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !starts_well || !text.bytes().all(fits) {
        return Err(GegevensdienstIdError::Character);
    }
    Ok(text)
}

/// Why a text is no [`GegevensdienstId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GegevensdienstIdError {
    /// Not 1 to 30 characters.
    #[error("GegevensdienstId does not have 1 to 30 characters")]
    Length,
    /// A character that cannot stand in a scope.
    #[error(
        "GegevensdienstId holds a character other than A-Z, a-z, 0-9, '.', '_' and '-', or starts with one of the last three"
    )]
    Character,
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
    Systeemrolcode, SysteemrolcodeError, check_code,
    /// Reads a code.
    ///
    /// # Errors
    ///
    /// [`SysteemrolcodeError::Length`] or [`SysteemrolcodeError::Control`].
}

fn check_code(text: &str) -> Result<&str, SysteemrolcodeError> {
    if !lexical::has_length(text, 1, 30) {
        return Err(SysteemrolcodeError::Length);
    }
    if text.chars().any(char::is_control) {
        return Err(SysteemrolcodeError::Control);
    }
    Ok(text)
}

/// Why a text is no [`Systeemrolcode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SysteemrolcodeError {
    /// Not 1 to 30 characters.
    #[error("Systeemrolcode does not have 1 to 30 characters")]
    Length,
    /// A control character.
    #[error("Systeemrolcode holds a control character")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gegevensdienst_ids_are_text_that_fits_a_scope() {
        for good in ["1", "48", "900000401", "gd-1", "abc", "NaN", &*"9".repeat(30)] {
            assert!(GegevensdienstId::parse(good).is_ok(), "{good}");
        }
        use GegevensdienstIdError as E;
        for (bad, why) in [
            ("", E::Length),
            (&*"9".repeat(31), E::Length),
            ("-5", E::Character),
            (" 3 ", E::Character),
            ("4~8", E::Character),
            ("4/8", E::Character),
            ("٤٨", E::Character),
            ("48\n", E::Character),
            ("4&8", E::Character),
        ] {
            assert_eq!(GegevensdienstId::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn systeemrolcodes_are_opaque() {
        for good in ["LAB-1.0.0-LRB-FHIR", "MMC-PTB-zib2020/R4-beta.2", "a b"] {
            assert!(Systeemrolcode::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Systeemrolcode::parse(&"x".repeat(31)), Err(SysteemrolcodeError::Length));
        assert_eq!(Systeemrolcode::parse("a\nb"), Err(SysteemrolcodeError::Control));
    }
}
