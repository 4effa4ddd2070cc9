// SPDX-License-Identifier: AGPL-3.0-or-later
//! The patterns of the lists, walked at random. This reads patterns by itself and shares nothing with the crate that is
//! tested.

use super::ODD;
use crate::rng::Rng;

enum Node {
    One(char),
    Digit,
    In(Vec<char>),
    NotIn(Vec<char>),
    Row(Vec<Self>),
    Times(Box<Self>, usize, Option<usize>),
}

pub struct Pattern(Node);

impl Pattern {
    pub fn new(pattern: &str) -> Self {
        let characters: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        let node = row(&characters, &mut at);
        assert_eq!(at, characters.len(), "{pattern}");
        Self(node)
    }

    /// A text that matches.
    pub fn text(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        let more = *rng.pick(&[1, 2, 4, 12, 60]);
        write(&self.0, more, rng, &mut out);
        out
    }
}

fn row(of: &[char], at: &mut usize) -> Node {
    let mut out = Vec::new();
    while let Some(&c) = of.get(*at).filter(|c| **c != ')') {
        *at += 1;
        let atom = match c {
            '(' => {
                let inner = row(of, at);
                *at += 1;
                inner
            }
            '[' => class(of, at),
            '\\' => {
                *at += 1;
                if of[*at - 1] == 'd' {
                    Node::Digit
                } else {
                    Node::One(of[*at - 1])
                }
            }
            c => Node::One(c),
        };
        let times = match of.get(*at) {
            Some('?') => Some((0, Some(1))),
            Some('*') => Some((0, None)),
            Some('+') => Some((1, None)),
            Some('{') => {
                *at += 4;
                Some((1, of[*at - 1].to_digit(10).map(|most| most as usize)))
            }
            _ => None,
        };
        out.push(match times {
            Some((fewest, most)) => {
                *at += 1;
                Node::Times(Box::new(atom), fewest, most)
            }
            None => atom,
        });
    }
    Node::Row(out)
}

fn class(of: &[char], at: &mut usize) -> Node {
    let not = of[*at] == '^';
    *at += usize::from(not);
    let mut members = Vec::new();
    while of[*at] != ']' {
        if of[*at + 1] == '-' && of[*at + 2] != ']' {
            members.extend(of[*at]..=of[*at + 2]);
            *at += 3;
        } else {
            members.push(of[*at]);
            *at += 1;
        }
    }
    *at += 1;
    if not { Node::NotIn(members) } else { Node::In(members) }
}

fn write(node: &Node, more: usize, rng: &mut Rng, out: &mut String) {
    match node {
        Node::One(c) => out.push(*c),
        Node::In(members) => out.push(*rng.pick(members)),
        Node::Digit => out.push(if rng.chance(60) {
            *rng.pick(&['0', '1', '5', '9'])
        } else {
            *rng.pick(&[
                '\u{660}',
                '\u{6f9}',
                '\u{96f}',
                '\u{e50}',
                '\u{1369}',
                '\u{17e0}',
                '\u{ff19}',
                '\u{104a0}',
                '\u{1d7ff}',
            ])
        }),
        Node::NotIn(members) => {
            let c = if rng.chance(60) { 'x' } else { *rng.pick(ODD) };
            out.push(if members.contains(&c) { '~' } else { c });
        }
        Node::Row(nodes) => nodes.iter().for_each(|node| write(node, more, rng, out)),
        Node::Times(inner, fewest, most) => {
            let most = most.unwrap_or(fewest + more);
            let count = match rng.below(4) {
                0 => most,
                1 => fewest + rng.below(most - fewest + 1),
                _ => *fewest,
            };
            for _ in 0..count {
                write(inner, 2, rng, out);
            }
        }
    }
}
