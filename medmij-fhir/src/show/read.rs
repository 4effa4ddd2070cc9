// SPDX-License-Identifier: AGPL-3.0-or-later
//! The data types of FHIR, STU3 and R4, as texts.

use medmij_types::json::{Kind, Value};

use super::day::Day;
use super::text::clean;
use super::words;

/// The values under a name: the elements of an array, or the value alone.
pub(super) fn each<'d>(value: Value<'d>, name: &str) -> Vec<Value<'d>> {
    match value.member(name) {
        None => Vec::new(),
        Some(found) if found.kind() == Kind::Array => found.items().collect(),
        Some(found) => vec![found],
    }
}

/// The first of these members that is there.
pub(super) fn first<'d>(value: Value<'d>, names: &[&str]) -> Option<Value<'d>> {
    names.iter().find_map(|name| value.member(name))
}

/// The string under a name, as it stands.
pub(super) fn string(value: Value<'_>, name: &str) -> Option<String> {
    value.member(name)?.as_str().map(std::borrow::Cow::into_owned)
}

/// The string under a name, for people.
pub(super) fn text(value: Value<'_>, name: &str) -> Option<String> {
    clean(&value.member(name)?.as_str()?)
}

/// The member `value[x]`: its whole name, and what it is.
pub(super) fn choice<'d>(value: Value<'d>, prefix: &str) -> Option<(String, Value<'d>)> {
    value.members().find_map(|member| {
        let name = member.name()?;
        let kind = name.strip_prefix(prefix)?;
        kind.starts_with(|c: char| c.is_ascii_uppercase())
            .then(|| (kind.to_owned(), member))
    })
}

/// The extensions whose address ends with this.
pub(super) fn extensions<'d>(value: Value<'d>, end: &str) -> Vec<Value<'d>> {
    let all = each(value, "extension")
        .into_iter()
        .chain(each(value, "modifierExtension"));
    all.filter(|extension| string(*extension, "url").is_some_and(|url| url.ends_with(end)))
        .collect()
}

/// A CodeableConcept, a Coding, a text, or several of them.
pub(super) fn concept(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => clean(&value.as_str()?),
        Kind::Array => {
            let mut shown: Vec<String> = Vec::new();
            for each in value.items().filter_map(concept) {
                if !shown.contains(&each) {
                    shown.push(each);
                }
            }
            (!shown.is_empty()).then(|| shown.join(", "))
        }
        Kind::Object => text(value, "text").or_else(|| {
            let codings = each(value, "coding");
            let known = codings
                .iter()
                .copied()
                .chain([value])
                .find_map(|coding| words::coded(&string(coding, "code")?));
            known.map(str::to_owned).or_else(|| {
                let mut displays = codings.iter().copied().chain([value]);
                displays.find_map(|coding| text(coding, "display"))
            })
        }),
        _ => None,
    }
}

/// The concept under a name.
pub(super) fn concept_at(value: Value<'_>, name: &str) -> Option<String> {
    concept(value.member(name)?)
}

/// Whether one of the codings of the concepts under a name has one of these codes.
pub(super) fn has_code(value: Value<'_>, name: &str, codes: &[&str]) -> bool {
    each(value, name).into_iter().any(|concept| {
        let mut codings = each(concept, "coding").into_iter().chain([concept]);
        codings.any(|coding| string(coding, "code").is_some_and(|code| codes.contains(&code.as_str())))
    })
}

/// A word of the table for the code under a name: a `code`, or a CodeableConcept as R4 has for some.
pub(super) fn word(value: Value<'_>, name: &str, group: &str) -> Option<String> {
    let found = value.member(name)?;
    if let Some(code) = found.as_str() {
        return words::word(group, &code).map(str::to_owned);
    }
    let codings = each(found, "coding");
    let known = codings
        .into_iter()
        .find_map(|coding| words::word(group, &string(coding, "code")?));
    known.map(str::to_owned).or_else(|| concept(found))
}

/// A number in the Dutch way, digit for digit: `82.80` is `82,80`.
pub(super) fn number(value: Value<'_>) -> Option<String> {
    let number = value.as_number()?;
    (number.len() <= 40).then(|| number.replace('.', ","))
}

