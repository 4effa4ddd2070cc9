// SPDX-License-Identifier: AGPL-3.0-or-later
//! Resources: the root, and what is in `contained` or `entry.resource`.

use super::frame::{Frame, Kind};
use super::{Namespace, OddityKind, Raw, Reader, Tag, XmlError, XmlRule, attributes};

impl<'a> Reader<'a> {
    pub(super) fn root(&mut self, tag: &Tag<'a>, name: &'a str, namespace: Namespace) -> Result<bool, XmlError> {
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

    /// A resource: the root, or what is in `contained` or `entry.resource`.
    pub(super) fn begin_resource(&mut self, tag: &Tag<'a>, name: &'a str) -> Result<(), XmlError> {
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
    pub(super) fn another_resource(&mut self, tag: &Tag<'a>) -> Result<(), XmlError> {
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
}
