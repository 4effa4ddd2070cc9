// SPDX-License-Identifier: AGPL-3.0-or-later
//! What holds for every Coding, CodeableConcept, Reference and Identifier of every answer.

use medmij_types::json::{Kind, Value};

use super::CheckRule;
use super::walk::Walk;

impl Walk<'_> {
    /// Checks an object by its type.
    pub(super) fn element(&mut self, object: Value<'_>, of: &str) {
        match of {
            "Coding" => self.coding(object),
            "CodeableConcept" => {
                let codings = object.member("coding");
                let says = |coding: Value<'_>| has(coding, "display") || has_extension(coding);
                let coded = codings.is_some_and(|codings| codings.items().any(says));
                if !coded && !has(object, "text") && !has_extension(object) {
                    self.finding("", CheckRule::ConceptText);
                }
            }
            "Reference" if !has(object, "display") && !says_why_absent(object) => {
                self.finding("display", CheckRule::ReferenceDisplay);
            }
            "Identifier" => {
                if !has(object, "value") && !has_extension(object) {
                    self.finding("value", CheckRule::IdentifierValue);
                }
                if !has(object, "system") && object.member("type").is_none() {
                    self.finding("system", CheckRule::IdentifierSystem);
                }
            }
            _ => {}
        }
    }

    fn coding(&mut self, coding: Value<'_>) {
        if !has(coding, "system") {
            self.finding("system", CheckRule::CodingSystem);
        }
        if !has(coding, "code") {
            self.finding("code", CheckRule::CodingCode);
        }
        let system = coding.member("system").and_then(|system| system.as_str());
        if system.is_some_and(|system| system.contains(ZIB_VALUE_SETS)) {
            self.finding("system", CheckRule::CodingValueSet);
        }
    }
}

/// Whether a primitive has a value, or an extension that says why not.
fn has(object: Value<'_>, name: &str) -> bool {
    let value = object.member(name);
    let says = value.is_some_and(|value| match value.as_str() {
        Some(text) => !text.trim().is_empty(),
        None => !value.is_null(),
    });
    says || object.member(&format!("_{name}")).is_some_and(has_extension)
}

fn has_extension(object: Value<'_>) -> bool {
    object
        .member("extension")
        .is_some_and(|extensions| extensions.items().any(|e| e.kind() == Kind::Object))
}

/// A null flavor, or a reason why there is no data.
fn says_why_absent(object: Value<'_>) -> bool {
    object.member("extension").is_some_and(|extensions| {
        extensions
            .items()
            .filter_map(|extension| extension.member("url")?.as_str())
            .any(|url| {
                let url = url.to_ascii_lowercase();
                url.contains("nullflavor") || url.ends_with("data-absent-reason")
            })
    })
}

/// The root of the value sets of the zibs; their code systems are under others.
const ZIB_VALUE_SETS: &str = "2.16.840.1.113883.2.4.3.11.60.40.2.";
