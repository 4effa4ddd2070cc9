// SPDX-License-Identifier: AGPL-3.0-or-later
//! The version of the interfaces that an Aanbieder offers (ZAL release3).

use crate::{ValueError, lexical};

checked_text! {
    /// The id of an Interfaceversie, such as `1.4.0` or `2`: opaque, compared exactly, never ordered.
    ///
    /// In release 2.x it is the major version only. Lists in the field also hold `2.`;
    /// [`is_same_version`](Self::is_same_version) looks past that.
    ///
    /// ```
    /// use medmij_types::InterfaceversieId;
    ///
    /// let two = InterfaceversieId::parse("2")?;
    /// assert!(two.is_same_version(&InterfaceversieId::parse("2.")?));
    /// assert!(!two.is_same_version(&InterfaceversieId::parse("2.0")?));
    /// # Ok::<(), medmij_types::ValueError>(())
    /// ```
    InterfaceversieId, ValueError, check,
    /// Reads an id: 1 to 30 printable characters.
    ///
    /// # Errors
    ///
    /// [`ValueError::InterfaceversieIdLength`] or [`ValueError::InterfaceversieIdCharacter`].
}

impl InterfaceversieId {
    /// Whether both name the same version: equal, but for one full stop at the end.
    #[must_use]
    pub fn is_same_version(&self, other: &Self) -> bool {
        fn bare(id: &str) -> &str {
            id.strip_suffix('.').unwrap_or(id)
        }
        bare(&self.0) == bare(&other.0)
    }
}

fn check(text: &str) -> Result<&str, ValueError> {
    if !lexical::has_length(text, 1, 30) {
        return Err(ValueError::InterfaceversieIdLength);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(ValueError::InterfaceversieIdCharacter);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_seen_in_the_field() {
        for good in ["1.2.0", "1.4.0", "1.6.0", "2", "2."] {
            assert!(InterfaceversieId::parse(good).is_ok(), "{good}");
        }
        assert_eq!(InterfaceversieId::parse(""), Err(ValueError::InterfaceversieIdLength));
        assert_eq!(
            InterfaceversieId::parse("1 0"),
            Err(ValueError::InterfaceversieIdCharacter)
        );
    }
}
