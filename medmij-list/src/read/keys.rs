// SPDX-License-Identifier: AGPL-3.0-or-later
//! `xs:unique`: keys compared exactly, in linear time. The set of the entries becomes the index of the list.

use super::{Reading, value};
use crate::{Collector, KeyIndex, Rule, ValueRange, dialect::Decl, xml::Fault};

/// Up to so many keys are compared one by one.
const FEW: usize = 8;

/// After so many entries room is made for all.
const SAMPLE: usize = 256;

/// The keys in the scope that is open now.
#[derive(Default)]
pub(super) struct KeySet {
    /// The number of open elements at the scope; 0 is none.
    depth: usize,
    /// The keys, but for those of the entries: these the collector has.
    values: Vec<ValueRange>,
    /// Made when there are more than a few; of the entries always.
    index: KeyIndex,
}

impl KeySet {
    pub(super) fn finish(&mut self) -> KeyIndex {
        std::mem::take(&mut self.index)
    }
}

impl<C: Collector> Reading<'_, C> {
    #[inline]
    pub(super) fn open_scope(&mut self, id: u16) {
        let depth = self.frames.len();
        if let Some(set) = self.sets.get_mut(usize::from(id)) {
            set.depth = depth;
            set.values.clear();
            if !set.index.is_empty() {
                set.index.clear();
            }
        }
    }

    /// The value of the last frame is a key.
    #[inline]
    pub(super) fn key(&mut self, decl: &Decl, key: ValueRange, offset: usize) -> Result<(), Fault> {
        let (source, arena) = (self.source, self.arena.as_str());
        for (id, above) in &decl.keys {
            let Some(set) = self.sets.get_mut(usize::from(*id)) else {
                continue;
            };
            if set.depth == 0 || set.depth + usize::from(*above) != self.frames.len() {
                continue;
            }
            let Some(text) = value::text(source, arena, key) else {
                continue;
            };
            let first = if self.main == Some(*id) {
                let collector = &self.collector;
                let text_of = |entry| value::text(source, arena, collector.key(entry));
                if set.index.len() == SAMPLE {
                    // From the first entries on, how many there will be is clear enough.
                    let keys = (SAMPLE * source.len() / offset.max(1)).min(source.len() / 40);
                    set.index.reserve(keys, text_of);
                }
                set.index.insert(text, collector.entry(), text_of)
            } else {
                set.add(text, key, |key| value::text(source, arena, key))
            };
            if let Err(first) = first {
                let fault = self.twice(*id, text, first as usize, offset);
                return self.refuse(fault);
            }
        }
        Ok(())
    }

    #[cold]
    fn twice(&self, id: u16, text: &str, first: usize, offset: usize) -> Fault {
        let name = self.table.uniques.get(usize::from(id)).map_or("", |key| &key.name);
        // the entry is the element below the scope
        let entry = self
            .sets
            .get(usize::from(id))
            .and_then(|set| self.frames.get(set.depth));
        let entry = entry.map_or("", |frame| &self.table.decl(frame.decl).name);
        let value = self.frames.last().map_or("", |frame| &self.table.decl(frame.decl).name);
        let message = format!(
            "<{entry}> number {} has this {value} already; no two may have the same ({name})",
            first + 1
        );
        Fault::new(Rule::Unique, offset, message).with_value(text)
    }
}

impl KeySet {
    /// Adds a key; the error is the index, from 0, of the equal one.
    #[inline]
    fn add<'t>(
        &mut self,
        text: &str,
        key: ValueRange,
        text_of: impl Fn(ValueRange) -> Option<&'t str>,
    ) -> Result<(), u32> {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if self.values.len() < FEW {
            if let Some(first) = self.values.iter().position(|other| text_of(*other) == Some(text)) {
                return Err(number(first));
            }
            self.values.push(key);
            return Ok(());
        }
        let values = &self.values;
        let text_at = |n: u32| values.get(n as usize).and_then(|other| text_of(*other));
        if self.index.is_empty() {
            for n in 0..number(values.len()) {
                let _ = self.index.insert(text_at(n).unwrap_or_default(), n, text_at);
            }
        }
        self.index.insert(text, number(values.len()), text_at)?;
        self.values.push(key);
        Ok(())
    }
}
