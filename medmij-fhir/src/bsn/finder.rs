// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.203 — one walk over a document: what is a BSN, what replaces it, and what only looks like one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use medmij_types::json::{Document, Kind, Value};

use super::shown::Shown;
use super::{BsnPath, BsnReport, known, marks, number};
use number::Number;

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

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Text,
    Narrative,
    /// An id, or what refers to one.
    Id,
    /// Another URL or code.
    Other,
    Number,
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

    /// Judges the candidates by what the whole document says.
    fn resolve(mut self, document: &Document<'d>) -> Found {
        let candidates = std::mem::take(&mut self.candidates);
        for candidate in candidates.iter().filter(|candidate| !candidate.is_plain()) {
            for text in readings(candidate) {
                for number in number::numbers(&text) {
                    if self.ordinal(&number.digits).is_none() && number.is_announced(&text) {
                        self.learn(std::iter::once(number));
                    }
                }
            }
        }
        let mut suspected = Vec::new();
        for candidate in &candidates {
            let raw = candidate.value.escaped_str().unwrap_or_default();
            let may_be = !self.evidence.is_empty() && (!candidate.is_plain() || self.knows(raw.as_bytes()));
            if may_be && self.mask(candidate) {
                let path = candidate.path.clone();
                let start = candidate.value.range().start;
                self.masked
                    .push(path.unwrap_or_else(|| path_of(document.root(), start)));
            } else if candidate.suspect {
                suspected.extend(candidate.path.clone());
            }
        }
        self.edits
            .sort_by(|a, b| a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end)));
        dedup(&mut self.masked);
        let masked: BTreeSet<&BsnPath> = self.masked.iter().collect();
        suspected.retain(|path| !masked.contains(path));
        dedup(&mut suspected);
        Found {
            edits: self.edits,
            report: BsnReport {
                masked: self.masked,
                suspected,
            },
        }
    }

    /// Takes the known numbers out of a candidate; says whether there was one.
    fn mask(&mut self, candidate: &Candidate<'d>) -> bool {
        let value = candidate.value;
        if candidate.place == Place::Number {
            let known = self.ordinal(value.raw().as_bytes()).is_some();
            if let (true, Some(name), Some(range)) = (known, value.name(), value.member_range()) {
                self.edit(range, format!("\"_{name}\":{MASKED}"));
            } else if known {
                self.edit(value.range(), "null");
            }
            return known;
        }
        let raw = value.escaped_str().unwrap_or_default();
        let start = value.range().start + 1;
        let is_long = raw.len() > LONG;
        let mut edits = Vec::new();
        if !is_long {
            let plain = Shown::of_json(raw);
            edits = self.edits_of(&plain, candidate.place, start);
            if candidate.place == Place::Narrative {
                edits.extend(self.edits_of(&plain.without_markup(), Place::Narrative, start));
            }
        }
        let mut hidden = readings(candidate).skip(usize::from(!is_long));
        let is_hidden = (is_long || candidate.place != Place::Narrative) && hidden.any(|text| self.knows(&text));
        if is_hidden || (candidate.place == Place::Other && !edits.is_empty()) {
            self.edit(value.range(), REDACTED_STRING);
            return true;
        }
        let found = !edits.is_empty();
        self.edits.extend(edits);
        found
    }

    fn knows(&self, text: &[u8]) -> bool {
        number::numbers(text).any(|number| self.ordinal(&number.digits).is_some())
    }

    fn ordinal(&self, digits: &[u8]) -> Option<usize> {
        self.evidence.get(digits).copied()
    }

    fn edits_of(&self, shown: &Shown, place: Place, start: usize) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for number in number::numbers(&shown.text) {
            let Some(ordinal) = self.ordinal(&number.digits) else {
                continue;
            };
            let ranges = number.at.iter().filter_map(|at| shown.raw(*at));
            let ranges = ranges.map(|range| start + range.start..start + range.end);
            if place == Place::Id {
                let ends = ranges.reduce(|ends, range| ends.start..range.end);
                edits.extend(ends.map(|range| Edit {
                    range,
                    with: format!("masked-bsn-{ordinal}").into(),
                }));
                continue;
            }
            // digits that stand together are one edit
            let mut together: Option<(Range<usize>, usize)> = None;
            for range in ranges {
                together = match together {
                    Some((run, count)) if run.end == range.start => Some((run.start..range.end, count + 1)),
                    other => {
                        edits.extend(other.map(stars));
                        Some((range, 1))
                    }
                };
            }
            edits.extend(together.map(stars));
        }
        edits
    }
}

