// SPDX-License-Identifier: AGPL-3.0-or-later
//! Walking a resource with the type of every object.

use medmij_types::json::{Kind, Value};

use super::CheckRule;
use super::{Finding, date};
use crate::table::{ElementKind, Table, Type};

/// Checks what a resource holds, whatever Bundle it came in.
pub(super) struct Walk<'f> {
    pub(super) table: &'static Table,
    pub(super) path: String,
    pub(super) findings: &'f mut Vec<Finding>,
}

impl Walk<'_> {
    pub(super) fn finding(&mut self, last: &str, rule: CheckRule) {
        if self.findings.len() >= MOST {
            return;
        }
        let path = match (self.path.is_empty(), last.is_empty()) {
            (true, _) => last.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{last}", self.path),
        };
        self.findings.push(Finding { path, rule });
    }

    /// A resource, of an entry or contained.
    pub(super) fn resource(&mut self, resource: Value<'_>) {
        let name = resource
            .member("resourceType")
            .and_then(|name| name.as_str())
            .unwrap_or_default();
        match self.table.resource(&name) {
            Some(of) => self.object(resource, of),
            None => self.finding("", CheckRule::UnknownType),
        }
    }

    fn object(&mut self, object: Value<'_>, of: usize) {
        let known = self.table.get(of);
        self.element(object, known.name);
        let mut from = 0;
        for member in object.members() {
            let name = member.name().unwrap_or_default();
            let bare = name.strip_prefix('_').unwrap_or(&name);
            let Some(at) = known.position(bare, from) else {
                if name != "resourceType" {
                    self.below(&name, |walk| walk.finding("", CheckRule::UnknownElement));
                }
                continue;
            };
            from = at;
            let is_companion = bare.len() < name.len();
            self.below(&name, |walk| walk.member(member, known, at, is_companion));
        }
    }

    fn member(&mut self, member: Value<'_>, known: &'static Type, at: usize, is_companion: bool) {
        let Some(element) = known.elements.get(at) else { return };
        if member.kind() == Kind::Array {
            for (index, item) in member.items().enumerate() {
                self.at(index, |walk| walk.value(item, element.name, element.kind, is_companion));
            }
        } else {
            self.value(member, element.name, element.kind, is_companion);
        }
    }

    fn value(&mut self, value: Value<'_>, name: &str, kind: ElementKind, is_companion: bool) {
        match kind {
            ElementKind::Type(of) if value.kind() == Kind::Object => self.object(value, of),
            ElementKind::Resource if value.kind() == Kind::Object => self.resource(value),
            _ if is_companion && value.kind() == Kind::Object => self.object(value, self.table.element),
            ElementKind::Text if !is_companion && date::is_date_element(name) => {
                if let Some(rule) = value.as_str().and_then(|text| date::check(&text)) {
                    self.finding("", rule);
                }
            }
            _ => {}
        }
    }

    pub(super) fn below(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        crate::xml::push_step(&mut self.path, name);
        check(self);
        self.path.truncate(len);
    }

    pub(super) fn at(&mut self, index: usize, check: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        self.path.push_str(&format!("[{index}]"));
        check(self);
        self.path.truncate(len);
    }
}

/// No more findings than anybody reads.
const MOST: usize = 10_000;
