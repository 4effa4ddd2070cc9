// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which element may occur where (XML Schema part 1, section 3.9).

use super::{Frame, Reading, all::GIVEN_UP};
use crate::{
    Collector, Rule,
    dialect::{Content, Decl, Model, ROOT},
    xml::{Fault, Tag},
};

/// An element that may occur where it stands.
pub(super) struct Step {
    pub(super) decl: u16,
    pub(super) index: u32,
}

impl<'a, C: Collector> Reading<'a, C> {
    /// Which element this is; `None` for one that is left out with a remark.
    #[inline]
    pub(super) fn step(&mut self, tag: &Tag<'a>) -> Result<Option<Step>, Fault> {
        let table = self.table;
        let Some(frame) = self.frames.last_mut() else {
            return self.root();
        };
        let Content::Part(id) = frame.content else {
            return Err(self.in_value(tag));
        };
        let part = table.part(id);
        // The canonical case: the hinted element, once more or for the first time.
        if tag.hit && part.model == Model::Sequence {
            let elements = table.elements(part);
            if let Some(decl) = elements.get(usize::from(frame.at))
                && frame.count < decl.max
            {
                frame.count += 1;
                let step = Step {
                    decl: part.decl(frame.at),
                    index: frame.count,
                };
                if frame.count == decl.max {
                    frame.at += 1;
                    frame.count = 0;
                }
                return Ok(Some(step));
            }
        }
        self.careful_step(tag)
    }

    #[cold]
    fn careful_step(&mut self, tag: &Tag<'a>) -> Result<Option<Step>, Fault> {
        let table = self.table;
        let Some(frame) = self.frames.last().copied() else {
            return self.root();
        };
        let Content::Part(id) = frame.content else {
            return Err(self.in_value(tag));
        };
        let part = table.part(id);
        let elements = table.elements(part);
        let known = tag.in_target && elements.iter().any(|decl| decl.name == tag.local);
        if known && frame.at == GIVEN_UP {
            return Ok(self.any_step(part, elements, tag));
        }
        if !known {
            return if self.dialect.unknown_kept {
                Ok(None)
            } else {
                Err(self.unexpected(&frame, elements, part.model, tag))
            };
        }
        match part.model {
            Model::Sequence => self.in_sequence(frame, elements, tag).map(|found| {
                found.map(|(n, index)| Step {
                    decl: part.decl(n),
                    index,
                })
            }),
            Model::Choice => {
                let n = elements
                    .iter()
                    .position(|decl| decl.name == tag.local)
                    .and_then(|n| u16::try_from(n).ok())
                    .unwrap_or(0);
                let fits = frame.count == 0
                    || (frame.at == n && elements.get(usize::from(n)).is_some_and(|d| frame.count < d.max));
                if !fits && elements.iter().all(|decl| decl.marks) {
                    return Ok(None);
                }
                if !fits {
                    return Err(self.unexpected(&frame, elements, part.model, tag));
                }
                self.set(n, frame.count + 1);
                Ok(Some(Step {
                    decl: part.decl(n),
                    index: frame.count + 1,
                }))
            }
            Model::AnyOrder => {
                let n = elements
                    .iter()
                    .position(|decl| decl.name == tag.local)
                    .and_then(|n| u16::try_from(n).ok())
                    .unwrap_or(0);
                let Some(decl) = elements.get(usize::from(n)) else {
                    return Ok(None);
                };
                let bit = 1_u32.checked_shl(n.into()).unwrap_or(0);
                if frame.count & bit != 0 && decl.max == 1 {
                    return if decl.marks {
                        Ok(None)
                    } else {
                        Err(self.unexpected(&frame, elements, part.model, tag))
                    };
                }
                self.set(0, frame.count | bit);
                Ok(Some(Step {
                    decl: part.decl(n),
                    index: 1,
                }))
            }
        }
    }

    fn in_sequence(&mut self, frame: Frame, elements: &'a [Decl], tag: &Tag<'a>) -> Result<Option<(u16, u32)>, Fault> {
        let mut count = frame.count;
        let mut missing = Vec::new();
        for (n, decl) in (frame.at..).zip(elements.iter().skip(frame.at.into())) {
            if decl.name == tag.local && count < decl.max {
                for decl in missing {
                    self.note_missing(decl);
                }
                if count + 1 == decl.max {
                    self.set(n + 1, 0);
                } else {
                    self.set(n, count + 1);
                }
                return Ok(Some((n, count + 1)));
            }
            if count < decl.min {
                if !decl.marks {
                    let comes_later = elements
                        .iter()
                        .skip(usize::from(n) + 1)
                        .any(|later| later.name == tag.local);
                    if comes_later {
                        return Err(Fault::new(
                            Rule::MissingElement,
                            tag.start,
                            format!("<{}> must come before <{}>", decl.name, tag.local),
                        ));
                    }
                    return Err(self.unexpected(&frame, elements, Model::Sequence, tag));
                }
                missing.push(decl);
            }
            count = 0;
        }
        // Known, and not allowed any more here. One too many of an inferred count is left out.
        let before = elements
            .iter()
            .take(usize::from(frame.at) + 1)
            .rev()
            .find(|decl| decl.name == tag.local);
        if self.dialect.unknown_kept
            && let Some(decl) = before
            && decl.marks
            && frame.at > 0
            && elements
                .get(usize::from(frame.at) - 1)
                .is_some_and(|last| last.name == decl.name)
        {
            return Ok(None);
        }
        Err(self.unexpected(&frame, elements, Model::Sequence, tag))
    }

