// SPDX-License-Identifier: AGPL-3.0-or-later
//! One error for all values that are read from text.

/// Why a text is not the value that it should be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FhirValueError {
    /// Not a capital followed by at most 63 letters.
    #[error("resource type is not a capital followed by letters")]
    ResourceType,
    /// Not 1 to 64 of `A-Z a-z 0-9 - .`.
    #[error("id is not 1 to 64 letters, digits, hyphens and dots")]
    ResourceId,
    /// None of the four forms of [`Reference`](crate::Reference).
    #[error("reference is not a fragment, Type/id, absolute url or urn")]
    Reference,
    /// Not a date or moment that exists.
    #[error("not a date (2026, 2026-11, 2026-11-30) or a moment with a time zone (2026-11-30T09:00:00+01:00)")]
    SearchDate,
    /// A prefix that cannot come before an id: 1 to 16 letters and digits, and no other source with the same one.
    #[error("prefix of a source is not 1 to 16 letters and digits, or is in use")]
    Prefix,
    /// A target of the catalogue that is not understood.
    #[error("target {0:?} is not a resource type, $lastn, read or link with parameters")]
    Target(String),
}
