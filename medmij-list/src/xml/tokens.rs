// SPDX-License-Identifier: AGPL-3.0-or-later
//! The document as a row of tokens in which every rule of well-formedness holds, but for the characters of text: these
//! are judged by [`text_fault`], which a reader may skip where it has looked at every character itself.

use quick_xml::{
    Error, Reader,
    errors::{IllFormedError, SyntaxError},
    events::Event,
};

use super::{
    Fault,
    attributes::Attribute,
    characters, declaration,
    namespaces::{self, Scope},
    reference,
};
use crate::{Limits, Rule};

/// Bytes in a comment or a processing instruction. Other processors stop here too.
const LONGEST_ASIDE: usize = 10_000_000;

/// What comes next.
pub(crate) enum Token<'a> {
    /// A start tag, or an empty one, which no end follows.
    Open(Tag<'a>),
    /// An end tag, at this byte, and the byte after it.
    Close { start: usize, end: usize },
    /// Text up to the next markup or reference, as it is written.
    Text { raw: &'a str, start: usize },
    /// A reference, resolved.
    Reference { character: char, start: usize },
    /// The inside of a CDATA section.
    CData { raw: &'a str, start: usize },
    /// The document ends well.
    End,
}

/// A start tag.
#[derive(Clone, Copy)]
pub(crate) struct Tag<'a> {
    pub(crate) local: &'a str,
    /// Whether it is the hinted name in the target namespace, without attributes.
    pub(crate) hit: bool,
    /// Whether the namespace is the one that was set with [`Tokens::set_target`].
    pub(crate) in_target: bool,
    /// Whether there are attributes that are no namespace declarations.
    pub(crate) has_attributes: bool,
    pub(crate) empty: bool,
    pub(crate) start: usize,
    /// The byte after the tag.
    pub(crate) end: usize,
}

/// An open element.
struct Open {
    start: u32,
    length: u16,
    bindings: u16,
    default_is_target: bool,
}

pub(crate) struct Tokens<'a> {
    source: &'a str,
    limits: &'a Limits,
    xml: Reader<&'a [u8]>,
    /// Bytes before what quick-xml sees: the byte order mark.
    base: usize,
    open: Vec<Open>,
    scope: Scope<'a>,
    attributes: Vec<Attribute<'a>>,
    target: String,
    default_is_target: bool,
    root_seen: bool,
    /// What the scope was before the last tag, if that was an empty one with declarations.
    pending: Option<(usize, bool)>,
}

/// Whether the document is small enough and may be UTF-8, by its first bytes.
pub(crate) fn admit(bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    if bytes.len() > limits.size || u32::try_from(bytes.len()).is_err() {
        return Err(Fault::new(
            Rule::Size,
            0,
            format!("the document has {} bytes; the limit is {}", bytes.len(), limits.size),
        ));
    }
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, ..] | [b'<', 0, ..] = bytes {
        return Err(Fault::new(
            Rule::Encoding,
            0,
            "the document is not in UTF-8; it looks like UTF-16 or UTF-32",
        ));
    }
    Ok(())
}

