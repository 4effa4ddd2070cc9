// SPDX-License-Identifier: AGPL-3.0-or-later
//! `xs:unique`: keys compared exactly, in linear time. The set of the entries becomes the index of the list.

use super::{Reading, value};
use crate::{Collector, KeyIndex, Rule, Value, dialect::Decl, xml::Fault};

/// Up to so many keys are compared one by one.
const FEW: usize = 8;

/// After so many entries room is made for all.
const SAMPLE: usize = 256;

/// The keys in the scope that is open now.
#[derive(Default)]
pub(super) struct KeySet {
    /// The number of open elements at the scope; 0 is none.
    depth: usize,
    few: Vec<Value>,
    many: KeyIndex,
}

impl KeySet {
    pub(super) fn take(&mut self) -> KeyIndex {
        std::mem::take(&mut self.many)
    }
}

impl<C: Collector> Reading<'_, C> {
    #[inline]
    pub(super) fn open_scope(&mut self, id: u16) {
        let depth = self.frames.len();
        if let Some(set) = self.sets.get_mut(usize::from(id)) {
            set.depth = depth;
            set.few.clear();
            if !set.many.is_empty() {
                set.many.clear();
            }
        }
    }

    /// The value of the last frame is a key.
    #[inline]
    pub(super) fn key(&mut self, decl: &Decl, key: Value, offset: usize) -> Result<(), Fault> {
        for (id, above) in &decl.keys {
            let Some(set) = self.sets.get_mut(usize::from(*id)) else {
                continue;
            };
            if set.depth == 0 || set.depth + usize::from(*above) != self.frames.len() {
                continue;
            }
            let Some(text) = value::text(self.source, &self.arena, key) else {
                continue;
            };
            let is_main = self.main == Some(*id);
            if !is_main && set.few.len() < FEW {
                let (source, arena) = (self.source, &self.arena);
                if let Some(first) = set
                    .few
                    .iter()
                    .position(|other| value::text(source, arena, *other) == Some(text))
                {
                    let fault = self.twice(*id, text, first, offset);
                    return self.refuse(fault);
                }
                set.few.push(key);
                continue;
            }
            if !is_main && set.many.is_empty() {
                for (n, other) in (0..).zip(&set.few) {
                    if let Some(other) = value::text(self.source, &self.arena, *other) {
                        let _ = set.many.insert(other, n);
                    }
                }
            }
            let number = if is_main {
                self.collector.entry()
            } else {
                u32::try_from(set.many.len()).unwrap_or(u32::MAX)
            };
            if is_main && set.many.len() == SAMPLE {
                // From the first entries on, how many there will be is clear enough.
                let keys = (SAMPLE * self.source.len() / offset.max(1)).min(self.source.len() / 40);
                set.many.reserve(keys, keys * text.len());
            }
            if let Err(first) = set.many.insert(text, number) {
                let fault = self.twice(*id, text, first as usize, offset);
                return self.refuse(fault);
            }
        }
        Ok(())
    }

    #[cold]
    fn twice(&self, id: u16, text: &str, first: usize, offset: usize) -> Fault {
        let name = self.table.uniques.get(usize::from(id)).map_or("", |key| &key.name);
        Fault::new(
            Rule::Unique,
            offset,
            format!(
                "number {} has the same value already; the values must differ ({name})",
                first + 1
            ),
        )
        .with_value(text)
    }
}
