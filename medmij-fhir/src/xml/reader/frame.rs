// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is open while a document is read.

use super::super::XmlRule;
use super::super::generic::{Node, push_list, push_name};
use crate::table::{Element, MOST_ELEMENTS};

/// An element that has not ended.
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    /// The type, in the table; no type where it is unknown.
    pub(super) of: usize,
    pub(super) name: &'a str,
    pub(super) json_depth: usize,
    /// Where its tag begins.
    pub(super) start: usize,
    /// The element of the type that came last.
    pub(super) cursor: usize,
    /// Whether nothing was written between the braces yet.
    pub(super) is_first: bool,
    pub(super) run: Option<Run>,
    pub(super) unknown: Option<Box<Unknown<'a>>>,
    /// Names of unknown elements that ended.
    unknown_names: Option<Box<Names<'a>>>,
    seen: [u64; MOST_ELEMENTS / 64],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An object.
    Object,
    /// `contained`, `entry.resource`: it holds a resource, and is no object itself.
    Wrapper { filled: bool },
    /// A primitive element; its id and extensions are written from this place on, and moved at its end.
    Primitive { companion: usize, has_value: bool },
}

impl<'a> Frame<'a> {
    pub(super) const fn new(kind: Kind, of: usize, name: &'a str, json_depth: usize) -> Self {
        Self {
            kind,
            of,
            name,
            json_depth,
            start: 0,
            cursor: 0,
            is_first: true,
            run: None,
            unknown: None,
            unknown_names: None,
            seen: [0; MOST_ELEMENTS / 64],
        }
    }

    /// Opens the companion of a primitive element, where it holds nothing yet.
    pub(super) fn open_companion(&self, out: &mut String) {
        if matches!(self.kind, Kind::Primitive { companion, .. } if companion == out.len()) {
            out.push('{');
        }
    }

    /// Remembers an element; says whether it is the first time.
    pub(super) fn see(&mut self, at: usize) -> bool {
        let Some(word) = self.seen.get_mut(at / 64) else {
            return true;
        };
        let bit = 1 << (at % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Forgets an element again.
    pub(super) fn unsee(&mut self, at: usize) {
        if let Some(word) = self.seen.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    /// Adds an unknown element.
    pub(super) fn add_unknown(&mut self, name: &'a str, node: &Node<'a>) -> Result<(), XmlRule> {
        if self.unknown.is_none() {
            let Names(names) = &mut **self.unknown_names.get_or_insert_default();
            if names.contains(&name) {
                return Err(XmlRule::Order);
            }
            if names.len() >= MOST_UNKNOWN {
                return Err(XmlRule::TooLong);
            }
            names.push(name);
        }
        let run = self.unknown.get_or_insert_with(|| {
            Box::new(Unknown {
                name,
                values: Vec::new(),
                companions: Vec::new(),
            })
        });
        run.values.push(node.value_json());
        run.companions.push(node.companion_json());
        Ok(())
    }
}

/// The elements of one name that are being written.
pub(super) struct Run {
    pub(super) at: usize,
    pub(super) repeats: bool,
    pub(super) count: usize,
    /// How many of them have a value; for a primitive type.
    pub(super) values: usize,
    pub(super) name: &'static str,
    is_primitive: bool,
    /// Where it begins in the output, and whether something is before it.
    begin: usize,
    /// Where its last item begins, with the comma.
    item: usize,
    was_first: bool,
    /// The inside of the array of companions, where there is one.
    companions: Option<Box<Companions>>,
}

impl Run {
    pub(super) const fn new(at: usize, element: &'static Element, begin: usize, was_first: bool) -> Self {
        Self {
            at,
            repeats: element.repeats,
            count: 1,
            values: 0,
            name: element.name,
            is_primitive: element.kind.is_primitive(),
            begin,
            item: begin,
            was_first,
            companions: None,
        }
    }

    pub(super) fn add_companion(&mut self, companion: Option<String>) {
        match (companion, &mut self.companions) {
            (None, None) => {}
            (None, Some(companions)) => companions.0.push_str(",null"),
            (Some(text), Some(companions)) => {
                companions.0.push(',');
                companions.0.push_str(&text);
            }
            (Some(text), companions) => {
                *companions = Some(Box::new(Companions("null,".repeat(self.count - 1) + &text)));
            }
        }
    }

    /// Ends it; gives whether the object is still empty.
    pub(super) fn end(self, out: &mut String, is_first: bool) -> bool {
        if self.repeats {
            out.push(']');
        }
        if !self.is_primitive {
            return is_first;
        }
        let mut is_first = is_first;
        if self.values == 0 {
            out.truncate(self.begin);
            is_first = self.was_first;
        }
        if let Some(companions) = &self.companions {
            push_name(out, is_first, "_", self.name);
            let brackets = if self.repeats { ("[", "]") } else { ("", "") };
            out.push_str(brackets.0);
            out.push_str(&companions.0);
            out.push_str(brackets.1);
            is_first = false;
        }
        is_first
    }

    /// Counts one more item, which begins here.
    pub(super) fn next(&mut self, out: &mut String) {
        self.count += 1;
        self.item = out.len();
        out.push(',');
    }

    /// Takes the last item back, which turned out to hold nothing; where it was the only one, gives whether the object is
    /// empty again.
    pub(super) fn drop_item(&mut self, out: &mut String) -> Option<bool> {
        self.count -= 1;
        out.truncate(self.item);
        (self.count == 0).then_some(self.was_first)
    }
}

/// The inside of an array of companions.
struct Companions(String);

/// Names of unknown elements.
#[derive(Default)]
struct Names<'a>(Vec<&'a str>);

/// The unknown elements of one name.
pub(super) struct Unknown<'a> {
    pub(super) name: &'a str,
    values: Vec<Option<String>>,
    companions: Vec<Option<String>>,
}

impl Unknown<'_> {
    pub(super) fn end(self, out: &mut String, is_first: bool) -> bool {
        let is_first = push_list(out, is_first, "", self.name, &self.values);
        push_list(out, is_first, "_", self.name, &self.companions)
    }
}

/// The path of the element that is open, or of a child of it. Names come from the other party: what does not look like
/// one of FHIR is shown as `?`.
pub(super) fn path(frames: &[Frame<'_>], child: Option<&str>) -> String {
    let mut out = String::new();
    let mut parent: Option<&Frame<'_>> = None;
    for frame in frames {
        // the type of a resource inside another one is no step of its path
        if !parent.is_some_and(|parent| matches!(parent.kind, Kind::Wrapper { .. })) {
            push_step(&mut out, frame.name);
            let run = parent.and_then(|parent| parent.run.as_ref());
            if let Some(run) = run.filter(|run| run.repeats && run.name == frame.name) {
                out.push_str(&format!("[{}]", run.count - 1));
            }
        }
        parent = Some(frame);
    }
    if let Some(child) = child {
        push_step(&mut out, child);
    }
    out
}

/// Adds a name to a path.
pub(crate) fn push_step(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    let plain = !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    out.push_str(if plain { name } else { "?" });
}

/// How many unknown elements one element may have, by name.
const MOST_UNKNOWN: usize = 1_000;
