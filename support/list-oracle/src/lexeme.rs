// SPDX-License-Identifier: AGPL-3.0-or-later
//! Documents as rows of lexemes: the same document written in another way, and faults at a place of a chosen kind.

mod fault;
mod rewrite;

pub use fault::fault;
pub use rewrite::rewrite;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Open,
    Close,
    Comment,
    CData,
    Instruction,
}

/// Cuts a document; whatever it holds, the pieces together are the document.
pub fn lexemes(document: &str) -> Vec<(Kind, &str)> {
    let mut out = Vec::new();
    let mut rest = document;
    while !rest.is_empty() {
        let (kind, end) = if rest.starts_with("<!--") {
            (Kind::Comment, "-->")
        } else if rest.starts_with("<![CDATA[") {
            (Kind::CData, "]]>")
        } else if rest.starts_with("<?") {
            (Kind::Instruction, "?>")
        } else if rest.starts_with("</") {
            (Kind::Close, ">")
        } else if rest.starts_with('<') {
            (Kind::Open, ">")
        } else {
            (Kind::Text, "<")
        };
        let from = if kind == Kind::Comment { 4 } else { 1.min(rest.len()) };
        let skip = rest
            .char_indices()
            .map(|(n, _)| n)
            .find(|n| *n >= from)
            .unwrap_or(rest.len());
        let length = match rest[skip..].find(end) {
            Some(at) if kind == Kind::Text => skip + at,
            Some(at) => skip + at + end.len(),
            None => rest.len(),
        };
        let (piece, after) = rest.split_at(length);
        out.push((kind, piece));
        rest = after;
    }
    out
}
