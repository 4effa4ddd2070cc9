// SPDX-License-Identifier: AGPL-3.0-or-later
//! From an XML Schema 1.0 document to a [`Dialect`]: the part of XML Schema that the lists of MedMij use.
//!
//! Supported: one document with one target namespace and qualified elements; named and inline types; `sequence`, `choice`
//! and `all` of elements with `minOccurs` and `maxOccurs`; restrictions of `string`, `token`, `dateTime`,
//! `positiveInteger` and `nonNegativeInteger` with `length`, `minLength`, `maxLength`, `pattern`, `enumeration` and
//! `whiteSpace`; `unique` with child steps and one field. Whatever else is in the schema is an error that names it:
//! a schema is understood whole or not at all.

mod node;
mod types;

use std::fmt;

use crate::{
    Dialect, ListKind, Place, SchemaBasis,
    dialect::{Class, Compiled, Element, MAX_ELEMENTS, MAX_TYPES, Model, SimpleType, Table, Unique},
};
use node::{Node, XS};

/// A schema could not become a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    place: Place,
    what: String,
}

impl SchemaError {
    fn new(place: Place, what: impl Into<String>) -> Self {
        Self {
            place,
            what: what.into(),
        }
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.place.line
    }

    /// The column, in characters, from 1.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.place.column
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "schema, line {}, column {}: {}",
            self.place.line, self.place.column, self.what
        )
    }
}

impl std::error::Error for SchemaError {}

impl Dialect {
    /// Makes a dialect of an official schema that the user has downloaded. Its basis is [`SchemaBasis::Supplied`].
    ///
    /// ```
    /// use medmij_list::{Dialect, ListKind};
    ///
    /// let xsd = br#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
    ///     targetNamespace="xmlns://afsprakenstelsel.medmij.nl/whitelist/release9/">
    ///   <xs:element name="Whitelist"><xs:complexType><xs:sequence>
    ///     <xs:element name="Volgnummer" type="xs:positiveInteger"/>
    ///   </xs:sequence></xs:complexType></xs:element>
    /// </xs:schema>"#;
    /// let dialect = Dialect::from_xsd(xsd)?;
    /// assert_eq!((dialect.kind(), dialect.release()), (ListKind::Whitelist, "release9"));
    ///
    /// let error = Dialect::from_xsd(b"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:import/></xs:schema>");
    /// assert_eq!(error.unwrap_err().to_string(), "schema, line 1, column 56: <import> is outside the supported part of XML Schema");
    /// # Ok::<(), medmij_list::SchemaError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SchemaError`]: what in the schema is outside the supported part, or beyond its bounds, and where. At most 1 MiB,
    /// 20,000 nodes, 1,000 types, 1,000 elements and 1,000 enumerated values in each, and patterns whose automata take at
    /// most 4 MiB together are supported; the official schemas are a hundredth of that.
    pub fn from_xsd(bytes: &[u8]) -> Result<Self, SchemaError> {
        let document = node::parse(bytes)?;
        let root = Node(document.root_element());
        let mut import = Import {
            root,
            file_version: node::file_version(&document),
            classes: Vec::new(),
            types: Vec::new(),
            inline: 0,
        };
        import.schema()
    }
}

struct Import<'a> {
    root: Node<'a>,
    file_version: Option<u32>,
    classes: Vec<Class>,
    types: Vec<SimpleType>,
    /// How many types without a name there were.
    inline: usize,
}

