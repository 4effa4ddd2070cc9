// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.203 — one walk over a document: what is a BSN, what replaces it, and what only looks like one.
//!
//! Everything that is kept on the way is smaller than the text that it was found in, and bounded: so are the paths of
//! the report, the numbers that are known and what is cut out.

mod edit;
mod path;
mod pieces;
mod place;
mod resolve;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use medmij_types::json::{Document, JsonError, JsonRule, Kind, Value};

use super::shown::Shown;
use super::{BsnReport, known, marks, number};
use edit::{Edit, With};
use number::{Number, Words};
use pieces::pieces;
use place::{Place, is_asked, is_identifier, place};

/// What was found, with the edits that take it out.
pub(crate) struct Found {
    edits: Vec<Edit>,
    pub(crate) report: BsnReport,
}

/// Looks through a document: into what has a mark, and no further.
pub(super) fn find(document: &Document<'_>) -> Result<Found, JsonError> {
    let marks = marks::of(document);
    // a name with an escape in it has no mark
    let all = document.has_escaped_names() || marks.is_all;
    let mut next = 0;
    let mut finder = Finder::default();
    document.visit_where(|around, value| {
        let range = value.range();
        // the mark of a name is before its value
        let mut is_named = all;
        while marks.at.get(next).is_some_and(|mark| (*mark as usize) < range.start) {
            next += 1;
            is_named = true;
        }
        if is_named
            && value.has_name("value")
            && let Some(object) = around.last()
        {
            finder.identifier(*object, value, around);
        }
        let has_mark = marks.is_all || marks.at.get(next).is_some_and(|mark| (*mark as usize) < range.end);
        if has_mark && matches!(value.kind(), Kind::String | Kind::Number) {
            finder.scalar(value, around);
        }
        has_mark || all
    });
    finder.resolve(document)
}

#[derive(Default)]
struct Finder {
    edits: Vec<Edit>,
    /// The values that are masked so far, by their index.
    masked: Vec<u32>,
    /// Numbers that the document holds as a BSN, each with its place in the order in which they were found.
    evidence: BTreeMap<[u8; 9], u32>,
    candidates: Vec<Candidate>,
    /// The byte at which there was too much to go on.
    too_much: Option<usize>,
}

/// A value with a number that passes the eleven-test.
#[derive(Clone, Copy)]
struct Candidate {
    /// Which value of the document.
    index: u32,
    place: Place,
    /// Whether it is reported without evidence.
    suspect: bool,
    /// Whether it is a string that reads as its bytes are.
    plain: bool,
}

impl Finder {
    /// Judges the member `value` of an object.
    fn identifier(&mut self, object: Value<'_>, value: Value<'_>, around: &[Value<'_>]) {
        if !matches!(value.kind(), Kind::String | Kind::Number) {
            return;
        }
        let (mut system, mut kind) = (None, None);
        for member in object.members() {
            if member.has_name("system") {
                system = member.as_str().filter(|system| !system.trim().is_empty());
            } else if member.has_name("type") {
                kind = Some(member);
            }
        }
        let is_bsn = match &system {
            Some(system) if known::is_bsn_system(system) => true,
            _ if kind.is_some_and(says_bsn) => true,
            None => is_identifier(around) && kind.is_none_or(|kind| kind.member("coding").is_none()) && passes(value),
            Some(_) => false,
        };
        if !is_bsn {
            return;
        }
        let text = value.escaped_str().unwrap_or_else(|| value.raw());
        for piece in pieces(text) {
            match value.has_escapes() {
                true => self.learn(number::numbers(&Shown::of_json(piece).text)),
                false => self.learn(number::numbers(piece.as_bytes())),
            }
        }
        self.replace_member(object, value, "value");
        self.masked.push(narrow(value.index()));
    }

    /// Replaces a member by its companion with the reason why it has no value.
    fn replace_member(&mut self, object: Value<'_>, value: Value<'_>, name: &str) {
        let Some(whole) = value.member_range() else { return };
        let companion = object.members().find(|member| member.has_name(&format!("_{name}")));
        let Some(companion) = companion else {
            self.edit(whole, With::Companion);
            return;
        };
        let mut previous = None;
        let mut next = None;
        for member in object.members() {
            let Some(range) = member.member_range() else { continue };
            if range.end <= whole.start {
                previous = Some(range.end);
            } else if range.start >= whole.end && next.is_none() {
                next = Some(range.start);
            }
        }
        match (next, previous) {
            (Some(next), _) => self.edit(whole.start..next, With::Nothing),
            (None, Some(previous)) => self.edit(previous..whole.end, With::Nothing),
            (None, None) => {}
        }
        self.edit(companion.range(), With::Masked);
    }

    /// A string or number that has a mark.
    fn scalar(&mut self, value: Value<'_>, around: &[Value<'_>]) {
        if value.kind() == Kind::Number {
            if value.raw().len() == 9 && number::has_number(value.raw().as_bytes()) {
                self.candidate(value, Place::Number, false, false);
            }
            return;
        }
        let raw = value.escaped_str().unwrap_or_default();
        if !value.has_escapes() && !is_odd(raw.as_bytes()) {
            self.plain(value, raw, around);
            return;
        }
        let digits = number::digits(value.raw().as_bytes());
        if digits == 0 {
            return;
        }
        let (place, free) = place(value, around);
        let searches = self.searches(value);
        // of a text no more is taken out than must be
        if searches && !matches!(place, Place::Text | Place::Narrative) {
            self.edit(value.range(), With::Redacted);
            self.masked.push(narrow(value.index()));
            return;
        }
        if digits >= 9 && hides_number(value, place) {
            if place == Place::Text && is_asked(value, around) {
                for piece in pieces(raw) {
                    self.learn(number::numbers(&Shown::of_json(piece).text));
                }
            }
            self.candidate(value, place, free, false);
        }
    }

