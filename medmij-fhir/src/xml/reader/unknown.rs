// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reading what the table does not know.

use quick_xml::events::Event;

use super::super::attributes::{self, Namespace, Raw};
use super::super::generic::Node;
use super::super::{XmlError, XmlRule};
use super::{Reader, Tag};

impl<'a> Reader<'a> {
    /// Reads an unknown element to its end.
    pub(super) fn unknown_node(&mut self, tag: &Tag<'a>, json_depth: usize) -> Result<Node<'a>, XmlError> {
        if json_depth > self.depth {
            return Err(XmlError::new(XmlRule::TooDeep, tag.start));
        }
        let quoted = |raw: Option<Raw<'a>>| -> Result<Option<String>, XmlError> {
            let Some(raw) = raw else { return Ok(None) };
            let mut out = String::from('"');
            attributes::push_value(&mut out, raw)?;
            out.push('"');
            Ok(Some(out))
        };
        let mut node = Node {
            value: quoted(tag.attributes.value)?,
            id: quoted(tag.attributes.id)?,
            url: quoted(tag.attributes.url)?,
            children: Vec::new(),
            size: 1,
            is_odd: !tag.attributes.others.is_empty(),
        };
        if tag.is_empty {
            return Ok(node);
        }
        loop {
            let start = self.at();
            let (len, name_len, is_empty) = match self.event(start)? {
                Event::Start(tag) => (tag.len(), tag.name().as_ref().len(), false),
                Event::Empty(tag) => (tag.len(), tag.name().as_ref().len(), true),
                Event::End(_) => break,
                Event::Text(text) if text.trim_ascii().is_empty() => continue,
                Event::Comment(_) | Event::PI(_) => continue,
                Event::DocType(_) => return Err(XmlError::new(XmlRule::Doctype, start)),
                Event::Eof => return Err(XmlError::new(XmlRule::Syntax, start)),
                _ => {
                    node.is_odd = true;
                    continue;
                }
            };
            let child = self.tag(start, len, name_len, is_empty)?;
            let (prefix, name) = child.name.split_once(':').unwrap_or(("", child.name));
            let rebound = child
                .attributes
                .namespaces
                .iter()
                .rev()
                .find(|(bound, _)| *bound == prefix);
            let namespace = rebound
                .map(|(_, namespace)| *namespace)
                .or_else(|| self.namespace(prefix));
            let read = self.unknown_node(&child, json_depth + 2)?;
            node.size += read.size;
            // the name of a member that is there already
            let is_id_or_url = match name {
                "id" => node.id.is_some(),
                "url" => node.url.is_some(),
                name => name == "resourceType" || !name.starts_with(|c: char| c.is_ascii_alphabetic()),
            };
            if namespace == Some(Namespace::Fhir) && !is_id_or_url {
                node.is_odd |= read.is_odd;
                node.children.push((name, read));
            } else {
                node.is_odd = true;
            }
        }
        Ok(node)
    }
}
