// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files with certificates, keys and CRLs: PEM, as it is asked for everywhere, or the DER of one

use std::borrow::Cow;

use rustls_pki_types::pem::PemObject;

use crate::ConfigError;

/// All of one kind in a file: those between PEM lines, or the whole file where it is DER.
pub(crate) fn all<T: PemObject + From<Vec<u8>>>(file: &[u8], what: &'static str) -> Result<Vec<T>, ConfigError> {
    if is_der(file) {
        return Ok(vec![T::from(file.to_vec())]);
    }
    T::pem_slice_iter(&text(file))
        .collect::<Result<_, _>>()
        .map_err(|source| ConfigError::Pem { what, source })
}

/// Whether the file is one DER value: a SEQUENCE that is as long as the file.
pub(crate) fn is_der(file: &[u8]) -> bool {
    use x509_cert::der::{Decode, asn1::AnyRef};
    file.first() == Some(&0x30) && AnyRef::from_der(file).is_ok()
}

/// The text without the byte order mark that some editors put before it; of one in UTF-16, as some shells write, its ASCII.
pub(crate) fn text(file: &[u8]) -> Cow<'_, [u8]> {
    let narrowed = |file: &[u8], read: fn([u8; 2]) -> u16| {
        let pairs = file.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
        Cow::Owned(pairs.map(|pair| u8::try_from(read(pair)).unwrap_or(b'?')).collect())
    };
    match file {
        [0xFF, 0xFE, rest @ ..] => narrowed(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => narrowed(rest, u16::from_be_bytes),
        _ => Cow::Borrowed(file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file)),
    }
}
