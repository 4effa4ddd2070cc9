// SPDX-License-Identifier: AGPL-3.0-or-later
//! JSON to XML: the elements in the order of the schema, whatever their order in the JSON.

mod escape;
mod shape;

use std::ops::Range;

use medmij_types::json::{Document, Kind, Value};

use super::attributes::is_xml;
use super::reader::{is_attribute, push_step};
use super::{Converted, FHIR_NAMESPACE, Oddity, OddityKind, XmlError, XmlRule, narrative};
use crate::table::{Element, ElementKind, Table, Type};
use escape::push_escaped;

/// Writes a whole document.
pub(super) fn write(document: &Document<'_>, table: &'static Table) -> Result<Converted, XmlError> {
    let root = document.root();
    let mut writer = Writer {
        table,
        out: String::with_capacity(document.text().len() + 256),
        oddities: Vec::new(),
        path: Vec::new(),
    };
    writer.resource(root, true)?;
    Ok(Converted {
        text: writer.out,
        oddities: writer.oddities,
    })
}

struct Writer {
    table: &'static Table,
    out: String,
    oddities: Vec<Oddity>,
    path: Vec<(String, Option<usize>)>,
}

/// What an object is.
#[derive(Clone, Copy)]
enum Of {
    /// A type of the table.
    Type(usize),
    /// A resource that the table does not have.
    Resource,
    /// Anything else that it does not have.
    Shape,
}

/// A member, with the companion that belongs to it.
#[derive(Clone, Copy)]
struct Property<'d> {
    /// Where the table has it; past its end where it has not.
    at: usize,
    value: Option<Value<'d>>,
    companion: Option<Value<'d>>,
}

impl Writer {
    fn resource(&mut self, resource: Value<'_>, is_root: bool) -> Result<(), XmlError> {
        let shape = XmlError::new(XmlRule::Shape, resource.range().start);
        let name = resource
            .member("resourceType")
            .and_then(|kind| kind.as_str())
            .ok_or(shape)?;
        let good =
            name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        if !good || name.len() > 64 {
            return Err(shape);
        }
        if is_root {
            self.path.push((name.to_string(), None));
        }
        let of = self.table.resource(&name);
        if of.is_none() {
            self.oddity(OddityKind::UnknownType, resource.range());
        }
        self.out.push('<');
        self.out.push_str(&name);
        if is_root {
            self.out.push_str(" xmlns=\"");
            self.out.push_str(FHIR_NAMESPACE);
            self.out.push('"');
        }
        self.content(resource, of.map_or(Of::Resource, Of::Type), &name)
    }

    /// Writes what follows the attributes of a start tag, and the end.
    fn content(&mut self, object: Value<'_>, of: Of, name: &str) -> Result<(), XmlError> {
        let begin = self.out.len();
        self.out.push('>');
        self.children(object, of)?;
        self.end(begin, name);
        Ok(())
    }

