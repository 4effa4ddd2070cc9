// SPDX-License-Identifier: AGPL-3.0-or-later
//! Fast path for canonical markup: elements that the dialect expects, written in the plainest way, are taken from the
//! bytes themselves. Whatever is written otherwise, and whatever may be wrong, is left to the tokenizer and
//! to the rest of the reader; so nothing is judged here, and nothing is refused.
//!
//! Plain is: white space, a start tag that is `<Name>` to the letter in the default namespace, an end tag alike, and a
//! value of printable ASCII without references that surely has its type.

use super::{Frame, Reading, Step};
use crate::{
    Collector, ValueRange,
    dialect::{Content, Decl, Model, NO_SLOT, Part},
    value::Home,
    xml::Fault,
};

impl<C: Collector> Reading<'_, C> {
    /// Goes on as long as everything is plain and expected.
    #[inline]
    pub(super) fn straight(&mut self) -> Result<(), Fault> {
        let table = self.table;
        let source = self.source.as_bytes();
        let Some(mut at) = self.tokens.straight() else {
            return Ok(());
        };
        loop {
            let Some(frame) = self.frames.last() else {
                return Ok(());
            };
            let Content::Part(id) = frame.content else {
                return Ok(());
            };
            let part = table.part(id);
            if part.model != Model::Sequence {
                return Ok(());
            }
            let start = at + spaces(source.get(at..).unwrap_or_default());
            let rest = source.get(start..).unwrap_or_default();
            if let Some(found) = expected(frame, part, table.elements(part), rest) {
                let Found { decl, step, inside } = found;
                if !self.tokens.has_room() {
                    return Ok(());
                }
                let begin = start + decl.begin.len();
                if let Content::Value(of) = decl.content {
                    let Some(length) = table.types.get(usize::from(of)).and_then(|of| of.scan(inside)) else {
                        return Ok(());
                    };
                    let ends = inside
                        .get(length..)
                        .unwrap_or_default()
                        .starts_with(decl.end.as_bytes());
                    if !ends || length > self.value_limit {
                        return Ok(());
                    }
                    at = begin + length + decl.end.len();
                    self.count(&step, part, decl);
                    self.tokens.straight_to(at);
                    self.plain_value(&step, decl, start, begin, length)?;
                } else {
                    at = begin;
                    self.count(&step, part, decl);
                    self.tokens.straight_open(start, decl.name.len(), at);
                    self.begin(&step, decl, start, at);
                }
            } else if self.tokens.is_straight() && rest.starts_with(table.decl(frame.decl).end.as_bytes()) {
                at = start + table.decl(frame.decl).end.len();
                self.tokens.straight_close(at);
                self.close(start)?;
            } else {
                return Ok(());
            }
        }
    }

    /// The element is there: what may come after it.
    #[inline]
    fn count(&mut self, step: &Step, part: Part, decl: &Decl) {
        let n = part.number(step.decl);
        if step.index == decl.max {
            self.set(n + 1, 0);
        } else {
            self.set(n, step.index);
        }
    }

    #[inline]
    fn plain_value(
        &mut self,
        step: &Step,
        decl: &Decl,
        start: usize,
        begin: usize,
        length: usize,
    ) -> Result<(), Fault> {
        #[expect(clippy::cast_possible_truncation, reason = "documents and values are limited")]
        let (value, start) = (ValueRange::new(begin as u32, length as u16, Home::Source), start as u32);
        // The frame is for keys and remarks, which tell where they are.
        let is_told = !decl.keys.is_empty() || decl.slot == NO_SLOT;
        if is_told {
            self.frames.push(Frame {
                decl: step.decl,
                content: decl.content,
                at: 0,
                count: 0,
                index: step.index,
                start,
            });
        }
        self.take(decl, value, begin)?;
        if is_told {
            self.frames.pop();
        }
        Ok(())
    }
}

struct Found<'a> {
    decl: &'a Decl,
    step: Step,
    /// What follows its start tag.
    inside: &'a [u8],
}

/// The element that is here, if its order says that it may: the next one, or one after it if those between may be
/// left out.
#[inline]
fn expected<'a>(frame: &Frame, part: Part, elements: &'a [Decl], rest: &'a [u8]) -> Option<Found<'a>> {
    let mut count = frame.count;
    for (n, decl) in (frame.at..).zip(elements.get(usize::from(frame.at)..)?) {
        if count < decl.max
            && let Some(inside) = rest.strip_prefix(decl.begin.as_bytes())
        {
            let step = Step {
                decl: part.decl(n),
                index: count + 1,
            };
            return Some(Found { decl, step, inside });
        }
        if count < decl.min {
            return None;
        }
        count = 0;
    }
    None
}

/// How many bytes of white space there are; it is mostly indentation.
#[inline]
fn spaces(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        while let Some((b"        ", after)) = rest.split_first_chunk::<8>() {
            rest = after;
        }
        match rest {
            [b'\n', b' ', b' ', b' ', b' ', after @ ..] | [b' ', b' ', b' ', b' ', after @ ..] => rest = after,
            [b' ' | b'\n' | b'\r' | b'\t', after @ ..] => rest = after,
            _ => return bytes.len() - rest.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::spaces;

    #[test]
    fn white_space_is_counted_to_its_end() {
        for n in 0..40 {
            for (before, after) in [("", "<a>"), ("\n", "x"), ("\r\n\t", ""), (" \n", "\u{a0}")] {
                let text = format!("{before}{}{after}", " ".repeat(n));
                assert_eq!(spaces(text.as_bytes()), before.len() + n, "{text:?}");
            }
        }
    }
}
