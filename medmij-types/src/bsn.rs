// SPDX-License-Identifier: AGPL-3.0-or-later
//! The burgerservicenummer: known to the Aanbieder's side only, and never on the wire between DVP and DVA
//! (core.rscint.203).

use crate::ValueError;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A burgerservicenummer: nine digits that pass the elfproef.
///
/// It has no `Debug`, no `Display` and no `Serialize`, and is wiped when dropped: a BSN cannot slip into a log, an error
/// or a file by accident.
///
/// ```
/// use medmij_types::{Bsn, ValueError};
///
/// assert!(Bsn::parse("999990019").is_ok());
/// assert_eq!(Bsn::parse("999990018").err(), Some(ValueError::BsnElevenTest));
/// ```
///
/// ```compile_fail
/// let bsn = medmij_types::Bsn::parse("999990019").unwrap();
/// println!("{bsn:?}");
/// ```
#[derive(Clone)]
pub struct Bsn(Zeroizing<[u8; 9]>);

impl Bsn {
    /// Reads nine ASCII digits.
    ///
    /// # Errors
    ///
    /// [`ValueError`], where the text has another form or fails the elfproef. The error never holds the text.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let digits: [u8; 9] = text.as_bytes().try_into().map_err(|_| ValueError::BsnForm)?;
        let digits = Zeroizing::new(digits);
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(ValueError::BsnForm);
        }
        let weights = [9, 8, 7, 6, 5, 4, 3, 2, -1];
        let sum: i32 = digits
            .iter()
            .zip(weights)
            .map(|(digit, weight)| i32::from(digit - b'0') * weight)
            .sum();
        if sum % 11 != 0 || digits.iter().all(|digit| *digit == b'0') {
            return Err(ValueError::BsnElevenTest);
        }
        Ok(Self(digits))
    }

    /// The nine digits. Search for this word to find where a BSN leaves its type.
    #[must_use]
    pub fn expose(&self) -> &str {
        // only ASCII digits are ever stored
        std::str::from_utf8(self.0.as_slice()).unwrap_or_default()
    }
}

impl PartialEq for Bsn {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Bsn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_pass_the_eleven_test() {
        for good in ["999990019", "111222333", "123456782"] {
            assert_eq!(Bsn::parse(good).map(|b| b.expose().to_owned()), Ok(good.to_owned()));
        }
        for (bad, why) in [
            ("000000000", ValueError::BsnElevenTest),
            ("123456789", ValueError::BsnElevenTest),
            ("12345678", ValueError::BsnForm),
            ("1234567820", ValueError::BsnForm),
            ("12345678a", ValueError::BsnForm),
            ("", ValueError::BsnForm),
        ] {
            assert_eq!(Bsn::parse(bad).err(), Some(why), "{bad}");
        }
    }

    #[test]
    fn one_changed_digit_never_passes() {
        let good = b"123456782";
        for i in 0..9 {
            for digit in b'0'..=b'9' {
                let mut text = *good;
                text[i] = digit;
                assert_eq!(Bsn::parse(std::str::from_utf8(&text).unwrap()).is_ok(), text == *good);
            }
        }
    }
}
