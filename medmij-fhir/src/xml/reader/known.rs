// SPDX-License-Identifier: AGPL-3.0-or-later
//! Elements that the table has: of a type, primitive, or a narrative.

use super::frame::{Frame, Kind};
use super::{Element, ElementKind, Namespace, OddityKind, Reader, Tag, XmlError, attributes, is_number, narrative};

impl<'a> Reader<'a> {
    pub(super) fn known(&mut self, tag: &Tag<'a>, at: usize, element: &'static Element) -> Result<bool, XmlError> {
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
    pub(super) fn primitive(&mut self, tag: &Tag<'a>, element: &'static Element) -> Result<(), XmlError> {
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

    pub(super) fn narrative(
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
}
