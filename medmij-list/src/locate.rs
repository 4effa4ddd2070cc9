// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where things are in an accepted document: asked by a lint, which finds something in a value that was accepted.

use crate::{
    Dialect, Document, Place, ReadLimits,
    dialect::{Content, Decl, ROOT, Table},
    place::Places,
    xml::{Tag, Token, Tokens},
};

impl Document {
    /// The byte at which a text of this list stands, as its accessors give it out; `None` for one that had to be decoded
    /// (CDATA, references, comments inside) and for one that is from elsewhere.
    #[must_use]
    pub fn offset_of(&self, text: &str) -> Option<usize> {
        let (from, at) = (self.source.as_ptr().addr(), text.as_ptr().addr());
        let offset = at.checked_sub(from)?;
        (offset + text.len() <= self.source.len()).then_some(offset)
    }

    /// Line, column and element path of bytes, each as [`ListError`](crate::ListError) has them, in the order of the
    /// bytes that were asked for. One pass over the document, however many there are.
    ///
    /// ```
    /// # fn of(document: &medmij_list::Document) {
    /// let found = document.locate(&[120]);
    /// for (place, path) in found {
    ///     println!("{}:{} {path}", place.line, place.column);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn locate(&self, offsets: &[usize]) -> Vec<(Place, String)> {
        let mut order: Vec<(usize, usize)> = offsets.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut found: Vec<(Place, String)> = vec![(Place::START, String::new()); offsets.len()];
        let mut places = Places::new(self.bytes());
        for ((offset, number), path) in order.iter().zip(paths(&self.source, &self.dialect, &order)) {
            if let Some(slot) = found.get_mut(*number) {
                *slot = (places.next(*offset), path);
            }
        }
        found
    }
}

/// An open element: what the dialect knows of it, and how often each name stood in it so far.
struct Open<'a> {
    decl: Option<&'a Decl>,
    /// As it is in a path.
    step: String,
    counts: Vec<(&'a str, u32)>,
}

/// The path of each byte; in the order of the bytes.
fn paths(source: &str, dialect: &Dialect, order: &[(usize, usize)]) -> Vec<String> {
    // The document was accepted, so no limit is met; its depth and size are what they are.
    let mut limits = ReadLimits::files();
    (limits.depth, limits.attributes, limits.namespaces) = (usize::MAX, usize::MAX, usize::MAX);
    let table = Table::build(dialect, &[]).ok();
    let mut tokens = Tokens::new(source, &limits);
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut out = Vec::with_capacity(order.len());
    let mut left = order.iter().map(|(offset, _)| *offset).peekable();
    while left.peek().is_some() {
        let token = tokens.next("").unwrap_or(Token::End);
        let until = match &token {
            Token::Open(tag) => tag.start,
            Token::Close { start, .. } => start + 1,
            Token::End => usize::MAX,
            _ => continue,
        };
        while left.next_if(|offset| *offset < until).is_some() {
            out.push(path(&open));
        }
        match token {
            Token::Open(tag) => {
                let element = enter(table.as_ref(), &mut open, &tag);
                open.push(element);
                if tag.empty {
                    while left.next_if(|offset| *offset < tag.end).is_some() {
                        out.push(path(&open));
                    }
                    open.pop();
                }
            }
            Token::Close { .. } => {
                open.pop();
            }
            _ => break,
        }
    }
    out.resize(order.len(), String::new());
    out
}

fn enter<'a>(table: Option<&'a Table>, open: &mut [Open<'a>], tag: &Tag<'a>) -> Open<'a> {
    let mut index = 1;
    let mut decl = None;
    match open.last_mut() {
        None => decl = table.map(|table| table.decl(ROOT)),
        Some(parent) => {
            match parent.counts.iter_mut().find(|(name, _)| *name == tag.local) {
                Some((_, count)) => {
                    *count += 1;
                    index = *count;
                }
                None => parent.counts.push((tag.local, 1)),
            }
            if let (Some(table), Some(Content::Part(part))) = (table, parent.decl.map(|decl| decl.content)) {
                let elements = table.elements(table.part(part));
                decl = elements.iter().find(|decl| decl.name == tag.local);
            }
        }
    }
    let repeats = !open.is_empty() && decl.is_some_and(|decl| decl.max > 1);
    let step = if repeats {
        format!("/{}[{index}]", tag.local)
    } else {
        format!("/{}", tag.local)
    };
    Open {
        decl,
        step,
        counts: Vec::new(),
    }
}

fn path(open: &[Open<'_>]) -> String {
    open.iter().map(|element| element.step.as_str()).collect()
}
