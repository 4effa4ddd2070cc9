// SPDX-License-Identifier: AGPL-3.0-or-later
//! XML to JSON in one pass: each element is written as it comes, and nothing is kept but what is still open.

mod frame;
mod unknown;

use std::ops::Range;

use quick_xml::events::Event;

use super::attributes::{self, Attributes, Namespace, Raw};
use super::{Converted, Oddity, OddityKind, XmlError, XmlRule, narrative};
use crate::limits::{Limits, MAX_DEPTH};
use crate::table::{Element, ElementKind, Table, Type};
pub(crate) use frame::push_step;
use frame::{Frame, Kind, Run};

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
            match self.event(start)? {
                Event::Start(tag) => {
                    let tag = self.tag(start, tag.len(), tag.name().as_ref().len(), false)?;
                    self.open(tag)?;
                }
                Event::Empty(tag) => {
                    let tag = self.tag(start, tag.len(), tag.name().as_ref().len(), true)?;
                    self.open(tag)?;
                }
                Event::End(_) => self.close()?,
                Event::Text(text) if is_blank(&text) => {}
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    if self.frames.is_empty() {
                        return Err(XmlError::new(XmlRule::Syntax, start));
                    }
                    let end = self.at();
                    self.oddity(None, OddityKind::Text, start..end);
                }
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding();
                    let utf8 = encoding.is_none_or(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")));
                    if !utf8 || start != 0 {
                        let rule = if utf8 { XmlRule::Syntax } else { XmlRule::Encoding };
                        return Err(XmlError::new(rule, start));
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(XmlError::new(XmlRule::Doctype, start)),
                Event::Eof if self.done => return Ok(()),
                Event::Eof => return Err(XmlError::new(XmlRule::Syntax, start)),
            }
        }
    }

    pub(super) fn at(&self) -> usize {
        usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    pub(super) fn event(&mut self, start: usize) -> Result<Event<'a>, XmlError> {
        self.xml.read_event().map_err(|_| XmlError::new(XmlRule::Syntax, start))
    }

    /// Takes a start tag apart; `len` is what stands between the brackets.
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

    fn root(&mut self, tag: &Tag<'a>, name: &'a str, namespace: Namespace) -> Result<bool, XmlError> {
        if self.done {
            return Err(XmlError::new(XmlRule::Syntax, tag.start));
        }
        if namespace != Namespace::Fhir {
            return Err(XmlError::new(XmlRule::Namespace, tag.start));
        }
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(XmlError::new(XmlRule::Shape, tag.start));
        }
        self.begin_resource(tag, name)?;
        Ok(true)
    }

    /// A resource: the root, or what stands in `contained` or `entry.resource`.
    fn begin_resource(&mut self, tag: &Tag<'a>, name: &'a str) -> Result<(), XmlError> {
        let mut json_depth = 1;
        if let Some(wrapper) = self.frames.last_mut() {
            json_depth = wrapper.json_depth;
            if std::mem::replace(&mut wrapper.kind, Kind::Wrapper { filled: true }) == (Kind::Wrapper { filled: true })
            {
                self.another_resource(tag)?;
            }
        }
        let of = self.table.resource(name);
        self.push(
            tag,
            Frame::new(Kind::Object, of.unwrap_or(usize::MAX), name, json_depth),
        )?;
        if of.is_none() {
            self.oddity(None, OddityKind::UnknownType, tag.start..tag.start + name.len() + 1);
        }
        self.out.push_str("{\"resourceType\":\"");
        attributes::push_value(
            &mut self.out,
            Raw {
                text: name,
                offset: tag.start,
            },
        )?;
        self.out.push('"');
        if let Some(frame) = self.frames.last_mut() {
            frame.is_first = false;
        }
        for stray in [&tag.attributes.value, &tag.attributes.id, &tag.attributes.url]
            .into_iter()
            .flatten()
        {
            self.oddity(
                None,
                OddityKind::Attribute,
                stray.offset..stray.offset + stray.text.len(),
            );
        }
        self.strange_attributes(tag);
        Ok(())
    }

    /// A second resource in one `contained` is one more; elsewhere there is no place for it.
    fn another_resource(&mut self, tag: &Tag<'a>) -> Result<(), XmlError> {
        let wrapper = self.frames.len() - 1;
        let run = self
            .frames
            .get_mut(wrapper.wrapping_sub(1))
            .and_then(|parent| parent.run.as_mut());
        match run {
            Some(run) if run.repeats => {
                self.items += 1;
                run.next(&mut self.out);
                Ok(())
            }
            _ => Err(XmlError::new(XmlRule::Repeated, tag.start)),
        }
    }

    fn known(&mut self, tag: &Tag<'a>, at: usize, element: &'static Element) -> Result<bool, XmlError> {
        self.begin_item(at, element, tag.start)?;
        let json_depth = self.frames.last().map_or(0, |frame| frame.json_depth) + usize::from(element.repeats) + 1;
        match element.kind {
            ElementKind::Type(of) => {
                self.push(tag, Frame::new(Kind::Object, of, element.name, json_depth))?;
                self.out.push('{');
                let is_extension = self.table.get(of).is_extension;
                self.attribute("id", tag.attributes.id)?;
                if is_extension {
                    self.attribute("url", tag.attributes.url)?;
                }
                let stray_url = tag.attributes.url.filter(|_| !is_extension);
                for stray in [tag.attributes.value, stray_url].into_iter().flatten() {
                    self.oddity(
                        None,
                        OddityKind::Attribute,
                        stray.offset..stray.offset + stray.text.len(),
                    );
                }
            }
            ElementKind::Resource => {
                self.push(
                    tag,
                    Frame::new(Kind::Wrapper { filled: false }, usize::MAX, element.name, json_depth),
                )?;
                let given = &tag.attributes;
                for stray in [given.value, given.id, given.url].into_iter().flatten() {
                    self.oddity(
                        None,
                        OddityKind::Attribute,
                        stray.offset..stray.offset + stray.text.len(),
                    );
                }
            }
            _ => {
                self.primitive(tag, element)?;
                if tag.is_empty && tag.attributes.id.is_none() && tag.attributes.others.is_empty() {
                    self.end_primitive(None, tag.attributes.value.is_some(), tag.start);
                    return Ok(false);
                }
                let kind = Kind::Primitive {
                    companion: self.out.len(),
                    has_value: tag.attributes.value.is_some(),
                };
                self.push(tag, Frame::new(kind, self.table.element, element.name, json_depth))?;
                self.attribute("id", tag.attributes.id)?;
                if let Some(stray) = tag.attributes.url {
                    self.oddity(
                        None,
                        OddityKind::Attribute,
                        stray.offset..stray.offset + stray.text.len(),
                    );
                }
            }
        }
        self.strange_attributes(tag);
        Ok(true)
    }

    /// Writes the value of a primitive element.
    fn primitive(&mut self, tag: &Tag<'a>, element: &'static Element) -> Result<(), XmlError> {
        let Some(value) = tag.attributes.value else {
            self.out.push_str("null");
            return Ok(());
        };
        if let Some(run) = self.frames.last_mut().and_then(|frame| frame.run.as_mut()) {
            run.values += 1;
        }
        let plain = match element.kind {
            ElementKind::Boolean => matches!(value.text, "true" | "false"),
            ElementKind::Number => is_number(value.text.as_bytes()),
            _ => {
                self.out.push('"');
                attributes::push_value(&mut self.out, value)?;
                self.out.push('"');
                return Ok(());
            }
        };
        if plain {
            self.out.push_str(value.text);
            return Ok(());
        }
        self.out.push('"');
        attributes::push_value(&mut self.out, value)?;
        self.out.push('"');
        self.oddity(
            Some(element.name),
            OddityKind::Kind,
            value.offset..value.offset + value.text.len(),
        );
        Ok(())
    }

    fn narrative(
        &mut self,
        tag: &Tag<'a>,
        prefix: &str,
        namespace: Namespace,
        at: usize,
        element: &'static Element,
    ) -> Result<(), XmlError> {
        self.begin_item(at, element, tag.start)?;
        let range = self.skip(tag)?;
        if namespace != Namespace::Xhtml {
            self.oddity(Some(element.name), OddityKind::Namespace, range.clone());
        }
        let raw = self.text.get(range).unwrap_or_default();
        let declares = tag.attributes.namespaces.iter().any(|(prefix, _)| prefix.is_empty());
        let declares = declares || namespace != Namespace::Xhtml;
        self.out.push('"');
        crate::json::push_escaped(&mut self.out, &narrative::source(raw, prefix, declares));
        self.out.push('"');
        if let Some(run) = self.frames.last_mut().and_then(|frame| frame.run.as_mut()) {
            run.values += 1;
        }
        Ok(())
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

    /// Begins one more element of a name in the open object.
    fn begin_item(&mut self, at: usize, element: &'static Element, start: usize) -> Result<(), XmlError> {
        self.items += 1;
        self.check_items(start)?;
        let limit = self.limits.elements;
        let goes_on = self
            .frames
            .last_mut()
            .and_then(|frame| frame.run.as_mut())
            .filter(|run| run.at == at);
        if let Some(run) = goes_on {
            if !run.repeats {
                return Err(XmlError::new(XmlRule::Repeated, start));
            }
            run.next(&mut self.out);
            if run.count > limit {
                return Err(XmlError::new(XmlRule::TooLong, start));
            }
            return Ok(());
        }
        self.end_run();
        let begin = self.out.len();
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        if !frame.see(at) {
            return Err(XmlError::new(XmlRule::Order, start));
        }
        frame.cursor = at;
        frame.open_companion(&mut self.out);
        frame.run = Some(Run::new(at, element, begin, frame.is_first));
        if !std::mem::replace(&mut frame.is_first, false) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(element.name);
        self.out.push_str(if element.repeats { "\":[" } else { "\":" });
        Ok(())
    }

    /// Ends the elements of one name: closes the array, and writes the companions.
    fn end_run(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some(run) = frame.run.take() {
            frame.is_first = run.end(&mut self.out, frame.is_first);
        }
        if let Some(run) = frame.unknown.take() {
            frame.open_companion(&mut self.out);
            frame.is_first = run.end(&mut self.out, frame.is_first);
        }
    }

    /// Ends a primitive element; one with neither a value nor a companion is taken back.
    fn end_primitive(&mut self, companion: Option<String>, has_value: bool, start: usize) {
        if has_value || companion.is_some() {
            if let Some(run) = self.frames.last_mut().and_then(|frame| frame.run.as_mut()) {
                run.add_companion(companion);
            }
        } else {
            self.drop_item(start);
        }
    }

    /// Takes the last item back, and reports it.
    fn drop_item(&mut self, start: usize) {
        let name = self.frames.last().and_then(|frame| Some(frame.run.as_ref()?.name));
        let end = self.at();
        self.oddity(name, OddityKind::Empty, start..end);
        let Some(frame) = self.frames.last_mut() else { return };
        if let Some(run) = &mut frame.run
            && let Some(is_first) = run.drop_item(&mut self.out)
        {
            let at = run.at;
            frame.is_first = is_first;
            frame.run = None;
            frame.unsee(at);
        }
    }

    fn close(&mut self) -> Result<(), XmlError> {
        self.end_run();
        let Some(frame) = self.frames.pop() else {
            return Err(XmlError::new(XmlRule::Syntax, self.at()));
        };
        self.forget_namespaces();
        match frame.kind {
            Kind::Object => self.out.push('}'),
            Kind::Primitive { companion, has_value } => {
                let text = self.out.split_off(companion);
                self.end_primitive((!text.is_empty()).then(|| text + "}"), has_value, frame.start);
            }
            Kind::Wrapper { filled: true } => {}
            Kind::Wrapper { filled: false } => self.drop_item(frame.start),
        }
        self.done = self.frames.is_empty();
        Ok(())
    }

    fn attribute(&mut self, name: &'static str, value: Option<Raw<'a>>) -> Result<(), XmlError> {
        let Some(value) = value else { return Ok(()) };
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        frame.open_companion(&mut self.out);
        if !std::mem::replace(&mut frame.is_first, false) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":\"");
        attributes::push_value(&mut self.out, value)?;
        self.out.push('"');
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

    /// Reads to the end of an element without looking into it; gives the bytes it stands on.
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

/// Whether an element of the table is an attribute in XML.
pub(super) fn is_attribute(of: &Type, name: &str) -> bool {
    !of.is_resource && (name == "id" || (name == "url" && of.is_extension))
}

/// RFC 8259 section 6, which is also what FHIR says of a decimal.
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.starts_with(b"0")) {
        return false;
    }
    let mut rest = text.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = digits(fraction);
        if len == 0 {
            return false;
        }
        rest = fraction.get(len..).unwrap_or_default();
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent
            .strip_prefix(b"+")
            .or_else(|| exponent.strip_prefix(b"-"))
            .unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Where a control character stands that XML does not have; whole pieces are looked through before single bytes.
fn control(bytes: &[u8]) -> Option<usize> {
    let is_control = |b: &u8| (*b < 0x20) & (*b != b'\t') & (*b != b'\n') & (*b != b'\r');
    let mut pieces = bytes.chunks(PIECE).enumerate();
    let (at, piece) = pieces.find(|(_, piece)| piece.iter().fold(false, |found, b| found | is_control(b)))?;
    Some(at * PIECE + piece.iter().position(is_control)?)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

/// How deep a narrative may be.
const MOST_NESTED: usize = 500;
const MOST_ODDITIES: usize = 1_000;
const PIECE: usize = 4_096;
