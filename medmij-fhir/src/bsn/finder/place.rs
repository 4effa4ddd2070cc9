// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a string is, by the name it has.

use medmij_types::json::Value;

#[derive(Clone, Copy, PartialEq)]
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
pub(super) fn place(value: Value<'_>, around: &[Value<'_>], text: &str) -> (Place, bool) {
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
pub(super) fn is_identifier(around: &[Value<'_>]) -> bool {
    let name = around.iter().rev().find_map(Value::name);
    name.is_some_and(|name| name == "identifier" || name.ends_with("Identifier"))
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
