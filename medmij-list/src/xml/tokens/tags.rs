// SPDX-License-Identifier: AGPL-3.0-or-later
//! Start tags and end tags: XML 1.0 section 3.1, Namespaces in XML section 6.

use super::{Open, Tag, Token, Tokens};
use crate::{
    Rule,
    xml::{Fault, characters, namespaces},
};

impl<'a> Tokens<'a> {
    #[inline]
    pub(super) fn tag(&mut self, content: &str, empty: bool, hint: &str) -> Result<Tag<'a>, Fault> {
        let end = self.position();
        let start = end - content.len() - if empty { 3 } else { 2 };
        let before = self.scope.len();
        let default_before = self.default_is_target;
        let mut tag = Tag {
            local: "",
            hit: false,
            in_target: self.default_is_target,
            has_attributes: false,
            empty,
            start,
            end,
        };
        let length = if content == hint && self.root_seen && !content.is_empty() {
            tag.hit = self.default_is_target;
            tag.local = self
                .source
                .get(start + 1..start + 1 + content.len())
                .unwrap_or_default();
            content.len()
        } else {
            self.careful_tag(content.len(), &mut tag)?
        };
        if self.open.len() >= self.limits.depth {
            return Err(Fault::new(
                Rule::Depth,
                start,
                format!("elements are nested more than {} deep", self.limits.depth),
            ));
        }
        if !empty {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the document has less than 4 GiB, names and scopes are limited"
            )]
            self.open.push(Open {
                start: start as u32 + 1,
                length: length as u16,
                bindings: before as u16,
                default_is_target: default_before,
                is_straight: false,
            });
        } else if self.scope.len() > before {
            // The declarations of an empty tag end with it, but whoever takes the tag must still see them.
            self.pending = Some((before, default_before));
        }
        Ok(tag)
    }

    /// A tag that is not the expected name and nothing else. Says how long its name is.
    #[cold]
    pub(super) fn careful_tag(&mut self, length: usize, tag: &mut Tag<'a>) -> Result<usize, Fault> {
        let start = tag.start;
        let content = self.source.get(start + 1..start + 1 + length).unwrap_or_default();
        if self.open.is_empty() {
            if self.root_seen {
                return Err(Fault::new(
                    Rule::SecondRoot,
                    start,
                    "a second root element; expected the end of the document",
                ));
            }
            self.root_seen = true;
        }
        let name_length = content.bytes().position(characters::is_space).unwrap_or(content.len());
        let (name, rest) = content.split_at_checked(name_length).unwrap_or((content, ""));
        if name.len() > self.limits.value.min(u16::MAX.into()) {
            return Err(Fault::new(
                Rule::Value,
                start,
                format!("a name has more than {} bytes", self.limits.value),
            ));
        }
        let (prefix, local) = namespaces::split(name, start + 1)?;
        self.attributes.clear();
        if !rest.is_empty() {
            let bindings = self.scope.len();
            self.scope
                .enter(rest, start + 1 + name_length, self.limits, &mut self.attributes)?;
            if self.scope.len() > bindings {
                self.default_is_target = self.scope.find("") == Some(self.target.as_str());
                if self.scope.len() > usize::from(u16::MAX) {
                    return Err(Fault::new(Rule::Namespaces, start, "too many namespaces are declared"));
                }
            }
        }
        if prefix == "xmlns" {
            return Err(
                Fault::new(Rule::Prefix, start + 1, "an element cannot have the prefix xmlns").with_value(name),
            );
        }
        tag.local = local;
        tag.in_target = if prefix.is_empty() {
            self.default_is_target
        } else {
            self.scope.resolve(prefix, start + 1)? == self.target
        };
        tag.has_attributes = !self.attributes.is_empty();
        Ok(name.len())
    }

    #[inline]
    pub(super) fn close(&mut self, name: &str) -> Result<Token<'a>, Fault> {
        let end = self.position();
        let Some(open) = self.open.pop() else {
            let start = self.end_tag_start(end);
            return Err(
                Fault::new(Rule::EndTag, start, "there is no element to end here").with_value(&format!("</{name}>"))
            );
        };
        let expected = self
            .source
            .as_bytes()
            .get(open.start as usize..open.start as usize + usize::from(open.length));
        if expected != Some(name.as_bytes()) {
            return Err(self.wrong_end(open, name, end));
        }
        self.scope.truncate(open.bindings.into());
        self.default_is_target = open.default_is_target;
        // quick-xml dropped the white space after the name.
        Ok(Token::Close {
            start: end.saturating_sub(usize::from(open.length) + 3),
            end,
        })
    }

    #[cold]
    pub(super) fn wrong_end(&mut self, open: Open, name: &str, end: usize) -> Fault {
        let start = self.end_tag_start(end);
        let fault = Fault::new(
            Rule::EndTag,
            start,
            format!("the open element is <{}>, so </{0}> must come first", self.name(&open)),
        )
        .with_value(&format!("</{name}>"));
        self.open.push(open);
        fault
    }

    pub(super) fn end_tag_start(&self, end: usize) -> usize {
        let before = self.source.get(..end).unwrap_or_default();
        before.rfind("</").unwrap_or(end)
    }

    pub(super) fn name(&self, open: &Open) -> &'a str {
        self.source
            .get(open.start as usize..open.start as usize + usize::from(open.length))
            .unwrap_or_default()
    }
}
