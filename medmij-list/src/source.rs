// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the bytes of a list come from. The implementation over HTTPS lives in `medmij-net`.

use std::{error::Error, fmt};

use crate::ListKind;

/// Something that hands over the bytes of a list as they are published now.
///
/// ```
/// use medmij_list::{ListKind, Source, SourceError};
///
/// struct Folder(std::path::PathBuf);
///
/// impl Source for Folder {
///     async fn fetch(&self, kind: ListKind) -> Result<Vec<u8>, SourceError> {
///         std::fs::read(self.0.join(kind.file_name())).map_err(SourceError::new)
///     }
/// }
/// ```
pub trait Source: Send + Sync {
    /// Fetches the list once. Retrying, size limits and deadlines: the first is the caller's, the other two are the
    /// source's.
    fn fetch(&self, kind: ListKind) -> impl Future<Output = Result<Vec<u8>, SourceError>> + Send;
}

/// A list could not be fetched. What went wrong is inside.
pub struct SourceError(Box<dyn Error + Send + Sync>);

impl SourceError {
    /// Wraps the error of a source.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceError").field(&self.0).finish()
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list could not be fetched")
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
