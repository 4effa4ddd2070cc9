// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.203 — one walk over a document: what is a BSN, what replaces it, and what only looks like one.

use std::ops::Range;

use medmij_types::json::{Document, Kind, Value};

use super::shown::Shown;
use super::{BsnPath, BsnReport, known, number};

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

/// Walks a document.
pub(super) fn find(document: &Document<'_>) -> Found {
    let mut finder = Finder::default();
    finder.value(document.root());
    finder.resolve()
}

struct Edit {
    range: Range<usize>,
    with: String,
}

#[derive(Default)]
struct Finder<'d> {
    path: Vec<Step<'d>>,
    edits: Vec<Edit>,
    masked: Vec<BsnPath>,
    /// Numbers that the document holds as a BSN.
    evidence: Vec<String>,
    candidates: Vec<Candidate<'d>>,
}

enum Step<'d> {
    Name(Value<'d>),
    Index(usize),
}

/// A value with a number that passes the eleven-test.
struct Candidate<'d> {
    value: Value<'d>,
    path: BsnPath,
    place: Place,
    /// Whether it is reported without evidence.
    suspect: bool,
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
    fn value(&mut self, value: Value<'d>) {
        match value.kind() {
            Kind::Object => self.object(value),
            Kind::Array => {
                for (index, item) in value.items().enumerate() {
                    self.path.push(Step::Index(index));
                    self.value(item);
                    self.path.pop();
                }
            }
            Kind::String => self.string(value),
            Kind::Number if value.raw().len() == 9 && number::has_number(value.raw().as_bytes()) => {
                self.candidate(value, Place::Number, false);
            }
            _ => {}
        }
    }

    fn object(&mut self, object: Value<'d>) {
        let candidates = self.candidates.len();
        let mut has_value = false;
        let mut is_patient = false;
        for member in object.members() {
            has_value |= member.has_name("value");
            is_patient |= member.has_name("resourceType") && member.raw() == "\"Patient\"";
            self.path.push(Step::Name(member));
            self.value(member);
            self.path.pop();
        }
        if has_value {
            self.identifier(object, candidates);
        }
        if is_patient {
            let id = object.member("id").map(|id| id.range());
            let mine = self.candidates.iter_mut().skip(candidates);
            for candidate in mine.filter(|candidate| Some(candidate.value.range()) == id) {
                candidate.suspect = true;
            }
        }
    }

    /// Judges an object with a member `value`; `candidates` were found before it.
    fn identifier(&mut self, object: Value<'d>, candidates: usize) {
        let Some(value) = object.member("value") else { return };
        if !matches!(value.kind(), Kind::String | Kind::Number) {
            return;
        }
        let system = object.member("system").and_then(|system| system.as_str());
        let system = system.filter(|system| !system.trim().is_empty());
        let kind = object.member("type");
        let is_bsn = match &system {
            Some(system) if known::is_bsn_system(system) => true,
            _ if kind.is_some_and(says_bsn) => true,
            None => self.is_identifier() && kind.is_none_or(|kind| kind.member("coding").is_none()) && passes(value),
            Some(_) => false,
        };
        if !is_bsn {
            // a phone number, or an identifier of another system
            if system.is_some() || kind.is_some() {
                let own = self.candidates.iter_mut().skip(candidates);
                for candidate in own.filter(|candidate| candidate.value.range() == value.range()) {
                    candidate.suspect = false;
                }
            }
            return;
        }
        let text = value.as_str().unwrap_or_else(|| value.raw().into());
        self.evidence
            .extend(number::numbers(text.as_bytes()).map(|number| number.digits));
        self.replace_member(object, value, "value");
        self.masked.push(render(&self.path, Some("value")));
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
            (Some(next), _) => self.edit(whole.start..next, String::new()),
            (None, Some(previous)) => self.edit(previous..whole.end, String::new()),
            (None, None) => {}
        }
        self.edit(companion.range(), MASKED.to_owned());
    }

    fn string(&mut self, value: Value<'d>) {
        let raw = value.escaped_str().unwrap_or_default();
        let bytes = raw.as_bytes();
        if bytes.len() < 9 {
            return;
        }
        if is_odd(bytes) || value.has_escapes() {
            self.odd_string(value);
        } else if number::digits(bytes) >= 9 && number::has_number(bytes) {
            let (place, free) = self.place(bytes);
            self.candidate(value, place, free);
        }
    }

    /// A string with escapes, percent-encoding, markup or a bar.
    fn odd_string(&mut self, value: Value<'d>) {
        let text = value.as_str().unwrap_or_default();
        let digits = number::digits(value.raw().as_bytes());
        if digits == 0 {
            return;
        }
        if known::searches_on_bsn(&text) {
            for decoded in known::decodings(&text) {
                self.evidence
                    .extend(number::numbers(decoded.as_bytes()).map(|number| number.digits));
            }
            // of a text no more is taken out than must be
            let (place, _) = self.place(text.as_bytes());
            if !matches!(place, Place::Text | Place::Narrative) {
                self.edit(value.range(), REDACTED_STRING.to_owned());
                self.masked.push(render(&self.path, None));
                return;
            }
        }
        if digits < 9 {
            return;
        }
        let (place, free) = self.place(text.as_bytes());
        let encoded = known::decodings(&text).any(|decoded| number::has_number(decoded.as_bytes()));
        let narrative = place == Place::Narrative
            && number::has_number(
                &Shown::of_json(value.escaped_str().unwrap_or_default())
                    .without_markup()
                    .text,
            );
        if encoded || narrative {
            self.candidate(value, place, free);
        }
    }

    fn candidate(&mut self, value: Value<'d>, place: Place, suspect: bool) {
        self.candidates.push(Candidate {
            value,
            path: render(&self.path, None),
            place,
            suspect,
        });
    }

    /// What a string is, by the name it has, and whether it is free text.
    fn place(&self, text: &[u8]) -> (Place, bool) {
        let mut names = self.path.iter().rev().filter_map(|step| match step {
            Step::Name(member) => member.name(),
            Step::Index(_) => None,
        });
        let name = names.next().unwrap_or_default();
        let parent = names.next().unwrap_or_default();
        match name.trim_start_matches('_') {
            "div" => (Place::Narrative, true),
            "url" if parent == "link" => (Place::Other, false),
            "reference" | "fullUrl" => {
                let patient = text.windows(8).any(|part| part == b"Patient/");
                (Place::Id, patient)
            }
            "id" => (Place::Id, false),
            name if OTHER.contains(&name) || OTHER_ENDS.iter().any(|end| name.ends_with(end)) => (Place::Other, false),
            _ => (Place::Text, true),
        }
    }

    /// Whether the object is an identifier, by the name it has.
    fn is_identifier(&self) -> bool {
        let name = self.path.iter().rev().find_map(|step| match step {
            Step::Name(member) => member.name(),
            Step::Index(_) => None,
        });
        name.is_some_and(|name| name == "identifier" || name.ends_with("Identifier"))
    }

    fn edit(&mut self, range: Range<usize>, with: String) {
        self.edits.push(Edit { range, with });
    }

    /// Judges the candidates by what the whole document says.
    fn resolve(mut self) -> Found {
        let candidates = std::mem::take(&mut self.candidates);
        for candidate in candidates.iter().filter(|candidate| candidate.place != Place::Number) {
            for text in readings(candidate) {
                let announced = number::numbers(&text).filter(|number| number.is_announced(&text));
                self.evidence.extend(announced.map(|number| number.digits));
            }
        }
        self.evidence.sort_unstable();
        self.evidence.dedup();
        let mut suspected = Vec::new();
        for candidate in &candidates {
            if self.mask(candidate) {
                self.masked.push(candidate.path.clone());
            } else if candidate.suspect {
                suspected.push(candidate.path.clone());
            }
        }
        self.edits
            .sort_by(|a, b| a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end)));
        dedup(&mut self.masked);
        suspected.retain(|path| !self.masked.contains(path));
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
            let known = self.evidence.iter().any(|known| known == value.raw());
            if let (true, Some(name), Some(range)) = (known, value.name(), value.member_range()) {
                self.edit(range, format!("\"_{name}\":{MASKED}"));
            } else if known {
                self.edit(value.range(), "null".to_owned());
            }
            return known;
        }
        let raw = value.escaped_str().unwrap_or_default();
        let start = value.range().start + 1;
        let plain = Shown::of_json(raw);
        let mut edits = self.edits_of(&plain, candidate.place, start);
        if candidate.place == Place::Narrative {
            let visible = plain.without_markup();
            let more = self.edits_of(&visible, Place::Narrative, start);
            edits.extend(more);
        }
        let encoded = candidate.place != Place::Narrative && readings(candidate).skip(1).any(|text| self.knows(&text));
        if encoded || (candidate.place == Place::Other && !edits.is_empty()) {
            self.edit(value.range(), REDACTED_STRING.to_owned());
            return true;
        }
        let found = !edits.is_empty();
        self.edits.extend(edits);
        found
    }

    fn knows(&self, text: &[u8]) -> bool {
        number::numbers(text).any(|number| self.ordinal(&number.digits).is_some())
    }

    fn ordinal(&self, digits: &str) -> Option<usize> {
        self.evidence.binary_search_by(|known| known.as_str().cmp(digits)).ok()
    }

    fn edits_of(&self, shown: &Shown, place: Place, start: usize) -> Vec<Edit> {
        let mut edits = Vec::new();
        for number in number::numbers(&shown.text) {
            let Some(ordinal) = self.ordinal(&number.digits) else {
                continue;
            };
            let ranges = number.at.iter().filter_map(|at| shown.raw(*at));
            if place == Place::Id {
                let ends = ranges.fold(None, |ends: Option<Range<usize>>, range| {
                    Some(ends.map_or(range.start, |ends| ends.start)..range.end)
                });
                edits.extend(ends.map(|ends| Edit {
                    range: start + ends.start..start + ends.end,
                    with: format!("masked-bsn-{}", ordinal + 1),
                }));
            } else {
                edits.extend(ranges.map(|range| Edit {
                    range: start + range.start..start + range.end,
                    with: "*".to_owned(),
                }));
            }
        }
        edits
    }
}