/// The byte at which the document stops being UTF-8.
pub(crate) fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> Fault {
    let at = error.valid_up_to();
    let byte = bytes.get(at).copied().unwrap_or_default();
    Fault::new(Rule::Encoding, at, format!("the byte {byte:02X} is not UTF-8"))
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(source: &'a str, limits: &'a Limits) -> Self {
        let base = if source.starts_with('\u{FEFF}') { 3 } else { 0 };
        let mut xml = Reader::from_reader(source.as_bytes().get(base..).unwrap_or_default());
        let config = xml.config_mut();
        config.check_end_names = false;
        config.trim_text_start = true;
        Self {
            source,
            limits,
            xml,
            base,
            open: Vec::with_capacity(limits.depth.min(64)),
            scope: Scope::default(),
            attributes: Vec::new(),
            target: String::new(),
            default_is_target: false,
            root_seen: false,
            pending: None,
        }
    }

    /// The namespace that [`Tag::in_target`] speaks of; to be set after the root tag.
    pub(crate) fn set_target(&mut self, namespace: &str) {
        namespace.clone_into(&mut self.target);
        self.default_is_target = self.scope.find("") == Some(namespace);
    }

    /// Whether white space before text is dropped. It is, until told otherwise; within values it must not be.
    #[inline]
    pub(crate) fn skip_space(&mut self, skip: bool) {
        self.xml.config_mut().trim_text_start = skip;
    }

    /// The attributes of the last start tag, without namespace declarations; only after a tag that has them.
    pub(crate) fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The namespace of a prefix, empty for the default one.
    pub(crate) fn namespace(&self, prefix: &str) -> Option<&str> {
        self.scope.find(prefix)
    }

    /// The namespace of a tag.
    pub(crate) fn namespace_of(&self, tag: &Tag<'a>) -> &str {
        let name = self.source.get(tag.start + 1..).unwrap_or_default();
        let name = name.split(['>', '/', ' ', '\t', '\n', '\r']).next().unwrap_or_default();
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        self.scope.find(prefix).unwrap_or_default()
    }

    /// The open elements as they are written, as a path.
    pub(crate) fn raw_path(&self) -> String {
        self.open
            .iter()
            .fold(String::new(), |path, open| path + "/" + self.name(open))
    }

    pub(crate) fn position(&self) -> usize {
        self.base + usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The next token. `hint` is the name that is most likely to come; it only makes that name cheaper.
    #[inline]
    pub(crate) fn next(&mut self, hint: &str) -> Result<Token<'a>, Fault> {
        if let Some((bindings, default_is_target)) = self.pending.take() {
            self.scope.truncate(bindings);
            self.default_is_target = default_is_target;
        }
        loop {
            let event = match self.xml.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.refused(&error)),
            };
            match event {
                Event::Start(tag) => return self.tag(&tag, false, hint).map(Token::Open),
                Event::Empty(tag) => return self.tag(&tag, true, hint).map(Token::Open),
                Event::End(tag) => return self.close(&tag),
                Event::Text(text) => {
                    let start = self.position() - text.len();
                    let raw = self.source.get(start..start + text.len()).unwrap_or_default();
                    if self.open.is_empty() {
                        return Err(self.outside(raw, start));
                    }
                    return Ok(Token::Text { raw, start });
                }
                Event::GeneralRef(content) => {
                    let start = self.position() - content.len() - 2;
                    if self.open.is_empty() {
                        return Err(self.outside("&", start));
                    }
                    let character = reference::resolve(&content, start)?;
                    return Ok(Token::Reference { character, start });
                }
                Event::CData(content) => {
                    let start = self.position() - content.len() - 3;
                    if self.open.is_empty() {
                        return Err(self.outside("<![CDATA[", start - 9));
                    }
                    return Ok(Token::CData {
                        raw: self.source.get(start..start + content.len()).unwrap_or_default(),
                        start,
                    });
                }
                Event::Eof => return self.end(),
                other => self.aside(&other)?,
            }
        }
    }

    #[inline]
    fn tag(&mut self, content: &str, empty: bool, hint: &str) -> Result<Tag<'a>, Fault> {
        let end = self.position();
        let start = end - content.len() - if empty { 3 } else { 2 };
        let before = self.scope.len();
        let default_before = self.default_is_target;
        let mut tag = Tag {
            local: "",
            hit: false,
            in_target: self.default_is_target,
            has_attributes: false,
            empty,
            start,
            end,
        };
        let length = if content == hint && self.root_seen && !content.is_empty() {
            tag.hit = self.default_is_target;
            tag.local = self
                .source
                .get(start + 1..start + 1 + content.len())
                .unwrap_or_default();
            content.len()
        } else {
            self.careful_tag(content.len(), &mut tag)?
        };
        if self.open.len() >= self.limits.depth {
            return Err(Fault::new(
                Rule::Depth,
                start,
                format!("elements stand more than {} deep", self.limits.depth),
            ));
        }
        if !empty {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the document has less than 4 GiB, names and scopes are limited"
            )]
            self.open.push(Open {
                start: start as u32 + 1,
                length: length as u16,
                bindings: before as u16,
                default_is_target: default_before,
            });
        } else if self.scope.len() > before {
            // The declarations of an empty tag end with it, but whoever takes the tag must still see them.
            self.pending = Some((before, default_before));
        }
        Ok(tag)
    }

    /// A tag that is not the expected name and nothing else. Says how long its name is.
    #[cold]
    fn careful_tag(&mut self, length: usize, tag: &mut Tag<'a>) -> Result<usize, Fault> {
        let start = tag.start;
        let content = self.source.get(start + 1..start + 1 + length).unwrap_or_default();
        if self.open.is_empty() {
            if self.root_seen {
                return Err(Fault::new(
                    Rule::SecondRoot,
                    start,
                    "a document has one root element, and this is a second one",
                ));
            }
            self.root_seen = true;
        }
        let name_length = content.bytes().position(characters::is_space).unwrap_or(content.len());
        let (name, rest) = content.split_at_checked(name_length).unwrap_or((content, ""));
        if name.len() > self.limits.value.min(u16::MAX.into()) {
            return Err(Fault::new(
                Rule::Value,
                start,
                format!("a name has more than {} bytes", self.limits.value),
            ));
        }
        let (prefix, local) = namespaces::split(name, start + 1)?;
        self.attributes.clear();
        if !rest.is_empty() {
            let bindings = self.scope.len();
            self.scope
                .enter(rest, start + 1 + name_length, self.limits, &mut self.attributes)?;
            if self.scope.len() > bindings {
                self.default_is_target = self.scope.find("") == Some(self.target.as_str());
                if self.scope.len() > usize::from(u16::MAX) {
                    return Err(Fault::new(Rule::Namespaces, start, "too many namespaces are declared"));
                }
            }
        }
        if prefix == "xmlns" {
            return Err(
                Fault::new(Rule::Prefix, start + 1, "an element cannot have the prefix xmlns").with_value(name),
            );
        }
        tag.local = local;
        tag.in_target = if prefix.is_empty() {
            self.default_is_target
        } else {
            self.scope.resolve(prefix, start + 1)? == self.target
        };
        tag.has_attributes = !self.attributes.is_empty();
        Ok(name.len())
    }

    #[inline]
    fn close(&mut self, name: &str) -> Result<Token<'a>, Fault> {
        let end = self.position();
        let Some(open) = self.open.pop() else {
            return Err(Fault::new(
                Rule::EndTag,
                end.saturating_sub(name.len() + 3),
                "there is no element to end here",
            )
            .with_value(name));
        };
        let expected = self
            .source
            .as_bytes()
            .get(open.start as usize..open.start as usize + usize::from(open.length));
        if expected != Some(name.as_bytes()) {
            return Err(self.wrong_end(open, name, end));
        }
        self.scope.truncate(open.bindings.into());
        self.default_is_target = open.default_is_target;
        // quick-xml dropped the white space after the name.
        Ok(Token::Close {
            start: end.saturating_sub(usize::from(open.length) + 3),
            end,
        })
    }

    #[cold]
    fn wrong_end(&mut self, open: Open, name: &str, end: usize) -> Fault {
        let start = self
            .source
            .get(..end)
            .and_then(|before| before.rfind("</"))
            .unwrap_or(end);
        let fault = Fault::new(
            Rule::EndTag,
            start,
            format!("the open element is <{}>, so </{0}> must come first", self.name(&open)),
        )
        .with_value(&format!("</{name}>"));
        self.open.push(open);
        fault
    }

    fn name(&self, open: &Open) -> &'a str {
        self.source
            .get(open.start as usize..open.start as usize + usize::from(open.length))
            .unwrap_or_default()
    }

    /// Comments, processing instructions, declarations: judged and left out.
    fn aside(&mut self, event: &Event<'_>) -> Result<(), Fault> {
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
                        "\"--\" cannot stand in a comment",
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
                        "an XML declaration can stand at the very beginning only",
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

    fn markup_start(&self, end: usize) -> usize {
        self.source
            .get(..end)
            .and_then(|before| before.rfind("<!D").or_else(|| before.rfind("<!d")))
            .unwrap_or(end)
    }

    #[cold]
    fn outside(&self, raw: &str, start: usize) -> Fault {
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
    fn end(&self) -> Result<Token<'a>, Fault> {
        let length = self.source.len();
        if let Some(open) = self.open.last() {
            return Err(Fault::new(
                Rule::Truncated,
                length,
                format!("the document ends while <{}> is open", self.name(open)),
            ));
        }
        if !self.root_seen {
            return Err(Fault::new(Rule::NoRoot, length, "the document has no root element"));
        }
        Ok(Token::End)
    }

    #[cold]
    fn refused(&self, error: &Error) -> Fault {
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
            Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => {
                Fault::new(Rule::EndTag, at, "there is no element to end here").with_value(&format!("</{name}>"))
            }
            other => Fault::new(Rule::Markup, at, other.to_string()),
        }
    }

    /// quick-xml takes `<!-` for the beginning of a comment and `<![` for that of CDATA.
    fn unclosed_bang(&self, at: usize, begin: &str, what: &str) -> Fault {
        let rest = self.source.get(at..).unwrap_or_default();
        if rest.starts_with(begin) || begin.starts_with(rest) {
            Fault::new(Rule::Truncated, at, format!("{what} is not closed"))
        } else {
            Fault::new(Rule::Markup, at, "after \"<!\" only a comment or CDATA can follow")
        }
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

fn illegal(content: &str, offset: usize) -> Result<(), Fault> {
    characters::first_illegal(content).map_or(Ok(()), |(at, c)| {
        Err(Fault::new(Rule::Character, offset + at, "XML does not allow this character").with_value(&c.to_string()))
    })
}

/// What is wrong with the characters of text, or of CDATA, if anything.
pub(crate) fn text_fault(raw: &str, start: usize, is_text: bool) -> Option<Fault> {
    if let Err(fault) = illegal(raw, start) {
        return Some(fault);
    }
    let at = raw.find("]]>").filter(|_| is_text)?;
    Some(Fault::new(
        Rule::CdataEnd,
        start + at,
        "\"]]>\" must be written as ]]&gt; in text",
    ))
}

/// Adds text with its line ends made normal (XML 1.0 section 2.11).
pub(crate) fn normalise(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\r') {
        out.push_str(before);
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
}
