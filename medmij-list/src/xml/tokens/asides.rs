// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is judged and left out: comments, processing instructions, declarations (XML 1.0 sections 2.5, 2.6, 2.8).

use quick_xml::events::Event;

use super::Tokens;
use crate::{
    Rule,
    xml::{Fault, characters, declaration, namespaces, text::illegal},
};

/// Bytes in a comment or a processing instruction. Other processors stop here too.
const LONGEST_ASIDE: usize = 10_000_000;

impl Tokens<'_> {
    /// Comments, processing instructions, declarations: judged and left out.
    pub(super) fn aside(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        let end = self.position();
        match event {
            Event::Comment(content) => {
                let start = end - content.len() - 3;
                within_aside(content, start)?;
                illegal(content, start)?;
                if let Some(at) = content
                    .find("--")
                    .or_else(|| content.ends_with('-').then(|| content.len() - 1))
                {
                    return Err(Fault::new(
                        Rule::Comment,
                        start + at,
                        "\"--\" cannot occur in a comment",
                    ));
                }
                Ok(())
            }
            Event::PI(content) => {
                let start = end - content.len() - 2;
                within_aside(content, start)?;
                illegal(content, start)?;
                let target = content.target();
                if target.eq_ignore_ascii_case("xml") {
                    return Err(
                        Fault::new(Rule::ProcessingInstruction, start, "this name is reserved").with_value(target)
                    );
                }
                namespaces::within_name(target, start)?;
                if !characters::is_ncname(target) {
                    return Err(Fault::new(
                        Rule::ProcessingInstruction,
                        start,
                        "a processing instruction begins with a name without a colon",
                    )
                    .with_value(target));
                }
                Ok(())
            }
            Event::Decl(content) => {
                let start = end - content.len() - 4;
                if start != self.base {
                    return Err(Fault::new(
                        Rule::DeclarationPlace,
                        start,
                        "an XML declaration can occur at the very beginning only",
                    ));
                }
                declaration::check(content.get(3..).unwrap_or_default(), start + 5)
            }
            _ => Err(Fault::new(
                Rule::Doctype,
                self.markup_start(end),
                "a document type declaration is not accepted",
            )),
        }
    }

    pub(super) fn markup_start(&self, end: usize) -> usize {
        self.source
            .get(..end)
            .and_then(|before| before.rfind("<!D").or_else(|| before.rfind("<!d")))
            .unwrap_or(end)
    }
}

/// Whether a comment or processing instruction is not too long.
fn within_aside(content: &str, offset: usize) -> Result<(), Fault> {
    if content.len() > LONGEST_ASIDE {
        let message = format!("a comment or processing instruction has more than {LONGEST_ASIDE} bytes");
        return Err(Fault::new(Rule::Value, offset, message));
    }
    Ok(())
}