/// The text of a candidate: as it is, and as percent-decoding or a reader of the narrative sees it.
fn readings<'d>(candidate: &Candidate<'d>) -> impl Iterator<Item = Vec<u8>> {
    let shown = Shown::of_json(candidate.value.escaped_str().unwrap_or_default());
    let other: Vec<Vec<u8>> = if candidate.place == Place::Narrative {
        vec![shown.without_markup().text]
    } else {
        let text = candidate.value.as_str().unwrap_or_default();
        known::decodings(&text)
            .skip(1)
            .map(|decoded| decoded.into_owned().into_bytes())
            .collect()
    };
    std::iter::once(shown.text).chain(other)
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
    bytes
        .iter()
        .fold(0, |odd, byte| odd | u8::from(matches!(byte, b'|' | b'%' | b'&' | b'<')))
        != 0
}

fn dedup(paths: &mut Vec<BsnPath>) {
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
}

/// Names come from the other party: what does not look like a FHIR element is shown as `?`.
fn render(path: &[Step<'_>], last: Option<&str>) -> BsnPath {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Name(member) => {
                let name = member.name().unwrap_or_default();
                let plain =
                    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
                push_name(&mut out, if plain { &name } else { "?" });
            }
        }
    }
    if let Some(name) = last {
        push_name(&mut out, name);
    }
    BsnPath(out)
}

fn push_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

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
