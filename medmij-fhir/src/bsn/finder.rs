// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.203 — one walk over a document: what is a BSN, what replaces it, and what only looks like one.

mod path;
mod place;
mod resolve;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use medmij_types::json::{Document, Kind, Value};

use super::shown::Shown;
use super::{BsnPath, BsnReport, known, marks, number};
use number::Number;
use path::render;
use place::{Place, is_identifier, place};

/// What was found, with the edits that take it out.
pub(crate) struct Found {
    edits: Vec<Edit>,
    pub(crate) report: BsnReport,
}

impl Found {
    /// The text without what was found; none where nothing is to be cut out.
    pub(crate) fn cut(&self, document: &Document<'_>) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        let source = document.source();
        let mut out = String::with_capacity(source.len());
        let mut at = source.len() - document.text().len();
        for edit in &self.edits {
            // an edit that starts inside an earlier, wider one is already done by it
            if edit.range.start < at {
                continue;
            }
            out.push_str(source.get(at..edit.range.start).unwrap_or_default());
            out.push_str(&edit.with);
            at = edit.range.end;
        }
        out.push_str(source.get(at..).unwrap_or_default());
        Some(out)
    }
}

/// Looks through a document: into what has a mark, and no further.
pub(super) fn find(document: &Document<'_>) -> Found {
    let marks = marks::of(document);
    // a name with an escape in it has no mark
    let all = document.has_escaped_names();
    let mut next = 0;
    let mut finder = Finder::default();
    document.visit_where(|around, value| {
        if value.has_name("value")
            && let Some(object) = around.last()
        {
            finder.identifier(*object, value, around);
        }
        let range = value.range();
        while marks.get(next).is_some_and(|mark| (*mark as usize) < range.start) {
            next += 1;
        }
        let has_mark = marks.get(next).is_some_and(|mark| (*mark as usize) < range.end);
        if has_mark && matches!(value.kind(), Kind::String | Kind::Number) {
            finder.scalar(value, around);
        }
        has_mark || all
    });
    finder.resolve(document)
}

struct Edit {
    range: Range<usize>,
    with: Cow<'static, str>,
}

#[derive(Default)]
struct Finder<'d> {
    edits: Vec<Edit>,
    masked: Vec<BsnPath>,
    /// Numbers that the document holds as a BSN, each with its place in the order in which they were found.
    evidence: BTreeMap<[u8; 9], usize>,
    candidates: Vec<Candidate<'d>>,
}

/// A value with a number that passes the eleven-test.
struct Candidate<'d> {
    value: Value<'d>,
    /// Where it stands; not there where that is of interest only if the number turns out to be known.
    path: Option<BsnPath>,
    place: Place,
    /// Whether it is reported without evidence.
    suspect: bool,
}

impl Candidate<'_> {
    /// Whether it is a string that reads as its bytes are.
    fn is_plain(&self) -> bool {
        let raw = self.value.escaped_str();
        raw.is_some_and(|raw| !self.value.has_escapes() && !is_odd(raw.as_bytes()))
    }
}

impl<'d> Finder<'d> {
    /// Judges the member `value` of an object.
    fn identifier(&mut self, object: Value<'d>, value: Value<'d>, around: &[Value<'d>]) {
        if !matches!(value.kind(), Kind::String | Kind::Number) {
            return;
        }
        let system = object.member("system").and_then(|system| system.as_str());
        let system = system.filter(|system| !system.trim().is_empty());
        let kind = object.member("type");
        let is_bsn = match &system {
            Some(system) if known::is_bsn_system(system) => true,
            _ if kind.is_some_and(says_bsn) => true,
            None => is_identifier(around) && kind.is_none_or(|kind| kind.member("coding").is_none()) && passes(value),
            Some(_) => false,
        };
        if !is_bsn {
            return;
        }
        let text = value.as_str().unwrap_or_else(|| value.raw().into());
        self.learn(number::numbers(text.as_bytes()));
        self.replace_member(object, value, "value");
        self.masked.push(render(around, value));
    }

    /// Replaces a member by its companion with the reason why it has no value.
    fn replace_member(&mut self, object: Value<'d>, value: Value<'d>, name: &str) {
        let Some(whole) = value.member_range() else { return };
        let companion = object.member(&format!("_{name}"));
        let Some(companion) = companion else {
            self.edit(whole, format!("\"_{name}\":{MASKED}"));
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
            (Some(next), _) => self.edit(whole.start..next, ""),
            (None, Some(previous)) => self.edit(previous..whole.end, ""),
            (None, None) => {}
        }
        self.edit(companion.range(), MASKED);
    }

    /// A string or number that has a mark.
    fn scalar(&mut self, value: Value<'d>, around: &[Value<'d>]) {
        if value.kind() == Kind::Number {
            if value.raw().len() == 9 && number::has_number(value.raw().as_bytes()) {
                self.candidate(value, around, Place::Number, false);
            }
            return;
        }
        let raw = value.escaped_str().unwrap_or_default();
        if !value.has_escapes() && !is_odd(raw.as_bytes()) {
            self.plain(value, raw, around);
            return;
        }
        let text = value.as_str().unwrap_or_default();
        let (place, free) = place(value, around, &text);
        let digits = number::digits(value.raw().as_bytes());
        if digits > 0 && known::searches_on_bsn(&text) {
            for decoded in known::decodings(&text) {
                self.learn(number::numbers(decoded.as_bytes()));
            }
            // of a text no more is taken out than must be
            if !matches!(place, Place::Text | Place::Narrative) {
                self.edit(value.range(), REDACTED_STRING);
                self.masked.push(render(around, value));
                return;
            }
        }
        if digits < 9 {
            return;
        }
        let encoded = known::decodings(&text).any(|decoded| number::has_number(decoded.as_bytes()));
        let narrative = place == Place::Narrative
            && value.range().len() <= LONG
            && number::has_number(
                &Shown::of_json(value.escaped_str().unwrap_or_default())
                    .without_markup()
                    .text,
            );
        if encoded || narrative {
            self.candidate(value, around, place, free);
        }
    }

    /// A string that reads as its bytes are: codes most often, which pass the eleven-test once in eleven.
    fn plain(&mut self, value: Value<'d>, text: &str, around: &[Value<'d>]) {
        let bytes = text.as_bytes();
        let mut is_announced = false;
        let mut has_number = false;
        for number in number::numbers(bytes) {
            has_number = true;
            if number.is_announced(bytes) {
                is_announced = true;
                self.learn(std::iter::once(number));
            }
        }
        if has_number {
            let (place, suspect) = place(value, around, text);
            self.candidates.push(Candidate {
                value,
                path: (suspect || is_announced).then(|| render(around, value)),
                place,
                suspect,
            });
        }
    }

    fn candidate(&mut self, value: Value<'d>, around: &[Value<'d>], place: Place, suspect: bool) {
        self.candidates.push(Candidate {
            value,
            path: Some(render(around, value)),
            place,
            suspect,
        });
    }

    fn learn(&mut self, numbers: impl Iterator<Item = Number>) {
        for number in numbers {
            let ordinal = self.evidence.len() + 1;
            self.evidence.entry(number.digits).or_insert(ordinal);
        }
    }

    fn edit(&mut self, range: Range<usize>, with: impl Into<Cow<'static, str>>) {
        self.edits.push(Edit {
            range,
            with: with.into(),
        });
    }
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

/// A longer text is not taken apart: where it holds a BSN, it is replaced whole.
const LONG: usize = 1 << 20;
const MASKED: &str =
    r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}"#;
const REDACTED_STRING: &str = r#""urn:medmij-fhir:bsn-redacted""#;
