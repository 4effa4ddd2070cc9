// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 — reading a list is validating it: one pass over the tokens
//! drives the table of the dialect, and the list hears of accepted elements only.

mod all;
mod keys;
mod structure;
mod value;

use std::sync::Arc;

use crate::{
    Collector, Dialect, Document, Header, KeyIndex, List, ListError, ListKind, ReadOptions, Rule, Value,
    dialect::{Content, Decl, ROOT, Table},
    remark::Note,
    xml::{AttributeName, Fault, Tag, Token, Tokens, admit, not_utf8, text_fault},
};
pub use all::all_errors;
use keys::KeySet;
use medmij_types::{Tijdstempel, Volgnummer};
use structure::Step;
use value::Piece;

/// Reads and judges a document.
pub(crate) fn read<L: List>(bytes: Vec<u8>, options: &ReadOptions) -> Result<L, ListError> {
    let kind = Some(L::KIND);
    admit(&bytes, &options.limits).map_err(|fault| fault.into_error(&bytes, String::new(), kind))?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let fault = not_utf8(error.as_bytes(), error.utf8_error());
        fault.into_error(error.as_bytes(), String::new(), kind)
    })?;
    let (read, dialect) = judge::<L>(&source, options)?;
    let document = Document {
        source,
        arena: read.arena,
        header: read.header,
        tijdstempel: read.tijdstempel,
        dialect,
        notes: read.notes,
    };
    Ok(read.collector.finish(document, read.keys))
}

/// Reads by the dialect that the root element asks for.
fn judge<L: List>(source: &str, options: &ReadOptions) -> Result<(Read<L::Collector>, Arc<Dialect>), ListError> {
    match choose::<L>(source, options)?.as_slice() {
        [] => Err(ListError::new(
            Rule::Namespace,
            "there is no dialect to read this list with".to_owned(),
            Some(L::KIND),
        )),
        [only] => Ok((Reading::run(source, only, options, L::KIND)?, Arc::clone(only))),
        [newest, older @ ..] => match Reading::run(source, newest, options, L::KIND) {
            Ok(read) => Ok((read, Arc::clone(newest))),
            Err(error) => older_shape::<L>(source, older, options, error),
        },
    }
}

/// What a reading gives.
struct Read<C> {
    collector: C,
    keys: KeyIndex,
    arena: String,
    header: Header,
    tijdstempel: Value,
    notes: Vec<Note>,
}

/// Older shapes have the namespace of the newest, so only the content tells them apart: the shape that explains more of
/// the document is the one that it has.
fn older_shape<L: List>(
    source: &str,
    older: &[Arc<Dialect>],
    options: &ReadOptions,
    first: ListError,
) -> Result<(Read<L::Collector>, Arc<Dialect>), ListError> {
    let mut best = first;
    for dialect in older {
        match Reading::<L::Collector>::run(source, dialect, options, L::KIND) {
            Ok(read) if options.old_shapes => return Ok((read, Arc::clone(dialect))),
            Ok(_) => {
                let message = match dialect.file_version() {
                    Some(version) => format!(
                        "this is the old shape of file version {version}, which is read on request only; {}",
                        best.message()
                    ),
                    None => format!(
                        "this is an old shape, which is read on request only; {}",
                        best.message()
                    ),
                };
                let place = crate::Place::of(source.as_bytes(), best.offset());
                return Err(ListError::new(Rule::OldShape, message, Some(L::KIND)).at(place, best.path().to_owned()));
            }
            Err(error) if error.offset() > best.offset() && options.old_shapes => best = error,
            Err(_) => {}
        }
    }
    Err(best)
}

