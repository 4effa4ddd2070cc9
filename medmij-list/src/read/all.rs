// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 — all that is wrong with a refused document, for the person who
//! has to mend it: reading goes on after an error wherever what follows can still be judged by itself.
//!
//! After a value, a key, an attribute or text in a wrong place it simply goes on. After an element that is missing or in a
//! wrong place, the order within that parent is no longer judged, while its elements are; so one mistake is reported once.
//! What is not well-formed, and what is beyond a limit, ends the reading.

use super::{
    Reading, Step,
    choose::{choose, judge},
    value::Piece,
};
use crate::{
    Collector, Dialect, List, ListError, ListKind, ReadOptions, Rule,
    dialect::{Content, Decl, Part, Table},
    xml::{Fault, Tag, admit, not_utf8},
};

/// In place of the number of the element that may come next: the order was broken, and is not judged any more.
pub(super) const GIVEN_UP: u16 = u16::MAX;

/// What was refused and read on from.
#[derive(Default)]
pub(super) struct More {
    most: usize,
    kind: Option<ListKind>,
    errors: Vec<ListError>,
}

/// What is wrong with a document, in document order and at most so much of it; nothing if it is accepted. The first is
/// the one that [`Snapshot::read`](crate::Snapshot::read) gives. Reading a good list is not made slower by this: it is a
/// second reading, for a document that was refused.
///
/// What follows from another error is left out: after an element that is missing or in a wrong place, the order within
/// that parent is not judged any more. What is not well-formed XML ends the list of errors.
///
/// ```
/// # fn of<L: medmij_list::List>(bytes: &[u8]) {
/// use medmij_list::{ReadOptions, all_errors};
///
/// for error in all_errors::<L>(bytes, &ReadOptions::files(), 20) {
///     eprintln!("{error}");
/// }
/// # }
/// ```
#[must_use]
pub fn all_errors<L: List>(bytes: &[u8], options: &ReadOptions, most: usize) -> Vec<ListError> {
    let report = |fault: Fault| vec![fault.into_error(bytes, String::new(), Some(L::KIND))];
    if let Err(fault) = admit(bytes, &options.limits) {
        return report(fault);
    }
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(error) => return report(not_utf8(bytes, error)),
    };
    let Err(first) = judge::<L>(source, options).map(drop) else {
        return Vec::new();
    };
    if most < 2 || !can_read_on(first.rule()) {
        return vec![first];
    }
    // The newest shape is the one that a document should have.
    let known = choose::<L>(source, options).unwrap_or_default();
    let all = known
        .first()
        .map(|dialect| Reading::<L::Collector>::all(source, dialect, options, L::KIND, most))
        .unwrap_or_default();
    // The first error was found by an older shape: what the newest says is beside the point.
    if all.first() == Some(&first) { all } else { vec![first] }
}

/// Whether what follows an error of this rule can still be judged.
fn can_read_on(rule: Rule) -> bool {
    rule.code().starts_with("schema.")
}

impl<'a, C: Collector> Reading<'a, C> {
    fn all(
        source: &'a str,
        dialect: &'a Dialect,
        options: &'a ReadOptions,
        kind: ListKind,
        most: usize,
    ) -> Vec<ListError> {
        let Ok(table) = Table::build(dialect, C::SLOTS) else {
            return Vec::new();
        };
        let Ok(mut reading) = Reading::<C>::start(source, dialect, &table, options) else {
            return Vec::new();
        };
        reading.more = More {
            most,
            kind: Some(kind),
            errors: Vec::new(),
        };
        let last = reading.tokens_to_end().and_then(|()| {
            if reading.more.errors.is_empty() {
                reading.header().map(drop)
            } else {
                Ok(())
            }
        });
        let path = reading.path();
        let mut errors = reading.more.errors;
        if let Err(fault) = last {
            errors.push(fault.into_error(source.as_bytes(), path, Some(kind)));
        }
        errors
    }

    /// Refuses the document: ends the reading, or keeps the error and goes on.
    #[cold]
    pub(super) fn refuse(&mut self, fault: Fault) -> Result<(), Fault> {
        if self.more.errors.len() + 1 >= self.more.most || !can_read_on(fault.rule()) {
            return Err(fault);
        }
        let error = fault.into_error(self.source.as_bytes(), self.path(), self.more.kind);
        // Text in pieces, between references and comments, is one mistake.
        let again = error.rule() == Rule::Text
            && self
                .more
                .errors
                .last()
                .is_some_and(|last| last.rule() == Rule::Text && last.path() == error.path());
        if !again {
            self.more.errors.push(error);
        }
        Ok(())
    }

    /// Goes on after an element that must not occur where it stands: with the element if the parent knows it, and past it
    /// if not.
    #[cold]
    pub(super) fn read_on(&mut self, fault: Fault, tag: &Tag<'a>) -> Result<Option<Step>, Fault> {
        self.refuse(fault)?;
        let table = self.table;
        let Some(frame) = self.frames.last_mut() else {
            return Ok(None);
        };
        let Content::Part(id) = frame.content else {
            self.pass(tag)?;
            self.piece = Piece::Spoilt;
            return Ok(None);
        };
        frame.at = GIVEN_UP;
        let part = table.part(id);
        let elements = table.elements(part);
        let step = if tag.in_target {
            self.any_step(part, elements, tag)
        } else {
            None
        };
        if step.is_none() {
            self.pass(tag)?;
        }
        Ok(step)
    }

    /// The element of this name, wherever it is in a parent whose order was broken.
    pub(super) fn any_step(&mut self, part: Part, elements: &[Decl], tag: &Tag<'a>) -> Option<Step> {
        let n = elements.iter().position(|decl| decl.name == tag.local)?;
        let n = u16::try_from(n).ok()?;
        let frame = self.frames.last_mut()?;
        frame.count = frame.count.saturating_add(1);
        Some(Step {
            decl: part.decl(n),
            index: frame.count,
        })
    }
}
