// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is checked before a document is read: its size and its encoding (XML 1.0 section 4.3.3; UTF-8 only).

use super::Fault;
use crate::{ReadLimits, Rule};

/// Whether the document is small enough and may be UTF-8, by its first bytes.
pub(crate) fn admit(bytes: &[u8], limits: &ReadLimits) -> Result<(), Fault> {
    if bytes.len() > limits.size || u32::try_from(bytes.len()).is_err() {
        return Err(Fault::new(
            Rule::Size,
            0,
            format!(
                "the document has {} bytes; at most {} are read",
                bytes.len(),
                limits.size
            ),
        ));
    }
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, ..] | [b'<', 0, ..] = bytes {
        return Err(Fault::new(
            Rule::Encoding,
            0,
            "the document is in UTF-16 or UTF-32; expected UTF-8",
        ));
    }
    Ok(())
}

/// The byte at which the document stops being UTF-8.
pub(crate) fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> Fault {
    let at = error.valid_up_to();
    let byte = bytes.get(at).copied().unwrap_or_default();
    Fault::new(
        Rule::Encoding,
        at,
        format!("the byte {byte:02X} is no UTF-8 here; expected the whole document in UTF-8"),
    )
}
