// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writing small XML documents: elements with text, indented by two spaces.

use std::fmt::Write as _;

/// An XML document that is being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    pub(super) fn document() -> Self {
        Self {
            out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            depth: 0,
        }
    }

    /// An element with elements in it.
    pub(super) fn group(&mut self, name: &str, inner: impl FnOnce(&mut Self)) {
        self.open(name, "", inner);
    }

    /// The same with attributes, written as they are.
    pub(super) fn open(&mut self, name: &str, attributes: &str, inner: impl FnOnce(&mut Self)) {
        self.indent();
        let _ = writeln!(self.out, "<{name}{attributes}>");
        self.depth = self.depth.saturating_add(1);
        inner(self);
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        let _ = writeln!(self.out, "</{name}>");
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, text: impl std::fmt::Display) {
        self.indent();
        let _ = writeln!(self.out, "<{name}>{}</{name}>", escaped(&text.to_string()));
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}

/// Text for an element; what XML 1.0 cannot carry becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
