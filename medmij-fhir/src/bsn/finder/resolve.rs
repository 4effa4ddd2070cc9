// SPDX-License-Identifier: AGPL-3.0-or-later
//! The candidates, judged by what the whole document says.

use std::borrow::Cow;
use std::ops::Range;

use medmij_types::json::{Document, JsonError, Value};

use super::path::{Paths, dedup};
use super::pieces::pieces;
use super::place::Place;
use super::{Edit, Finder, Found, LONG, With, decoded};
use crate::bsn::number::Words;
use crate::bsn::shown::Shown;
use crate::bsn::{BsnPath, BsnReport, known, number};

impl Finder {
    /// Judges the candidates by what the whole document says.
    pub(super) fn resolve(mut self, document: &Document<'_>) -> Result<Found, JsonError> {
        let candidates = std::mem::take(&mut self.candidates);
        for candidate in candidates.iter().filter(|candidate| !candidate.plain) {
            let Some(value) = document.value_at(candidate.index as usize) else {
                continue;
            };
            for text in readings(value, candidate.place) {
                let mut words = Words::default();
                for number in number::numbers(&text) {
                    if self.ordinal(&number.digits).is_none() && number.is_announced(&text, &mut words) {
                        self.learn(std::iter::once(number));
                    }
                }
            }
        }
        let (mut masked, mut suspected) = (Vec::new(), Vec::new());
        for candidate in &candidates {
            let Some(value) = document.value_at(candidate.index as usize) else {
                continue;
            };
            let raw = value.escaped_str().unwrap_or_default();
            let may_be = !self.evidence.is_empty() && (!candidate.plain || self.knows(raw.as_bytes()));
            if may_be && self.mask(value, candidate.place) {
                masked.push(candidate.index);
            } else if candidate.suspect {
                suspected.push(candidate.index);
            }
        }
        self.check()?;
        self.edits.sort_unstable_by_key(Edit::order);
        let mut report = BsnReport::default();
        let first = list(document, &self.masked, MOST_PATHS, &mut report.masked);
        let second = list(document, &masked, MOST_PATHS - report.masked.len(), &mut report.masked);
        dedup(&mut report.masked);
        let third = list(document, &suspected, MOST_PATHS, &mut report.suspected);
        dedup(&mut report.suspected);
        report.unlisted = first + second + third;
        // of one path that occurs twice, the name of an element that is not shown, the worse one is said
        let known: std::collections::BTreeSet<&BsnPath> = report.masked.iter().collect();
        report.suspected.retain(|path| !known.contains(path));
        Ok(Found {
            edits: self.edits,
            report,
        })
    }

    /// Takes the known numbers out of a candidate; says whether there was one.
    fn mask(&mut self, value: Value<'_>, place: Place) -> bool {
        if place == Place::Number {
            let digits: Option<&[u8; 9]> = value.raw().as_bytes().try_into().ok();
            let known = digits.is_some_and(|digits| self.ordinal(digits).is_some());
            match value.member_range() {
                Some(range) if known => self.edit(range, With::Companion),
                None if known => self.edit(value.range(), With::Null),
                _ => {}
            }
            return known;
        }
        let raw = value.escaped_str().unwrap_or_default();
        let start = value.range().start + 1;
        let is_long = raw.len() > LONG;
        let mut edits = Vec::new();
        if !is_long {
            let plain = Shown::of_json(raw);
            edits = self.edits_of(&plain, place, start);
            if place == Place::Narrative {
                edits.extend(self.edits_of(&plain.without_markup(), Place::Narrative, start));
            }
        }
        let mut hidden = readings(value, place).skip(usize::from(!is_long));
        let is_hidden = (is_long || place != Place::Narrative) && hidden.any(|text| self.knows(&text));
        if is_hidden || (place == Place::Other && !edits.is_empty()) {
            self.edit(value.range(), With::Redacted);
            return true;
        }
        let found = !edits.is_empty();
        for (range, with) in edits {
            self.edit(range, with);
        }
        found
    }

    fn knows(&self, text: &[u8]) -> bool {
        number::numbers(text).any(|number| self.ordinal(&number.digits).is_some())
    }

    fn edits_of(&self, shown: &Shown, place: Place, start: usize) -> Vec<(Range<usize>, With)> {
        let mut edits = Vec::new();
        for number in number::numbers(&shown.text) {
            let Some(ordinal) = self.ordinal(&number.digits) else {
                continue;
            };
            let ranges = number.at.iter().filter_map(|at| shown.raw(*at));
            let ranges = ranges.map(|range| start + range.start..start + range.end);
            if place == Place::Id {
                let ends = ranges.reduce(|ends, range| ends.start..range.end);
                edits.extend(ends.map(|range| (range, With::Id(ordinal))));
                continue;
            }
            // digits that are together are one edit
            let mut together: Option<(Range<usize>, u8)> = None;
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

fn stars((range, count): (Range<usize>, u8)) -> (Range<usize>, With) {
    (range, With::Stars(count))
}

/// The paths of values, as many as there is room for; says how many are left.
fn list(document: &Document<'_>, indices: &[u32], most: usize, into: &mut Vec<BsnPath>) -> usize {
    let mut paths = Paths::of(document);
    let listed = indices.iter().take(most);
    let values = listed.filter_map(|index| document.value_at(*index as usize));
    into.extend(values.map(|value| paths.of_value(value)));
    indices.len().saturating_sub(most)
}

/// The texts of a string: as it is, and as percent-decoding or a reader of the narrative sees it.
fn readings(value: Value<'_>, place: Place) -> impl Iterator<Item = Cow<'_, [u8]>> {
    pieces(value.escaped_str().unwrap_or_default()).flat_map(move |piece| {
        let is_shown = !value.has_escapes() && piece.is_ascii();
        let shown = (!is_shown || place == Place::Narrative).then(|| Shown::of_json(piece));
        let others: Vec<Vec<u8>> = match &shown {
            Some(shown) if place == Place::Narrative => vec![shown.without_markup().text],
            _ => {
                let text = decoded(value, piece);
                let decoded = known::decodings(&text).skip(1);
                decoded.map(|decoded| decoded.into_owned().into_bytes()).collect()
            }
        };
        let first = shown.map_or(Cow::Borrowed(piece.as_bytes()), |shown| Cow::Owned(shown.text));
        std::iter::once(first).chain(others.into_iter().map(Cow::Owned))
    })
}

/// So many paths are listed of each kind.
const MOST_PATHS: usize = 10_000;
