// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values: text between two tags, borrowed from the document unless it must be decoded.

use std::borrow::Cow;

use super::Reading;
use crate::{
    Collector, Rule, ValueRange,
    dialect::{Complaint, Content, Decl, NO_SLOT, TIJDSTEMPEL, VOLGNUMMER},
    value::Home,
    xml::{Fault, normalise, text_fault},
};

/// What was read of a value.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    Nothing,
    /// One run of text, as it is written.
    Raw {
        start: usize,
        length: usize,
    },
    /// Decoded text, from here to the end of the arena; the first byte of it in the document.
    Decoded {
        from: usize,
        start: usize,
    },
    /// It was refused already, and is read past.
    Spoilt,
}

/// The text of a value.
#[inline]
pub(super) fn text<'a>(source: &'a str, arena: &'a str, value: ValueRange) -> Option<&'a str> {
    match value.home() {
        Home::Absent => None,
        Home::Source => source.get(value.range()),
        Home::Arena => arena.get(value.range()),
    }
}

impl<'a, C: Collector> Reading<'a, C> {
    fn is_in_value(&self) -> bool {
        matches!(self.frames.last(), Some(frame) if matches!(frame.content, Content::Value(_)))
    }

    #[inline]
    pub(super) fn text(&mut self, raw: &'a str, start: usize) -> Result<(), Fault> {
        if !self.is_in_value() {
            let fault = self.stray(raw, start, true);
            return self.refuse(fault);
        }
        if raw.len() > self.value_limit {
            return Err(self.too_long(start));
        }
        if matches!(self.piece, Piece::Nothing) {
            self.piece = Piece::Raw {
                start,
                length: raw.len(),
            };
            return Ok(());
        }
        if let Some(fault) = text_fault(raw, start, true) {
            return Err(fault);
        }
        let from = self.decode(start)?;
        normalise(raw, &mut self.arena);
        self.is_short_enough(from, start)
    }

    #[cold]
    pub(super) fn cdata(&mut self, raw: &'a str, start: usize) -> Result<(), Fault> {
        if let Some(fault) = text_fault(raw, start, false) {
            return Err(fault);
        }
        if !self.is_in_value() {
            let blank = raw.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
            return if blank {
                Ok(())
            } else {
                let fault = self.stray(raw, start, false);
                self.refuse(fault)
            };
        }
        if raw.len() > self.value_limit {
            return Err(self.too_long(start));
        }
        let from = self.decode(start)?;
        normalise(raw, &mut self.arena);
        self.is_short_enough(from, start)
    }

    #[cold]
    pub(super) fn reference(&mut self, character: char, start: usize) -> Result<(), Fault> {
        if !self.is_in_value() {
            let blank = matches!(character, ' ' | '\t' | '\n' | '\r');
            return if blank {
                Ok(())
            } else {
                let fault = self.stray(&character.to_string(), start, false);
                self.refuse(fault)
            };
        }
        let from = self.decode(start)?;
        self.arena.push(character);
        self.is_short_enough(from, start)
    }

    /// Moves what was read to the arena, where more can follow.
    fn decode(&mut self, start: usize) -> Result<usize, Fault> {
        match self.piece {
            Piece::Decoded { from, .. } => Ok(from),
            Piece::Spoilt => Ok(self.arena.len()),
            Piece::Nothing => {
                let from = self.arena.len();
                self.piece = Piece::Decoded { from, start };
                Ok(from)
            }
            Piece::Raw { start, length } => {
                let raw = self.source.get(start..start + length).unwrap_or_default();
                if let Some(fault) = text_fault(raw, start, true) {
                    return Err(fault);
                }
                let from = self.arena.len();
                normalise(raw, &mut self.arena);
                self.piece = Piece::Decoded { from, start };
                Ok(from)
            }
        }
    }

    fn is_short_enough(&self, from: usize, start: usize) -> Result<(), Fault> {
        if self.arena.len() - from > self.value_limit || u32::try_from(self.arena.len()).is_err() {
            return Err(self.too_long(start));
        }
        Ok(())
    }

    #[cold]
    fn too_long(&self, start: usize) -> Fault {
        Fault::new(
            Rule::Value,
            start,
            format!("the value has more than {} bytes", self.value_limit),
        )
    }

