// SPDX-License-Identifier: AGPL-3.0-or-later
//! The document as a row of tokens in which every rule of well-formedness holds, but for the characters of text: these
//! are judged by [`text_fault`], which a reader may skip where it has looked at every character itself.

mod asides;
mod ends;
mod straight;
mod tags;

use std::io::BufRead as _;

use quick_xml::{Reader, events::Event};

use super::{Fault, attributes::Attribute, namespaces::Scope, reference};
use crate::ReadLimits;

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
    /// Whether quick-xml has not seen its start tag, so need not see its end tag.
    is_straight: bool,
}

pub(crate) struct Tokens<'a> {
    source: &'a str,
    limits: &'a ReadLimits,
    xml: Reader<&'a [u8]>,
    /// Bytes before what quick-xml sees: the byte order mark.
    base: usize,
    /// The byte after what was read, by quick-xml or straight.
    at: usize,
    /// Whether a tag was read last, so that quick-xml can be moved on.
    after_tag: bool,
    open: Vec<Open>,
    scope: Scope<'a>,
    attributes: Vec<Attribute<'a>>,
    target: String,
    default_is_target: bool,
    root_seen: bool,
    /// What the scope was before the last tag, if that was an empty one with declarations.
    pending: Option<(usize, bool)>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(source: &'a str, limits: &'a ReadLimits) -> Self {
        let base = if source.starts_with('\u{FEFF}') { 3 } else { 0 };
        let mut xml = Reader::from_reader(source.as_bytes().get(base..).unwrap_or_default());
        let config = xml.config_mut();
        config.check_end_names = false;
        config.trim_text_start = true;
        // end tags are judged here, and quick-xml does not see all the start tags
        config.allow_unmatched_ends = true;
        Self {
            source,
            limits,
            xml,
            base,
            at: base,
            after_tag: false,
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

    /// The byte after what was read.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Where quick-xml is.
    fn reached(&self) -> usize {
        self.base + usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The next token. `hint` is the name that is most likely to come; it only makes that name cheaper.
    #[inline]
    pub(crate) fn next(&mut self, hint: &str) -> Result<Token<'a>, Fault> {
        if let Some((bindings, default_is_target)) = self.pending.take() {
            self.scope.truncate(bindings);
            self.default_is_target = default_is_target;
        }
        if self.after_tag {
            let ahead = self.at.saturating_sub(self.reached());
            self.xml.stream().consume(ahead);
        }
        loop {
            let event = match self.xml.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.refused(&error)),
            };
            self.at = self.reached();
            self.after_tag = matches!(event, Event::Start(_) | Event::Empty(_) | Event::End(_));
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
}
