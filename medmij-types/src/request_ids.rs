// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.208, core.tknint.208, core.rscint.201 — the two ids that travel with every request.

use crate::{Entropy, EntropyError, ValueError};

checked_text! {
    /// `MedMij-Request-ID`: a random UUID, unique for every single request in the MedMij network.
    ///
    /// ```
    /// use medmij_types::{MedMijRequestId, OsEntropy};
    ///
    /// let id = MedMijRequestId::random(&OsEntropy)?;
    /// assert_ne!(id, MedMijRequestId::random(&OsEntropy)?);
    /// assert_eq!(MedMijRequestId::parse(id.as_str()).as_ref(), Ok(&id));
    /// # Ok::<(), medmij_types::EntropyError>(())
    /// ```
    MedMijRequestId, ValueError, check,
    /// Reads a UUID of any version, in the form of RFC 9562 section 4.
    ///
    /// # Errors
    ///
    /// [`ValueError`] where the text is no UUID.
}

checked_text! {
    /// `X-Correlation-ID`: a random UUID, one for a whole flow. The token and resource requests of a flow copy it from the
    /// authorization request; a refresh starts a new one.
    ///
    /// ```
    /// use medmij_types::{CorrelationId, ValueError};
    ///
    /// assert!(CorrelationId::parse("6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a").is_ok());
    /// assert_eq!(CorrelationId::parse("abc"), Err(ValueError::Uuid));
    /// ```
    CorrelationId, ValueError, check,
    /// Reads a UUID of any version, in the form of RFC 9562 section 4.
    ///
    /// # Errors
    ///
    /// [`ValueError`] where the text is no UUID.
}

impl MedMijRequestId {
    /// A new id (UUID version 4).
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the source of randomness fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        random(entropy).map(Self)
    }
}

impl CorrelationId {
    /// The id (UUID version 4) of sixteen random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid(bytes))
    }

    /// A new id (UUID version 4).
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the source of randomness fails.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        random(entropy).map(Self)
    }
}

fn check(text: &str) -> Result<&str, ValueError> {
    let fits = text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    if fits { Ok(text) } else { Err(ValueError::Uuid) }
}

fn random(entropy: &dyn Entropy) -> Result<Box<str>, EntropyError> {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes)?;
    Ok(uuid(bytes))
}

fn uuid(bytes: [u8; 16]) -> Box<str> {
    let value = u128::from_be_bytes(bytes);
    // RFC 9562 section 5.4: version 4 in bits 48 to 51, variant 10 in bits 64 and 65
    let value = (value & !(0xf << 76) | (0x4 << 76)) & !(0x3 << 62) | (0x2 << 62);
    let mut text = String::with_capacity(36);
    for (i, c) in format!("{value:032x}").chars().enumerate() {
        if matches!(i, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(c);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn core_authint_208_new_ids_are_uuids_of_version_4() {
        assert_eq!(
            MedMijRequestId::random(&Fixed(0)).unwrap().as_str(),
            "00000000-0000-4000-8000-000000000000"
        );
        assert_eq!(
            CorrelationId::random(&Fixed(0xff)).unwrap().as_str(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }

    #[test]
    fn core_authint_208_only_uuids_are_read() {
        assert!(MedMijRequestId::parse("6F1C3B62-7D1C-4E0E-9A7A-1F5F2D3C4B5A").is_ok());
        for bad in [
            "",
            "abc",
            "6f1c3b627d1c4e0e9a7a1f5f2d3c4b5a",
            "{6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a}",
            "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5g",
            "6f1c3b62-7d1c-4e0e-9a7a-1f5f2d3c4b5a ",
        ] {
            assert_eq!(CorrelationId::parse(bad), Err(ValueError::Uuid), "{bad}");
        }
    }
}
