// SPDX-License-Identifier: AGPL-3.0-or-later
//! The candidates, judged by what the whole document says.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use medmij_types::json::Document;

use super::path::{dedup, path_of};
use super::place::Place;
use super::{Candidate, Edit, Finder, Found, LONG, MASKED, REDACTED_STRING};
use crate::bsn::shown::Shown;
use crate::bsn::{BsnPath, BsnReport, known, number};

impl<'d> Finder<'d> {
    /// Judges the candidates by what the whole document says.
    pub(super) fn resolve(mut self, document: &Document<'d>) -> Found {
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
    pub(super) fn mask(&mut self, candidate: &Candidate<'d>) -> bool {
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

    pub(super) fn knows(&self, text: &[u8]) -> bool {
        number::numbers(text).any(|number| self.ordinal(&number.digits).is_some())
    }

    pub(super) fn ordinal(&self, digits: &[u8]) -> Option<usize> {
        self.evidence.get(digits).copied()
    }

    pub(super) fn edits_of(&self, shown: &Shown, place: Place, start: usize) -> Vec<Edit> {
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
