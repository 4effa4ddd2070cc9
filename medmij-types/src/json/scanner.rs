// SPDX-License-Identifier: AGPL-3.0-or-later
//! The grammar of RFC 8259, as one loop without recursion.

use std::borrow::Cow;

use super::name::Name;
use super::{BOM, JsonError, JsonLimits, JsonRule, Node, string};

/// What a text holds.
pub(super) struct Scanned {
    pub(super) nodes: Vec<Node>,
    pub(super) escaped_names: bool,
}

/// Checks a whole text and indexes its values, in the order in which they begin.
pub(super) fn scan(text: &str, limits: &JsonLimits) -> Result<Scanned, JsonError> {
    let bytes = text.as_bytes();
    let mut scanner = Scanner {
        bytes,
        at: if text.starts_with(BOM) { BOM.len_utf8() } else { 0 },
        nodes: Vec::with_capacity((bytes.len() / VALUE).clamp(8, 1 << 20)),
        open: Vec::new(),
        limits,
        most: limits.values.max(bytes.len() / VALUE),
        escaped_names: false,
        failed: None,
    };
    scanner.space();
    let read = scanner.document();
    scanner.space();
    if read.is_none() || scanner.at < bytes.len() {
        return Err(scanner.failed.unwrap_or(JsonError {
            rule: JsonRule::Syntax,
            offset: scanner.at,
        }));
    }
    Ok(Scanned {
        nodes: scanner.nodes,
        escaped_names: scanner.escaped_names,
    })
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    open: Vec<Open>,
    limits: &'a JsonLimits,
    most: usize,
    escaped_names: bool,
    /// What is wrong, once a step gave nothing.
    failed: Option<JsonError>,
}

/// An object or array that has not ended yet.
struct Open {
    node: usize,
    is_object: bool,
    count: usize,
    /// One bit for each name so far, by a weak hash: two names that are equal share it.
    seen: u64,
}

