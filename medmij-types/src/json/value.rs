// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looking into a [`Document`](super::Document).

use std::{borrow::Cow, fmt, ops::Range};

use super::{Node, string};

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 8259 section 3 has no other")]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One value, with its bytes.
///
/// `Debug` shows the kind only.
#[derive(Clone, Copy)]
pub struct Value<'d> {
    text: &'d str,
    nodes: &'d [Node],
    index: usize,
}

impl<'d> Value<'d> {
    pub(super) const fn new(text: &'d str, nodes: &'d [Node], index: usize) -> Self {
        Self { text, nodes, index }
    }

    /// Which value of the document it is, in the order in which they begin, from 0: the outermost. It takes less room than
    /// the value, and [`Document::value_at`](super::Document::value_at) gives the value back.
    ///
    /// ```
    /// use medmij_types::json::{Document, JsonLimits};
    ///
    /// let document = Document::parse(br#"{"a":[1,2]}"#, &JsonLimits::default())?;
    /// let second = document.root().member("a").and_then(|a| a.items().nth(1)).map(|two| two.index());
    /// assert_eq!(second, Some(3));
    /// assert_eq!(document.value_at(3).map(|value| value.raw()), Some("2"));
    /// assert!(document.value_at(4).is_none());
    /// # Ok::<(), medmij_types::json::JsonError>(())
    /// ```
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let first = self
            .node()
            .and_then(|node| self.text.as_bytes().get(node.start as usize));
        match first {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The exact text of the value.
    #[must_use]
    pub fn raw(&self) -> &'d str {
        self.text.get(self.range()).unwrap_or_default()
    }

    /// Where the value is in [`Document::source`](super::Document::source).
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.node().map_or(0..0, |node| node.start as usize..node.end as usize)
    }

    /// The name, where the value is a member of an object.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'d, str>> {
        let node = self.node().filter(|node| node.has_name())?;
        let inside = self.text.get(node.name_range())?;
        Some(decode(inside, node.is_name_escaped()))
    }

    /// From the opening quote of the name to the end of the value, where the value is a member of an object.
    #[must_use]
    pub fn member_range(&self) -> Option<Range<usize>> {
        let node = self.node().filter(|node| node.has_name())?;
        Some(node.name_range().start - 1..node.end as usize)
    }

    /// The text, where this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'d, str>> {
        let inside = self.raw().strip_prefix('"')?.strip_suffix('"')?;
        Some(decode(inside, self.node()?.is_escaped()))
    }

    /// Appends the text, where this is a string: a long one is in memory once, and not twice.
    ///
    /// ```
    /// use medmij_types::json::{Document, JsonLimits};
    ///
    /// let document = Document::parse(br#""a\u00e9\n""#, &JsonLimits::default())?;
    /// let mut out = String::from("> ");
    /// document.root().push_to(&mut out);
    /// assert_eq!(out, "> aé\n");
    /// # Ok::<(), medmij_types::json::JsonError>(())
    /// ```
    pub fn push_to(&self, out: &mut String) {
        let inside = self.escaped_str().unwrap_or_default();
        if self.has_escapes() {
            string::decode_into(inside, out);
        } else {
            out.push_str(inside);
        }
    }

    /// The text between the quotes with its escapes, where this is a string.
    #[must_use]
    pub fn escaped_str(&self) -> Option<&'d str> {
        self.raw().strip_prefix('"')?.strip_suffix('"')
    }

    /// Whether this is a string with an escape in it.
    #[must_use]
    pub fn has_escapes(&self) -> bool {
        self.node().is_some_and(Node::is_escaped)
    }

    /// The number, digit for digit as it came.
    #[must_use]
    pub fn as_number(&self) -> Option<&'d str> {
        (self.kind() == Kind::Number).then(|| self.raw())
    }

    /// The number, where it is written as a whole number of 0 or more, without point or exponent.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.parse().ok()
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.raw() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// The member of this name, where this is an object that has one.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        self.members().find(|member| member.has_name(name))
    }

    /// Whether the value is a member of this name.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        let Some(node) = self.node().filter(|node| node.has_name()) else {
            return false;
        };
        if node.is_name_escaped() {
            return self.name().is_some_and(|own| own == name);
        }
        if node.name_length() != name.len() {
            return false;
        }
        self.text.as_bytes().get(node.name_range()) == Some(name.as_bytes())
    }

    /// The members in order; none where this is no object.
    #[must_use]
    pub fn members(&self) -> Members<'d> {
        Members(self.children(Kind::Object))
    }

    /// The elements in order; none where this is no array.
    #[must_use]
    pub fn items(&self) -> Items<'d> {
        Items(self.children(Kind::Array))
    }

    fn children(&self, kind: Kind) -> Children<'d> {
        let end = match self.node() {
            Some(node) if self.kind() == kind => node.next as usize,
            _ => self.index,
        };
        Children {
            text: self.text,
            nodes: self.nodes,
            at: self.index + 1,
            end,
        }
    }

    fn node(&self) -> Option<&'d Node> {
        self.nodes.get(self.index)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// The members of an object, in order: see [`Value::members`]. Each knows its [`Value::name`].
#[derive(Debug, Clone)]
pub struct Members<'d>(Children<'d>);

/// The elements of an array, in order: see [`Value::items`].
#[derive(Debug, Clone)]
pub struct Items<'d>(Children<'d>);

#[derive(Clone)]
struct Children<'d> {
    text: &'d str,
    nodes: &'d [Node],
    at: usize,
    end: usize,
}

impl fmt::Debug for Children<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Children")
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        if self.at >= self.end {
            return None;
        }
        let index = self.at;
        self.at = self.nodes.get(index)?.next as usize;
        Some(Value::new(self.text, self.nodes, index))
    }
}

impl<'d> Iterator for Members<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        self.0.next()
    }
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        self.0.next()
    }
}

fn decode(inside: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return Cow::Borrowed(inside);
    }
    let mut out = String::with_capacity(inside.len());
    string::decode_into(inside, &mut out);
    Cow::Owned(out)
}
