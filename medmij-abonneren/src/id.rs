// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the id that the DVA gives an Abonnement and that every notification names.

use std::fmt;

use medmij_types::{Entropy, EntropyError};

use super::AbonnementError;

/// The id of an Abonnement: at most 64 of `A`–`Z`, `a`–`z`, `0`–`9`, `-` and `.`. New ones hold 256 random bits, so that
/// nobody guesses one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbonnementId(Box<str>);

impl AbonnementId {
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`AbonnementError::Id`].
    pub fn parse(text: &str) -> Result<Self, AbonnementError> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(AbonnementError::Id)
        }
    }

    /// A new id: 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`EntropyError`], where the entropy fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        use fmt::Write as _;
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        let mut text = String::with_capacity(64);
        for byte in bytes {
            // writing to a String cannot fail
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text.into()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AbonnementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use medmij_types::OsEntropy;

    use super::*;

    #[test]
    fn ids_are_what_fits_a_path_and_new_ones_hold_256_bits() {
        for bad in ["", "a b", "a/b", "é", &"a".repeat(65)] {
            assert_eq!(AbonnementId::parse(bad), Err(AbonnementError::Id), "{bad}");
        }
    }
    #[test]
    fn a_new_id_takes_all_the_entropy_it_shows() {
        let ids: Vec<_> = (0..100).map(|_| AbonnementId::random(&OsEntropy).unwrap()).collect();
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(id.as_str().len(), 64, "32 bytes as hexadecimal digits");
            assert_eq!(AbonnementId::parse(id.as_str()).as_ref(), Ok(id));
            assert!(!ids[..n].contains(id));
        }
    }
}
