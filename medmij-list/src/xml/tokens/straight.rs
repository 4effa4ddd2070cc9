// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tags that the caller has read itself, in their plainest form, past quick-xml: `<Name>` and `</Name>` to the letter, in
//! the default namespace.

use super::{Open, Tokens};

impl Tokens<'_> {
    /// Where one may read straight on: after a tag, where the target is the default namespace.
    #[inline]
    pub(crate) fn straight(&self) -> Option<usize> {
        (self.after_tag && self.default_is_target && self.pending.is_none()).then_some(self.at)
    }

    /// Whether one more element may be open.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.open.len() < self.limits.depth
    }

    /// Whether the element that is open was opened straight.
    #[inline]
    pub(crate) fn is_straight(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_straight)
    }

    /// Everything up to this byte, where a tag ends, was read.
    #[inline]
    pub(crate) const fn straight_to(&mut self, at: usize) {
        self.at = at;
    }

    /// A start tag was read, which begins at this byte, has a name of this length and ends before that byte.
    #[inline]
    pub(crate) fn straight_open(&mut self, start: usize, length: usize, end: usize) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the document has less than 4 GiB, names and scopes are limited"
        )]
        self.open.push(Open {
            start: start as u32 + 1,
            length: length as u16,
            bindings: self.scope.len() as u16,
            default_is_target: self.default_is_target,
            is_straight: true,
        });
        self.at = end;
    }

    /// The end tag was read of an element that was opened straight.
    #[inline]
    pub(crate) fn straight_close(&mut self, end: usize) {
        self.open.pop();
        self.at = end;
    }
}
