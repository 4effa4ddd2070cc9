// SPDX-License-Identifier: AGPL-3.0-or-later
//! A pattern as a deterministic automaton over bytes, within limits on size.

use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    nfa::thompson::{self, WhichCaptures},
    util::primitives::StateID,
};
use regex_syntax::hir::Hir;

use super::{Mismatch, PatternError};

/// Bytes of the automaton that reads alternatives at once, before it is made deterministic.
const NFA_LIMIT: usize = 1 << 20;
/// Bytes of the finished automaton.
const DFA_LIMIT: usize = 1 << 20;
/// Bytes that making it deterministic takes: this bounds its time as well.
const WORK_LIMIT: usize = 2 << 20;

/// Matches a whole text. A match is seen one byte late, or at the end of the input.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Automaton {
    pub(super) fn build(pattern: &Hir) -> Result<Self, PatternError> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .nfa_size_limit(Some(NFA_LIMIT))
                    .which_captures(WhichCaptures::None),
            )
            .build_from_hir(pattern)
            .map_err(|_| PatternError::TooLarge)?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .match_kind(MatchKind::All)
                    .start_kind(StartKind::Anchored)
                    .accelerate(false)
                    .dfa_size_limit(Some(DFA_LIMIT))
                    .determinize_size_limit(Some(WORK_LIMIT)),
            )
            .build_from_nfa(&nfa)
            .map_err(|_| PatternError::TooLarge)?;
        let start = dfa
            .start_state_forward(&Input::new("").anchored(Anchored::Yes))
            .map_err(|_| PatternError::TooLarge)?;
        Ok(Self { dfa, start })
    }

    pub(super) fn bytes(&self) -> usize {
        self.dfa.memory_usage()
    }

    #[inline]
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let state = text
            .iter()
            .fold(self.start, |state, byte| self.dfa.next_state(state, *byte));
        self.accepts(state)
    }

    /// The length of the run of bytes that are `plain`, if it matches.
    #[inline]
    pub(super) fn scan(&self, bytes: &[u8], plain: impl Fn(u8) -> bool) -> Option<usize> {
        let mut state = self.start;
        for (at, byte) in bytes.iter().enumerate() {
            if !plain(*byte) {
                return self.accepts(state).then_some(at);
            }
            state = self.dfa.next_state(state, *byte);
        }
        None
    }

    /// How a text that does not match fails.
    #[cold]
    pub(super) fn mismatch(&self, text: &str) -> Mismatch {
        let mut state = self.start;
        for (at, c) in text.char_indices() {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                state = self.dfa.next_state(state, byte);
            }
            if self.is_lost(state) {
                return Mismatch::At(at);
            }
        }
        Mismatch::TooShort
    }

    #[inline]
    fn accepts(&self, state: StateID) -> bool {
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }

    /// Whether no text can be accepted from here on.
    fn is_lost(&self, state: StateID) -> bool {
        let dead = |state| self.dfa.is_dead_state(state);
        dead(state)
            || dead(self.dfa.next_eoi_state(state)) && (0..=255).all(|byte| dead(self.dfa.next_state(state, byte)))
    }
}
