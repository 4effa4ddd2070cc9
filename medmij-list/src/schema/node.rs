// SPDX-License-Identifier: AGPL-3.0-or-later
//! The elements of a schema document, and what may occur on them.

use roxmltree::{Document, Node as XmlNode, ParsingOptions, TextPos};

use super::SchemaError;
use crate::Place;

pub(super) const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// The official schemas have some 10 KiB, 150 nodes and 12 elements inside each other.
const MAX_BYTES: usize = 1 << 20;
const MAX_NODES: u32 = 20_000;
const MAX_DEPTH: usize = 64;

/// Parses the document, within bounds.
pub(super) fn parse(bytes: &[u8]) -> Result<Document<'_>, SchemaError> {
    let start = |what: &str| SchemaError::new(Place::START, what);
    if bytes.len() > MAX_BYTES {
        return Err(start("the schema has more than 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| start("the schema is not UTF-8"))?;
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| SchemaError::new(place(error.pos(), 0), error.to_string()))?;
    for node in document.descendants() {
        if node.ancestors().nth(MAX_DEPTH).is_some() {
            return Err(Node(node).error("the elements are too deep inside each other"));
        }
        let is_text = node.is_text() && node.text().is_some_and(|text| !text.trim().is_empty());
        if is_text && !node.ancestors().any(|above| Node(above).is("annotation")) {
            return Err(Node(node).error("text cannot occur in a schema"));
        }
    }
    Ok(document)
}

/// The number in the first comment, `File version: N`.
pub(super) fn file_version(document: &Document<'_>) -> Option<u32> {
    let comment = document.descendants().find(XmlNode::is_comment)?.text()?;
    comment.trim().strip_prefix("File version:")?.trim().parse().ok()
}

/// An element of the schema.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(pub(super) XmlNode<'a, 'a>);

impl<'a> Node<'a> {
    pub(super) fn local(self) -> &'a str {
        self.0.tag_name().name()
    }

    pub(super) fn is(self, local: &str) -> bool {
        self.0.has_tag_name((XS, local))
    }

    /// The elements below it; annotations are for people.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        let elements = self.0.children().filter(XmlNode::is_element).map(Self);
        elements.filter(|child| !child.is("annotation"))
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }

    /// Only these attributes, and those of other namespaces, may occur here.
    pub(super) fn allow(self, names: &[&str]) -> Result<(), SchemaError> {
        let is_other = |name: &&str| !names.contains(name);
        let own = self.0.attributes().filter(|attribute| attribute.namespace().is_none());
        match own.map(|attribute| attribute.name()).find(is_other) {
            Some(name) => Err(self.error(format!(
                "the attribute \"{name}\" of <{}> is outside the supported part",
                self.local()
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn name(self) -> Result<&'a str, SchemaError> {
        self.attribute("name")
            .ok_or_else(|| self.error(format!("<{}> has no name", self.local())))
    }

    pub(super) fn occurs(self) -> Result<(u32, Option<u32>), SchemaError> {
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

    /// The namespace of a prefix here; the empty prefix is the default one.
    pub(super) fn namespace(self, prefix: &str) -> Option<&'a str> {
        self.0.lookup_namespace_uri((!prefix.is_empty()).then_some(prefix))
    }

    /// Namespace and local name of a QName.
    pub(super) fn qualified<'t>(self, text: &'t str) -> Result<(&'a str, &'t str), SchemaError> {
        let text = text.trim();
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        match self.namespace(prefix) {
            Some(namespace) => Ok((namespace, local)),
            None => Err(self.error(format!("the prefix of \"{text}\" is not declared"))),
        }
    }

    pub(super) fn error(self, what: impl Into<String>) -> SchemaError {
        let offset = self.0.range().start;
        SchemaError::new(place(self.0.document().text_pos_at(offset), offset), what)
    }

    pub(super) fn outside(self) -> SchemaError {
        self.error(format!(
            "<{}> is outside the supported part of XML Schema",
            self.local()
        ))
    }
}

const fn place(at: TextPos, offset: usize) -> Place {
    Place {
        line: at.row,
        column: at.col,
        offset,
    }
}
