// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where a document begins and ends too early or too late, and what quick-xml itself refuses.

use quick_xml::{
    Error,
    errors::{IllFormedError, SyntaxError},
};

use super::{Token, Tokens};
use crate::{
    Rule,
    xml::{Fault, characters},
};

impl<'a> Tokens<'a> {
    #[cold]
    pub(super) fn outside(&self, raw: &str, start: usize) -> Fault {
        if let Some((at, c)) = characters::first_illegal(raw) {
            return Fault::new(Rule::Character, start + at, "XML does not allow this character")
                .with_value(&c.to_string());
        }
        let place = if self.root_seen { "after" } else { "before" };
        let shown = raw.trim_end();
        Fault::new(
            Rule::OutsideRoot,
            start,
            format!("nothing but comments can stand {place} the root element"),
        )
        .with_value(shown)
    }

    #[cold]
    pub(super) fn end(&self) -> Result<Token<'a>, Fault> {
        let length = self.source.len();
        if let Some(open) = self.open.last() {
            return Err(Fault::new(
                Rule::Truncated,
                length,
                format!(
                    "the document ends while <{0}> is open; expected </{0}>",
                    self.name(open)
                ),
            ));
        }
        if !self.root_seen {
            let message = if self.source.trim_start_matches('\u{FEFF}').trim().is_empty() {
                "the document is empty; expected a list"
            } else {
                "the document has no root element; expected a list"
            };
            return Err(Fault::new(Rule::NoRoot, length, message));
        }
        Ok(Token::End)
    }

    #[cold]
    pub(super) fn refused(&self, error: &Error) -> Fault {
        let at = self.base + usize::try_from(self.xml.error_position()).unwrap_or(0);
        let truncated = |what: &str| Fault::new(Rule::Truncated, at, format!("{what} is not closed"));
        match error {
            Error::Syntax(SyntaxError::InvalidBangMarkup) => {
                Fault::new(Rule::Markup, at, "after \"<!\" only a comment or CDATA can follow")
            }
            Error::Syntax(SyntaxError::UnclosedDoctype) | Error::IllFormed(IllFormedError::MissingDoctypeName) => {
                Fault::new(Rule::Doctype, at, "a document type declaration is not accepted")
            }
            Error::Syntax(SyntaxError::UnclosedComment) => self.unclosed_bang(at, "<!--", "a comment"),
            Error::Syntax(SyntaxError::UnclosedCData) => self.unclosed_bang(at, "<![CDATA[", "a CDATA section"),
            Error::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => {
                truncated("a processing instruction")
            }
            Error::Syntax(
                SyntaxError::UnclosedSingleQuotedAttributeValue | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => truncated("the value of an attribute"),
            Error::Syntax(_) => truncated("a tag"),
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                Fault::new(Rule::Reference, at, "a lone ampersand must be written as &amp;")
            }
            other => Fault::new(Rule::Markup, at, other.to_string()),
        }
    }

    /// quick-xml takes `<!-` for the beginning of a comment and `<![` for that of CDATA.
    pub(super) fn unclosed_bang(&self, at: usize, begin: &str, what: &str) -> Fault {
        let rest = self.source.get(at..).unwrap_or_default();
        if rest.starts_with(begin) || begin.starts_with(rest) {
            Fault::new(Rule::Truncated, at, format!("{what} is not closed"))
        } else {
            Fault::new(Rule::Markup, at, "after \"<!\" only a comment or CDATA can follow")
        }
    }
}
