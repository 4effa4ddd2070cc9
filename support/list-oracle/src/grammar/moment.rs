// SPDX-License-Identifier: AGPL-3.0-or-later
//! Moments, part by part: XML Schema part 2, section 3.2.7.

use super::{spaced, tweak};
use crate::rng::Rng;

pub fn good(rng: &mut Rng) -> String {
    let year: u32 = match rng.below(3) {
        0 => 1 + u32::try_from(rng.below(9999)).unwrap(),
        1 => 2018,
        _ => *rng.pick(&[1, 4, 100, 400, 1900, 2000, 2020, 2100, 9999, 10_000, 123_456_789]),
    };
    let sign = if rng.chance(8) { "-" } else { "" };
    let month = 1 + rng.below(12);
    let leap = sign.is_empty() && year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 => 28 + usize::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = *rng.pick(&[1, last, 1 + last / 2]);
    let time = match rng.below(5) {
        0 => "24:00:00".to_owned(),
        1 => "23:59:59".to_owned(),
        2 => "00:00:00".to_owned(),
        _ => format!("{:02}:{:02}:{:02}", rng.below(24), rng.below(60), rng.below(60)),
    };
    let fraction = match rng.below(6) {
        0 => ".0".to_owned(),
        1 if !time.starts_with("24") => format!(".{}", "9".repeat(1 + rng.below(16))),
        2 if !time.starts_with("24") => format!(".{}", rng.next()),
        _ => String::new(),
    };
    let zone = match rng.below(4) {
        0 => format!("{}{:02}:{:02}", rng.text(&["+", "-"]), rng.below(14), rng.below(60)),
        1 => rng.text(&["+14:00", "-14:00", "+00:00", "-00:00"]).to_owned(),
        2 if !fraction.is_empty() || year > 9999 || !sign.is_empty() => String::new(),
        _ => "Z".to_owned(),
    };
    spaced(
        &format!("{sign}{year:04}-{month:02}-{day:02}T{time}{fraction}{zone}"),
        rng,
    )
}

pub fn near(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => tweak(&good(rng), rng),
        1 => {
            let year = rng.text(&[
                "0000",
                "-0000",
                "0001",
                "-0001",
                "00001",
                "02018",
                "-02018",
                "218",
                "",
                "-",
                "+2018",
                "2147483648",
                "-2147483649",
                "9223372036854775807",
            ]);
            format!(
                "{year}-{:02}-{:02}T{:02}:00:00Z",
                rng.below(14),
                rng.below(33),
                rng.below(26)
            )
        }
        2 => format!(
            "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}",
            rng.text(&["1900", "2000", "2019", "2020"]),
            rng.below(14),
            rng.pick(&[0, 1, 28, 29, 30, 31, 32]),
            rng.pick(&[0, 23, 24, 25]),
            rng.pick(&[0, 59, 60]),
            rng.pick(&[0, 59, 60, 61]),
            rng.text(&["", ".", ".0", ".1", ".000000", ".00000000000000000001"]),
            rng.text(&[
                "", "Z", "z", "+14:00", "+14:01", "-14:01", "+13:60", "+15:00", "+1:00", "+01:0", "+0100", "+01",
                "+24:00", " Z", "ZZ", "+-1:00", "+01:00Z", "+00:60",
            ]),
        ),
        _ => {
            let (from, to) = *rng.pick(&[
                ("T", "t"),
                ("T", " "),
                ("Z", "z"),
                (":", "-"),
                (":", ""),
                ("-", "/"),
                ("0", "\u{660}"),
                ("1", "\u{ff11}"),
                ("-", "\u{2212}"),
                (".", ","),
            ]);
            good(rng).replacen(from, to, 1)
        }
    }
}