    /// Ends an element whose `>` stands at `begin`.
    fn end(&mut self, begin: usize, name: &str) {
        if self.out.len() == begin + 1 {
            self.out.truncate(begin);
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn children(&mut self, object: Value<'_>, of: Of) -> Result<(), XmlError> {
        let table = self.table;
        let known = table.get(match of {
            Of::Type(at) => at,
            Of::Resource | Of::Shape => usize::MAX,
        });
        let mut properties: Vec<Property<'_>> = Vec::new();
        let mut unknown = Vec::new();
        let mut from = 0;
        for member in object.members() {
            let name = member.name().unwrap_or_default();
            let bare = name.strip_prefix('_').unwrap_or(&name);
            let is_companion = bare.len() < name.len();
            // what a shape has as attributes is written already
            let is_attribute = |name| match of {
                Of::Type(_) => is_attribute(known, name),
                Of::Resource => false,
                Of::Shape => matches!(name, "id" | "url"),
            };
            if name == "fhir_comments" && self.comments(member) {
                continue;
            }
            if (name == "resourceType" && names_type(member, known)) || (!is_companion && is_attribute(&name)) {
                continue;
            }
            let at = known.position(bare, from).filter(|at| {
                let primitive = known
                    .elements
                    .get(*at)
                    .is_some_and(|element| element.kind.is_primitive());
                (primitive || !is_companion) && !is_attribute(bare)
            });
            let Some(at) = at else {
                unknown.push(member);
                continue;
            };
            from = at;
            let same = properties.iter().rposition(|property| property.at == at);
            let index = same.unwrap_or(properties.len());
            if same.is_none() {
                properties.push(Property {
                    at,
                    value: None,
                    companion: None,
                });
            }
            if let Some(property) = properties.get_mut(index) {
                *(if is_companion {
                    &mut property.companion
                } else {
                    &mut property.value
                }) = Some(member);
            }
        }
        properties.sort_by_key(|property| property.at);
        for property in properties {
            if let Some(element) = known.elements.get(property.at) {
                self.property(element, property)?;
            }
        }
        for member in unknown {
            self.unknown(object, member, !matches!(of, Of::Type(_)))?;
        }
        Ok(())
    }

    /// Writes the comments of an older form of JSON as what they were; says whether they are such.
    fn comments(&mut self, member: Value<'_>) -> bool {
        let texts: Vec<_> = items(Some(member)).iter().filter_map(|item| item.as_str()).collect();
        let good = |text: &str| !text.contains("--") && !text.ends_with('-') && text.chars().all(is_xml);
        if texts.len() != items(Some(member)).len() || !texts.iter().all(|text| good(text)) {
            return false;
        }
        for text in texts {
            self.out.push_str("<!--");
            self.out.push_str(&text);
            self.out.push_str("-->");
        }
        true
    }

    fn property(&mut self, element: &'static Element, property: Property<'_>) -> Result<(), XmlError> {
        let is_list = |value: Option<Value<'_>>| value.map(|value| value.kind() == Kind::Array);
        let lists = [is_list(property.value), is_list(property.companion)];
        if lists.into_iter().flatten().any(|list| list != element.repeats) {
            let range = property
                .value
                .or(property.companion)
                .map_or(0..0, |value| value.range());
            self.path.push((element.name.to_owned(), None));
            self.oddity(OddityKind::Kind, range);
            self.path.pop();
        }
        let values = items(property.value);
        let companions = items(property.companion);
        for index in 0..values.len().max(companions.len()) {
            self.path
                .push((element.name.to_owned(), element.repeats.then_some(index)));
            let value = values.get(index).copied().filter(|value| !value.is_null());
            let companion = companions.get(index).copied().filter(|companion| !companion.is_null());
            let start = self.out.len();
            self.item(element, value, companion)?;
            if element.kind.is_primitive() {
                self.leave_out_empty(start, element.name, value.or(companion));
            }
            self.path.pop();
        }
        Ok(())
    }

    /// Takes a primitive element back that has neither value nor content, as the reader leaves it out: of one without either
    /// nothing would say that it was there.
    fn leave_out_empty(&mut self, start: usize, name: &str, value: Option<Value<'_>>) {
        let written = self.out.get(start..).unwrap_or_default();
        if written.strip_prefix('<').and_then(|rest| rest.strip_suffix("/>")) == Some(name) {
            self.out.truncate(start);
            self.oddity(OddityKind::Empty, value.map_or(0..0, |value| value.range()));
        }
    }

    fn item(
        &mut self,
        element: &'static Element,
        value: Option<Value<'_>>,
        companion: Option<Value<'_>>,
    ) -> Result<(), XmlError> {
        let range = value.or(companion).map_or(0..0, |value| value.range());
        match (element.kind, value) {
            (ElementKind::Type(of), Some(value)) if value.kind() == Kind::Object => {
                self.complex(element.name, value, Of::Type(of))
            }
            (ElementKind::Resource, Some(value)) if value.kind() == Kind::Object => self.wrapped(element.name, value),
            (ElementKind::Xhtml, Some(value)) if value.kind() == Kind::String => {
                let start = self.out.len();
                value.push_to(&mut self.out);
                narrative::settle(&mut self.out, start, range.start)?;
                self.characters(self.out.get(start..).unwrap_or_default(), range.start)
            }
            (kind, value) if kind.is_primitive() => {
                let fits = match value.map(|value| value.kind()) {
                    None => companion.is_some(),
                    Some(Kind::String) => kind == ElementKind::Text,
                    Some(Kind::Number) => kind == ElementKind::Number,
                    Some(Kind::Bool) => kind == ElementKind::Boolean,
                    Some(_) => false,
                };
                if value.is_none() && companion.is_none() {
                    self.oddity(OddityKind::Empty, range);
                    return Ok(());
                }
                if !fits {
                    self.oddity(OddityKind::Kind, range);
                }
                self.primitive(element.name, value, companion, Of::Type(self.table.element))
            }
            (_, Some(value)) => {
                self.oddity(OddityKind::Kind, range);
                self.shape(element.name, Some(value), companion)
            }
            (_, None) => {
                self.oddity(OddityKind::Empty, range);
                Ok(())
            }
        }
    }

    /// A primitive element: its value, and what its companion holds.
    fn primitive(
        &mut self,
        name: &str,
        value: Option<Value<'_>>,
        companion: Option<Value<'_>>,
        of: Of,
    ) -> Result<(), XmlError> {
        if value.is_some_and(|value| matches!(value.kind(), Kind::Object | Kind::Array)) {
            return self.shape(name, value, companion);
        }
        self.out.push('<');
        self.out.push_str(name);
        if let Some(companion) = companion {
            self.attribute("id", companion.member("id"))?;
        }
        self.attribute("value", value)?;
        match companion {
            Some(companion) => self.content(companion, of, name),
            None => {
                self.out.push_str("/>");
                Ok(())
            }
        }
    }

    fn complex(&mut self, name: &str, object: Value<'_>, of: Of) -> Result<(), XmlError> {
        self.out.push('<');
        self.out.push_str(name);
        self.attribute("id", object.member("id"))?;
        if matches!(of, Of::Shape) || matches!(of, Of::Type(at) if self.table.get(at).is_extension) {
            self.attribute("url", object.member("url"))?;
        }
        self.content(object, of, name)
    }

    fn wrapped(&mut self, name: &str, resource: Value<'_>) -> Result<(), XmlError> {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        self.resource(resource, false)?;
        self.end(0, name);
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: Option<Value<'_>>) -> Result<(), XmlError> {
        let Some(value) = value else { return Ok(()) };
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        match value.as_str() {
            Some(text) => {
                self.characters(&text, value.range().start)?;
                push_escaped(&mut self.out, &text);
            }
            None if matches!(value.kind(), Kind::Object | Kind::Array) => {
                return Err(XmlError::new(XmlRule::Shape, value.range().start));
            }
            None => self.out.push_str(value.raw()),
        }
        self.out.push('"');
        Ok(())
    }

    fn characters(&self, text: &str, offset: usize) -> Result<(), XmlError> {
        if text.bytes().all(|b| (0x20..0x7f).contains(&b)) || text.chars().all(is_xml) {
            Ok(())
        } else {
            Err(XmlError::new(XmlRule::Character, offset))
        }
    }

    fn oddity(&mut self, kind: OddityKind, range: Range<usize>) {
        if self.oddities.len() >= MOST_ODDITIES {
            return;
        }
        let mut path = String::new();
        for (name, index) in &self.path {
            push_step(&mut path, name);
            if let Some(index) = index {
                path.push_str(&format!("[{index}]"));
            }
        }
        self.oddities.push(Oddity { path, kind, range });
    }
}

/// Whether a member says of which type a resource is: one type of STU3 has an element of that name.
fn names_type(member: Value<'_>, known: &Type) -> bool {
    known.position("resourceType", 0).is_none() && member.kind() == Kind::String
}

/// The elements of an array, or the one value.
fn items(value: Option<Value<'_>>) -> Vec<Value<'_>> {
    match value {
        None => Vec::new(),
        Some(value) if value.kind() == Kind::Array => value.items().collect(),
        Some(value) => vec![value],
    }
}

const MOST_ODDITIES: usize = 1_000;
