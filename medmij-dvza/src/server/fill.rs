// SPDX-License-Identifier: AGPL-3.0-or-later
//! O12 — names into sentences: in one pass, and set apart, so that a name cannot turn the text around it or bring a placeholder.

use super::TextPack;

/// The values of the placeholders of a sentence.
#[derive(Clone)]
pub(crate) struct Fill(Vec<(&'static str, String)>);

impl Fill {
    /// `{aanbieder}` and `{pgo}`, in words where a name is not known.
    pub(crate) fn new(aanbieder: &str, pgo: &str, texts: &TextPack) -> Self {
        let or = |name: &str, other: &str| {
            if name.is_empty() {
                other.to_owned()
            } else {
                isolate(name)
            }
        };
        Self(vec![
            ("{aanbieder}", or(aanbieder, &texts.extra.aanbieder_unknown)),
            ("{pgo}", or(pgo, &texts.extra.pgo_unknown)),
        ])
    }

    /// With a name of somebody else for another placeholder.
    pub(crate) fn name(self, placeholder: &'static str, name: &str) -> Self {
        self.plain(placeholder, isolate(name))
    }

    /// With a value of ours.
    pub(crate) fn plain(mut self, placeholder: &'static str, value: impl Into<String>) -> Self {
        self.0.push((placeholder, value.into()));
        self
    }

    /// One pass over the sentence: a name that holds a placeholder is not filled in again.
    pub(crate) fn text(&self, sentence: &str) -> String {
        let mut out = String::new();
        let mut rest = sentence;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            match self.0.iter().find(|(name, _)| from.starts_with(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = from.get(name.len()..).unwrap_or_default();
                }
                None => {
                    out.push('{');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// A name between directional isolates, without control characters of its own.
pub(crate) fn isolate(name: &str) -> String {
    let clean: String = name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect();
    format!("\u{2068}{clean}\u{2069}")
}
