// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is cut out of a text, and what is in its place.

use std::ops::Range;

use medmij_types::json::Document;

use super::{Found, narrow};

/// A part of the source, and what replaces it.
#[derive(Clone, Copy)]
pub(super) struct Edit {
    start: u32,
    end: u32,
    with: With,
}

/// What is in place of what was cut out.
#[derive(Clone, Copy)]
pub(super) enum With {
    Nothing,
    /// As many stars as there were digits.
    Stars(u8),
    /// An id, the same for the same number.
    Id(u32),
    /// The reason why there is no value.
    Masked,
    /// Of a whole member: its companion, with the reason.
    Companion,
    /// Another string.
    Redacted,
    Null,
}

impl Edit {
    pub(super) fn new(range: Range<usize>, with: With) -> Self {
        Self {
            start: narrow(range.start),
            end: narrow(range.end),
            with,
        }
    }

    /// The order in which edits are made: of those that begin together, the widest first.
    pub(super) const fn order(&self) -> (u32, u32) {
        (self.start, u32::MAX - self.end)
    }
}

impl Found {
    /// The text without what was found; none where nothing is to be cut out.
    pub(crate) fn cut(&self, document: &Document<'_>) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        let source = document.source();
        let mut at = source.len() - document.text().len();
        let mut out = String::with_capacity(self.length(at, source.len()));
        for edit in &self.edits {
            let (start, end) = (edit.start as usize, edit.end as usize);
            // an edit that starts inside an earlier, wider one is already done by it
            if start < at {
                continue;
            }
            out.push_str(source.get(at..start).unwrap_or_default());
            edit.with.push(source.get(start..end).unwrap_or_default(), &mut out);
            at = end;
        }
        out.push_str(source.get(at..).unwrap_or_default());
        Some(out)
    }

    /// How long the text may become.
    fn length(&self, mut at: usize, end: usize) -> usize {
        let mut length = end - at;
        for edit in self.edits.iter().filter(|edit| !matches!(edit.with, With::Stars(_))) {
            if (edit.start as usize) < at {
                continue;
            }
            at = edit.end as usize;
            length = length.saturating_sub((edit.end - edit.start) as usize) + edit.with.most();
        }
        length
    }
}

impl With {
    fn push(self, cut: &str, out: &mut String) {
        match self {
            Self::Nothing => {}
            Self::Stars(count) => out.push_str(STARS.get(..count.into()).unwrap_or(STARS)),
            Self::Id(ordinal) => out.push_str(&format!("masked-bsn-{ordinal}")),
            Self::Masked => out.push_str(MASKED),
            Self::Companion => {
                // the name as it is written, with its escapes
                let name = cut.strip_prefix('"').unwrap_or_default();
                let end = name_length(name);
                out.push_str("\"_");
                out.push_str(name.get(..end).unwrap_or_default());
                out.push_str("\":");
                out.push_str(MASKED);
            }
            Self::Redacted => out.push_str(REDACTED_STRING),
            Self::Null => out.push_str("null"),
        }
    }

    /// More bytes than it takes; of a companion, beside the name that was cut out.
    const fn most(self) -> usize {
        match self {
            Self::Nothing | Self::Null | Self::Stars(_) => 9,
            Self::Id(_) => 24,
            Self::Masked => MASKED.len(),
            Self::Companion => MASKED.len() + 64,
            Self::Redacted => REDACTED_STRING.len(),
        }
    }
}

/// Up to the quote that ends a name.
fn name_length(name: &str) -> usize {
    let mut escaped = false;
    let end = name.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or_default()
}

const STARS: &str = "*********";
const MASKED: &str =
    r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}"#;
const REDACTED_STRING: &str = r#""urn:medmij-fhir:bsn-redacted""#;
