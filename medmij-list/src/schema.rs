// SPDX-License-Identifier: AGPL-3.0-or-later
//! From an XML Schema 1.0 document to a [`Dialect`]: the part of XML Schema that the lists of MedMij use.
//!
//! Supported: one document with one target namespace and qualified elements; named and inline types; `sequence`, `choice`
//! and `all` of elements with `minOccurs` and `maxOccurs`; restrictions of `string`, `token`, `dateTime`,
//! `positiveInteger` and `nonNegativeInteger` with `length`, `minLength`, `maxLength`, `pattern`, `enumeration` and
//! `whiteSpace`; `unique` with child steps and one field. Whatever else stands in the schema is an error that names it:
//! a schema is understood whole or not at all.

mod node;
mod types;

use std::{fmt, sync::Arc};

use crate::{
    Dialect, ListKind, Place, SchemaBasis,
    dialect::{Class, Compiled, Element, Model, SimpleType, Table, Unique},
};
use node::{Node, Tree, XS};

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
    /// What in the schema is outside the supported part, and where.
    pub fn from_xsd(bytes: &[u8]) -> Result<Self, SchemaError> {
        let tree = Tree::read(bytes)?;
        let mut import = Import {
            tree: &tree,
            classes: Vec::new(),
            types: Vec::new(),
            inline: 0,
        };
        import.schema(&tree.root)
    }

    /// The same, ready for [`ReadOptions::with_dialect`](crate::ReadOptions::with_dialect).
    ///
    /// # Errors
    ///
    /// As [`from_xsd`](Self::from_xsd).
    pub fn shared_from_xsd(bytes: &[u8]) -> Result<Arc<Self>, SchemaError> {
        Self::from_xsd(bytes).map(Arc::new)
    }
}

struct Import<'a> {
    tree: &'a Tree,
    classes: Vec<Class>,
    types: Vec<SimpleType>,
    /// How many types without a name there were.
    inline: usize,
}

impl Import<'_> {
    fn schema(&mut self, root: &Node) -> Result<Dialect, SchemaError> {
        if !root.is("schema") {
            return Err(root.error("the root element must be <schema> in the namespace of XML Schema"));
        }
        for child in &root.children {
            if !["element", "complexType", "simpleType", "annotation"]
                .iter()
                .any(|known| child.is(known))
            {
                return Err(child.outside());
            }
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
        for child in &root.children {
            match child.local.as_str() {
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
            file_version: self.tree.file_version,
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

    fn element(&mut self, node: &Node) -> Result<Element, SchemaError> {
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
        for child in &node.children {
            match child.local.as_str() {
                "annotation" => {}
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

    fn class(&mut self, node: &Node, name: &str) -> Result<(), SchemaError> {
        node.allow(&["name", "id", "mixed", "abstract"])?;
        if ["mixed", "abstract"]
            .iter()
            .any(|flag| node.attribute(flag).is_some_and(|value| value != "false"))
        {
            return Err(node.error("mixed and abstract types are outside the supported part"));
        }
        // Its place is taken before those of the types within it.
        let place = self.classes.len();
        self.classes.push(Class {
            name: name.to_owned(),
            model: Model::Sequence,
            elements: Vec::new(),
        });
        let mut groups = node.children.iter().filter(|child| !child.is("annotation"));
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

    fn group(&mut self, node: &Node) -> Result<(Model, Vec<Element>), SchemaError> {
        let model = match node.local.as_str() {
            "sequence" => Model::Sequence,
            "choice" => Model::Choice,
            "all" => Model::AnyOrder,
            _ => return Err(node.outside()),
        };
        node.allow(&["minOccurs", "maxOccurs", "id"])?;
        if node.occurs()? != (1, Some(1)) {
            return Err(node.error(format!(
                "a <{}> that may come more or less than once is outside the supported part",
                node.local
            )));
        }
        let mut elements = Vec::new();
        for child in &node.children {
            match child.local.as_str() {
                "annotation" => {}
                "element" => {
                    let element = self.element(child)?;
                    if element.max != Some(0) {
                        elements.push(element);
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
            return Err(node.error(format!("an element stands twice in a <{}>", node.local)));
        }
        if model == Model::AnyOrder && (elements.len() > 32 || elements.iter().any(|element| element.max != Some(1))) {
            return Err(node.error(
                "an <all> of more than 32 elements, or of elements that repeat, is outside the supported part",
            ));
        }
        Ok((model, elements))
    }

    fn unique(&self, node: &Node) -> Result<Unique, SchemaError> {
        node.allow(&["name", "id"])?;
        let name = node.name()?.to_owned();
        let mut path = Vec::new();
        let mut fields = 0;
        for child in node.children.iter().filter(|child| !child.is("annotation")) {
            child.allow(&["xpath", "id"])?;
            match child.local.as_str() {
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
    fn steps(&self, node: &Node) -> Result<Vec<String>, SchemaError> {
        let xpath = node.attribute("xpath").unwrap_or_default().trim();
        if xpath == "." && node.is("field") {
            return Ok(Vec::new());
        }
        let step = |step: &str| {
            let (prefix, local) = step.trim().split_once(':')?;
            let namespace = node.namespaces.iter().find(|(known, _)| known == prefix)?;
            (Some(namespace.1.as_str()) == self.tree.root.attribute("targetNamespace") && crate::xml::is_ncname(local))
                .then(|| local.to_owned())
        };
        xpath.split('/').map(step).collect::<Option<Vec<_>>>().ok_or_else(|| {
            node.error(format!(
                "the xpath \"{xpath}\" is outside the supported part: child steps in the target namespace"
            ))
        })
    }

    /// The name of a type: as it is for one of the schema, with `xs:` for a built-in one, which is added to the types.
    fn type_name(&mut self, node: &Node, text: &str) -> Result<String, SchemaError> {
        let (namespace, local) = node.qualified(text)?;
        if namespace == XS {
            return self.built_in(node, local);
        }
        if Some(namespace) != self.tree.root.attribute("targetNamespace") {
            return Err(node.error(format!("the type \"{text}\" is in another namespace")));
        }
        Ok(local.to_owned())
    }
}
