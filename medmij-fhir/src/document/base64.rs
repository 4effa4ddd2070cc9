// SPDX-License-Identifier: AGPL-3.0-or-later
//! RFC 4648 section 4 — base64 in pieces; white space is left out, padding stands at the end only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::FhirError;

/// Decodes what comes in pieces.
#[derive(Default)]
pub(super) struct Decoder {
    /// Characters that were not decoded yet.
    waiting: Vec<u8>,
}

impl Decoder {
    /// Takes characters; what can be decoded is appended to `out`.
    pub(super) fn push(&mut self, characters: &[u8], out: &mut Vec<u8>) -> Result<(), FhirError> {
        for piece in characters.chunks(PIECE) {
            let plain = piece.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
            self.waiting.extend(plain);
            // the last four may be padded, and what is padded is the end
            let ready = self.waiting.len().saturating_sub(1) / 4 * 4;
            if ready >= PIECE / 2 {
                self.decode(ready, out)?;
            }
        }
        Ok(())
    }

    /// The last characters.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), FhirError> {
        self.decode(self.waiting.len(), out)
    }

    fn decode(&mut self, len: usize, out: &mut Vec<u8>) -> Result<(), FhirError> {
        let ready = self.waiting.get(..len).unwrap_or_default();
        let is_end = len == self.waiting.len();
        if !is_end && ready.ends_with(b"=") {
            return Err(FhirError::Base64);
        }
        STANDARD.decode_vec(ready, out).map_err(|_| FhirError::Base64)?;
        self.waiting.drain(..len);
        Ok(())
    }
}

const PIECE: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::Decoder;

    fn decode(text: &[u8], piece: usize) -> Option<Vec<u8>> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for characters in text.chunks(piece) {
            decoder.push(characters, &mut out).ok()?;
        }
        decoder.finish(&mut out).ok()?;
        Some(out)
    }

    #[test]
    fn rfc4648_section_4_in_whatever_pieces() {
        for length in [0, 1, 2, 3, 4, 5, 100, 12_287, 12_288, 12_289, 50_000] {
            let plain: Vec<u8> = (0..length).map(|number: u32| (number * 7 % 251) as u8).collect();
            let mut text = STANDARD.encode(&plain);
            for piece in [1, 3, 4, 1000, 100_000] {
                assert_eq!(
                    decode(text.as_bytes(), piece).as_ref(),
                    Some(&plain),
                    "{length} in {piece}"
                );
            }
            text.insert(text.len() / 2, '\n');
            assert_eq!(decode(text.as_bytes(), 7), Some(plain));
        }
    }

    #[test]
    fn what_is_no_base64_is_refused_wherever_it_stands() {
        let long = "QUJD".repeat(20_000);
        for text in [
            "a",
            "ab",
            "abc",
            "QQ=",
            "Q===",
            "====",
            "QQ==QQ==",
            "QR==",
            "Q*==",
            "Qé==",
            &format!("{long}Q"),
            &format!("{long}QQ=={long}"),
            &format!("QQ=={long}"),
            &format!("{long}*{long}"),
        ] {
            for piece in [1, 5, 64, 1 << 20] {
                assert_eq!(decode(text.as_bytes(), piece), None, "{text:.20} in {piece}");
            }
        }
    }
}
