// SPDX-License-Identifier: AGPL-3.0-or-later
//! Attributes: the lists have none; those of XML Schema instances are as XML Schema says (part 1, section 2.6).

use super::Reading;
use crate::{
    Collector, Rule,
    dialect::Decl,
    xml::{AttributeName, Fault},
};

impl<C: Collector> Reading<'_, C> {
    /// Attributes: the lists have none; those of XML Schema instances are as XML Schema says.
    #[cold]
    pub(super) fn attributes(&mut self, decl: &Decl) -> Result<(), Fault> {
        let mut faults = Vec::new();
        let mut remarks = Vec::new();
        for attribute in self.tokens.attributes() {
            let fault = |rule, message: String| Fault::new(rule, attribute.offset, message).at_element(&decl.name);
            match attribute.name {
                AttributeName::Xsi("schemaLocation" | "noNamespaceSchemaLocation") => {}
                AttributeName::Xsi("nil") => {
                    let message = "xsi:nil cannot occur here: every element of a list has a value".to_owned();
                    faults.push(fault(Rule::Nil, message));
                }
                AttributeName::Xsi("type") => {
                    let value = attribute.value.trim_matches([' ', '\t', '\n', '\r']);
                    let (prefix, local) = value.split_once(':').unwrap_or(("", value));
                    let (namespace, of) = match decl.of.strip_prefix("xs:") {
                        Some(of) => ("http://www.w3.org/2001/XMLSchema", of),
                        None => (self.dialect.namespace(), decl.of.as_str()),
                    };
                    // Of a QName neither part is empty.
                    if local != of || value.starts_with(':') || self.tokens.namespace(prefix) != Some(namespace) {
                        let message = format!("it is not the type of this element, which is {}", decl.of);
                        faults.push(fault(Rule::Type, message).with_value(&attribute.value));
                    }
                }
                AttributeName::Xsi(name) | AttributeName::Other(name) => {
                    let message = "an attribute cannot occur here: the lists have none".to_owned();
                    let fault = fault(Rule::OtherAttribute, message).with_value(name);
                    if self.dialect.unknown_kept {
                        remarks.push((fault, attribute.offset));
                    } else {
                        faults.push(fault);
                    }
                }
            }
        }
        for fault in faults {
            self.refuse(fault)?;
        }
        for (fault, offset) in remarks {
            self.note(&fault, offset, offset);
        }
        Ok(())
    }
}
