// SPDX-License-Identifier: AGPL-3.0-or-later
//! Randomness as an argument.

/// Where randomness comes from. Everything that must be unguessable is made from it, so an implementation outside tests
/// has to be a cryptographically secure generator.
pub trait Entropy: Send + Sync {
    /// Fills the whole slice with random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the source fails; the slice must not be used then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

impl<E: Entropy + ?Sized> Entropy for std::sync::Arc<E> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        (**self).fill(bytes)
    }
}

/// The generator of the operating system.
///
/// ```
/// use medmij_types::{Entropy, OsEntropy};
///
/// let (mut a, mut b) = ([0; 32], [0; 32]);
/// OsEntropy.fill(&mut a)?;
/// OsEntropy.fill(&mut b)?;
/// assert_ne!(a, b);
/// # Ok::<(), medmij_types::EntropyError>(())
/// ```
#[cfg(feature = "os")]
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

#[cfg(feature = "os")]
impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct EntropyError;
