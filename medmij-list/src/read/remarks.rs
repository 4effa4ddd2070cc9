// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is passed over, and what is remarked without refusing the document; and where it stands.

use super::Reading;
use crate::{
    Collector, Rule,
    dialect::{Decl, ROOT},
    note::Note,
    xml::{Fault, Tag, Token, text_fault},
};

impl<'a, C: Collector> Reading<'a, C> {
    /// An element that the dialect does not know, in a dialect that lets it pass.
    #[cold]
    pub(super) fn skip(&mut self, tag: &Tag<'a>) -> Result<(), Fault> {
        let end = self.pass(tag)?;
        let message = "this element is not known to the dialect; it was left out";
        let fault = Fault::new(Rule::UnexpectedElement, tag.start, message).at_element(tag.local);
        self.note(&fault, tag.start, end);
        Ok(())
    }

    /// Passes over an element; gives the byte after it.
    #[cold]
    pub(super) fn pass(&mut self, tag: &Tag<'a>) -> Result<usize, Fault> {
        let mut depth = 0_usize;
        let mut end = tag.end;
        if !tag.empty {
            loop {
                match self.tokens.next("")? {
                    Token::Open(inner) => depth += usize::from(!inner.empty),
                    Token::Close { end: after, .. } if depth == 0 => {
                        end = after;
                        break;
                    }
                    Token::Close { .. } => depth -= 1,
                    Token::Text { raw, start } => text_fault(raw, start, true).map_or(Ok(()), Err)?,
                    Token::CData { raw, start } => text_fault(raw, start, false).map_or(Ok(()), Err)?,
                    Token::Reference { .. } => {}
                    Token::End => break,
                }
            }
        }
        Ok(end)
    }

    /// An element that the dialect knows and the list crate does not.
    #[cold]
    pub(super) fn note_unbound(&mut self, decl: &Decl, start: usize, end: usize) {
        let message = format!(
            "<{}> is allowed here and has no meaning to this version of the crate",
            decl.name
        );
        let fault = Fault::new(Rule::UnexpectedElement, start, message);
        self.note(&fault, start, end);
    }

    pub(super) fn note(&mut self, fault: &Fault, start: usize, end: usize) {
        let entry = (self.frames.len() > 2).then(|| self.collector.entry());
        let mut path = self.path();
        if let Some(element) = fault.element() {
            path.push('/');
            path.push_str(element);
        }
        self.notes.push(Note {
            rule: fault.rule(),
            entry,
            path: path.into(),
            message: fault.full_message().into(),
            start,
            end,
        });
    }

    /// The path of the open element.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            let decl = self.table.decl(frame.decl);
            path.push('/');
            path.push_str(&decl.name);
            if frame.decl != ROOT && decl.max > 1 {
                path.push_str(&format!("[{}]", frame.index));
            }
        }
        path
    }
}
