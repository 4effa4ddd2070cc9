// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the tree of a pattern to a table: state × class of characters → state.

use std::collections::HashMap;

use super::{
    Mismatch, PatternError,
    parse::{Node, Set},
};

const MOST_STATES: usize = 4000;
const MOST_NODES: usize = 20_000;
const DEAD: u16 = 0;
const START: u16 = 1;

/// State 0 is dead, state 1 is the start; class 0 holds the characters that occur nowhere in the pattern.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    plain: Plain,
    /// Next state, at `state * classes + class`.
    table: Vec<u16>,
    accepting: Vec<bool>,
    classes: usize,
    /// First code point and class of each run of equal characters, in order.
    runs: Vec<(u32, u16)>,
}

impl Automaton {
    pub(super) fn build(node: &Node) -> Result<Self, PatternError> {
        let mut nfa = Nfa::default();
        let end = nfa.node()?;
        let start = nfa.add(node, end)?;
        let (runs, members) = classes(&nfa.sets);
        let classes = members.len();

        let mut known: HashMap<Vec<usize>, u16> = HashMap::new();
        let mut states = vec![Vec::new(), nfa.closure(vec![start])];
        known.insert(Vec::new(), DEAD);
        known.insert(states.get(1).cloned().unwrap_or_default(), START);
        let mut table = vec![DEAD; classes];
        let mut at = 1;
        while let Some(state) = states.get(at).cloned() {
            for member in &members {
                let next = nfa.closure(nfa.step(&state, member));
                let id = match known.get(&next) {
                    Some(id) => *id,
                    None => {
                        let id = u16::try_from(states.len()).map_err(|_| PatternError::TooLarge)?;
                        known.insert(next.clone(), id);
                        states.push(next);
                        id
                    }
                };
                table.push(id);
            }
            at += 1;
            if states.len() > MOST_STATES {
                return Err(PatternError::TooLarge);
            }
        }
        let accepting = states.iter().map(|state| state.contains(&end)).collect();
        let mut automaton = Self {
            plain: Plain::default(),
            table,
            accepting,
            classes,
            runs,
        };
        automaton.plain = Plain::new(&automaton, states.len());
        Ok(automaton)
    }

    #[inline]
    pub(super) fn surely_matches(&self, raw: &[u8]) -> bool {
        self.plain.run(raw) == (raw.len(), true)
    }

    #[inline]
    pub(super) fn scan(&self, bytes: &[u8]) -> Option<usize> {
        let (length, accepted) = self.plain.run(bytes);
        (accepted && bytes.get(length) == Some(&b'<')).then_some(length)
    }

    pub(super) fn check(&self, text: &str) -> Result<(), Mismatch> {
        let mut state = usize::from(START);
        for (at, c) in text.char_indices() {
            state = self.next(state, c.into()).into();
            if state == usize::from(DEAD) {
                return Err(Mismatch::At(at));
            }
        }
        if self.accepting.get(state).copied().unwrap_or(false) {
            Ok(())
        } else {
            Err(Mismatch::TooShort)
        }
    }

    fn next(&self, state: usize, c: u32) -> u16 {
        self.step(state, self.class(c))
    }

    fn class(&self, c: u32) -> u16 {
        let run = self.runs.partition_point(|(first, _)| *first <= c);
        run.checked_sub(1)
            .and_then(|run| self.runs.get(run))
            .map_or(0, |(_, class)| *class)
    }

    fn step(&self, state: usize, class: u16) -> u16 {
        self.table
            .get(state * self.classes + usize::from(class))
            .copied()
            .unwrap_or(DEAD)
    }
}

/// The same automaton over the bytes that stand for themselves: printable ASCII without `<`, `>` and `&`.
#[derive(Clone, Debug)]
struct Plain {
    /// The class of each byte; 0 is every other byte.
    classes: [u8; 256],
    /// Rows of states, the dead one first. A state is where its row begins; the first of a row is 1 if it accepts, then
    /// follow the next states by class.
    rows: Vec<u16>,
    start: u16,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            classes: [0; 256],
            rows: vec![0],
            start: 0,
        }
    }
}

impl Plain {
    /// Nothing is sure where the table would be too large for it.
    fn new(of: &Automaton, states: usize) -> Self {
        let mut members: Vec<u16> = Vec::new();
        let mut classes = [0; 256];
        for (byte, class) in (0_u8..=255).zip(&mut classes) {
            if !matches!(byte, 0x20..0x7F) || matches!(byte, b'<' | b'>' | b'&') {
                continue;
            }
            let member = of.class(byte.into());
            let at = members.iter().position(|known| *known == member).unwrap_or_else(|| {
                members.push(member);
                members.len() - 1
            });
            *class = u8::try_from(at + 1).unwrap_or(0);
        }
        let width = members.len() + 1;
        let row = |state: usize| u16::try_from(state * width).ok();
        let rows: Option<Vec<u16>> = (0..states)
            .flat_map(|state| {
                let accepts = u16::from(of.accepting.get(state).copied().unwrap_or(false));
                let next = members.iter().map(move |class| row(of.step(state, *class).into()));
                std::iter::once(Some(accepts)).chain(next)
            })
            .collect();
        match (rows, row(START.into())) {
            (Some(rows), Some(start)) => Self { classes, rows, start },
            _ => Self::default(),
        }
    }

