// SPDX-License-Identifier: AGPL-3.0-or-later
//! The characters of text, and its line ends: XML 1.0 sections 2.2, 2.4 and 2.11.

use super::{Fault, characters};
use crate::Rule;

/// Refuses characters that XML does not allow.
pub(super) fn illegal(content: &str, offset: usize) -> Result<(), Fault> {
    characters::first_illegal(content).map_or(Ok(()), |(at, c)| {
        Err(Fault::new(Rule::Character, offset + at, "XML does not allow this character").with_value(&c.to_string()))
    })
}

/// What is wrong with the characters of text, or of CDATA, if anything.
pub(crate) fn text_fault(raw: &str, start: usize, is_text: bool) -> Option<Fault> {
    if let Err(fault) = illegal(raw, start) {
        return Some(fault);
    }
    let at = raw.find("]]>").filter(|_| is_text)?;
    Some(Fault::new(
        Rule::CdataEnd,
        start + at,
        "\"]]>\" must be written as ]]&gt; in text",
    ))
}

/// Adds text with its line ends made normal (XML 1.0 section 2.11).
pub(crate) fn normalise(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\r') {
        out.push_str(before);
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
}