impl<'a> Import<'a> {
    fn schema(&mut self) -> Result<Dialect, SchemaError> {
        let root = self.root;
        if !root.is("schema") {
            return Err(root.error("the root element must be <schema> in the namespace of XML Schema"));
        }
        let known = |child: Node<'_>| {
            ["element", "complexType", "simpleType"]
                .iter()
                .any(|local| child.is(local))
        };
        if let Some(other) = root.children().find(|child| !known(*child)) {
            return Err(other.outside());
        }
        root.allow(&[
            "targetNamespace",
            "elementFormDefault",
            "attributeFormDefault",
            "version",
            "id",
        ])?;
        let Some(namespace) = root.attribute("targetNamespace") else {
            return Err(root.error("the schema has no targetNamespace"));
        };
        if root.attribute("elementFormDefault") != Some("qualified") {
            return Err(root.error("elementFormDefault must be \"qualified\""));
        }
        let mut lists = Vec::new();
        for child in root.children() {
            match child.local() {
                "element" => {
                    let element = self.element(child)?;
                    if let Some(kind) = ListKind::from_root(&element.name) {
                        lists.push((kind, element));
                    }
                }
                "complexType" => {
                    let name = child.name()?;
                    self.class(child, name)?;
                }
                "simpleType" => {
                    let name = child.name()?;
                    self.simple(child, name)?;
                }
                _ => {}
            }
        }
        let [(kind, element)] = lists.as_slice() else {
            return Err(root.error("the schema must have exactly one element that is the root of a list of MedMij"));
        };
        let dialect = Dialect {
            kind: *kind,
            release: namespace
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or(namespace)
                .to_owned(),
            file_version: self.file_version,
            basis: SchemaBasis::Supplied,
            namespace: namespace.to_owned(),
            old_shape: false,
            unknown_kept: false,
            root: element.clone(),
            classes: std::mem::take(&mut self.classes),
            types: std::mem::take(&mut self.types),
            compiled: Compiled::default(),
        };
        Table::build(&dialect, &[]).map_err(|what| root.error(what))?;
        Ok(dialect)
    }

    fn element(&mut self, node: Node<'a>) -> Result<Element, SchemaError> {
        node.allow(&[
            "name",
            "type",
            "minOccurs",
            "maxOccurs",
            "id",
            "nillable",
            "abstract",
            "form",
        ])?;
        for (name, harmless) in [("nillable", "false"), ("abstract", "false"), ("form", "qualified")] {
            if node.attribute(name).is_some_and(|value| value != harmless) {
                return Err(node.error(format!(
                    "{name}=\"{}\" is outside the supported part",
                    node.attribute(name).unwrap_or_default()
                )));
            }
        }
        let name = node.name()?.to_owned();
        let mut of = node
            .attribute("type")
            .map(|text| self.type_name(node, text))
            .transpose()?;
        let mut uniques = Vec::new();
        for child in node.children() {
            match child.local() {
                "simpleType" | "complexType" if of.is_none() => {
                    self.inline += 1;
                    let inline = format!("~{}", self.inline);
                    if child.is("simpleType") {
                        self.simple(child, &inline)?;
                    } else {
                        self.class(child, &inline)?;
                    };
                    of = Some(inline);
                }
                "unique" => uniques.push(self.unique(child)?),
                _ => return Err(child.outside()),
            }
        }
        let (min, max) = node.occurs()?;
        let of = of.ok_or_else(|| node.error(format!("element \"{name}\" has no type")))?;
        Ok(Element {
            name,
            of,
            min,
            max,
            marks: false,
            uniques,
        })
    }

    fn class(&mut self, node: Node<'a>, name: &str) -> Result<(), SchemaError> {
        node.allow(&["name", "id", "mixed", "abstract"])?;
        if ["mixed", "abstract"]
            .iter()
            .any(|flag| node.attribute(flag).is_some_and(|value| value != "false"))
        {
            return Err(node.error("mixed and abstract types are outside the supported part"));
        }
        self.has_room(node)?;
        // Its place is taken before those of the types within it.
        let place = self.classes.len();
        self.classes.push(Class {
            name: name.to_owned(),
            model: Model::Sequence,
            elements: Vec::new(),
        });
        let mut groups = node.children();
        let (model, elements) = match (groups.next(), groups.next()) {
            (None, _) => (Model::Sequence, Vec::new()),
            (Some(group), None) => self.group(group)?,
            (_, Some(second)) => return Err(second.outside()),
        };
        if let Some(class) = self.classes.get_mut(place) {
            (class.model, class.elements) = (model, elements);
        }
        Ok(())
    }

    /// A chain of types is resolved anew for each of them, so their number is bounded before that.
    fn has_room(&self, node: Node<'a>) -> Result<(), SchemaError> {
        if self.classes.len() + self.types.len() >= MAX_TYPES {
            return Err(node.error(format!("the schema has more than {MAX_TYPES} types")));
        }
        Ok(())
    }

    fn group(&mut self, node: Node<'a>) -> Result<(Model, Vec<Element>), SchemaError> {
        let model = match node.local() {
            "sequence" => Model::Sequence,
            "choice" => Model::Choice,
            "all" => Model::AnyOrder,
            _ => return Err(node.outside()),
        };
        node.allow(&["minOccurs", "maxOccurs", "id"])?;
        if node.occurs()? != (1, Some(1)) {
            return Err(node.error(format!(
                "a <{}> that may come more or less than once is outside the supported part",
                node.local()
            )));
        }
        let mut elements = Vec::new();
        for child in node.children() {
            match child.local() {
                "element" => {
                    let element = self.element(child)?;
                    if element.max != Some(0) {
                        elements.push(element);
                    }
                    if elements.len() > MAX_ELEMENTS {
                        return Err(node.error(format!("a type of more than {MAX_ELEMENTS} elements")));
                    }
                }
                "sequence" if model == Model::Sequence => elements.extend(self.group(child)?.1),
                _ => return Err(child.outside()),
            }
        }
        if model == Model::Choice && elements.iter().any(|element| element.min == 0) {
            return Err(node.error("a <choice> that may be empty is outside the supported part"));
        }
        let twice = |of: &Element| elements.iter().filter(|other| other.name == of.name).count() > 1;
        if model != Model::Sequence && elements.iter().any(twice) {
            return Err(node.error(format!("an element occurs twice in a <{}>", node.local())));
        }
        if model == Model::AnyOrder && (elements.len() > 32 || elements.iter().any(|element| element.max != Some(1))) {
            return Err(node.error(
                "an <all> of more than 32 elements, or of elements that repeat, is outside the supported part",
            ));
        }
        Ok((model, elements))
    }

    fn unique(&self, node: Node<'a>) -> Result<Unique, SchemaError> {
        node.allow(&["name", "id"])?;
        let name = node.name()?.to_owned();
        let mut path = Vec::new();
        let mut fields = 0;
        for child in node.children() {
            child.allow(&["xpath", "id"])?;
            match child.local() {
                "selector" if fields == 0 && path.is_empty() => path.extend(self.steps(child)?),
                "field" if fields == 0 && !path.is_empty() => {
                    fields += 1;
                    path.extend(self.steps(child)?);
                }
                "field" => return Err(child.error("a unique of several fields is outside the supported part")),
                _ => return Err(child.outside()),
            }
        }
        if fields == 0 || path.is_empty() {
            return Err(node.error("a unique needs a selector and a field"));
        }
        Ok(Unique { name, path })
    }

    /// The child steps of an xpath; `.` is none.
    fn steps(&self, node: Node<'a>) -> Result<Vec<String>, SchemaError> {
        let xpath = node.attribute("xpath").unwrap_or_default().trim();
        if xpath == "." && node.is("field") {
            return Ok(Vec::new());
        }
        let step = |step: &str| {
            let (prefix, local) = step.trim().split_once(':')?;
            let namespace = node.namespace(prefix)?;
            (Some(namespace) == self.root.attribute("targetNamespace") && crate::xml::is_ncname(local))
                .then(|| local.to_owned())
        };
        xpath.split('/').map(step).collect::<Option<Vec<_>>>().ok_or_else(|| {
            node.error(format!(
                "the xpath \"{xpath}\" is outside the supported part: child steps in the target namespace"
            ))
        })
    }

    /// The name of a type: as it is for one of the schema, with `xs:` for a built-in one, which is added to the types.
    fn type_name(&mut self, node: Node<'a>, text: &str) -> Result<String, SchemaError> {
        let (namespace, local) = node.qualified(text)?;
        if namespace == XS {
            return self.built_in(node, local);
        }
        if Some(namespace) != self.root.attribute("targetNamespace") {
            return Err(node.error(format!("the type \"{text}\" is in another namespace")));
        }
        Ok(local.to_owned())
    }
}
