// SPDX-License-Identifier: AGPL-3.0-or-later
//! References: XML 1.0 sections 4.1 and 4.6. Only character references and the five predefined entities exist here.

use super::{Fault, characters};
use crate::Rule;

/// The character of the reference `&content;` whose `&` stands at `offset`.
pub(crate) fn resolve(content: &str, offset: usize) -> Result<char, Fault> {
    if let Some(number) = content.strip_prefix('#') {
        return numbered(number, content, offset);
    }
    match content {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ if characters::is_name(content) => Err(Fault::new(
            Rule::Entity,
            offset,
            "there is no such entity; only amp, lt, gt, apos and quot exist here",
        )
        .with_value(&format!("&{content};"))),
        _ => Err(Fault::new(
            Rule::Reference,
            offset,
            "a reference is written as &name; or &#number;, a lone ampersand as &amp;",
        )
        .with_value(&format!("&{content};"))),
    }
}

fn numbered(number: &str, content: &str, offset: usize) -> Result<char, Fault> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(Fault::new(
            Rule::Reference,
            offset,
            "a character reference is written as &#65; or &#x41;",
        )
        .with_value(&format!("&{content};")));
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|c| characters::is_char(*c))
        .ok_or_else(|| {
            Fault::new(
                Rule::Character,
                offset,
                "it refers to a character that XML does not allow",
            )
            .with_value(&format!("&{content};"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_or_refused() {
        for (content, c) in [
            ("amp", '&'),
            ("lt", '<'),
            ("gt", '>'),
            ("apos", '\''),
            ("quot", '"'),
            ("#65", 'A'),
            ("#x41", 'A'),
            ("#x0000000041", 'A'),
            ("#9", '\t'),
            ("#x10FFFF", '\u{10ffff}'),
            ("#xfffd", '\u{fffd}'),
        ] {
            assert_eq!(resolve(content, 0).unwrap(), c, "{content}");
        }
        for (content, rule) in [
            ("nbsp", Rule::Entity),
            ("AMP", Rule::Entity),
            ("a:b", Rule::Entity),
            ("", Rule::Reference),
            ("a b", Rule::Reference),
            ("#", Rule::Reference),
            ("#x", Rule::Reference),
            ("#X41", Rule::Reference),
            ("#6 5", Rule::Reference),
            ("#+65", Rule::Reference),
            ("#0", Rule::Character),
            ("#1", Rule::Character),
            ("#xD800", Rule::Character),
            ("#xFFFE", Rule::Character),
            ("#x110000", Rule::Character),
            ("#99999999999999999999", Rule::Character),
        ] {
            assert_eq!(resolve(content, 0).unwrap_err().rule(), rule, "{content}");
        }
    }
}