    #[cold]
    fn stray(&self, raw: &str, start: usize, is_text: bool) -> Fault {
        if is_text && let Some(fault) = text_fault(raw, start, true) {
            return fault;
        }
        Fault::new(Rule::Text, start, "text cannot occur between elements").with_value(raw.trim_end())
    }

    /// The value of the last frame has ended.
    #[inline]
    pub(super) fn value(&mut self, decl: &'a Decl, of: u16, end: usize) -> Result<(), Fault> {
        let value = match self.piece {
            Piece::Raw { start, length } if self.surely_accepts(of, start, length) =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "documents and values are limited")]
                ValueRange::new(start as u32, length as u16, Home::Source)
            }
            piece => self.careful_value(of, piece, end)?,
        };
        let offset = match self.piece {
            Piece::Raw { start, .. } | Piece::Decoded { start, .. } => start,
            _ => end,
        };
        self.take(decl, value, offset)
    }

    /// A good value of the last frame, whose text begins at this byte.
    #[inline]
    pub(super) fn take(&mut self, decl: &Decl, value: ValueRange, offset: usize) -> Result<(), Fault> {
        if !decl.keys.is_empty() {
            self.key(decl, value, offset)?;
        }
        match decl.slot {
            TIJDSTEMPEL => self.tijdstempel = value,
            VOLGNUMMER => self.volgnummer = value,
            NO_SLOT => self.note_unbound_value(decl),
            slot => self.collector.value(slot.into(), value),
        }
        Ok(())
    }

    #[inline]
    fn surely_accepts(&self, of: u16, start: usize, length: usize) -> bool {
        let raw = self.source.as_bytes().get(start..start + length).unwrap_or_default();
        self.table
            .types
            .get(usize::from(of))
            .is_some_and(|of| of.surely_accepts(raw))
    }

    #[cold]
    fn careful_value(&mut self, of: u16, piece: Piece, end: usize) -> Result<ValueRange, Fault> {
        let table = self.table;
        let (home, from, length, offset) = match piece {
            Piece::Nothing => (Home::Source, end, 0, end),
            Piece::Spoilt => return Ok(ValueRange::ABSENT),
            Piece::Decoded { from, start } => (Home::Arena, from, self.arena.len() - from, start),
            Piece::Raw { start, length } => {
                let raw = self.source.get(start..start + length).unwrap_or_default();
                if let Some(fault) = text_fault(raw, start, true) {
                    return Err(fault);
                }
                if raw.contains('\r') {
                    let from = self.arena.len();
                    normalise(raw, &mut self.arena);
                    self.is_short_enough(from, start)?;
                    (Home::Arena, from, self.arena.len() - from, start)
                } else {
                    (Home::Source, start, length, start)
                }
            }
        };
        let text = match home {
            Home::Arena => self.arena.get(from..from + length),
            _ => self.source.get(from..from + length),
        };
        let text = text.unwrap_or_default();
        let Some(of) = table.types.get(usize::from(of)) else {
            return Ok(ValueRange::ABSENT);
        };
        let checked = of.check(text);
        let (home, from, length, owned) = match &checked.value {
            Cow::Borrowed(value) => (
                home,
                from + (value.as_ptr().addr() - text.as_ptr().addr()),
                value.len(),
                None,
            ),
            Cow::Owned(value) => (Home::Arena, self.arena.len(), value.len(), Some(value.clone())),
        };
        if let Some(complaint) = checked.complaint {
            let Complaint { rule, message, facet } = complaint;
            let fault = Fault::new(rule, offset, message).with_value(&checked.value);
            if !(facet && of.marks) {
                return self.refuse(fault).map(|()| ValueRange::ABSENT);
            }
            self.note(&fault, offset, end);
        }
        if let Some(owned) = owned {
            self.arena.push_str(&owned);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "documents, the arena and values are limited"
        )]
        Ok(ValueRange::new(from as u32, length as u16, home))
    }

    #[cold]
    fn note_unbound_value(&mut self, decl: &Decl) {
        let start = self.frames.last().map_or(0, |frame| frame.start as usize);
        let message = format!(
            "<{}> is allowed here and has no meaning to this version of the crate",
            decl.name
        );
        let fault = Fault::new(Rule::UnexpectedElement, start, message);
        self.note(&fault, start, self.tokens.position());
    }
}