    /// Whether a string searches on the BSN system; the numbers in it are known from then on.
    fn searches(&mut self, value: Value<'_>) -> bool {
        let mut found = false;
        for piece in pieces(value.escaped_str().unwrap_or_default()) {
            let text = decoded(value, piece);
            if known::searches_on_bsn(&text) {
                found = true;
                for decoded in known::decodings(&text) {
                    self.learn(number::numbers(decoded.as_bytes()));
                }
            }
        }
        found
    }

    /// A string that reads as its bytes are: codes most often, which pass the eleven-test once in eleven.
    fn plain(&mut self, value: Value<'_>, text: &str, around: &[Value<'_>]) {
        let bytes = text.as_bytes();
        let mut has_number = false;
        let mut words = Words::default();
        for number in number::numbers(bytes) {
            has_number = true;
            if number.is_announced(bytes, &mut words) {
                self.learn(std::iter::once(number));
            }
        }
        if has_number {
            let (place, suspect) = place(value, around);
            if place == Place::Text && is_asked(value, around) {
                self.learn(number::numbers(bytes));
            }
            self.candidate(value, place, suspect, true);
        }
    }

    fn candidate(&mut self, value: Value<'_>, place: Place, suspect: bool, plain: bool) {
        if self.candidates.len() >= MOST {
            self.too_much.get_or_insert_with(|| value.range().start);
            return;
        }
        self.candidates.push(Candidate {
            index: narrow(value.index()),
            place,
            suspect,
            plain,
        });
    }

    /// Takes numbers for a BSN; past a bound, every number is one.
    fn learn(&mut self, numbers: impl Iterator<Item = Number>) {
        for number in numbers {
            if self.evidence.len() >= MOST_NUMBERS {
                return;
            }
            let ordinal = narrow(self.evidence.len() + 1);
            self.evidence.entry(number.digits).or_insert(ordinal);
        }
    }

    /// Which of the known numbers this is.
    fn ordinal(&self, digits: &[u8; 9]) -> Option<u32> {
        let rest = (self.evidence.len() >= MOST_NUMBERS).then_some(narrow(MOST_NUMBERS + 1));
        self.evidence.get(digits).copied().or(rest)
    }

    fn edit(&mut self, range: Range<usize>, with: With) {
        if self.edits.len() >= MOST {
            self.too_much.get_or_insert(range.start);
            return;
        }
        self.edits.push(Edit::new(range, with));
    }

    /// Refuses a document with more than is looked at.
    fn check(&self) -> Result<(), JsonError> {
        match self.too_much {
            Some(offset) => Err(JsonError::new(JsonRule::TooLong, offset)),
            None => Ok(()),
        }
    }
}

/// Whether a number that passes is in a string, or in what percent-decoding or a reader of the narrative makes of it.
fn hides_number(value: Value<'_>, place: Place) -> bool {
    pieces(value.escaped_str().unwrap_or_default()).any(|piece| {
        if number::has_number(piece.as_bytes()) {
            return true;
        }
        let text = decoded(value, piece);
        known::decodings(&text).any(|decoded| number::has_number(decoded.as_bytes()))
            || (place == Place::Narrative && number::has_number(&Shown::of_json(piece).without_markup().text))
    })
}

/// The text of a piece of a string.
fn decoded<'d>(value: Value<'d>, piece: &'d str) -> Cow<'d, str> {
    let whole = value.escaped_str().unwrap_or_default();
    if !value.has_escapes() {
        return piece.into();
    }
    if piece.len() == whole.len() {
        return value.as_str().unwrap_or_default();
    }
    let shown = Shown::of_json(piece).text;
    String::from_utf8_lossy(&shown).into_owned().into()
}

/// Whether the type of an identifier means the BSN: by its code, its display or its text.
fn says_bsn(kind: Value<'_>) -> bool {
    let coded = kind.member("coding").is_some_and(|codings| {
        codings.items().any(|coding| {
            ["code", "display"]
                .iter()
                .filter_map(|name| coding.member(name)?.as_str())
                .any(|text| known::is_bsn_type(&text))
        })
    });
    let text = kind.member("text").and_then(|text| text.as_str());
    coded || text.is_some_and(|text| known::word_in(text.as_bytes()))
}

fn passes(value: Value<'_>) -> bool {
    let text = value.as_str().unwrap_or_else(|| value.raw().into());
    number::has_number(text.trim().as_bytes())
}

/// Whether a reader may see something else than the bytes say.
fn is_odd(bytes: &[u8]) -> bool {
    memchr::memchr3(b'|', b'%', b'<', bytes).is_some() || memchr::memchr(b'&', bytes).is_some()
}

/// The index of a document has at most as many values as there are offsets.
#[expect(clippy::cast_possible_truncation, reason = "a document is at most 4 GiB")]
const fn narrow(index: usize) -> u32 {
    index as u32
}

/// A longer text is looked at in pieces, and where it holds a BSN, it is replaced whole.
const LONG: usize = 1 << 20;
/// So many values with a number that may be a BSN, and so many edits: more is refused.
const MOST: usize = 1_000_000;
/// So many different numbers that are known to be a BSN: past it, every number is taken for one.
const MOST_NUMBERS: usize = 100_000;
