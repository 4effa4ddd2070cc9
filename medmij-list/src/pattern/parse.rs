// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the text of a pattern to its tree.

use std::{iter::Peekable, str::Chars};

use medmij_types::lexical::decimal_digit_ranges;

const LAST: u32 = 0x10_FFFF;
const MOST_REPEATS: u32 = 1000;
const DEEPEST: usize = 50;

/// The tree of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Set(Set),
    All(Vec<Self>),
    Any(Vec<Self>),
    Repeat(Box<Self>, u32, Option<u32>),
}

/// Ranges of code points, in order and apart.
pub(super) type Set = Vec<(u32, u32)>;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Not of the form of a pattern.
    #[error("the pattern is wrong: {0}")]
    Wrong(String),
    /// A pattern, but with something that the lists do not use.
    #[error("the pattern uses {0}, which is outside the supported part")]
    Unsupported(String),
    /// A pattern with too many states.
    #[error("the pattern is too large")]
    TooLarge,
}

pub(super) fn parse(pattern: &str) -> Result<Node, PatternError> {
    let mut parser = Parser {
        rest: pattern.chars().peekable(),
        depth: 0,
    };
    let node = parser.alternatives()?;
    match parser.rest.next() {
        None => Ok(node),
        Some(c) => Err(wrong(format!("'{c}' stands alone"))),
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Result<Node, PatternError> {
        let mut branches = vec![self.sequence()?];
        while self.rest.next_if_eq(&'|').is_some() {
            branches.push(self.sequence()?);
        }
        Ok(Node::Any(branches))
    }

    fn sequence(&mut self) -> Result<Node, PatternError> {
        let mut pieces = Vec::new();
        while let Some(&c) = self.rest.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom()?;
            pieces.push(self.quantified(atom)?);
        }
        Ok(Node::All(pieces))
    }

    fn quantified(&mut self, atom: Node) -> Result<Node, PatternError> {
        let (min, max) = match self.rest.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.rest.next();
                let (min, max) = self.braces()?;
                return Ok(Node::Repeat(Box::new(atom), min, max));
            }
            _ => return Ok(atom),
        };
        self.rest.next();
        Ok(Node::Repeat(Box::new(atom), min, max))
    }

    /// What follows `{`.
    fn braces(&mut self) -> Result<(u32, Option<u32>), PatternError> {
        let min = self.number()?.ok_or_else(|| wrong("a number must follow '{'"))?;
        let max = if self.rest.next_if_eq(&',').is_some() {
            self.number()?
        } else {
            Some(min)
        };
        if self.rest.next() != Some('}') {
            return Err(wrong("'{' is not closed"));
        }
        if max.is_some_and(|max| max < min) {
            return Err(wrong("the largest count is below the smallest"));
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<u32>, PatternError> {
        let mut number = None;
        while let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(10)) {
            self.rest.next();
            let value = number.unwrap_or(0) * 10 + digit;
            if value > MOST_REPEATS {
                return Err(PatternError::TooLarge);
            }
            number = Some(value);
        }
        Ok(number)
    }

    fn atom(&mut self) -> Result<Node, PatternError> {
        match self.rest.next() {
            Some('(') => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(PatternError::TooLarge);
                }
                let node = self.alternatives()?;
                self.depth -= 1;
                if self.rest.next() == Some(')') {
                    Ok(node)
                } else {
                    Err(wrong("'(' is not closed"))
                }
            }
            Some('[') => self.class().map(Node::Set),
            Some('.') => Ok(Node::Set(complement(&one_of(&['\n', '\r'])))),
            Some('\\') => self.escape().map(Node::Set),
            Some(c @ ('?' | '*' | '+' | '{' | '}' | ']' | ')')) => Err(wrong(format!("'{c}' stands alone"))),
            Some(c) => Ok(Node::Set(single(c))),
            None => Err(wrong("it ends too early")),
        }
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<Set, PatternError> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let first = match self.rest.next() {
                None => return Err(wrong("'[' is not closed")),
                Some(']') if ranges.is_empty() => return Err(wrong("'[]' holds nothing")),
                Some(']') => break,
                Some('[') => return Err(wrong("'[' within a class")),
                Some('-') if self.rest.peek() == Some(&'[') => {
                    return Err(PatternError::Unsupported("subtraction of classes".to_owned()));
                }
                Some('-') if !(ranges.is_empty() || self.rest.peek() == Some(&']')) => {
                    return Err(wrong("'-' within a class stands alone"));
                }
                Some('\\') => {
                    let set = self.escape()?;
                    match set.as_slice() {
                        [(a, b)] if a == b => *a,
                        _ => {
                            ranges.extend(set);
                            continue;
                        }
                    }
                }
                Some(c) => c.into(),
            };
            let mut ahead = self.rest.clone();
            let last = if ahead.next() == Some('-') && !matches!(ahead.peek(), Some(']' | '[') | None) {
                self.rest.next();
                match self.rest.next() {
                    Some('\\') => match self.escape()?.as_slice() {
                        [(a, b)] if a == b => *a,
                        _ => return Err(wrong("a range ends in a class")),
                    },
                    Some(c) => c.into(),
                    None => return Err(wrong("'[' is not closed")),
                }
            } else {
                first
            };
            if last < first {
                return Err(wrong("a range runs backwards"));
            }
            ranges.push((first, last));
        }
        let set = ordered(ranges);
        Ok(if negated { complement(&set) } else { set })
    }

    /// What follows `\`.
    fn escape(&mut self) -> Result<Set, PatternError> {
        Ok(match self.rest.next() {
            Some('n') => single('\n'),
            Some('r') => single('\r'),
            Some('t') => single('\t'),
            Some('d') => decimal_digit_ranges().to_vec(),
            Some('D') => complement(decimal_digit_ranges()),
            Some('s') => one_of(&['\t', '\n', '\r', ' ']),
            Some('S') => complement(&one_of(&['\t', '\n', '\r', ' '])),
            Some(c) if r"\|.-^?*+{}()[]".contains(c) => single(c),
            Some(c @ ('w' | 'W' | 'i' | 'I' | 'c' | 'C' | 'p' | 'P')) => {
                return Err(PatternError::Unsupported(format!("\\{c}")));
            }
            Some(c) => return Err(wrong(format!("there is no '\\{c}'"))),
            None => return Err(wrong("it ends in '\\'")),
        })
    }
}

fn wrong(what: impl Into<String>) -> PatternError {
    PatternError::Wrong(what.into())
}

fn single(c: char) -> Set {
    vec![(c.into(), c.into())]
}

fn one_of(characters: &[char]) -> Set {
    ordered(characters.iter().map(|c| (u32::from(*c), u32::from(*c))).collect())
}

fn ordered(mut ranges: Set) -> Set {
    ranges.sort_unstable();
    let mut out: Set = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match out.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

fn complement(set: &[(u32, u32)]) -> Set {
    let mut out = Vec::with_capacity(set.len() + 1);
    let mut next = 0;
    for (first, last) in set {
        if *first > next {
            out.push((next, first - 1));
        }
        next = last + 1;
    }
    if next <= LAST {
        out.push((next, LAST));
    }
    out
}
