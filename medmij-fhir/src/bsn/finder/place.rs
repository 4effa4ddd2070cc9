// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a string is, by the name it has.

use medmij_types::json::{Kind, Value};

use crate::bsn::known;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Narrative,
    /// An id, or what refers to one.
    Id,
    /// Another URL or code.
    Other,
    Number,
}

/// What a string is, by the name it has, and whether it is reported without evidence.
pub(super) fn place(value: Value<'_>, around: &[Value<'_>]) -> (Place, bool) {
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
        "reference" | "fullUrl" => (Place::Id, value.raw().contains("Patient")),
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
pub(super) fn is_identifier(around: &[Value<'_>]) -> bool {
    let name = around.iter().rev().find_map(Value::name);
    name.is_some_and(|name| name == "identifier" || name.ends_with("Identifier"))
}

/// Whether what is beside a text asks for a BSN: the question to which it is the answer, the code of what was
/// observed, the URL of the extension.
pub(super) fn is_asked(value: Value<'_>, around: &[Value<'_>]) -> bool {
    let says = |text: Option<Value<'_>>| {
        let text = text.filter(|text| text.index() != value.index());
        let text = text
            .filter(|text| text.range().len() <= QUESTION)
            .and_then(|text| text.as_str());
        text.is_some_and(|text| known::word_in(text.as_bytes()))
    };
    let objects = around.iter().rev().filter(|outer| outer.kind() == Kind::Object);
    objects.take(2).any(|object| {
        ["text", "url", "title", "label", "display"]
            .iter()
            .any(|name| says(object.member(name)))
            || says(object.member("code").and_then(|code| code.member("text")))
    })
}

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

/// A longer text is no question.
const QUESTION: usize = 128;
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
