// SPDX-License-Identifier: AGPL-3.0-or-later
//! The search parameters as data: `parameters.txt`, read once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

/// How the value of a parameter is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Token,
    Date,
    String,
    Uri,
    Reference,
}

impl Kind {
    /// The code of `SearchParameter.type`.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Date => "date",
            Self::String => "string",
            Self::Uri => "uri",
            Self::Reference => "reference",
        }
    }
}

/// One parameter of one resource type.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What a reference may point at.
    pub(super) targets: Vec<&'static str>,
    paths: Vec<Vec<Step>>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    /// Of an extension: how its url ends.
    url: Option<&'static str>,
}

type Table = BTreeMap<&'static str, Vec<Definition>>;

/// The parameters of every type.
const COMMON: &str = "\
 _id token id
 _lastUpdated date meta.lastUpdated
 _profile uri meta.profile
 _security token meta.security
 _tag token meta.tag
";

/// The parameters of a type; those of every type too.
pub(super) fn of_type(resource_type: &str) -> impl Iterator<Item = &'static Definition> {
    static COMMON_ROWS: OnceLock<Vec<Definition>> = OnceLock::new();
    let common = COMMON_ROWS.get_or_init(|| COMMON.lines().filter_map(row).collect());
    table().get(resource_type).into_iter().flatten().chain(common)
}

/// The parameter of a type with this name.
pub(super) fn lookup(resource_type: &str, name: &str) -> Option<&'static Definition> {
    of_type(resource_type).find(|definition| definition.name == name)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::new();
        let mut resource_type = "";
        for line in include_str!("parameters.txt").lines() {
            if line.starts_with(' ') {
                table.entry(resource_type).or_default().extend(row(line));
            } else if !line.starts_with('#') {
                resource_type = line.trim();
            }
        }
        table
    })
}

fn row(line: &'static str) -> Option<Definition> {
    let mut words = line.split_whitespace();
    let (name, kind) = (words.next()?, words.next()?);
    let (kind, targets) = kind.split_once('>').unwrap_or((kind, ""));
    let kind = match kind {
        "token" => Kind::Token,
        "date" => Kind::Date,
        "string" => Kind::String,
        "uri" => Kind::Uri,
        "reference" => Kind::Reference,
        _ => return None,
    };
    Some(Definition {
        name,
        kind,
        targets: targets.split(',').filter(|target| !target.is_empty()).collect(),
        paths: words.map(steps).collect(),
    })
}

fn steps(path: &'static str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        // the dots between the brackets belong to the url
        let end = match (rest.find('.'), rest.find('(')) {
            (Some(dot), Some(open)) if open < dot => rest.find(')').map_or(rest.len(), |close| close + 1),
            (None, Some(_)) | (None, None) => rest.len(),
            (Some(dot), _) => dot,
        };
        let (step, tail) = rest.split_at(end);
        let (name, url) = match step.split_once('(') {
            Some((name, url)) => (name, Some(url.trim_end_matches(')'))),
            None => (step, None),
        };
        steps.push(Step { name, url });
        rest = tail.strip_prefix('.').unwrap_or(tail);
    }
    steps
}

impl Definition {
    /// The elements of a resource that the parameter looks at.
    pub(super) fn elements<'v>(&self, resource: &'v Value) -> Vec<&'v Value> {
        let mut found = Vec::new();
        for path in &self.paths {
            walk(resource, path, &mut found);
        }
        found
    }

    /// The texts of the references that the parameter looks at.
    pub(super) fn references<'v>(&self, resource: &'v Value) -> Vec<&'v str> {
        let mut found = Vec::new();
        for element in self.elements(resource) {
            reference_texts(element, &mut found);
        }
        found
    }
}

fn walk<'v>(value: &'v Value, path: &[Step], found: &mut Vec<&'v Value>) {
    if let Value::Array(items) = value {
        return items.iter().for_each(|item| walk(item, path, found));
    }
    let Some((step, rest)) = path.split_first() else {
        return found.push(value);
    };
    let Some(member) = value.get(step.name) else { return };
    match (step.url, member) {
        (Some(url), Value::Array(extensions)) => {
            let ends = |extension: &&Value| {
                let text = extension.get("url").and_then(Value::as_str);
                text.is_some_and(|text| text.ends_with(url))
            };
            extensions
                .iter()
                .filter(ends)
                .for_each(|extension| walk(extension, rest, found));
        }
        (Some(_), _) => {}
        (None, member) => walk(member, rest, found),
    }
}

/// The texts of a Reference, of a plain uri (`questionnaire` in R4), or of a list of these.
fn reference_texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| reference_texts(item, found)),
        Value::Object(members) => found.extend(members.get("reference").and_then(Value::as_str)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Kind, lookup, table};

    #[test]
    fn every_line_of_the_table_is_a_parameter() {
        let lines = include_str!("parameters.txt").lines();
        let rows = lines.filter(|line| line.starts_with(' ')).count();
        assert_eq!(table().values().map(Vec::len).sum::<usize>(), rows);
        for (resource_type, definitions) in table() {
            assert!(resource_type.starts_with(char::is_uppercase), "{resource_type}");
            for definition in definitions {
                let place = format!("{resource_type} {}", definition.name);
                assert!(!definition.paths.is_empty(), "{place}");
                assert_eq!(
                    definition.kind == Kind::Reference,
                    !definition.targets.is_empty(),
                    "{place}"
                );
            }
        }
    }

    #[test]
    fn paths_walk_through_lists_and_extensions() {
        let resource = json!({
            "extension": [
                {"url": "http://nictiz.nl/fhir/StructureDefinition/zib-Medication-PeriodOfUse", "valuePeriod": {"start": "2026"}},
                {"url": "http://nictiz.nl/fhir/StructureDefinition/ext-PharmaceuticalTreatment.Identifier", "valueIdentifier": {"value": "7"}},
            ],
            "performer": [{"actor": {"reference": "Organization/o"}}, {"actor": {"reference": "Practitioner/p"}}],
        });
        let definition = lookup("MedicationDispense", "periodofuse").unwrap();
        assert_eq!(definition.elements(&resource), [&json!({"start": "2026"})]);
        let definition = lookup("MedicationDispense", "pharmaceutical-treatment-identifier").unwrap();
        assert_eq!(definition.elements(&resource), [&json!({"value": "7"})]);
        let definition = lookup("MedicationDispense", "performer").unwrap();
        assert_eq!(definition.references(&resource), ["Organization/o", "Practitioner/p"]);
        assert!(lookup("Observation", "_lastUpdated").is_some());
        assert!(lookup("Observation", "onbekend").is_none());
    }
}