    /// How many bytes stand for themselves, and whether they match.
    #[inline]
    fn run(&self, bytes: &[u8]) -> (usize, bool) {
        let mut state = self.start;
        for (at, byte) in bytes.iter().enumerate() {
            let class = self.classes.get(usize::from(*byte)).copied().unwrap_or(0);
            if class == 0 {
                return (at, self.accepts(state));
            }
            let next = usize::from(state) + usize::from(class);
            state = self.rows.get(next).copied().unwrap_or(DEAD);
        }
        (bytes.len(), self.accepts(state))
    }

    #[inline]
    fn accepts(&self, state: u16) -> bool {
        self.rows.get(usize::from(state)) == Some(&1)
    }
}

/// The classes of characters that no set tells apart: runs of code points with their class, and for each class the
/// sets that hold it.
fn classes(sets: &[Set]) -> (Vec<(u32, u16)>, Vec<Vec<bool>>) {
    let mut cuts: Vec<u32> = sets
        .iter()
        .flatten()
        .flat_map(|(first, last)| [*first, last + 1])
        .collect();
    cuts.push(0);
    cuts.sort_unstable();
    cuts.dedup();
    let mut members = vec![vec![false; sets.len()]];
    let mut known = HashMap::from([(vec![false; sets.len()], 0_u16)]);
    let mut runs: Vec<(u32, u16)> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        let member: Vec<bool> = sets.iter().map(|set| contains(set, cut)).collect();
        let class = *known.entry(member.clone()).or_insert_with(|| {
            members.push(member);
            u16::try_from(members.len() - 1).unwrap_or(0)
        });
        if runs.last().is_none_or(|(_, before)| *before != class) {
            runs.push((cut, class));
        }
    }
    (runs, members)
}

fn contains(set: &Set, c: u32) -> bool {
    let after = set.partition_point(|(first, _)| *first <= c);
    after
        .checked_sub(1)
        .and_then(|at| set.get(at))
        .is_some_and(|(_, last)| c <= *last)
}

/// Steps on a set, and free steps.
#[derive(Default)]
struct Nfa {
    steps: Vec<Option<(usize, usize)>>,
    free: Vec<Vec<usize>>,
    sets: Vec<Set>,
}

impl Nfa {
    fn node(&mut self) -> Result<usize, PatternError> {
        if self.steps.len() >= MOST_NODES {
            return Err(PatternError::TooLarge);
        }
        self.steps.push(None);
        self.free.push(Vec::new());
        Ok(self.steps.len() - 1)
    }

    /// Adds the tree in front of `to`; says where it begins.
    fn add(&mut self, node: &Node, to: usize) -> Result<usize, PatternError> {
        match node {
            Node::Set(set) => {
                let id = match self.sets.iter().position(|known| known == set) {
                    Some(id) => id,
                    None => {
                        self.sets.push(set.clone());
                        self.sets.len() - 1
                    }
                };
                let from = self.node()?;
                if let Some(step) = self.steps.get_mut(from) {
                    *step = Some((id, to));
                }
                Ok(from)
            }
            Node::All(nodes) => nodes.iter().rev().try_fold(to, |to, node| self.add(node, to)),
            Node::Any(nodes) => {
                let from = self.node()?;
                for node in nodes {
                    let branch = self.add(node, to)?;
                    self.link(from, branch);
                }
                Ok(from)
            }
            Node::Repeat(node, min, max) => {
                let mut at = to;
                match max {
                    Some(max) => {
                        for _ in *min..*max {
                            let from = self.node()?;
                            let body = self.add(node, at)?;
                            self.link(from, body);
                            self.link(from, to);
                            at = from;
                        }
                    }
                    None => {
                        let again = self.node()?;
                        let body = self.add(node, again)?;
                        self.link(again, body);
                        self.link(again, to);
                        at = again;
                    }
                }
                for _ in 0..*min {
                    at = self.add(node, at)?;
                }
                Ok(at)
            }
        }
    }

    fn link(&mut self, from: usize, to: usize) {
        if let Some(free) = self.free.get_mut(from) {
            free.push(to);
        }
    }

    fn step(&self, state: &[usize], member: &[bool]) -> Vec<usize> {
        let taken = |node: &usize| match self.steps.get(*node) {
            Some(Some((set, to))) if member.get(*set).copied().unwrap_or(false) => Some(*to),
            _ => None,
        };
        state.iter().filter_map(taken).collect()
    }

    /// The nodes that are reached without a character, in order.
    fn closure(&self, mut todo: Vec<usize>) -> Vec<usize> {
        let mut seen = std::collections::BTreeSet::new();
        while let Some(node) = todo.pop() {
            if seen.insert(node) {
                todo.extend(self.free.get(node).into_iter().flatten());
            }
        }
        seen.into_iter().collect()
    }
}
