// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the table does not know, by its shape: an attribute `value` makes a string, children make an object.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::attributes::{self, Namespace, Raw};
use super::reader::{Reader, Tag, push_list};
use super::{XmlError, XmlRule};

/// An unknown element with all that stands in it.
pub(super) struct Node<'a> {
    value: Option<String>,
    id: Option<String>,
    url: Option<String>,
    children: Vec<(&'a str, Self)>,
    /// How many elements there are, itself included.
    pub(super) size: usize,
    /// Whether it holds what FHIR never has: text, other attributes, other namespaces.
    pub(super) is_odd: bool,
}

impl<'a> Node<'a> {
    /// Reads to the end of the element.
    pub(super) fn read(reader: &mut Reader<'a>, tag: &Tag<'a>, json_depth: usize) -> Result<Self, XmlError> {
        if json_depth > reader.depth {
            return Err(XmlError::new(XmlRule::TooDeep, tag.start));
        }
        let quoted = |raw: Option<Raw<'a>>| -> Result<Option<String>, XmlError> {
            let Some(raw) = raw else { return Ok(None) };
            let mut out = String::from('"');
            attributes::push_value(&mut out, raw)?;
            out.push('"');
            Ok(Some(out))
        };
        let mut node = Self {
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
            let start = reader.at();
            let (len, name_len, is_empty) = match reader.event(start)? {
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
            let child = reader.tag(start, len, name_len, is_empty)?;
            let (prefix, name) = child.name.split_once(':').unwrap_or(("", child.name));
            let rebound = child
                .attributes
                .namespaces
                .iter()
                .rev()
                .find(|(bound, _)| *bound == prefix);
            let namespace = rebound
                .map(|(_, namespace)| *namespace)
                .or_else(|| reader.namespace(prefix));
            let read = Self::read(reader, &child, json_depth + 2)?;
            node.size += read.size;
            // the name of a member that is there already
            let taken = match name {
                "id" => node.id.is_some(),
                "url" => node.url.is_some(),
                name => name == "resourceType" || !name.starts_with(|c: char| c.is_ascii_alphabetic()),
            };
            if namespace == Some(Namespace::Fhir) && !taken {
                node.is_odd |= read.is_odd;
                node.children.push((name, read));
            } else {
                node.is_odd = true;
            }
        }
        Ok(node)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.value.is_none() && self.has_no_content()
    }

    fn has_no_content(&self) -> bool {
        self.id.is_none() && self.url.is_none() && self.children.is_empty()
    }

    /// The JSON of the value, or of the whole where it has none.
    pub(super) fn value_json(&self) -> Option<String> {
        match (&self.value, self.children.as_slice()) {
            (Some(value), _) => Some(value.clone()),
            // a resource in another one
            (None, [(name, resource)]) if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                Some(resource.object(Some(name)))
            }
            (None, _) => Some(self.object(None)),
        }
    }

    /// What stands beside a value.
    pub(super) fn companion_json(&self) -> Option<String> {
        (self.value.is_some() && !self.has_no_content()).then(|| self.object(None))
    }

    fn object(&self, resource_type: Option<&str>) -> String {
        let mut out = String::from('{');
        let mut is_first = true;
        let kind = resource_type.map(|name| {
            let mut quoted = String::new();
            crate::json::push_string(&mut quoted, name);
            quoted
        });
        for (name, value) in [("resourceType", &kind), ("id", &self.id), ("url", &self.url)] {
            is_first = push_list(&mut out, is_first, "", name, std::slice::from_ref(value));
        }
        let mut order: Vec<(&str, Vec<&Self>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (name, child) in &self.children {
            let at = *places.entry(name).or_insert(order.len());
            match order.get_mut(at) {
                Some((_, same)) => same.push(child),
                None => order.push((name, vec![child])),
            }
        }
        for (name, same) in order {
            let values: Vec<_> = same.iter().map(|child| child.value_json()).collect();
            is_first = push_list(&mut out, is_first, "", name, &values);
            let companions: Vec<_> = same.iter().map(|child| child.companion_json()).collect();
            is_first = push_list(&mut out, is_first, "_", name, &companions);
        }
        out.push('}');
        out
    }
}