impl Scanner<'_> {
    /// What is wrong is in `failed`; so it is of each step, and none hands an error on.
    fn document(&mut self) -> Option<()> {
        let mut name = Name::default();
        'value: loop {
            if self.begin(name)? {
                // a container with something in it
                name = self.member_name()?;
                continue;
            }
            loop {
                let Some(open) = self.open.last() else { return Some(()) };
                let is_object = open.is_object;
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.space();
                        name = self.member_name()?;
                        continue 'value;
                    }
                    Some(b'}') if is_object => self.close()?,
                    Some(b']') if !is_object => self.close()?,
                    _ => return self.fail(JsonRule::Syntax),
                }
            }
        }
    }

    /// Reads a scalar or an empty container, or steps into a container that holds something: then `true`.
    #[inline]
    fn begin(&mut self, name: Name) -> Option<bool> {
        if self.nodes.len() >= self.most {
            return self.fail(JsonRule::TooLong);
        }
        let start = self.at;
        // where there is no name, its start is that of the value
        let back = if name.start == 0 { 0 } else { start - name.start };
        let Ok(name_back) = u16::try_from(back) else {
            return self.fail(JsonRule::TooLong);
        };
        let mut escaped = false;
        match self.peek() {
            Some(b'"') => {
                let Some(string) = string::check(self.bytes, start) else {
                    return self.fail(JsonRule::String);
                };
                self.at = string.end;
                escaped = string.escaped;
            }
            Some(first @ (b'{' | b'[')) => return self.open(name, name_back, first),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return self.fail(JsonRule::Syntax),
        }
        self.nodes.push(Node {
            start: narrow(start),
            end: narrow(self.at),
            next: narrow(self.nodes.len() + 1),
            name_back,
            name_len: name.len | name.flag() | if escaped { Node::ESCAPED } else { 0 },
        });
        Some(false)
    }

    /// Steps into an object or array; whether it holds something.
    fn open(&mut self, name: Name, name_back: u16, first: u8) -> Option<bool> {
        if self.open.len() >= self.limits.depth {
            return self.fail(JsonRule::TooDeep);
        }
        let node = self.nodes.len();
        self.nodes.push(Node {
            start: narrow(self.at),
            end: 0,
            next: narrow(node + 1),
            name_back,
            name_len: name.len | name.flag(),
        });
        self.at += 1;
        self.space();
        let is_object = first == b'{';
        self.open.push(Open {
            node,
            is_object,
            count: 0,
            seen: 0,
        });
        if self.peek() != Some(if is_object { b'}' } else { b']' }) {
            return Some(true);
        }
        self.close()?;
        Some(false)
    }

    /// Steps over a closing bracket.
    fn close(&mut self) -> Option<()> {
        self.at += 1;
        let Some(open) = self.open.pop() else { return Some(()) };
        let next = narrow(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(open.node) {
            node.end = narrow(self.at);
            node.next = next;
        }
        if open.is_object
            && open.count > COMPARED
            && let Err(error) = self.refuse_duplicates(open.node)
        {
            self.failed = Some(error);
            return None;
        }
        Some(())
    }

    /// Counts the element that begins here; in an object, reads its name and the colon.
    #[inline]
    fn member_name(&mut self) -> Option<Name> {
        let Some(open) = self.open.last_mut() else {
            return Some(Name::default());
        };
        open.count += 1;
        let count = open.count;
        if !open.is_object {
            return if count > self.limits.elements {
                self.fail(JsonRule::TooLong)
            } else {
                Some(Name::default())
            };
        }
        if count > self.limits.members {
            return self.fail(JsonRule::TooLong);
        }
        if self.peek() != Some(b'"') {
            return self.fail(JsonRule::Syntax);
        }
        let Some(string) = string::check(self.bytes, self.at) else {
            return self.fail(JsonRule::String);
        };
        let len = string.end - self.at - 2;
        let (true, Ok(len)) = (len <= Node::MOST_NAME, u16::try_from(len)) else {
            return self.fail(JsonRule::TooLong);
        };
        let name = Name {
            start: self.at + 1,
            len,
            escaped: string.escaped,
        };
        self.escaped_names |= string.escaped;
        if self.is_again(name) {
            return self.fail(JsonRule::DuplicateName);
        }
        self.at = string.end;
        self.space();
        if self.peek() != Some(b':') {
            return self.fail(JsonRule::Syntax);
        }
        self.at += 1;
        self.space();
        Some(name)
    }

    /// Compares a name with the earlier ones of a short object; long ones are sorted at their end.
    #[inline]
    fn is_again(&mut self, name: Name) -> bool {
        let bytes = self.bytes;
        let Some(open) = self.open.last_mut() else { return false };
        if open.count > COMPARED {
            return false;
        }
        let bit = name.hash(bytes);
        let again = open.seen & 1 << bit != 0;
        open.seen |= 1 << bit;
        let parent = open.node;
        again && self.has_name(parent, name)
    }

    /// Whether an object has a member of this name so far.
    #[inline(never)]
    fn has_name(&self, node: usize, name: Name) -> bool {
        let range = name.start..name.start + usize::from(name.len);
        let escaped = name.escaped;
        let name = self.bytes.get(range).unwrap_or_default();
        if escaped || self.escaped_names {
            let decoded = string::decode(name, escaped);
            return self.names(node).any(|(other, _)| other == decoded);
        }
        let mut at = node + 1;
        while let Some(node) = self.nodes.get(at) {
            if node.name_length() == name.len() && self.bytes.get(node.name_range()) == Some(name) {
                return true;
            }
            at = node.next as usize;
        }
        false
    }

    fn refuse_duplicates(&self, node: usize) -> Result<(), JsonError> {
        let mut names: Vec<_> = self.names(node).collect();
        names.sort_unstable();
        let again = names.windows(2).filter_map(|pair| match pair {
            [first, second] if first.0 == second.0 => Some(second.1),
            _ => None,
        });
        match again.min() {
            Some(start) => Err(JsonError {
                rule: JsonRule::DuplicateName,
                offset: start as usize - 1,
            }),
            None => Ok(()),
        }
    }

    /// The names of the members that an object has so far, each with where it starts.
    fn names(&self, node: usize) -> impl Iterator<Item = (Cow<'_, [u8]>, u32)> {
        let mut at = node + 1;
        std::iter::from_fn(move || {
            let node = self.nodes.get(at)?;
            at = node.next as usize;
            let range = node.name_range();
            let start = narrow(range.start);
            Some((string::decode(self.bytes.get(range)?, node.is_name_escaped()), start))
        })
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let good = self.is_number();
        if !good {
            self.failed = Some(JsonError {
                rule: JsonRule::Number,
                offset: start,
            });
        }
        good.then_some(())
    }

    fn is_number(&mut self) -> bool {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => {
                self.digits();
            }
            _ => return false,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return false;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            return self.digits();
        }
        true
    }

    /// Steps over digits; whether there was one.
    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn literal(&mut self, word: &[u8]) -> Option<()> {
        if self.bytes.get(self.at..self.at + word.len()) != Some(word) {
            return self.fail(JsonRule::Syntax);
        }
        self.at += word.len();
        Some(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Says what is wrong here.
    #[cold]
    fn fail<T>(&mut self, rule: JsonRule) -> Option<T> {
        self.failed = Some(JsonError { rule, offset: self.at });
        None
    }
}

/// The text is never longer than `u32::MAX`.
#[expect(clippy::cast_possible_truncation, reason = "the length was checked")]
const fn narrow(offset: usize) -> u32 {
    offset as u32
}

/// Objects up to this length are compared name by name, longer ones are sorted.
const COMPARED: usize = 32;
/// Bytes of text for each value that there is room for: FHIR takes a little more.
const VALUE: usize = 20;
