// SPDX-License-Identifier: AGPL-3.0-or-later
//! Namespaces in XML 1.0: declarations in scope, and what a name means in them.

use std::borrow::Cow;

use super::{
    Fault,
    attributes::{Attribute, AttributeName, Reader, Written},
    characters,
};
use crate::{ReadLimits, Rule};

pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Bytes in a prefix or in the target of a processing instruction. Other processors stop here too.
const LONGEST_NAME: usize = 50_000;

/// The declarations in scope.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    /// Prefix, empty for the default, and namespace.
    bindings: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Scope<'a> {
    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.bindings.truncate(len);
    }

    /// The namespace of a prefix; `None` where it was not declared. The default namespace may be empty.
    pub(super) fn find(&self, prefix: &str) -> Option<&str> {
        match self.bindings.iter().rev().find(|(known, _)| *known == prefix) {
            Some((_, namespace)) => Some(namespace),
            None if prefix.is_empty() => Some(""),
            None if prefix == "xml" => Some(XML),
            None => None,
        }
    }

    /// Takes in the attributes of a tag: its declarations into scope, the others, resolved, into `out`.
    pub(super) fn enter(
        &mut self,
        raw: &'a str,
        offset: usize,
        limits: &ReadLimits,
        out: &mut Vec<Attribute<'a>>,
    ) -> Result<(), Fault> {
        out.clear();
        let before = self.bindings.len();
        let mut others: Vec<Written<'a>> = Vec::new();
        let mut reader = Reader::new(raw, offset, true);
        while let Some(attribute) = reader.next()? {
            let declared = match attribute.name.split_once(':') {
                None if attribute.name == "xmlns" => Some(""),
                Some(("xmlns", prefix)) => Some(prefix),
                _ => None,
            };
            let at = attribute.offset;
            if attribute.value.len() > limits.value || attribute.name.len() > limits.value {
                return Err(Fault::new(
                    Rule::Value,
                    at,
                    format!("an attribute has more than {} bytes", limits.value),
                ));
            }
            let Some(prefix) = declared else {
                if others.len() >= limits.attributes {
                    return Err(Fault::new(
                        Rule::Attributes,
                        at,
                        format!("a tag has more than {} attributes", limits.attributes),
                    ));
                }
                if others.iter().any(|other| other.name == attribute.name) {
                    return Err(duplicate(&attribute));
                }
                others.push(attribute);
                continue;
            };
            if self.bindings.len() - before >= limits.namespaces {
                return Err(Fault::new(
                    Rule::Namespaces,
                    at,
                    format!("a tag declares more than {} namespaces", limits.namespaces),
                ));
            }
            if self.bindings.iter().skip(before).any(|(known, _)| *known == prefix) {
                return Err(duplicate(&attribute));
            }
            declaration(attribute.name, prefix, &attribute.value, at)?;
            self.bindings.push((prefix, attribute.value));
        }
        let mut expanded: Vec<(String, &str)> = Vec::with_capacity(others.len());
        for attribute in others {
            let (prefix, local) = split(attribute.name, attribute.offset)?;
            let namespace = if prefix.is_empty() {
                ""
            } else {
                self.resolve(prefix, attribute.offset)?
            };
            if expanded.iter().any(|(n, l)| n == namespace && *l == local) {
                return Err(duplicate(&attribute));
            }
            let name = if namespace == XSI {
                AttributeName::Xsi(local)
            } else {
                AttributeName::Other(attribute.name)
            };
            expanded.push((namespace.to_owned(), local));
            out.push(Attribute {
                name,
                value: attribute.value,
                offset: attribute.offset,
            });
        }
        Ok(())
    }

    pub(super) fn resolve(&self, prefix: &str, offset: usize) -> Result<&str, Fault> {
        self.find(prefix).ok_or_else(|| {
            Fault::new(Rule::Prefix, offset, "this prefix was not declared with xmlns").with_value(prefix)
        })
    }
}

/// Prefix, or nothing, and local name.
pub(super) fn split(name: &str, offset: usize) -> Result<(&str, &str), Fault> {
    let (prefix, local) = match name.split_once(':') {
        Some(parts) => parts,
        None => ("", name),
    };
    within_name(prefix, offset)?;
    if !characters::is_name(name) {
        return Err(Fault::new(Rule::Name, offset, "it is no name").with_value(name));
    }
    if !characters::is_ncname(local)
        || (prefix.is_empty() && name.len() > local.len())
        || (!prefix.is_empty() && !characters::is_ncname(prefix))
    {
        return Err(Fault::new(
            Rule::QualifiedName,
            offset,
            "a name is a local name, or a prefix, a colon and a local name",
        )
        .with_value(name));
    }
    Ok((prefix, local))
}

/// Whether a name is not too long.
pub(super) fn within_name(name: &str, offset: usize) -> Result<(), Fault> {
    if name.len() > LONGEST_NAME {
        let message = format!("a name has more than {LONGEST_NAME} bytes");
        return Err(Fault::new(Rule::Value, offset, message));
    }
    Ok(())
}

fn declaration(name: &str, prefix: &str, namespace: &str, offset: usize) -> Result<(), Fault> {
    within_name(prefix, offset)?;
    let wrong = |message: &str| Err(Fault::new(Rule::Declared, offset, message.to_owned()).with_value(namespace));
    if name != "xmlns" && !characters::is_ncname(prefix) {
        return Err(Fault::new(
            Rule::QualifiedName,
            offset,
            "a namespace declaration is written as xmlns or xmlns:prefix",
        )
        .with_value(name));
    }
    match prefix {
        "xmlns" => wrong("the prefix xmlns cannot be declared"),
        "xml" if namespace != XML => wrong("the prefix xml belongs to another namespace"),
        "xml" => Ok(()),
        _ if namespace == XML || namespace == XMLNS => wrong("this namespace is reserved"),
        "" => Ok(()),
        _ if namespace.is_empty() => wrong("a prefix cannot be declared for no namespace"),
        _ => Ok(()),
    }
}

fn duplicate(attribute: &Written<'_>) -> Fault {
    Fault::new(
        Rule::DuplicateAttribute,
        attribute.offset,
        "this attribute occurs on the tag twice",
    )
    .with_value(attribute.name)
}
