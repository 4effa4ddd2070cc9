// SPDX-License-Identifier: AGPL-3.0-or-later
//! `\d` of XML Schema patterns: the decimal digits (general category `Nd`) of Unicode 4.0.
//!
//! XML Schema 1.0 leaves later versions of Unicode open; schema processors in use stay with the digits of that time, so a
//! port in a script that came later is refused by them and here. The digits of Ethiopic, which that version still counted,
//! are in: U+1369 to U+1371.

/// Whether the character is a decimal digit of any script.
#[must_use]
pub fn is_decimal_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    let c = u32::from(c);
    let after = RANGES.partition_point(|(first, _)| *first <= c);
    after
        .checked_sub(1)
        .and_then(|i| RANGES.get(i))
        .is_some_and(|(_, last)| c <= *last)
}

/// First and last code point of each run of decimal digits, in order.
#[must_use]
pub const fn decimal_digit_ranges() -> &'static [(u32, u32)] {
    RANGES
}

/// First and last digit of each run, in order.
const RANGES: &[(u32, u32)] = &[
    (0x0030, 0x0039),
    (0x0660, 0x0669),
    (0x06F0, 0x06F9),
    (0x0966, 0x096F),
    (0x09E6, 0x09EF),
    (0x0A66, 0x0A6F),
    (0x0AE6, 0x0AEF),
    (0x0B66, 0x0B6F),
    (0x0BE7, 0x0BEF),
    (0x0C66, 0x0C6F),
    (0x0CE6, 0x0CEF),
    (0x0D66, 0x0D6F),
    (0x0E50, 0x0E59),
    (0x0ED0, 0x0ED9),
    (0x0F20, 0x0F29),
    (0x1040, 0x1049),
    (0x1369, 0x1371),
    (0x17E0, 0x17E9),
    (0x1810, 0x1819),
    (0x1946, 0x194F),
    (0xFF10, 0xFF19),
    (0x104A0, 0x104A9),
    (0x1D7CE, 0x1D7FF),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_other_scripts_count_and_other_numbers_do_not() {
        for digit in [
            '0',
            '9',
            '\u{1369}',
            '\u{660}',
            '\u{669}',
            '\u{966}',
            '\u{ff10}',
            '\u{1d7ff}',
        ] {
            assert!(is_decimal_digit(digit), "{digit:?}");
        }
        for other in [
            '/',
            ':',
            'a',
            '²',
            '½',
            'Ⅳ',
            '\u{65f}',
            '\u{66a}',
            '\u{1372}',
            '\u{10ffff}',
        ] {
            assert!(!is_decimal_digit(other), "{other:?}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(RANGES.windows(2).all(|w| w[0].1 < w[1].0) && RANGES.iter().all(|(first, last)| first <= last));
    }
}
