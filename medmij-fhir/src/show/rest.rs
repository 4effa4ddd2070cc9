// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything readable that no fact of its own holds: so that nothing is hidden, in resources of known and unknown types.

use medmij_types::json::{Kind, Value};

use super::draft::{Draft, Here};
use super::read::{any, concept, contact, each, name, quantity, range, string, word};
use super::text::{clean, is_readable, of_narrative};
use super::{Day, Section, words};

/// The label of a text whose element has no name in the table.
const ALSO: &str = "Ook vermeld";

/// Members of a resource with a view of its own that say nothing new: whose dossier it is, and what a fact says in Dutch.
const SAID: [&str; 8] = [
    "subject",
    "patient",
    "beneficiary",
    "interpretation",
    "class",
    "intent",
    "role",
    "forecastStatus",
];

/// How deep a resource is looked into; the reader has its own, smaller limit.
const MOST_DEEP: usize = 80;

/// Adds what can be read in a resource and is not in the draft yet.
pub(super) fn add<'d>(here: Here<'_, 'd>, resource: Value<'d>, draft: &mut Draft) {
    let mut walk = Walk { here, label: ALSO };
    for member in resource.members() {
        walk.member(member, draft, 0);
    }
    let Some(narrative) = resource.member("text") else {
        return;
    };
    let is_generated = string(narrative, "status").is_some_and(|status| status == "generated");
    // what a computer made of the rest of the resource says nothing more
    if (!is_generated || draft.facts.is_empty())
        && let Some(text) = string(narrative, "div").and_then(|div| of_narrative(&div))
        && !draft.shows(&text)
    {
        draft.fact("Tekst van de zorgaanbieder", Some(text));
    }
}

struct Walk<'l, 'd> {
    here: Here<'l, 'd>,
    label: &'static str,
}

impl<'d> Walk<'_, 'd> {
    fn member(&mut self, value: Value<'d>, draft: &mut Draft, depth: usize) {
        let Some(name) = value.name() else { return };
        if depth > MOST_DEEP || matches!(name.as_ref(), "meta" | "resourceType") {
            return;
        }
        if depth == 0 && name == "text" && value.kind() == Kind::Object {
            return;
        }
        if !draft.is_generic && SAID.contains(&name.as_ref()) {
            return;
        }
        if name == "category" && draft.section == Section::Measurements {
            return;
        }
        let outer = self.label;
        let plain = name.trim_start_matches('_');
        if let Some(label) = words::word("label", plain) {
            self.label = label;
        }
        self.value(plain, value, draft, depth);
        self.label = outer;
    }

    fn value(&mut self, name: &str, value: Value<'d>, draft: &mut Draft, depth: usize) {
        match value.kind() {
            Kind::Array => {
                for item in value.items() {
                    self.value(name, item, draft, depth + 1);
                }
            }
            Kind::Object => self.object(name, value, draft, depth + 1),
            Kind::String => self.string(name, value, draft),
            Kind::Number | Kind::Bool | Kind::Null => {}
        }
    }

    fn object(&mut self, name: &str, value: Value<'d>, draft: &mut Draft, depth: usize) {
        let has = |name: &str| value.member(name).is_some();
        let is_identifier = name.to_ascii_lowercase().ends_with("identifier");
        if is_identifier {
            // a number by which computers know the resource
            for member in value.members().filter(|member| !member.has_name("value")) {
                self.member(member, draft, depth);
            }
            return;
        }
        if has("coding") || (has("code") && (has("system") || has("display"))) && !has("value") {
            self.put(draft, concept(value));
            if !draft.is_generic {
                return;
            }
        } else if has("value") && (has("unit") || has("code") || has("comparator")) {
            self.put(draft, quantity(value));
        } else if has("low") || has("high") {
            self.put(draft, range(value));
            if !draft.is_generic {
                return;
            }
        } else if has("family") || has("given") {
            self.put(draft, self::name(value));
        } else if has("value") && has("system") && name == "telecom" {
            self.put(draft, contact(value).map(|(_, shown)| shown));
        } else if has("reference") && !has("display") {
            self.put(draft, self.here.reference(value));
        } else if has("url") && name.ends_with("xtension") {
            self.extension(value, draft);
        } else if has("question") || has("linkId") {
            self.question(value, draft);
        }
        for member in value.members() {
            self.member(member, draft, depth);
        }
    }

    /// What an extension says without a text: a number, a day, yes or no, where its value has a form of its own.
    fn extension(&self, value: Value<'d>, draft: &mut Draft) {
        if let Some((kind, found)) = super::read::choice(value, "value")
            && matches!(
                kind.as_str(),
                "Quantity" | "Period" | "Range" | "Ratio" | "DateTime" | "Date"
            )
        {
            self.put(draft, any(&kind, found));
        }
    }

    /// A question of a form with its answers, which are beside each other.
    fn question(&self, value: Value<'d>, draft: &mut Draft) {
        let Some(question) = super::read::text(value, "text") else {
            return;
        };
        let answers = each(value, "answer")
            .into_iter()
            .filter_map(|answer| self.here.any(answer, "value"));
        if let Some(answers) = super::draft::joined(answers) {
            draft.fact(&question, Some(answers));
        }
    }

    fn string(&self, name: &str, value: Value<'d>, draft: &mut Draft) {
        let Some(text) = value.as_str() else { return };
        if is_readable(name, &text) {
            self.put(draft, clean(&text));
        } else if let Some(day) = Day::parse(&text).filter(|_| text.contains('-')) {
            self.put(draft, Some(day.text().to_owned()));
        } else if draft.is_generic && name == "gender" {
            let known = words::word(name, &text).map(str::to_owned);
            self.put(draft, known);
        }
    }

    fn put(&self, draft: &mut Draft, text: Option<String>) {
        if let Some(text) = text.filter(|text| !draft.shows(text)) {
            draft.fact(self.label, Some(text));
        }
    }
}

/// A resource of a type that has no function of its own.
pub(super) fn generic(here: Here<'_, '_>, section: Section) -> Draft {
    let mut draft = Draft::new(section);
    draft.is_generic = true;
    let kind = string(here.root, "resourceType").unwrap_or_default();
    let named = || words::word("type", &kind).map(str::to_owned);
    draft.title = super::draft::title_of(here.root).or_else(named);
    let dates = [
        "date",
        "dateTime",
        "authoredOn",
        "authored",
        "created",
        "recorded",
        "issued",
        "started",
        "birthDate",
    ];
    draft.date = dates.iter().find_map(|name| super::read::day(here.root, name));
    let began = || {
        here.root
            .member("period")
            .and_then(|period| super::read::day(period, "start"))
    };
    draft.date = draft.date.take().or_else(began);
    draft.fact(
        "Status",
        word(here.root, "status", "status").filter(|status| !status.contains('-')),
    );
    draft
}
