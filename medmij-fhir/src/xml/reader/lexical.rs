// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words of XML and JSON, and what of FHIR is an attribute.

use crate::table::Type;

/// Whether an element of the table is an attribute in XML.
pub(in crate::xml) fn is_attribute(of: &Type, name: &str) -> bool {
    !of.is_resource && (name == "id" || (name == "url" && of.is_extension))
}

/// RFC 8259 section 6, which is also what FHIR says of a decimal.
pub(in crate::xml) fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.starts_with(b"0")) {
        return false;
    }
    let mut rest = text.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = digits(fraction);
        if len == 0 {
            return false;
        }
        rest = fraction.get(len..).unwrap_or_default();
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent
            .strip_prefix(b"+")
            .or_else(|| exponent.strip_prefix(b"-"))
            .unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Where a control character stands that XML does not have; whole pieces are looked through before single bytes.
pub(super) fn control(bytes: &[u8]) -> Option<usize> {
    let is_control = |b: &u8| (*b < 0x20) & (*b != b'\t') & (*b != b'\n') & (*b != b'\r');
    let mut pieces = bytes.chunks(PIECE).enumerate();
    let (at, piece) = pieces.find(|(_, piece)| piece.iter().fold(false, |found, b| found | is_control(b)))?;
    Some(at * PIECE + piece.iter().position(is_control)?)
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

const PIECE: usize = 4_096;
