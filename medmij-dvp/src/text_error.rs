// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a text for the Persoon cannot be used.

/// A text for the Persoon cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It is empty or too long: a notice has at most 1,000 characters, a sentence about a deletion 500.
    #[error("text is empty or too long")]
    Length,
    /// It holds a link or an address, which a login could be faked behind.
    #[error("text holds a link or an address")]
    Link,
    /// It holds a placeholder, through which a name could get in.
    #[error("text holds a placeholder")]
    Placeholder,
    /// About a deletion: it does not say how many items go, by `{items}`, or does so where no number belongs.
    #[error("sentence about a deletion has {{items}} where none belongs, or lacks it")]
    Items,
    /// It holds control characters.
    #[error("text holds control characters")]
    Control,
}