/// The dialects that the root element asks for, the newest shape first.
fn choose<L: List>(source: &str, options: &ReadOptions) -> Result<Vec<Arc<Dialect>>, ListError> {
    let known: &[Arc<Dialect>] = match &options.dialect {
        Some(dialect) => std::slice::from_ref(dialect),
        None => L::dialects(),
    };
    let mut tokens = Tokens::new(source, &options.limits);
    let report = |fault: Fault| fault.into_error(source.as_bytes(), String::new(), Some(L::KIND));
    let root = loop {
        match tokens.next("").map_err(report)? {
            Token::Open(tag) => break tag,
            Token::End => {
                return Err(report(Fault::new(
                    Rule::NoRoot,
                    source.len(),
                    "the document has no root element",
                )));
            }
            _ => {}
        }
    };
    let expected = L::KIND.root();
    if root.local != expected {
        let message = match ListKind::from_root(root.local) {
            Some(other) => format!("this is the list {other}; expected the list {expected}"),
            None => format!("the root element is <{}>; expected <{expected}>", root.local),
        };
        return Err(report(
            Fault::new(Rule::Root, root.start, message).at_element(root.local),
        ));
    }
    let namespace = tokens.namespace_of(&root);
    let found: Vec<_> = known
        .iter()
        .filter(|d| d.kind() == L::KIND && d.namespace() == namespace)
        .map(Arc::clone)
        .collect();
    if found.is_empty() {
        let mut names: Vec<&str> = known.iter().map(|d| d.namespace()).collect();
        names.dedup();
        let says = if namespace.is_empty() {
            "the root element has no namespace".to_owned()
        } else {
            "no release with this namespace is known".to_owned()
        };
        let fault = Fault::new(
            Rule::Namespace,
            root.start,
            format!("{says}; expected {}", names.join(" or ")),
        );
        let fault = if namespace.is_empty() {
            fault
        } else {
            fault.with_value(namespace)
        };
        return Err(report(fault.at_element(root.local)));
    }
    Ok(found)
}

/// An open element.
#[derive(Clone, Copy)]
struct Frame {
    decl: u16,
    content: Content,
    /// Which element of the part may come next.
    at: u16,
    /// How often that one came; in any order, which ones came.
    count: u32,
    /// The how-manieth of its name it is.
    index: u32,
    start: u32,
}

struct Reading<'a, C> {
    source: &'a str,
    tokens: Tokens<'a>,
    dialect: &'a Dialect,
    table: &'a Table,
    value_limit: usize,
    collector: C,
    frames: Vec<Frame>,
    /// What was read of the value of the last frame.
    piece: Piece,
    arena: String,
    sets: Vec<KeySet>,
    /// The set whose keys find entries.
    main: Option<u16>,
    tijdstempel: Value,
    volgnummer: Value,
    notes: Vec<Note>,
    /// What was refused and read on from: nothing, unless [`all_errors`] asks for more than the first error.
    more: all::More,
}

impl<'a, C: Collector> Reading<'a, C> {
    fn run(
        source: &'a str,
        dialect: &'a Dialect,
        options: &'a ReadOptions,
        kind: ListKind,
    ) -> Result<Read<C>, ListError> {
        let unfit = |what| ListError::new(Rule::Namespace, what, Some(kind));
        let table = Table::build(dialect, C::SLOTS).map_err(unfit)?;
        Reading::start(source, dialect, &table, options)
            .map_err(unfit)?
            .finish(kind)
    }

    fn start(
        source: &'a str,
        dialect: &'a Dialect,
        table: &'a Table,
        options: &'a ReadOptions,
    ) -> Result<Self, String> {
        let main = C::KEYS.iter().find_map(|slot| table.main_key(*slot));
        if main.is_none() && !C::KEYS.is_empty() {
            // without it every look-up would miss, and nobody would know why
            return Err("the dialect has no unique key by which entries are found".to_owned());
        }
        let mut sets: Vec<KeySet> = table.uniques.iter().map(|_| KeySet::default()).collect();
        if let Some(set) = main.and_then(|main| sets.get_mut(usize::from(main))) {
            *set = KeySet::of_entries(source.len());
        }
        Ok(Reading {
            source,
            tokens: Tokens::new(source, &options.limits),
            dialect,
            table,
            value_limit: options.limits.value.min(usize::from(u16::MAX)),
            collector: C::default(),
            frames: Vec::with_capacity(options.limits.depth.min(64)),
            piece: Piece::Nothing,
            arena: String::new(),
            sets,
            main,
            tijdstempel: Value::ABSENT,
            volgnummer: Value::ABSENT,
            notes: Vec::new(),
            more: all::More::default(),
        })
    }

