// SPDX-License-Identifier: AGPL-3.0-or-later
//! The grammar of RFC 8259, as one loop without recursion.

use std::borrow::Cow;

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
    };
    scanner.space();
    scanner.document()?;
    scanner.space();
    if scanner.at < bytes.len() {
        return Err(scanner.error(JsonRule::Syntax));
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
}

/// An object or array that has not ended yet.
struct Open {
    node: usize,
    is_object: bool,
    count: usize,
    /// One bit for each name so far, by a weak hash: two names that are equal share it.
    seen: u64,
}

/// A member name: where it stands and whether it holds an escape.
#[derive(Clone, Copy, Default)]
struct Name {
    /// Past the quote; 0 where there is no name.
    start: usize,
    len: u16,
    escaped: bool,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), JsonError> {
        let mut name = Name::default();
        'value: loop {
            if self.begin(name)? {
                // a container with something in it
                name = self.member_name()?;
                continue;
            }
            loop {
                let Some(open) = self.open.last() else { return Ok(()) };
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
                    _ => return Err(self.error(JsonRule::Syntax)),
                }
            }
        }
    }

    /// Reads a scalar or an empty container, or steps into a container that holds something: then `true`.
    fn begin(&mut self, name: Name) -> Result<bool, JsonError> {
        if self.nodes.len() >= self.most {
            return Err(self.error(JsonRule::TooLong));
        }
        let start = self.at;
        let node = self.nodes.len();
        // where there is no name, its start is that of the value
        let back = if name.start == 0 { 0 } else { start - name.start };
        let name_back = u16::try_from(back).map_err(|_| self.error(JsonRule::TooLong))?;
        self.nodes.push(Node {
            start: narrow(start),
            end: 0,
            next: narrow(node + 1),
            name_back,
            name_len: name.len | if name.escaped { Node::NAME_ESCAPED } else { 0 },
        });
        let mut escaped = false;
        match self.peek() {
            Some(b'"') => {
                let string = string::check(self.bytes, start)?;
                self.at = string.end;
                escaped = string.escaped;
            }
            Some(first @ (b'{' | b'[')) => {
                if self.open.len() >= self.limits.depth {
                    return Err(self.error(JsonRule::TooDeep));
                }
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
                    return Ok(true);
                }
                self.close()?;
                return Ok(false);
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return Err(self.error(JsonRule::Syntax)),
        }
        self.end(node, escaped);
        Ok(false)
    }

    fn end(&mut self, node: usize, escaped: bool) {
        let next = narrow(self.nodes.len());
        let end = narrow(self.at);
        if let Some(node) = self.nodes.get_mut(node) {
            node.end = end;
            node.next = next;
            if escaped {
                node.name_len |= Node::ESCAPED;
            }
        }
    }

    /// Steps over a closing bracket.
    fn close(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        let Some(open) = self.open.pop() else { return Ok(()) };
        self.end(open.node, false);
        if open.is_object && open.count > COMPARED {
            self.refuse_duplicates(open.node)?;
        }
        Ok(())
    }

    /// Counts the element that begins here; in an object, reads its name and the colon.
    fn member_name(&mut self) -> Result<Name, JsonError> {
        let too_long = self.error(JsonRule::TooLong);
        let Some(open) = self.open.last_mut() else {
            return Ok(Name::default());
        };
        open.count += 1;
        if !open.is_object {
            return if open.count > self.limits.elements {
                Err(too_long)
            } else {
                Ok(Name::default())
            };
        }
        if open.count > self.limits.members {
            return Err(too_long);
        }
        if self.peek() != Some(b'"') {
            return Err(self.error(JsonRule::Syntax));
        }
        let string = string::check(self.bytes, self.at)?;
        let len = string.end - self.at - 2;
        if len > Node::MOST_NAME {
            return Err(too_long);
        }
        let name = Name {
            start: self.at + 1,
            len: u16::try_from(len).map_err(|_| too_long)?,
            escaped: string.escaped,
        };
        self.escaped_names |= string.escaped;
        self.compare(name)?;
        self.at = string.end;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.error(JsonRule::Syntax));
        }
        self.at += 1;
        self.space();
        Ok(name)
    }

    /// Compares a name with the earlier ones of a short object; long ones are sorted at their end.
    fn compare(&mut self, name: Name) -> Result<(), JsonError> {
        let Some(slice) = self.bytes.get(name.start..name.start + usize::from(name.len)) else {
            return Ok(());
        };
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        if open.count > COMPARED {
            return Ok(());
        }
        let bit = 1
            << if name.escaped {
                hash(&string::decode(slice, true))
            } else {
                hash(slice)
            };
        let again = open.seen & bit != 0;
        open.seen |= bit;
        let parent = open.node;
        if again {
            let decoded = string::decode(slice, name.escaped);
            if self.names(parent).any(|(other, _)| other == decoded) {
                return Err(JsonError {
                    rule: JsonRule::DuplicateName,
                    offset: name.start - 1,
                });
            }
        }
        Ok(())
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

    fn number(&mut self) -> Result<(), JsonError> {
        let wrong = self.error(JsonRule::Number);
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(wrong)?,
            _ => return Err(wrong),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits(wrong)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(wrong)?;
        }
        Ok(())
    }

    fn digits(&mut self, wrong: JsonError) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(wrong) } else { Ok(()) }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if self.bytes.get(self.at..self.at + word.len()) != Some(word) {
            return Err(self.error(JsonRule::Syntax));
        }
        self.at += word.len();
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error(&self, rule: JsonRule) -> JsonError {
        JsonError { rule, offset: self.at }
    }
}

/// The text is never longer than `u32::MAX`.
#[expect(clippy::cast_possible_truncation, reason = "the length was checked")]
const fn narrow(offset: usize) -> u32 {
    offset as u32
}

/// Six bits of a name.
fn hash(name: &[u8]) -> u32 {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        return 0;
    };
    let middle = name.get(name.len() / 2).copied().unwrap_or_default();
    let mixed = u32::from(*first)
        .wrapping_mul(31)
        .wrapping_add(u32::from(middle).wrapping_mul(7))
        .wrapping_add(u32::from(*last).wrapping_mul(13));
    mixed.wrapping_add(narrow(name.len())) & 63
}

/// Objects up to this length are compared name by name, longer ones are sorted.
const COMPARED: usize = 32;
/// Bytes of text for each value that there is room for: FHIR takes a little more.
const VALUE: usize = 20;
