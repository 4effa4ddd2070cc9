// SPDX-License-Identifier: AGPL-3.0-or-later
//! `xs:dateTime` (XML Schema part 2, section 3.2.7) with the pattern `.{20,}` of `DatumTijd`.

use super::trim;
use crate::date;

/// `DatumTijd`: an `xs:dateTime` of 20 characters or more. The pattern means to ask for a time zone (19 characters have
/// none), but a fraction or a long year without a zone passes it too.
#[must_use]
pub fn is_date_time(text: &str) -> bool {
    let text = trim(text);
    text.len() >= 20 && DateTime::scan(text).is_ok()
}

/// The parts of an `xs:dateTime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    /// The first nine digits of the fraction.
    pub(crate) nanos: u32,
    /// Minutes east of UTC.
    pub(crate) offset: Option<i16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateTimeError {
    /// Not of the form `-?YYYY-MM-DDThh:mm:ss(.s+)?(Z|±hh:mm)?`.
    Form,
    /// Of the form, but there is no such day, time or zone.
    Range,
    /// A year beyond 64 bits.
    YearTooLarge,
}

impl DateTime {
    /// Reads the text, which has no white space around it any more.
    pub(crate) fn scan(text: &str) -> Result<Self, DateTimeError> {
        let mut s = Scanner(text.as_bytes());
        let year = s.year()?;
        s.literal(b'-')?;
        let month = s.two()?;
        s.literal(b'-')?;
        let day = s.two()?;
        s.literal(b'T')?;
        let hour = s.two()?;
        s.literal(b':')?;
        let minute = s.two()?;
        s.literal(b':')?;
        let second = s.two()?;
        let (nanos, fraction_is_zero) = s.fraction()?;
        let offset = s.zone()?;
        if !s.0.is_empty() {
            return Err(DateTimeError::Form);
        }
        let time_is_real = match hour {
            0..24 => minute < 60 && second < 60,
            24 => minute == 0 && second == 0 && fraction_is_zero,
            _ => false,
        };
        if !date::exists(year, month, day) || !time_is_real {
            return Err(DateTimeError::Range);
        }
        Ok(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanos,
            offset,
        })
    }
}

struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Result<u8, DateTimeError> {
        let (first, rest) = self.0.split_first().ok_or(DateTimeError::Form)?;
        self.0 = rest;
        Ok(*first)
    }

    fn literal(&mut self, expected: u8) -> Result<(), DateTimeError> {
        if self.next()? == expected {
            Ok(())
        } else {
            Err(DateTimeError::Form)
        }
    }

    fn digit(&mut self) -> Result<u8, DateTimeError> {
        match self.next()? {
            b @ b'0'..=b'9' => Ok(b - b'0'),
            _ => Err(DateTimeError::Form),
        }
    }

    fn two(&mut self) -> Result<u8, DateTimeError> {
        Ok(self.digit()? * 10 + self.digit()?)
    }

    /// Four digits or more, no leading zero beyond four, and no year 0000.
    fn year(&mut self) -> Result<i64, DateTimeError> {
        let negative = self.peek() == Some(b'-');
        if negative {
            self.next()?;
        }
        let starts_with_zero = self.peek() == Some(b'0');
        let (mut year, mut digits) = (0_i64, 0_usize);
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            let digit = i64::from(self.digit()?);
            year = year
                .checked_mul(10)
                .and_then(|y| y.checked_add(digit))
                .ok_or(DateTimeError::YearTooLarge)?;
            digits += 1;
        }
        if digits < 4 || (digits > 4 && starts_with_zero) {
            return Err(DateTimeError::Form);
        }
        if year == 0 {
            return Err(DateTimeError::Range);
        }
        Ok(if negative { -year } else { year })
    }

    fn fraction(&mut self) -> Result<(u32, bool), DateTimeError> {
        if self.peek() != Some(b'.') {
            return Ok((0, true));
        }
        self.next()?;
        let (mut nanos, mut digits, mut zero) = (0_u32, 0_u32, true);
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            let digit = self.digit()?;
            zero &= digit == 0;
            if digits < 9 {
                nanos = nanos * 10 + u32::from(digit);
                digits += 1;
            }
        }
        if digits == 0 {
            return Err(DateTimeError::Form);
        }
        Ok((nanos * 10_u32.pow(9 - digits), zero))
    }

    fn zone(&mut self) -> Result<Option<i16>, DateTimeError> {
        let sign = match self.peek() {
            None => return Ok(None),
            Some(b'Z') => {
                self.next()?;
                return Ok(Some(0));
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return Err(DateTimeError::Form),
        };
        self.next()?;
        let hours = self.two()?;
        self.literal(b':')?;
        let minutes = self.two()?;
        if minutes > 59 || hours > 14 || (hours == 14 && minutes > 0) {
            return Err(DateTimeError::Range);
        }
        Ok(Some(sign * (i16::from(hours) * 60 + i16::from(minutes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_time_as_the_schema_says() {
        for good in [
            "2018-07-19T10:43:41+01:00",
            "2018-07-19T10:43:41Z",
            "2018-07-19T10:43:41.0+01:00",
            "  2018-07-19T10:43:41Z\n",
            "2018-07-19T10:43:41+14:00",
            "2018-07-19T10:43:41-00:00",
            "2018-07-19T24:00:00Z",
            "2018-07-19T24:00:00.000Z",
            "2018-07-19T10:43:41.5",
            "2018-01-01T00:00:00.123456789012345",
            "12018-07-19T10:43:41",
            "-2018-07-19T10:43:41",
            "2020-02-29T00:00:00Z",
            "2000-02-29T00:00:00Z",
        ] {
            assert!(is_date_time(good), "{good:?}");
        }
        for bad in [
            "2018-07-19T10:43:41",
            "2018-07-19 10:43:41Z",
            "2018-02-30T10:43:41Z",
            "2019-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2018-07-19T10:43:60Z",
            "2018-07-19T10:60:00Z",
            "2018-07-19T25:00:00Z",
            "2018-07-19T24:00:01Z",
            "2018-07-19T24:00:00.1Z",
            "2018-07-19T10:43:41+14:01",
            "2018-07-19T10:43:41+15:00",
            "2018-07-19T10:43:41+01:60",
            "2018-07-19T10:43:41+01",
            "2018-07-19T10:43:41z",
            "2018-07-19t10:43:41Z",
            "0000-07-19T10:43:41Z",
            "02018-07-19T10:43:41Z",
            "+2018-07-19T10:43:41Z",
            "2018-7-19T10:43:41.00Z",
            "2018-07-19T10:43:41.Z",
            "2018-07-19T10:43:41ZZ",
            "2018-13-19T10:43:41Z",
            "2018-00-19T10:43:41Z",
            "2018-07-00T10:43:41Z",
            "99999999999999999999-07-19T10:43:41Z",
            "",
        ] {
            assert!(!is_date_time(bad), "{bad:?}");
        }
    }
}