    #[inline]
    pub(super) fn set(&mut self, at: u16, count: u32) {
        if let Some(frame) = self.frames.last_mut() {
            (frame.at, frame.count) = (at, count);
        }
    }

    fn root(&mut self) -> Result<Option<Step>, Fault> {
        self.tokens.set_target(self.dialect.namespace());
        Ok(Some(Step { decl: ROOT, index: 1 }))
    }

    /// Whether all that must occur in the element is there.
    #[inline]
    pub(super) fn is_complete(&mut self, frame: &Frame, part: u16, end: usize) -> Result<(), Fault> {
        let table = self.table;
        let part = table.part(part);
        let elements = table.elements(part);
        if part.model == Model::Sequence {
            let mut count = frame.count;
            for decl in elements.get(usize::from(frame.at)..).unwrap_or_default() {
                if count < decl.min {
                    self.incomplete(decl, end)?;
                }
                count = 0;
            }
            return Ok(());
        }
        if frame.at == GIVEN_UP {
            return Ok(());
        }
        for (n, decl) in (0_u16..).zip(elements) {
            match part.model {
                Model::Choice if frame.count == 0 => {
                    if elements.iter().all(|decl| decl.marks) {
                        break;
                    }
                    let names = elements
                        .iter()
                        .map(|decl| format!("<{}>", decl.name))
                        .collect::<Vec<_>>()
                        .join(" or ");
                    let parent = &self.table.decl(frame.decl).name;
                    let message = format!("<{parent}> has none of what it needs; expected {names} before </{parent}>");
                    return self.refuse(Fault::new(Rule::MissingElement, end, message));
                }
                Model::Choice if frame.at == n && frame.count < decl.min => self.incomplete(decl, end)?,
                Model::AnyOrder if decl.min > 0 && frame.count & 1_u32.checked_shl(n.into()).unwrap_or(0) == 0 => {
                    self.incomplete(decl, end)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    #[cold]
    fn incomplete(&mut self, decl: &Decl, end: usize) -> Result<(), Fault> {
        if decl.marks {
            self.note_missing(decl);
            return Ok(());
        }
        let parent = self.frames.last().map_or("", |frame| &self.table.decl(frame.decl).name);
        let message = if decl.min > 1 {
            format!(
                "<{0}> is missing; expected it {1} times before </{parent}>",
                decl.name, decl.min
            )
        } else {
            format!("<{0}> is missing; expected it before </{parent}>", decl.name)
        };
        self.refuse(Fault::new(Rule::MissingElement, end, message))
    }

    #[cold]
    fn note_missing(&mut self, decl: &Decl) {
        let start = self.frames.last().map_or(0, |frame| frame.start as usize);
        let fault = Fault::new(Rule::MissingElement, start, format!("<{}> is missing", decl.name));
        self.note(&fault, start, start);
    }

    #[cold]
    fn in_value(&self, tag: &Tag<'a>) -> Fault {
        Fault::new(
            Rule::ElementInValue,
            tag.start,
            format!("<{}> cannot occur in a value", tag.local),
        )
    }

    #[cold]
    fn unexpected(&self, frame: &Frame, elements: &[Decl], model: Model, tag: &Tag<'a>) -> Fault {
        let said = if !tag.in_target && elements.iter().any(|decl| decl.name == tag.local) {
            let namespace = self.tokens.namespace_of(tag);
            let namespace = if namespace.is_empty() {
                "no namespace".to_owned()
            } else {
                format!("the namespace {namespace}")
            };
            format!("<{}> is in {namespace} and not in that of the list", tag.local)
        } else {
            format!("<{}> cannot occur here", tag.local)
        };
        let parent = self.table.decl(frame.decl);
        let expected = expected(frame, elements, model, &parent.name);
        let message = if expected.is_empty() {
            format!("{said}; expected </{}>", parent.name)
        } else {
            format!("{said}; expected {}", expected.join(" or "))
        };
        Fault::new(Rule::UnexpectedElement, tag.start, message).at_element(tag.local)
    }
}

/// What may come next, until something must.
fn expected(frame: &Frame, elements: &[Decl], model: Model, parent: &str) -> Vec<String> {
    let name = |decl: &Decl| format!("<{}>", decl.name);
    if model != Model::Sequence || frame.at == GIVEN_UP {
        return elements.iter().map(name).collect();
    }
    let mut out = Vec::new();
    let mut count = frame.count;
    for decl in elements.iter().skip(frame.at.into()) {
        if count < decl.max {
            out.push(name(decl));
        }
        if count < decl.min {
            return out;
        }
        count = 0;
    }
    // Nothing more has to come: the parent may end as well.
    if !out.is_empty() {
        out.push(format!("</{parent}>"));
    }
    out
}
