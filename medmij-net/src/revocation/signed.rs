// SPDX-License-Identifier: AGPL-3.0-or-later
//! The signature over a certificate or a CRL: both are what is signed, an algorithm and a signature (RFC 5280 section 4.1)

use rustls::crypto::WebPkiSupportedAlgorithms;
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::{Decode, Reader, SliceReader};

/// The parts, as ranges of the bytes that were given.
pub(crate) struct Signed<'a> {
    data: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let parts = reader.sequence(|parts| {
            let data = parts.tlv_bytes()?;
            let algorithm: AnyRef<'a> = parts.decode()?;
            let signature: BitStringRef<'a> = parts.decode()?;
            Ok::<_, x509_cert::der::Error>((data, algorithm, signature))
        });
        let (data, algorithm, signature) = parts.ok()?;
        Some(Self {
            data,
            algorithm: algorithm.value(),
            signature: signature.as_bytes()?,
        })
    }

    /// Whether the key of `spki` (the content of a SubjectPublicKeyInfo) made the signature.
    pub(crate) fn is_by(&self, spki: &[u8], algorithms: &WebPkiSupportedAlgorithms) -> bool {
        let Some((kind, key)) = public_key(spki) else {
            return false;
        };
        algorithms
            .all
            .iter()
            .filter(|algorithm| algorithm.signature_alg_id().as_ref() == self.algorithm)
            .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == kind)
            .any(|algorithm| algorithm.verify_signature(key, self.data, self.signature).is_ok())
    }
}

/// The content of a SEQUENCE: in this form webpki gives names and keys of trust anchors.
pub(crate) fn content(der: &[u8]) -> Option<&[u8]> {
    AnyRef::from_der(der).ok().map(|sequence| sequence.value())
}

/// The algorithm and the bits of a key.
fn public_key(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(spki).ok()?;
    let algorithm: AnyRef<'_> = reader.decode().ok()?;
    let key: BitStringRef<'_> = reader.decode().ok()?;
    Some((algorithm.value(), key.as_bytes()?))
}
