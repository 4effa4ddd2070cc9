// SPDX-License-Identifier: AGPL-3.0-or-later
//! The schema document as a small tree; schemas, unlike lists, are a few kilobytes.

use super::SchemaError;
use crate::{
    Limits, Place,
    xml::{AttributeName, Fault, Token, Tokens, admit, not_utf8, text_fault},
};

pub(super) const XS: &str = "http://www.w3.org/2001/XMLSchema";
const LARGEST: usize = 4 << 20;

pub(super) struct Tree {
    pub(super) root: Node,
    pub(super) file_version: Option<u32>,
}

pub(super) struct Node {
    pub(super) local: String,
    in_xs: bool,
    attributes: Vec<(String, String)>,
    /// The prefixes that its attributes use, with their namespaces.
    pub(super) namespaces: Vec<(String, String)>,
    pub(super) children: Vec<Self>,
    place: Place,
}

impl Tree {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SchemaError> {
        let limits = Limits {
            size: LARGEST,
            depth: 32,
            ..Limits::default()
        };
        let report = |fault: Fault| {
            let error = fault.into_error(bytes, String::new(), None);
            SchemaError::new(Place::of(bytes, error.offset()), error.message())
        };
        admit(bytes, &limits).map_err(report)?;
        let source = std::str::from_utf8(bytes).map_err(|error| report(not_utf8(bytes, error)))?;
        let mut tokens = Tokens::new(source, &limits);
        tokens.set_target(XS);
        let mut open: Vec<Node> = Vec::new();
        let mut root = None;
        loop {
            match tokens.next("").map_err(report)? {
                Token::Open(tag) => {
                    let mut node = Node {
                        local: tag.local.to_owned(),
                        in_xs: tokens.namespace_of(&tag) == XS,
                        attributes: Vec::new(),
                        namespaces: Vec::new(),
                        children: Vec::new(),
                        place: Place::of(bytes, tag.start),
                    };
                    if tag.has_attributes {
                        for attribute in tokens.attributes() {
                            if let AttributeName::Other(name) = attribute.name {
                                node.attributes
                                    .push((name.to_owned(), attribute.value.clone().into_owned()));
                            }
                        }
                        for (_, value) in &node.attributes {
                            for prefix in value
                                .split(['/', ' ', '|'])
                                .map(|part| part.split_once(':').map_or("", |(p, _)| p))
                            {
                                if let Some(namespace) = tokens.namespace(prefix) {
                                    node.namespaces.push((prefix.to_owned(), namespace.to_owned()));
                                }
                            }
                        }
                    }
                    if tag.empty {
                        Self::close(node, &mut open, &mut root);
                    } else {
                        open.push(node);
                    }
                }
                Token::Close { .. } => {
                    if let Some(node) = open.pop() {
                        Self::close(node, &mut open, &mut root);
                    }
                }
                Token::Text { raw, start } => {
                    if let Some(fault) = text_fault(raw, start, true) {
                        return Err(report(fault));
                    }
                    let in_annotation = open.iter().any(|node| node.is("annotation"));
                    if !in_annotation {
                        return Err(SchemaError::new(
                            Place::of(bytes, start),
                            "text cannot stand in a schema",
                        ));
                    }
                }
                Token::CData { .. } | Token::Reference { .. } => {}
                Token::End => break,
            }
        }
        let root = root.ok_or_else(|| SchemaError::new(Place::START, "the schema is empty"))?;
        Ok(Self {
            root,
            file_version: file_version(source),
        })
    }

    fn close(node: Node, open: &mut [Node], root: &mut Option<Node>) {
        match open.last_mut() {
            // Annotations are for people.
            Some(parent) if parent.is("annotation") => {}
            Some(parent) => parent.children.push(node),
            None => *root = Some(node),
        }
    }
}

/// The number in the comment `File version: N`.
fn file_version(source: &str) -> Option<u32> {
    let comment = source.split_once("<!--")?.1.split_once("-->")?.0;
    comment.trim().strip_prefix("File version:")?.trim().parse().ok()
}

impl Node {
    pub(super) fn is(&self, local: &str) -> bool {
        self.in_xs && self.local == local
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Only these attributes, and those of other namespaces, may stand here.
    pub(super) fn allow(&self, names: &[&str]) -> Result<(), SchemaError> {
        match self
            .attributes
            .iter()
            .find(|(name, _)| !name.contains(':') && !names.contains(&name.as_str()))
        {
            Some((name, _)) => Err(self.error(format!(
                "the attribute \"{name}\" of <{}> is outside the supported part",
                self.local
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn name(&self) -> Result<&str, SchemaError> {
        self.attribute("name")
            .ok_or_else(|| self.error(format!("<{}> has no name", self.local)))
    }

    pub(super) fn occurs(&self) -> Result<(u32, Option<u32>), SchemaError> {
        let number = |name: &str| match self.attribute(name) {
            None => Ok(Some(1)),
            Some("unbounded") if name == "maxOccurs" => Ok(None),
            Some(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| self.error(format!("{name}=\"{text}\" is no count"))),
        };
        Ok((number("minOccurs")?.unwrap_or(1), number("maxOccurs")?))
    }

    /// Namespace and local name of a QName.
    pub(super) fn qualified<'a>(&'a self, text: &'a str) -> Result<(&'a str, &'a str), SchemaError> {
        let text = text.trim();
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        let known = self.namespaces.iter().find(|(known, _)| known == prefix);
        known
            .map(|(_, namespace)| (namespace.as_str(), local))
            .ok_or_else(|| self.error(format!("the prefix of \"{text}\" is not declared")))
    }

    pub(super) fn error(&self, what: impl Into<String>) -> SchemaError {
        SchemaError::new(self.place, what)
    }

    pub(super) fn outside(&self) -> SchemaError {
        self.error(format!("<{}> is outside the supported part of XML Schema", self.local))
    }
}
