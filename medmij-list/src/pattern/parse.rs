// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the text of a pattern to its tree.

use std::{iter::Peekable, str::Chars};

use medmij_types::lexical::decimal_digit_ranges;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Repetition};

const MOST_REPEATS: u32 = 1000;
const DEEPEST: usize = 50;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
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

/// Reads a pattern; every set of characters is cut down to those `within`, where that is given.
pub(super) fn parse(pattern: &str, within: Option<&ClassUnicode>) -> Result<Hir, PatternError> {
    let mut parser = Parser {
        rest: pattern.chars().peekable(),
        depth: 0,
        within,
    };
    let tree = parser.alternatives()?;
    match parser.rest.next() {
        None => Ok(tree),
        Some(c) => Err(wrong(format!("'{c}' stands alone"))),
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
    within: Option<&'a ClassUnicode>,
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Result<Hir, PatternError> {
        let mut branches = vec![self.sequence()?];
        while self.rest.next_if_eq(&'|').is_some() {
            branches.push(self.sequence()?);
        }
        Ok(Hir::alternation(branches))
    }

    fn sequence(&mut self) -> Result<Hir, PatternError> {
        let mut pieces = Vec::new();
        while let Some(&c) = self.rest.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom()?;
            pieces.push(self.quantified(atom)?);
        }
        Ok(Hir::concat(pieces))
    }

    fn quantified(&mut self, atom: Hir) -> Result<Hir, PatternError> {
        let (min, max) = match self.rest.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.rest.next();
                return self.braces().map(|(min, max)| repeat(atom, min, max));
            }
            _ => return Ok(atom),
        };
        self.rest.next();
        Ok(repeat(atom, min, max))
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

    fn atom(&mut self) -> Result<Hir, PatternError> {
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
            Some('[') => self.class().map(|set| self.set(set)),
            Some('.') => Ok(self.set(complement(one_of(&['\n', '\r'])))),
            Some('\\') => self.escape().map(|set| self.set(set)),
            Some(c @ ('?' | '*' | '+' | '{' | '}' | ']' | ')')) => Err(wrong(format!("'{c}' stands alone"))),
            Some(c) => Ok(self.set(one_of(&[c]))),
            None => Err(wrong("it ends too early")),
        }
    }

    fn set(&self, mut set: ClassUnicode) -> Hir {
        if let Some(within) = self.within {
            set.intersect(within);
        }
        Hir::class(Class::Unicode(set))
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<ClassUnicode, PatternError> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut set = ClassUnicode::empty();
        loop {
            let first = match self.rest.next() {
                None => return Err(wrong("'[' is not closed")),
                Some(']') if set.ranges().is_empty() => return Err(wrong("'[]' holds nothing")),
                Some(']') => break,
                Some('[') => return Err(wrong("'[' within a class")),
                Some('-') if self.rest.peek() == Some(&'[') => {
                    return Err(PatternError::Unsupported("subtraction of classes".to_owned()));
                }
                Some('-') if !(set.ranges().is_empty() || self.rest.peek() == Some(&']')) => {
                    return Err(wrong("'-' within a class stands alone"));
                }
                Some('\\') => {
                    let escaped = self.escape()?;
                    match only(&escaped) {
                        Some(c) => c,
                        None => {
                            set.union(&escaped);
                            continue;
                        }
                    }
                }
                Some(c) => c,
            };
            let mut ahead = self.rest.clone();
            let last = if ahead.next() == Some('-') && !matches!(ahead.peek(), Some(']' | '[') | None) {
                self.rest.next();
                match self.rest.next() {
                    Some('\\') => only(&self.escape()?).ok_or_else(|| wrong("a range ends in a class"))?,
                    Some(c) => c,
                    None => return Err(wrong("'[' is not closed")),
                }
            } else {
                first
            };
            if last < first {
                return Err(wrong("a range runs backwards"));
            }
            set.push(ClassUnicodeRange::new(first, last));
        }
        Ok(if negated { complement(set) } else { set })
    }

    /// What follows `\`.
    fn escape(&mut self) -> Result<ClassUnicode, PatternError> {
        Ok(match self.rest.next() {
            Some('n') => one_of(&['\n']),
            Some('r') => one_of(&['\r']),
            Some('t') => one_of(&['\t']),
            Some('d') => digits(),
            Some('D') => complement(digits()),
            Some('s') => one_of(&['\t', '\n', '\r', ' ']),
            Some('S') => complement(one_of(&['\t', '\n', '\r', ' '])),
            Some(c) if r"\|.-^?*+{}()[]".contains(c) => one_of(&[c]),
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

fn repeat(of: Hir, min: u32, max: Option<u32>) -> Hir {
    Hir::repetition(Repetition {
        min,
        max,
        greedy: true,
        sub: Box::new(of),
    })
}

fn one_of(characters: &[char]) -> ClassUnicode {
    ClassUnicode::new(characters.iter().map(|c| ClassUnicodeRange::new(*c, *c)))
}

/// The decimal digits of every script.
fn digits() -> ClassUnicode {
    let range =
        |(first, last): &(u32, u32)| Some(ClassUnicodeRange::new(char::from_u32(*first)?, char::from_u32(*last)?));
    ClassUnicode::new(decimal_digit_ranges().iter().filter_map(range))
}

fn complement(mut set: ClassUnicode) -> ClassUnicode {
    set.negate();
    set
}

/// The character of a set that holds one.
fn only(set: &ClassUnicode) -> Option<char> {
    match set.ranges() {
        [range] if range.start() == range.end() => Some(range.start()),
        _ => None,
    }
}
