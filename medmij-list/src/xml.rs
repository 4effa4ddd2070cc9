// SPDX-License-Identifier: AGPL-3.0-or-later
//! Well-formedness: XML 1.0 (fifth edition) and Namespaces in XML 1.0, on top of quick-xml's tokenizer.
//!
//! quick-xml finds where markup begins and ends and judges almost nothing. All rules of well-formedness are here, and
//! only here; `docs/xml.md` goes through them one by one. Document type declarations are refused, so there are no
//! entities but the five of XML, no default attributes and nothing to fetch.

mod admit;
mod attributes;
mod characters;
mod declaration;
mod fault;
mod namespaces;
mod reference;
mod text;
mod tokens;

pub(crate) use admit::{admit, not_utf8};
pub(crate) use attributes::AttributeName;
pub(crate) use characters::is_ncname;
pub(crate) use fault::Fault;
pub(crate) use text::{normalise, text_fault};
pub(crate) use tokens::{Tag, Token, Tokens};

use crate::{ListError, ReadLimits};

/// Checks that a document is namespace-well-formed XML 1.0 in UTF-8 without a document type declaration, within the
/// limits, and nothing more.
///
/// ```
/// use medmij_list::{ReadLimits, Rule, check_well_formed};
///
/// assert!(check_well_formed(b"<a><b x='1'/></a>", &ReadLimits::default()).is_ok());
/// let error = check_well_formed(b"<a>\n<b></a>", &ReadLimits::default()).unwrap_err();
/// assert_eq!((error.rule(), error.line()), (Rule::EndTag, 2));
/// ```
///
/// # Errors
///
/// [`ListError`] with the first rule that the document breaks.
pub fn check_well_formed(bytes: &[u8], limits: &ReadLimits) -> Result<(), ListError> {
    let report = |fault: Fault, path: String| fault.into_error(bytes, path, None);
    admit(bytes, limits).map_err(|fault| report(fault, String::new()))?;
    let source = std::str::from_utf8(bytes).map_err(|error| report(not_utf8(bytes, error), String::new()))?;
    let mut tokens = Tokens::new(source, limits);
    loop {
        let step = tokens.next("").and_then(|token| match token {
            Token::Text { raw, start } | Token::CData { raw, start } => {
                text_fault(raw, start, matches!(token, Token::Text { .. })).map_or(Ok(false), Err)
            }
            Token::End => Ok(true),
            _ => Ok(false),
        });
        match step {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(fault) => return Err(report(fault, tokens.raw_path())),
        }
    }
}
