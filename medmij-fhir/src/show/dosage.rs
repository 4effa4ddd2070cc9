// SPDX-License-Identifier: AGPL-3.0-or-later
//! A dosage and its timing in words: the text of the sender where there is one.

use medmij_types::json::Value;

use super::read::{any, choice, concept_at, each, number, period, quantity, range, string, text, time, word};
use super::words;

/// One Dosage.
pub(super) fn dosage(value: Value<'_>) -> Option<String> {
    if let Some(text) = text(value, "text") {
        return Some(text);
    }
    let mut parts = Vec::new();
    let rates = each(value, "doseAndRate");
    let dose = rates.iter().copied().chain([value]).find_map(|rate| {
        let (kind, dose) = choice(rate, "dose")?;
        if kind == "AndRate" {
            return None;
        }
        any(&kind, dose)
    });
    parts.extend(dose);
    parts.extend(value.member("timing").and_then(timing));
    match choice(value, "asNeeded") {
        Some((kind, found)) if kind == "Boolean" => {
            parts.extend((found.as_bool() == Some(true)).then(|| "zo nodig".to_owned()));
        }
        Some((kind, found)) => parts.extend(any(&kind, found).map(|reason| format!("zo nodig bij {reason}"))),
        None => {}
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What else a Dosage says: the label and the text.
pub(super) fn details(value: Value<'_>) -> Vec<(&'static str, String)> {
    let mut details = Vec::new();
    for name in ["additionalInstruction", "additionalInstructions"] {
        details.extend(concept_at(value, name).map(|text| ("Aanwijzing", text)));
    }
    details.extend(text(value, "patientInstruction").map(|text| ("Aanwijzing", text)));
    details.extend(concept_at(value, "route").map(|text| ("Toediening", text)));
    details.extend(concept_at(value, "method").map(|text| ("Manier", text)));
    details.extend(concept_at(value, "site").map(|text| ("Plaats op het lichaam", text)));
    if let Some((kind, found)) = choice(value, "maxDosePer") {
        let most = any(if kind == "Period" { "Ratio" } else { "Quantity" }, found);
        details.extend(most.map(|text| ("Hoogstens", text)));
    }
    details
}

/// A Timing: `2 keer per dag, in de ochtend`.
fn timing(value: Value<'_>) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(repeat) = value.member("repeat") {
        parts.extend(frequency(repeat));
        for when in each(repeat, "when") {
            parts.extend(
                when.as_str()
                    .and_then(|code| words::word("when", &code))
                    .map(str::to_owned),
            );
        }
        let days: Vec<&str> = each(repeat, "dayOfWeek")
            .into_iter()
            .filter_map(|day| words::word("weekday", &day.as_str()?))
            .collect();
        if !days.is_empty() {
            parts.push(format!("op {}", days.join(", ")));
        }
        let times: Vec<String> = each(repeat, "timeOfDay")
            .into_iter()
            .filter_map(|at| time(&at.as_str()?))
            .collect();
        if !times.is_empty() {
            parts.push(format!("om {}", times.join(", ")));
        }
        match choice(repeat, "bounds") {
            Some((kind, found)) if kind == "Period" => parts.extend(period(found)),
            Some((kind, found)) if kind == "Range" => parts.extend(range(found)),
            Some((_, found)) => parts.extend(quantity(found).map(|length| format!("{length} lang"))),
            None => {}
        }
    }
    if parts.is_empty() {
        parts.extend(concept_at(value, "code"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn frequency(repeat: Value<'_>) -> Option<String> {
    let unit = string(repeat, "periodUnit")?;
    let length = number(repeat.member("period")?)?;
    let per = if length == "1" {
        format!("per {}", words::word("period", &unit)?)
    } else {
        format!("per {length} {}", words::word("periods", &unit)?)
    };
    let least = repeat
        .member("frequency")
        .and_then(number)
        .unwrap_or_else(|| "1".to_owned());
    Some(match repeat.member("frequencyMax").and_then(number) {
        Some(most) => format!("{least} tot {most} keer {per}"),
        None => format!("{least} keer {per}"),
    })
}

/// Whether a medicine is taken: `taken` of STU3, `status` of both.
pub(super) fn use_status(value: Value<'_>) -> Option<String> {
    word(value, "taken", "taken")
}

#[cfg(test)]
mod tests {
    use medmij_types::json::{Document, JsonLimits};

    use super::dosage;

    fn shown(text: &str) -> Option<String> {
        let document = Document::parse(text.as_bytes(), &JsonLimits::default()).unwrap();
        dosage(document.root())
    }

    #[test]
    fn a_dosage_without_a_text_is_put_in_words() {
        let cases = [
            (
                r#"{"text":"1 maal per dag 1 tablet","doseQuantity":{"value":2}}"#,
                Some("1 maal per dag 1 tablet"),
            ),
            (
                r#"{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d","when":["MORN"]}},"doseQuantity":{"value":1.50,"unit":"ml"}}"#,
                Some("1,50 ml, 2 keer per dag, in de ochtend"),
            ),
            (
                r#"{"timing":{"repeat":{"frequency":1,"frequencyMax":3,"period":8,"periodUnit":"h","boundsDuration":{"value":5,"code":"d"}}},"doseAndRate":[{"doseRange":{"low":{"value":1},"high":{"value":2,"unit":"stuks"}}}],"asNeededBoolean":true}"#,
                Some("1 tot 2 stuks, 1 tot 3 keer per 8 uur, 5 dagen lang, zo nodig"),
            ),
            (
                r#"{"timing":{"repeat":{"dayOfWeek":["mon","thu"],"timeOfDay":["08:00:00"]}},"asNeededCodeableConcept":{"text":"pijn"}}"#,
                Some("op maandag, donderdag, om 8.00 uur, zo nodig bij pijn"),
            ),
            ("{}", None),
            (r#"{"timing":7,"doseAndRate":[null]}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
