// SPDX-License-Identifier: AGPL-3.0-or-later
//! One operation of a patch on the text of a resource: what it does not name stays byte for byte.

use std::ops::Range;

use medmij_types::json::{Document, Kind, Value};

use super::{Operation, PatchError, Step};
use crate::json::push_string;
use crate::limits::Limits;

/// The text after one operation.
pub(super) fn apply(text: &str, step: &Step, at: usize, limits: &Limits) -> Result<String, PatchError> {
    let missing = PatchError::Path(at);
    let document = Document::parse(text.as_bytes(), &limits.json())?;
    let (root, text) = (document.root(), document.source());
    let raw = |path: &[String]| find(root, path).map(|value| value.raw().to_owned());
    match &step.operation {
        Operation::Add(value) => add(text, root, &step.path, value).ok_or(missing),
        Operation::Remove => remove(text, root, &step.path).ok_or(missing),
        Operation::Replace(value) => {
            let old = find(root, &step.path).ok_or(missing)?;
            Ok(spliced(text, old.range(), value))
        }
        Operation::Copy(from) => {
            let value = raw(from).ok_or_else(|| missing.clone())?;
            add(text, root, &step.path, &value).ok_or(missing)
        }
        Operation::Move(from) => {
            // a value cannot move into itself
            if step.path.len() > from.len() && step.path.starts_with(from) {
                return Err(missing);
            }
            let value = raw(from).ok_or_else(|| missing.clone())?;
            let without = remove(text, root, from).ok_or_else(|| missing.clone())?;
            let document = Document::parse(without.as_bytes(), &limits.json())?;
            add(document.source(), document.root(), &step.path, &value).ok_or(missing)
        }
        Operation::Test(value) => {
            let found = find(root, &step.path).ok_or(missing)?;
            let wanted = Document::parse(value.as_bytes(), &limits.json())?;
            if same(&found, &wanted.root()) {
                Ok(text.to_owned())
            } else {
                Err(PatchError::Test(at))
            }
        }
    }
}

fn find<'d>(root: Value<'d>, path: &[String]) -> Option<Value<'d>> {
    path.iter().try_fold(root, |value, part| match value.kind() {
        Kind::Object => value.member(part),
        Kind::Array => value.items().nth(index(part)?),
        _ => None,
    })
}

/// RFC 6901: digits, without zeros in front.
fn index(part: &str) -> Option<usize> {
    let digits =
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    digits.then(|| part.parse().ok()).flatten()
}

fn add(text: &str, root: Value<'_>, path: &[String], new: &str) -> Option<String> {
    let Some((last, parent)) = path.split_last() else {
        return Some(new.to_owned());
    };
    let parent = find(root, parent)?;
    let end = parent.range().end.checked_sub(1)?;
    match parent.kind() {
        Kind::Object => {
            if let Some(old) = parent.member(last) {
                return Some(spliced(text, old.range(), new));
            }
            let comma = if parent.members().next().is_some() { "," } else { "" };
            let mut member = comma.to_owned();
            push_string(&mut member, last);
            Some(spliced(text, end..end, &format!("{member}:{new}")))
        }
        Kind::Array => {
            let count = parent.items().count();
            let place = if last == "-" { count } else { index(last)? };
            if let Some(item) = parent.items().nth(place) {
                let start = item.range().start;
                return Some(spliced(text, start..start, &format!("{new},")));
            }
            let comma = if count > 0 { "," } else { "" };
            (place == count).then(|| spliced(text, end..end, &format!("{comma}{new}")))
        }
        _ => None,
    }
}

fn remove(text: &str, root: Value<'_>, path: &[String]) -> Option<String> {
    let (last, parent) = path.split_last()?;
    let parent = find(root, parent)?;
    let (ranges, place): (Vec<Range<usize>>, usize) = match parent.kind() {
        Kind::Object => {
            let ranges = parent.members().filter_map(|member| member.member_range()).collect();
            (ranges, parent.members().position(|member| member.has_name(last))?)
        }
        Kind::Array => (parent.items().map(|item| item.range()).collect(), index(last)?),
        _ => return None,
    };
    let own = ranges.get(place)?;
    // with the comma behind it, or else the one before it
    let before = place.checked_sub(1).and_then(|before| ranges.get(before));
    let cut = match (ranges.get(place + 1), before) {
        (Some(next), _) => own.start..next.start,
        (None, Some(before)) => before.end..own.end,
        (None, None) => own.clone(),
    };
    Some(spliced(text, cut, ""))
}

fn spliced(text: &str, range: Range<usize>, new: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    [before, new, after].concat()
}

/// RFC 6902 section 4.6: numbers by value, objects without regard to order.
fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => {
            one.members().count() == other.members().count()
                && one.members().all(|member| {
                    let name = member.name().unwrap_or_default();
                    other.member(&name).is_some_and(|twin| same(&member, &twin))
                })
        }
        (Kind::Array, Kind::Array) => {
            one.items().count() == other.items().count()
                && one.items().zip(other.items()).all(|(one, other)| same(&one, &other))
        }
        (Kind::String, Kind::String) => one.as_str() == other.as_str(),
        (Kind::Number, Kind::Number) => {
            let number = |value: &Value<'_>| value.as_number().and_then(|text| text.parse::<f64>().ok());
            one.raw() == other.raw() || number(one).zip(number(other)).is_some_and(|(one, other)| one == other)
        }
        (one_kind, other_kind) => one_kind == other_kind && one.raw() == other.raw(),
    }
}
