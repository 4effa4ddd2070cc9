// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dialects that a list crate carries as text.

use std::sync::{Arc, OnceLock};

use super::{Dialect, DialectError};

/// The built-in dialects of a list, read at first use. One that cannot be read is an error of every reading, so that a
/// release never goes missing unseen.
///
/// ```
/// use medmij_list::BuiltInDialects;
///
/// static DIALECTS: BuiltInDialects = BuiltInDialects::new(&["medmij-dialect 1\nlist Telefoonboek\n"]);
/// assert!(DIALECTS.all().is_err());
/// ```
#[derive(Debug)]
pub struct BuiltInDialects {
    texts: &'static [&'static str],
    read: OnceLock<Result<Vec<Arc<Dialect>>, DialectError>>,
}

impl BuiltInDialects {
    /// Dialects in their text form, the one to prefer first.
    #[must_use]
    pub const fn new(texts: &'static [&'static str]) -> Self {
        Self {
            texts,
            read: OnceLock::new(),
        }
    }

    /// All of them.
    ///
    /// # Errors
    ///
    /// [`DialectError`] where one of the texts is no dialect: a fault of the crate that carries it.
    pub fn all(&self) -> Result<&[Arc<Dialect>], &DialectError> {
        let read = self.read.get_or_init(|| {
            let dialects = self.texts.iter().map(|text| text.parse().map(Arc::new));
            dialects.collect()
        });
        read.as_deref()
    }
}