fn stars((range, count): (Range<usize>, usize)) -> Edit {
    Edit {
        range,
        with: Cow::Borrowed("*********".get(..count).unwrap_or("*")),
    }
}

/// The text of a candidate: as it is, and as percent-decoding or a reader of the narrative sees it.
fn readings<'d>(candidate: &Candidate<'d>) -> impl Iterator<Item = Cow<'d, [u8]>> {
    let raw = candidate.value.escaped_str().unwrap_or_default();
    let text = candidate.value.as_str().unwrap_or_default();
    let (first, others): (_, Vec<Vec<u8>>) = if raw.len() > LONG {
        let bytes = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        (bytes, Vec::new())
    } else {
        let shown = Shown::of_json(raw);
        let others = if candidate.place == Place::Narrative {
            vec![shown.without_markup().text]
        } else {
            let decoded = known::decodings(&text).skip(1);
            decoded.map(|decoded| decoded.into_owned().into_bytes()).collect()
        };
        (shown.text.into(), others)
    };
    std::iter::once(first).chain(others.into_iter().map(Cow::Owned))
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

/// The path of the value that begins at an offset.
fn path_of(root: Value<'_>, start: usize) -> BsnPath {
    let mut around = Vec::new();
    let mut value = root;
    while value.range().start != start {
        let holds = |inner: &Value<'_>| inner.range().contains(&start);
        let Some(inner) = value.members().find(holds).or_else(|| value.items().find(holds)) else {
            break;
        };
        around.push(value);
        value = inner;
    }
    render(&around, value)
}

/// What a string is, by the name it has, and whether it is reported without evidence.
fn place(value: Value<'_>, around: &[Value<'_>], text: &str) -> (Place, bool) {
    let mut names = std::iter::once(&value)
        .chain(around.iter().rev())
        .filter_map(|value| value.name());
    let name = names.next().unwrap_or_default();
    let parent = names.next().unwrap_or_default();
    let object = around.last();
    let sibling = |name| object.and_then(|object| object.member(name));
    match name.trim_start_matches('_') {
        "div" => (Place::Narrative, true),
        "url" if parent == "link" => (Place::Other, false),
        "reference" | "fullUrl" => (Place::Id, text.contains("Patient/")),
        "id" => (
            Place::Id,
            sibling("resourceType").is_some_and(|kind| kind.raw() == "\"Patient\""),
        ),
        // a phone number, or an identifier of another system
        "value" if sibling("system").or_else(|| sibling("type")).is_some() => (Place::Text, false),
        name if OTHER.contains(&name) || OTHER_ENDS.iter().any(|end| name.ends_with(end)) => (Place::Other, false),
        _ => (Place::Text, true),
    }
}

/// Whether the innermost object is an identifier, by the name it has.
fn is_identifier(around: &[Value<'_>]) -> bool {
    let name = around.iter().rev().find_map(Value::name);
    name.is_some_and(|name| name == "identifier" || name.ends_with("Identifier"))
}

fn dedup(paths: &mut Vec<BsnPath>) {
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
}

/// Names come from the other party: what does not look like a FHIR element is shown as `?`.
fn render(around: &[Value<'_>], value: Value<'_>) -> BsnPath {
    let mut out = String::new();
    let inner = around.iter().skip(1).chain(std::iter::once(&value));
    for (outer, inner) in around.iter().zip(inner) {
        if let Some(name) = inner.name() {
            let plain =
                !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
            push_name(&mut out, if plain { &name } else { "?" });
        } else {
            let start = inner.range().start;
            let index = outer.items().take_while(|item| item.range().start < start).count();
            out.push_str(&format!("[{index}]"));
        }
    }
    BsnPath(out)
}

fn push_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

/// A longer text is not taken apart: where it holds a BSN, it is replaced whole.
const LONG: usize = 1 << 20;
const MASKED: &str =
    r#"{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}"#;
const REDACTED_STRING: &str = r#""urn:medmij-fhir:bsn-redacted""#;
/// Elements that are no text for people.
const OTHER: [&str; 24] = [
    "code",
    "content",
    "contentType",
    "data",
    "hash",
    "instant",
    "issued",
    "language",
    "lastUpdated",
    "linkId",
    "location",
    "path",
    "policy",
    "profile",
    "recorded",
    "relation",
    "resourceType",
    "status",
    "system",
    "uri",
    "url",
    "version",
    "versionId",
    "whoUri",
];
const OTHER_ENDS: [&str; 13] = [
    "Base64Binary",
    "Canonical",
    "Code",
    "Date",
    "DateTime",
    "Id",
    "Instant",
    "Oid",
    "Time",
    "Uri",
    "Url",
    "Uuid",
    "date",
];
