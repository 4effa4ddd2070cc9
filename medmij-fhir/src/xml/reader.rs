// SPDX-License-Identifier: AGPL-3.0-or-later
//! XML to JSON in one pass: each element is written as it comes, and nothing is kept but what is still open.

mod frame;
mod items;
mod known;
mod lexical;
mod resource;
mod unknown;

use std::ops::Range;

use quick_xml::events::Event;

use super::attributes::{self, Attributes, Namespace, Raw};
use super::{Converted, Oddity, OddityKind, XmlError, XmlRule, narrative};
use crate::limits::{Limits, MAX_DEPTH};
use crate::table::{Element, ElementKind, Table};
pub(crate) use frame::push_step;
use frame::{Frame, Kind};
use lexical::{control, is_blank};
pub(super) use lexical::{is_attribute, is_number};

/// Reads a whole document.
pub(super) fn read(source: &str, table: &'static Table, limits: &Limits) -> Result<Converted, XmlError> {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    let shift = source.len() - text.len();
    let shifted = |error: XmlError| XmlError::new(error.rule, error.offset + shift);
    if let Some(at) = control(text.as_bytes()) {
        return Err(shifted(XmlError::new(XmlRule::Character, at)));
    }
    let mut xml = quick_xml::Reader::from_str(text);
    xml.config_mut().check_comments = true;
    let mut reader = Reader {
        text,
        xml,
        table,
        limits,
        depth: limits.depth.min(MAX_DEPTH),
        out: String::with_capacity(text.len()),
        frames: Vec::new(),
        namespaces: Vec::new(),
        oddities: Vec::new(),
        items: 0,
        most_items: limits.json().values.max(text.len() / 20),
        done: false,
    };
    reader.document().map_err(shifted)?;
    let mut oddities = reader.oddities;
    for oddity in &mut oddities {
        oddity.range = oddity.range.start + shift..oddity.range.end + shift;
    }
    Ok(Converted {
        text: reader.out,
        oddities,
    })
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    xml: quick_xml::Reader<&'a [u8]>,
    table: &'static Table,
    limits: &'a Limits,
    pub(super) depth: usize,
    out: String,
    frames: Vec<Frame<'a>>,
    /// Prefix, namespace, and how many frames were open when it was bound.
    namespaces: Vec<(&'a str, Namespace, usize)>,
    oddities: Vec<Oddity>,
    items: usize,
    most_items: usize,
    done: bool,
}

/// A start tag.
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Attributes<'a>,
    pub(super) start: usize,
    pub(super) is_empty: bool,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<(), XmlError> {
        loop {
            let start = self.at();
            // where it stands: an event is larger than what is asked of it
            match self.xml.read_event() {
                Err(_) => return Err(XmlError::new(XmlRule::Syntax, start)),
                Ok(Event::Start(tag)) => {
                    let tag = self.tag(start, tag.len(), tag.name().as_ref().len(), false)?;
                    self.open(tag)?;
                }
                Ok(Event::Empty(tag)) => {
                    let tag = self.tag(start, tag.len(), tag.name().as_ref().len(), true)?;
                    self.open(tag)?;
                }
                Ok(Event::End(_)) => self.close()?,
                Ok(Event::Text(text)) if is_blank(&text) => {}
                Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => {
                    if self.frames.is_empty() {
                        return Err(XmlError::new(XmlRule::Syntax, start));
                    }
                    let end = self.at();
                    self.oddity(None, OddityKind::Text, start..end);
                }
                Ok(Event::Decl(declaration)) => {
                    let encoding = declaration.encoding();
                    let utf8 = encoding.is_none_or(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")));
                    if !utf8 || start != 0 {
                        let rule = if utf8 { XmlRule::Syntax } else { XmlRule::Encoding };
                        return Err(XmlError::new(rule, start));
                    }
                }
                Ok(Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::DocType(_)) => return Err(XmlError::new(XmlRule::Doctype, start)),
                Ok(Event::Eof) if self.done => return Ok(()),
                Ok(Event::Eof) => return Err(XmlError::new(XmlRule::Syntax, start)),
            }
        }
    }

    pub(super) fn at(&self) -> usize {
        usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    pub(super) fn event(&mut self, start: usize) -> Result<Event<'a>, XmlError> {
        self.xml.read_event().map_err(|_| XmlError::new(XmlRule::Syntax, start))
    }

    /// Takes a start tag apart; `len` is what is between the brackets.
    pub(super) fn tag(&self, start: usize, len: usize, name_len: usize, is_empty: bool) -> Result<Tag<'a>, XmlError> {
        let inside = self.text.get(start + 1..start + 1 + len).unwrap_or_default();
        let (name, attributes) = inside.split_at_checked(name_len).unwrap_or((inside, ""));
        Ok(Tag {
            name,
            attributes: if attributes.is_empty() {
                Attributes::default()
            } else {
                Attributes::parse(attributes, start + 1 + name_len)?
            },
            start,
            is_empty,
        })
    }

    fn open(&mut self, tag: Tag<'a>) -> Result<(), XmlError> {
        let depth = self.frames.len();
        for (prefix, namespace) in &tag.attributes.namespaces {
            self.namespaces.push((prefix, *namespace, depth));
        }
        let colon = tag.name.bytes().position(|b| b == b':');
        let (prefix, name) = match colon.and_then(|at| Some((tag.name.get(..at)?, tag.name.get(at + 1..)?))) {
            Some(parts) => parts,
            None => ("", tag.name),
        };
        let namespace = self
            .namespace(prefix)
            .ok_or_else(|| XmlError::new(XmlRule::Namespace, tag.start))?;
        let is_empty = tag.is_empty;
        let opened = self.element(&tag, prefix, name, namespace)?;
        if opened && is_empty {
            self.close()?;
        } else if !opened {
            self.forget_namespaces();
        }
        Ok(())
    }

    /// Writes what an element begins with; says whether a frame was opened for it.
    fn element(&mut self, tag: &Tag<'a>, prefix: &str, name: &'a str, namespace: Namespace) -> Result<bool, XmlError> {
        let Some(parent) = self.frames.last() else {
            return self.root(tag, name, namespace);
        };
        if let Kind::Wrapper { .. } = parent.kind
            && namespace == Namespace::Fhir
        {
            self.begin_resource(tag, name)?;
            return Ok(true);
        }
        let known = self.table.get(parent.of);
        let position = known.position(name, parent.cursor);
        let element = position.and_then(|at| Some((at, known.elements.get(at)?)));
        match element {
            Some((at, element)) if element.kind == ElementKind::Xhtml => {
                self.narrative(tag, prefix, namespace, at, element)?;
                Ok(false)
            }
            // the id of a type that is no resource, and the url of an extension, are attributes
            Some((at, element)) if namespace == Namespace::Fhir && !is_attribute(known, element.name) => {
                self.known(tag, at, element)
            }
            element if namespace == Namespace::Fhir => {
                let is_known = element.is_some();
                self.unknown(tag, name, is_known)?;
                Ok(false)
            }
            _ => {
                let range = self.skip(tag)?;
                self.oddity(Some(name), OddityKind::Namespace, range);
                Ok(false)
            }
        }
    }

    /// An element that the table does not have: kept by its shape. What the table has as an attribute is not: its name in
    /// JSON is taken.
    fn unknown(&mut self, tag: &Tag<'a>, name: &'a str, is_known: bool) -> Result<(), XmlError> {
        let (json_depth, in_unknown) = self
            .frames
            .last()
            .map_or((0, false), |frame| (frame.json_depth, frame.of == usize::MAX));
        let node = self.unknown_node(tag, json_depth + 1)?;
        self.items += node.size;
        self.check_items(tag.start)?;
        if !in_unknown || node.is_odd || is_known {
            self.oddity(Some(name), OddityKind::UnknownElement, tag.start..self.at());
        }
        let reserved = name == "resourceType" || !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if reserved || is_known || (node.is_odd && node.is_empty()) {
            return Ok(());
        }
        let fresh = self
            .frames
            .last()
            .is_none_or(|frame| frame.unknown.as_ref().is_none_or(|run| run.name != name));
        if fresh {
            self.end_run();
        }
        if let Some(frame) = self.frames.last_mut() {
            frame
                .add_unknown(name, &node)
                .map_err(|rule| XmlError::new(rule, tag.start))?;
        }
        Ok(())
    }

    fn push(&mut self, tag: &Tag<'a>, mut frame: Frame<'a>) -> Result<(), XmlError> {
        if frame.json_depth > self.depth {
            return Err(XmlError::new(XmlRule::TooDeep, tag.start));
        }
        frame.start = tag.start;
        self.frames.push(frame);
        Ok(())
    }

    /// Reads to the end of an element without looking into it; gives the bytes it is on.
    fn skip(&mut self, tag: &Tag<'a>) -> Result<Range<usize>, XmlError> {
        let mut depth = usize::from(!tag.is_empty);
        while depth > 0 {
            let start = self.at();
            match self.event(start)? {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::DocType(_) => return Err(XmlError::new(XmlRule::Doctype, start)),
                Event::Eof => return Err(XmlError::new(XmlRule::Syntax, start)),
                _ => {}
            }
            if depth > MOST_NESTED {
                return Err(XmlError::new(XmlRule::TooDeep, start));
            }
        }
        Ok(tag.start..self.at())
    }

    fn check_items(&self, start: usize) -> Result<(), XmlError> {
        if self.items > self.most_items {
            return Err(XmlError::new(XmlRule::TooLong, start));
        }
        Ok(())
    }

    fn strange_attributes(&mut self, tag: &Tag<'a>) {
        for range in &tag.attributes.others {
            self.oddity(None, OddityKind::Attribute, range.clone());
        }
    }

    /// Reports something at the element that is open, or at a child of it; never more than the first thousand.
    fn oddity(&mut self, child: Option<&str>, kind: OddityKind, range: Range<usize>) {
        if self.oddities.len() < MOST_ODDITIES {
            let path = frame::path(&self.frames, child);
            self.oddities.push(Oddity { path, kind, range });
        }
    }

    pub(super) fn namespace(&self, prefix: &str) -> Option<Namespace> {
        let bound = self.namespaces.iter().rev().find(|(known, ..)| *known == prefix);
        match bound {
            Some((_, namespace, _)) => Some(*namespace),
            None if prefix.is_empty() => Some(Namespace::None),
            None => None,
        }
    }

    fn forget_namespaces(&mut self) {
        let depth = self.frames.len();
        while self.namespaces.last().is_some_and(|(.., bound)| *bound >= depth) {
            self.namespaces.pop();
        }
    }
}

/// How deep a narrative may be.
const MOST_NESTED: usize = 500;
const MOST_ODDITIES: usize = 1_000;
