// SPDX-License-Identifier: AGPL-3.0-or-later
//! Texts that several values share: of a page, each entry and each resource is a part.

use std::ops::Range;
use std::sync::Arc;

use medmij_types::json::{Document, Value};

/// A part of a text that several values share: of a page, each entry is one.
#[derive(Clone)]
pub(crate) struct Text {
    whole: Arc<String>,
    part: Range<usize>,
}

/// A text for values to share, and where it begins in the document that they are read from.
#[derive(Clone)]
pub(crate) struct Whole {
    text: Arc<String>,
    from: usize,
}

impl Whole {
    /// A copy of the outermost value of a document.
    pub(crate) fn copied(document: &Document<'_>) -> Self {
        let root = document.root();
        Self {
            text: Arc::new(root.raw().to_owned()),
            from: root.range().start,
        }
    }

    /// The source of a document, which is shared already.
    pub(crate) fn shared(source: &Arc<String>) -> Self {
        Self {
            text: Arc::clone(source),
            from: 0,
        }
    }

    /// The part that a value of the document is on.
    pub(crate) fn part(&self, value: Value<'_>) -> Text {
        let range = value.range();
        Text {
            whole: Arc::clone(&self.text),
            part: range.start.saturating_sub(self.from)..range.end.saturating_sub(self.from),
        }
    }
}

impl Text {
    /// A copy.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            whole: Arc::new(text.to_owned()),
            part: 0..text.len(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.whole.get(self.part.clone()).unwrap_or_default()
    }
}
