// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.alst.202, core.ocl.202, core.gnl.202, core.whl.304 — reading a list is validating it: one pass over the tokens
//! drives the table of the dialect, and the collector of the list gets accepted elements only.

mod all;
mod attributes;
mod choose;
mod keys;
mod remarks;
mod straight;
mod structure;
mod value;

use std::sync::Arc;

use crate::{
    Collector, Dialect, Document, Header, KeyIndex, List, ListError, ListKind, ReadOptions, Rule, ValueRange,
    dialect::{Content, Decl, Table},
    note::Note,
    xml::{Fault, Tag, Token, Tokens, admit, not_utf8},
};
pub use all::all_errors;
use choose::judge;
use keys::KeySet;
use medmij_types::{Tijdstempel, Volgnummer};
use structure::Step;
use value::Piece;

/// Reads and judges a document.
pub(crate) fn read<L: List>(bytes: Vec<u8>, options: &ReadOptions) -> Result<L, ListError> {
    let source = text::<L>(bytes, options)?;
    let (read, dialect) = judge::<L>(&source, options)?;
    Ok(finish(source, read, dialect))
}

/// The same, while something else is done with the bytes on another thread.
pub(crate) fn read_beside<L: List, R: Send>(
    bytes: Vec<u8>,
    options: &ReadOptions,
    also: impl Fn(&[u8]) -> R + Sync,
) -> Result<(L, R), ListError> {
    let source = text::<L>(bytes, options)?;
    let (judged, done) = beside(
        source.len(),
        || judge::<L>(&source, options),
        || also(source.as_bytes()),
    );
    let (read, dialect) = judged?;
    Ok((finish(source, read, dialect), done))
}

fn text<L: List>(bytes: Vec<u8>, options: &ReadOptions) -> Result<String, ListError> {
    let kind = Some(L::KIND);
    admit(&bytes, &options.limits).map_err(|fault| fault.into_error(&bytes, String::new(), kind))?;
    String::from_utf8(bytes).map_err(|error| {
        let fault = not_utf8(error.as_bytes(), error.utf8_error());
        fault.into_error(error.as_bytes(), String::new(), kind)
    })
}

fn finish<L: List>(source: String, read: Read<L::Collector>, dialect: Arc<Dialect>) -> L {
    let document = Document {
        source,
        arena: read.arena,
        header: read.header,
        tijdstempel: read.tijdstempel,
        dialect,
        notes: read.notes,
    };
    read.collector.finish(document, read.keys)
}

/// Does both at the same time where there is much to do (bytes); without another thread one after the other.
pub(crate) fn beside<A, B: Send>(size: usize, here: impl FnOnce() -> A, there: impl Fn() -> B + Sync) -> (A, B) {
    if size < LARGE {
        return (here(), there());
    }
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().spawn_scoped(scope, &there);
        let first = here();
        let second = other.ok().and_then(|other| other.join().ok());
        (first, second.unwrap_or_else(&there))
    })
}

/// From this size (bytes) another thread is worth its start.
const LARGE: usize = 256 * 1024;

/// What a reading gives.
struct Read<C> {
    collector: C,
    keys: KeyIndex,
    arena: String,
    header: Header,
    tijdstempel: ValueRange,
    notes: Vec<Note>,
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
    /// Ordinal among siblings of the same name, from 1.
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
    tijdstempel: ValueRange,
    volgnummer: ValueRange,
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
        let sets: Vec<KeySet> = table.uniques.iter().map(|_| KeySet::default()).collect();
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
            tijdstempel: ValueRange::ABSENT,
            volgnummer: ValueRange::ABSENT,
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
            self.straight()?;
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
        self.begin(&step, decl, tag.start, tag.end);
        if tag.empty { self.close(tag.start) } else { Ok(()) }
    }

    /// An element begins, whose tag has these bytes.
    #[inline]
    fn begin(&mut self, step: &Step, decl: &Decl, start: usize, end: usize) {
        self.frames.push(Frame {
            decl: step.decl,
            content: decl.content,
            at: 0,
            count: 0,
            index: step.index,
            #[expect(clippy::cast_possible_truncation, reason = "the document has less than 4 GiB")]
            start: start as u32,
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
                    self.note_unbound(decl, start, end);
                }
            }
        }
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

    fn text_of(&self, value: ValueRange) -> Option<&str> {
        value::text(self.source, &self.arena, value)
    }
}
