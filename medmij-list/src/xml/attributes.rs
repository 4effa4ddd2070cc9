// SPDX-License-Identifier: AGPL-3.0-or-later
//! Attributes: XML 1.0 sections 3.1 and 3.3.3. Tags of the lists rarely have any, so this need not be fast.

use std::borrow::Cow;

use super::{Fault, characters, reference};
use crate::Rule;

/// An attribute as it is written.
pub(super) struct Written<'a> {
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
    pub(super) offset: usize,
}

/// An attribute that is no namespace declaration, resolved.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: AttributeName<'a>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) offset: usize,
}

/// The expanded name of an attribute, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributeName<'a> {
    /// In the namespace of XML Schema instances.
    Xsi(&'a str),
    /// Any other; as it is written.
    Other(&'a str),
}

/// Reads the attributes of a tag, or the pseudo-attributes of an XML declaration.
pub(super) struct Reader<'a> {
    rest: &'a str,
    offset: usize,
    /// Whether references are resolved.
    references: bool,
}

impl<'a> Reader<'a> {
    /// `rest` is what follows the name, `offset` its byte in the document.
    pub(super) const fn new(rest: &'a str, offset: usize, references: bool) -> Self {
        Self {
            rest,
            offset,
            references,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Written<'a>>, Fault> {
        let spaces = self.spaces();
        if self.rest.is_empty() {
            return Ok(None);
        }
        if spaces == 0 {
            return Err(self.fault("white space must come before an attribute"));
        }
        let offset = self.offset;
        let length = self
            .rest
            .bytes()
            .position(|b| b == b'=' || characters::is_space(b))
            .unwrap_or(self.rest.len());
        let name = self.take(length);
        if !characters::is_name(name) {
            return Err(Fault::new(Rule::Name, offset, "it is no name of an attribute").with_value(name));
        }
        self.spaces();
        if !self.rest.starts_with('=') {
            return Err(self.fault("'=' must follow the name of an attribute"));
        }
        self.take(1);
        self.spaces();
        let Some(quote @ (b'"' | b'\'')) = self.rest.bytes().next() else {
            return Err(self.fault("the value of an attribute must be in quotes"));
        };
        self.take(1);
        let Some(length) = self.rest.bytes().position(|b| b == quote) else {
            return Err(self.fault("the value of an attribute is not closed"));
        };
        let at = self.offset;
        let raw = self.take(length);
        self.take(1);
        Ok(Some(Written {
            name,
            value: value(raw, at, self.references)?,
            offset,
        }))
    }

    fn spaces(&mut self) -> usize {
        let length = self
            .rest
            .bytes()
            .position(|b| !characters::is_space(b))
            .unwrap_or(self.rest.len());
        self.take(length);
        length
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (value, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.offset += value.len();
        value
    }

    fn fault(&self, message: &str) -> Fault {
        Fault::new(Rule::Attribute, self.offset, message)
    }
}

/// Resolves references and turns white space into spaces.
fn value(raw: &str, offset: usize, references: bool) -> Result<Cow<'_, str>, Fault> {
    if let Some((at, c)) = characters::first_illegal(raw) {
        return Err(
            Fault::new(Rule::Character, offset + at, "XML does not allow this character").with_value(&c.to_string()),
        );
    }
    if let Some(at) = raw.find('<') {
        return Err(Fault::new(
            Rule::Attribute,
            offset + at,
            "'<' must be written as &lt; in the value of an attribute",
        ));
    }
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let special = rest.find(['&', '\t', '\n', '\r']).unwrap_or(rest.len());
        out.push_str(rest.get(..special).unwrap_or_default());
        at += special;
        let rest = rest.get(special..).unwrap_or_default();
        if rest.starts_with("\r\n") {
            out.push(' ');
            at += 2;
        } else if rest.starts_with('&') && references {
            let Some(end) = rest.find(';') else {
                return Err(Fault::new(
                    Rule::Reference,
                    offset + at,
                    "a lone ampersand must be written as &amp;",
                ));
            };
            out.push(reference::resolve(rest.get(1..end).unwrap_or_default(), offset + at)?);
            at += end + 1;
        } else if rest.starts_with('&') {
            return Err(Fault::new(
                Rule::Reference,
                offset + at,
                "a reference cannot occur here",
            ));
        } else if !rest.is_empty() {
            out.push(' ');
            at += 1;
        }
    }
    Ok(Cow::Owned(out))
}
