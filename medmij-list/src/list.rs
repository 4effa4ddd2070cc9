// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a list is to the engine: a kind, its dialects, and a collector that takes validated values.

use std::sync::Arc;

use crate::{Dialect, DialectError, Document, Header, KeyIndex, ListKind, ValueRange};

/// A list that the engine can read. Implemented by the list crates.
pub trait List: Sized + Send + Sync + 'static {
    /// Which list.
    const KIND: ListKind;

    /// What takes the values while reading.
    type Collector: Collector<List = Self>;

    /// The built-in dialects, the one to prefer first.
    ///
    /// # Errors
    ///
    /// [`DialectError`] where one of them cannot be used; then nothing is read.
    fn dialects() -> Result<&'static [Arc<Dialect>], &'static DialectError>;

    /// What was read: bytes, header, basis, remarks.
    fn document(&self) -> &Document;

    /// How many top-level entries it has.
    fn len(&self) -> usize;

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tijdstempel and Volgnummer.
    fn header(&self) -> &Header {
        self.document().header()
    }
}

/// Takes validated elements in document order and makes the model of them.
///
/// It gets the elements that it named in [`SLOTS`](Self::SLOTS) and no others. It must not rely on an element
/// being there: a dialect made from a later schema may have made it optional.
pub trait Collector: Default {
    /// What it makes.
    type List;

    /// The elements that it wants, as parent and name; a slot is an index into this table. The parent of the
    /// root is the empty string.
    const SLOTS: &'static [(&'static str, &'static str)];

    /// The slots whose values are the unique keys of the list; the first that the dialect has is taken.
    const KEYS: &'static [usize];

    /// An element with child elements begins.
    fn open(&mut self, slot: usize);

    /// An element with a value.
    fn value(&mut self, slot: usize, value: ValueRange);

    /// An element with child elements ends.
    fn close(&mut self, slot: usize);

    /// The number of the entry that is being read, from 0, asked just before its key is handed over.
    fn entry(&self) -> u32;

    /// The key of an entry that was read, by its number.
    fn key(&self, entry: u32) -> ValueRange;

    /// The document is accepted. `keys` finds the number of an entry by the value of [`KEYS`](Self::KEYS); it asks the
    /// list for the [`key`](Self::key) of an entry, to compare.
    fn finish(self, document: Document, keys: KeyIndex) -> Self::List;
}
