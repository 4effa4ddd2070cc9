// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 8259 section 4: the name of a member, which occurs once in its object.

use super::{Node, string};

/// A member name: where it stands and whether it holds an escape.
#[derive(Clone, Copy, Default)]
pub(super) struct Name {
    /// Past the quote; 0 where there is no name.
    pub(super) start: usize,
    pub(super) len: u16,
    pub(super) escaped: bool,
}

impl Name {
    /// Six bits of it: two names that are equal share them.
    #[inline]
    pub(super) fn hash(self, bytes: &[u8]) -> u32 {
        match bytes.get(self.start..).and_then(<[u8]>::first_chunk::<8>) {
            Some(eight) if !self.escaped => hash(u64::from_le_bytes(*eight), usize::from(self.len)),
            _ => hash_of(bytes, self),
        }
    }

    /// The bit of the node that says so.
    pub(super) const fn flag(self) -> u16 {
        if self.escaped { Node::NAME_ESCAPED } else { 0 }
    }
}

/// Six bits of a name, by its length and its first eight bytes; what is behind a shorter one does not count.
const fn hash(eight: u64, len: usize) -> u32 {
    let name = if len < 8 { eight & ((1 << (8 * len)) - 1) } else { eight };
    ((name ^ len as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as u32
}

/// The same, of a name with an escape, or at the end of the text.
#[cold]
fn hash_of(bytes: &[u8], name: Name) -> u32 {
    let inside = bytes.get(name.start..name.start + usize::from(name.len));
    let decoded = string::decode(inside.unwrap_or_default(), name.escaped);
    let mut eight = [0; 8];
    eight.iter_mut().zip(decoded.iter()).for_each(|(to, from)| *to = *from);
    hash(u64::from_le_bytes(eight), decoded.len())
}