    fn finish(mut self, kind: ListKind) -> Result<Read<C>, ListError> {
        let header = match self.tokens_to_end().and_then(|()| self.header()) {
            Ok(header) => header,
            Err(fault) => return Err(fault.into_error(self.source.as_bytes(), self.path(), Some(kind))),
        };
        let keys = self
            .main
            .and_then(|main| self.sets.get_mut(usize::from(main)))
            .map(KeySet::finish)
            .unwrap_or_default();
        Ok(Read {
            collector: self.collector,
            keys,
            arena: self.arena,
            header,
            tijdstempel: self.tijdstempel,
            notes: self.notes,
        })
    }

    fn tokens_to_end(&mut self) -> Result<(), Fault> {
        loop {
            match self.tokens.next(self.hint())? {
                Token::Open(tag) => self.open(tag)?,
                Token::Close { start, .. } => self.close(start)?,
                Token::Text { raw, start } => self.text(raw, start)?,
                Token::Reference { character, start } => self.reference(character, start)?,
                Token::CData { raw, start } => self.cdata(raw, start)?,
                Token::End => return Ok(()),
            }
        }
    }

    /// The name that most likely comes next.
    #[inline]
    fn hint(&self) -> &'a str {
        match self.frames.last() {
            Some(Frame {
                content: Content::Part(part),
                at,
                ..
            }) => {
                let table = self.table;
                table
                    .elements(table.part(*part))
                    .get(usize::from(*at))
                    .map_or("", |decl| &decl.name)
            }
            _ => "",
        }
    }

    #[inline]
    fn open(&mut self, tag: Tag<'a>) -> Result<(), Fault> {
        let step = match self.step(&tag) {
            Ok(Some(step)) => step,
            Ok(None) => return self.skip(&tag),
            Err(fault) => match self.read_on(fault, &tag)? {
                Some(step) => step,
                None => return Ok(()),
            },
        };
        let decl = self.table.decl(step.decl);
        if tag.has_attributes {
            self.attributes(decl)?;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the document has less than 4 GiB")]
        let start = tag.start as u32;
        self.frames.push(Frame {
            decl: step.decl,
            content: decl.content,
            at: 0,
            count: 0,
            index: step.index,
            start,
        });
        match decl.content {
            Content::Value(_) => {
                self.piece = Piece::Nothing;
                self.tokens.skip_space(false);
            }
            Content::Part(_) => {
                for scope in &decl.scopes {
                    self.open_scope(*scope);
                }
                if usize::from(decl.slot) < C::SLOTS.len() {
                    self.collector.open(usize::from(decl.slot));
                } else if decl.slot == crate::dialect::NO_SLOT {
                    self.note_unbound(decl, &tag);
                }
            }
        }
        if tag.empty { self.close(tag.start) } else { Ok(()) }
    }

    #[inline]
    fn close(&mut self, start: usize) -> Result<(), Fault> {
        let Some(frame) = self.frames.last().copied() else {
            return Ok(());
        };
        let decl = self.table.decl(frame.decl);
        match frame.content {
            Content::Value(of) => {
                self.value(decl, of, start)?;
                self.tokens.skip_space(true);
            }
            Content::Part(part) => {
                self.is_complete(&frame, part, start)?;
                if usize::from(decl.slot) < C::SLOTS.len() {
                    self.collector.close(usize::from(decl.slot));
                }
            }
        }
        self.frames.pop();
        Ok(())
    }

    /// Attributes: the lists have none; those of XML Schema instances are as XML Schema says.
    #[cold]
    fn attributes(&mut self, decl: &Decl) -> Result<(), Fault> {
        let mut faults = Vec::new();
        let mut remarks = Vec::new();
        for attribute in self.tokens.attributes() {
            let fault = |rule, message: String| Fault::new(rule, attribute.offset, message).at_element(&decl.name);
            match attribute.name {
                AttributeName::Xsi("schemaLocation" | "noNamespaceSchemaLocation") => {}
                AttributeName::Xsi("nil") => {
                    let message = "xsi:nil cannot stand here: every element of a list has a value".to_owned();
                    faults.push(fault(Rule::Nil, message));
                }
                AttributeName::Xsi("type") => {
                    let value = attribute.value.trim_matches([' ', '\t', '\n', '\r']);
                    let (prefix, local) = value.split_once(':').unwrap_or(("", value));
                    let (namespace, of) = match decl.of.strip_prefix("xs:") {
                        Some(of) => ("http://www.w3.org/2001/XMLSchema", of),
                        None => (self.dialect.namespace(), decl.of.as_str()),
                    };
                    // Of a QName neither part is empty.
                    if local != of || value.starts_with(':') || self.tokens.namespace(prefix) != Some(namespace) {
                        let message = format!("it is not the type of this element, which is {}", decl.of);
                        faults.push(fault(Rule::Type, message).with_value(&attribute.value));
                    }
                }
                AttributeName::Xsi(name) | AttributeName::Other(name) => {
                    let message = "an attribute cannot stand here: the lists have none".to_owned();
                    let fault = fault(Rule::OtherAttribute, message).with_value(name);
                    if self.dialect.unknown_kept {
                        remarks.push((fault, attribute.offset));
                    } else {
                        faults.push(fault);
                    }
                }
            }
        }
        for fault in faults {
            self.refuse(fault)?;
        }
        for (fault, offset) in remarks {
            self.note(&fault, offset, offset);
        }
        Ok(())
    }

    fn header(&self) -> Result<Header, Fault> {
        let missing = |name: &str| Fault::new(Rule::MissingElement, 0, format!("the list has no <{name}>"));
        let stamp = self.text_of(self.tijdstempel).ok_or_else(|| missing("Tijdstempel"))?;
        let number = self.text_of(self.volgnummer).ok_or_else(|| missing("Volgnummer"))?;
        let tijdstempel = Tijdstempel::parse(stamp)
            .map_err(|error| Fault::new(Rule::DateTime, 0, error.to_string()).with_value(stamp))?;
        let volgnummer = Volgnummer::parse(number)
            .map_err(|error| Fault::new(Rule::Number, 0, error.to_string()).with_value(number))?;
        Ok(Header::new(tijdstempel, volgnummer))
    }

    /// An element that the dialect does not know, in a dialect that lets it pass.
    #[cold]
    fn skip(&mut self, tag: &Tag<'a>) -> Result<(), Fault> {
        let end = self.pass(tag)?;
        let message = "this element is not known to the dialect; it was left out";
        let fault = Fault::new(Rule::UnexpectedElement, tag.start, message).at_element(tag.local);
        self.note(&fault, tag.start, end);
        Ok(())
    }

    /// Passes over an element; gives the byte after it.
    #[cold]
    fn pass(&mut self, tag: &Tag<'a>) -> Result<usize, Fault> {
        let mut depth = 0_usize;
        let mut end = tag.end;
        if !tag.empty {
            loop {
                match self.tokens.next("")? {
                    Token::Open(inner) => depth += usize::from(!inner.empty),
                    Token::Close { end: after, .. } if depth == 0 => {
                        end = after;
                        break;
                    }
                    Token::Close { .. } => depth -= 1,
                    Token::Text { raw, start } => text_fault(raw, start, true).map_or(Ok(()), Err)?,
                    Token::CData { raw, start } => text_fault(raw, start, false).map_or(Ok(()), Err)?,
                    Token::Reference { .. } => {}
                    Token::End => break,
                }
            }
        }
        Ok(end)
    }

    /// An element that the dialect knows and the list crate does not.
    #[cold]
    fn note_unbound(&mut self, decl: &Decl, tag: &Tag<'a>) {
        let message = format!(
            "<{}> is allowed here and has no meaning to this version of the crate",
            decl.name
        );
        let fault = Fault::new(Rule::UnexpectedElement, tag.start, message);
        self.note(&fault, tag.start, tag.end);
    }

    fn note(&mut self, fault: &Fault, start: usize, end: usize) {
        let entry = (self.frames.len() > 2).then(|| self.collector.entry());
        let mut path = self.path();
        if let Some(element) = fault.element() {
            path.push('/');
            path.push_str(element);
        }
        self.notes.push(Note {
            rule: fault.rule(),
            entry,
            path: path.into(),
            message: fault.full_message().into(),
            start,
            end,
        });
    }

    /// The path of the open element.
    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            let decl = self.table.decl(frame.decl);
            path.push('/');
            path.push_str(&decl.name);
            if frame.decl != ROOT && decl.max > 1 {
                path.push_str(&format!("[{}]", frame.index));
            }
        }
        path
    }

    fn text_of(&self, value: Value) -> Option<&str> {
        value::text(self.source, &self.arena, value)
    }
}
