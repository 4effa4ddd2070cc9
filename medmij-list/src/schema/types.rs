// SPDX-License-Identifier: AGPL-3.0-or-later
//! Simple types: restrictions with facets, down to a built-in type.

use super::{
    Import, SchemaError,
    node::{Node, XS},
};
use crate::dialect::{Base, MAX_VALUES, SimpleType};

impl<'a> Import<'a> {
    pub(super) fn simple(&mut self, node: Node<'a>, name: &str) -> Result<(), SchemaError> {
        self.has_room(node)?;
        let resolved = self.resolve(node, name, 0)?;
        self.types.push(resolved);
        Ok(())
    }

    /// A built-in type as the type of an element.
    pub(super) fn built_in(&mut self, node: Node<'a>, local: &str) -> Result<String, SchemaError> {
        let base = Base::from_name(local).ok_or_else(|| outside(node, local))?;
        let name = format!("xs:{local}");
        if !self.types.iter().any(|known| known.name == name) {
            self.types.push(SimpleType::new(name.clone(), base));
        }
        Ok(name)
    }

    /// A type with all facets of what it restricts.
    fn resolve(&self, node: Node<'a>, name: &str, depth: usize) -> Result<SimpleType, SchemaError> {
        node.allow(&["name", "id"])?;
        if depth > 16 {
            return Err(node.error("a type that restricts itself, or too many that restrict each other"));
        }
        let mut parts = node.children();
        let (Some(restriction), None) = (parts.next(), parts.next()) else {
            return Err(node.error(format!("<{}> must hold one <restriction>", node.local())));
        };
        if !restriction.is("restriction") {
            return Err(restriction.outside());
        }
        restriction.allow(&["base", "id"])?;
        let inline = restriction.children().find(|child| child.is("simpleType"));
        let mut of = match (restriction.attribute("base"), inline) {
            (Some(text), None) => {
                let (namespace, local) = restriction.qualified(text)?;
                if namespace == XS {
                    SimpleType::new(
                        String::new(),
                        Base::from_name(local).ok_or_else(|| outside(restriction, local))?,
                    )
                } else {
                    let named = self
                        .root
                        .children()
                        .find(|child| child.is("simpleType") && child.attribute("name") == Some(local));
                    let named = named.ok_or_else(|| restriction.error(format!("there is no type \"{text}\"")))?;
                    self.resolve(named, local, depth + 1)?
                }
            }
            (None, Some(inline)) => self.resolve(inline, "", depth + 1)?,
            _ => return Err(restriction.error("a restriction needs one base")),
        };
        name.clone_into(&mut of.name);
        self.facets(restriction, &mut of)?;
        Ok(of)
    }

    fn facets(&self, restriction: Node<'a>, of: &mut SimpleType) -> Result<(), SchemaError> {
        let mut patterns = Vec::new();
        let mut enumeration = Vec::new();
        for facet in restriction.children().filter(|child| !child.is("simpleType")) {
            facet.allow(&["value", "fixed", "id"])?;
            let value = facet
                .attribute("value")
                .ok_or_else(|| facet.error("a facet needs a value"))?;
            let count = || {
                value
                    .trim()
                    .parse::<u32>()
                    .map_err(|_| facet.error(format!("\"{value}\" is no count")))
            };
            let text_only = matches!(of.base, Base::String | Base::Token);
            match facet.local() {
                "length" if text_only => {
                    let length = count()?;
                    of.min_length = of.min_length.max(Some(length));
                    of.max_length = Some(of.max_length.map_or(length, |max| max.min(length)));
                }
                "minLength" if text_only => of.min_length = of.min_length.max(Some(count()?)),
                "maxLength" if text_only => {
                    let length = count()?;
                    of.max_length = Some(of.max_length.map_or(length, |max| max.min(length)));
                }
                "pattern" => patterns.push(value.to_owned()),
                "enumeration" if text_only => enumeration.push(value.to_owned()),
                "whiteSpace" => match (value, of.base) {
                    ("preserve", Base::String) => {}
                    ("collapse", Base::String) => of.base = Base::Token,
                    ("collapse", _) => {}
                    _ => return Err(facet.error(format!("whiteSpace=\"{value}\" is outside the supported part here"))),
                },
                _ => return Err(facet.outside()),
            }
        }
        if enumeration.len() > MAX_VALUES {
            return Err(restriction.error(format!("an enumeration of more than {MAX_VALUES} values")));
        }
        of.min_length = of.min_length.filter(|min| *min > 0);
        // Patterns of one step are alternatives; those of several steps must all match.
        match patterns.as_slice() {
            [] => {}
            [only] => of.patterns.push(only.clone()),
            several => of
                .patterns
                .push(several.iter().map(|p| format!("({p})")).collect::<Vec<_>>().join("|")),
        }
        if !enumeration.is_empty() {
            of.enumeration.retain(|allowed| enumeration.contains(allowed));
            if of.enumeration.is_empty() {
                of.enumeration = enumeration;
            }
        }
        Ok(())
    }
}

fn outside(node: Node<'_>, local: &str) -> SchemaError {
    node.error(format!("the built-in type {local} is outside the supported part"))
}