/// A Quantity: `< 5,0 mmol/L`.
pub(super) fn quantity(value: Value<'_>) -> Option<String> {
    let number = number(value.member("value")?)?;
    let comparator = string(value, "comparator").and_then(|sign| words::word("comparator", &sign));
    let unit = unit(value);
    Some(
        [comparator, Some(number.as_str()), unit.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// The unit of a Quantity.
pub(super) fn unit(value: Value<'_>) -> Option<String> {
    let unit = text(value, "unit").or_else(|| string(value, "code"))?;
    match words::word("unit", &unit) {
        Some(known) => Some(known.to_owned()).filter(|known| !known.is_empty()),
        None if unit.contains(['{', '}', '[', ']']) => clean(&unit.replace(['{', '}', '[', ']'], "")),
        None => clean(&unit).or_else(|| (unit == "%").then_some(unit)),
    }
}

/// A Range or a reference range: `20 tot 42 mmol/mol`.
pub(super) fn range(value: Value<'_>) -> Option<String> {
    let (low, high) = (value.member("low"), value.member("high"));
    match (low, high) {
        (Some(low), Some(high)) => {
            let from = number(low.member("value")?)?;
            let to = number(high.member("value")?)?;
            let unit = unit(high).or_else(|| unit(low));
            Some(
                [Some(format!("{from} tot {to}")), unit]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        }
        (Some(low), None) => quantity(low).map(|low| format!("vanaf {low}")),
        (None, Some(high)) => quantity(high).map(|high| format!("tot {high}")),
        (None, None) => None,
    }
}

/// The day under a name.
pub(super) fn day(value: Value<'_>, name: &str) -> Option<Day> {
    Day::parse(&value.member(name)?.as_str()?)
}

/// A Period: `van 1 mei 2026 tot en met 3 mei 2026`, `sinds 1 mei 2026`.
pub(super) fn period(value: Value<'_>) -> Option<String> {
    let (start, end) = (day(value, "start"), day(value, "end"));
    match (start, end) {
        (Some(start), Some(end)) if start.text() == end.text() => Some(start.text().to_owned()),
        (Some(start), Some(end)) => Some(format!("van {} tot en met {}", start.text(), end.text())),
        (Some(start), None) => Some(format!("vanaf {}", start.text())),
        (None, Some(end)) => Some(format!("tot en met {}", end.text())),
        (None, None) => None,
    }
}

/// A HumanName.
pub(super) fn name(value: Value<'_>) -> Option<String> {
    if let Some(plain) = value.as_str() {
        return clean(&plain);
    }
    text(value, "text").or_else(|| {
        let mut parts: Vec<String> = Vec::new();
        for name in ["prefix", "given", "family", "suffix"] {
            parts.extend(each(value, name).into_iter().filter_map(|part| clean(&part.as_str()?)));
        }
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// An Address in one line.
pub(super) fn address(value: Value<'_>) -> Option<String> {
    let mut parts: Vec<String> = each(value, "line")
        .into_iter()
        .filter_map(|line| clean(&line.as_str()?))
        .collect();
    let place = [text(value, "postalCode"), text(value, "city")];
    parts.extend(Some(place.into_iter().flatten().collect::<Vec<_>>().join(" ")).filter(|place| !place.is_empty()));
    parts.extend(
        ["district", "state", "country"]
            .iter()
            .filter_map(|name| text(value, name)),
    );
    if parts.is_empty() {
        return text(value, "text");
    }
    Some(parts.join(", "))
}

/// A ContactPoint: what it is, and the number or address.
pub(super) fn contact(value: Value<'_>) -> Option<(&'static str, String)> {
    let kind = words::word("telecom", &string(value, "system").unwrap_or_default()).unwrap_or("Bereikbaar via");
    // here an address of a web site is for people
    let shown = value.member("value")?.as_str().map(|text| super::text::join(&text))?;
    Some((kind, shown)).filter(|(_, shown)| !shown.is_empty())
}

/// `value[x]` by the end of its name.
pub(super) fn any(kind: &str, value: Value<'_>) -> Option<String> {
    match kind {
        "Quantity" | "SimpleQuantity" | "Age" | "Duration" | "Money" | "Count" | "Distance" => quantity(value),
        "CodeableConcept" | "Coding" => concept(value),
        "Boolean" => value.as_bool().map(|yes| if yes { "ja" } else { "nee" }.to_owned()),
        "Integer" | "Decimal" | "PositiveInt" | "UnsignedInt" => number(value),
        "Date" | "DateTime" | "Instant" => Day::parse(&value.as_str()?).map(|day| day.text().to_owned()),
        "Time" => time(&value.as_str()?),
        "Period" => period(value),
        "Range" => range(value),
        "Ratio" => {
            let (above, below) = (value.member("numerator")?, value.member("denominator")?);
            Some(format!("{} per {}", quantity(above)?, quantity(below)?))
        }
        "HumanName" => name(value),
        "Address" => address(value),
        "ContactPoint" => contact(value).map(|(_, shown)| shown),
        "Annotation" => text(value, "text"),
        "Reference" => text(value, "display"),
        "String" | "Markdown" => clean(&value.as_str()?),
        _ => None,
    }
}

/// `08:30:00` as `8.30 uur`.
pub(super) fn time(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let (hour, minute): (u8, u8) = (parts.next()?.parse().ok()?, parts.next()?.get(..2)?.parse().ok()?);
    (hour < 24 && minute < 60).then(|| format!("{hour}.{minute:02} uur"))
}
