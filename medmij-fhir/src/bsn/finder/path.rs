// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where something stands: paths without anything of the other party but names of elements.

use std::collections::BTreeSet;

use medmij_types::json::{Document, Items, Kind, Members, Value};

use crate::bsn::BsnPath;

/// The paths of values by their index, which rises: together they take one walk, however long the arrays are.
pub(super) struct Paths<'d> {
    root: Value<'d>,
    /// What is around the last value, with the child that was come to.
    around: Vec<Step<'d>>,
}

struct Step<'d> {
    outer: Value<'d>,
    child: Value<'d>,
    /// How many come before it.
    before: usize,
    /// What comes after it.
    members: Members<'d>,
    items: Items<'d>,
}

impl<'d> Paths<'d> {
    pub(super) fn of(document: &'d Document<'_>) -> Self {
        Self {
            root: document.root(),
            around: Vec::new(),
        }
    }

    /// The path of a value: its index is that of the last one, or higher.
    pub(super) fn of_value(&mut self, value: Value<'d>) -> BsnPath {
        let start = value.range().start;
        let holds = |outer: &Value<'_>| outer.range().contains(&start);
        while self.around.last().is_some_and(|step| !holds(&step.outer)) {
            self.around.pop();
        }
        // the last step goes on where it was
        if let Some(step) = self.around.last_mut() {
            step.go_to(start);
        }
        let mut inner = self.around.last().map_or(self.root, |step| step.child);
        while inner.index() < value.index() {
            let (mut members, mut items) = (inner.members(), inner.items());
            let Some(child) = members.next().or_else(|| items.next()) else {
                break;
            };
            let mut step = Step {
                outer: inner,
                child,
                before: 0,
                members,
                items,
            };
            step.go_to(start);
            inner = step.child;
            self.around.push(step);
        }
        self.render()
    }

    /// Names come from the other party: what does not look like a FHIR element is shown as `?`.
    fn render(&self) -> BsnPath {
        let mut out = String::new();
        for step in &self.around {
            if step.outer.kind() == Kind::Array {
                out.push_str(&format!("[{}]", step.before));
                continue;
            }
            let name = step.child.name().unwrap_or_default();
            let plain =
                !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(if plain { &name } else { "?" });
        }
        BsnPath(out)
    }
}

impl Step<'_> {
    /// Goes on to the child that holds an offset.
    fn go_to(&mut self, start: usize) {
        while self.child.range().end <= start {
            let Some(next) = self.members.next().or_else(|| self.items.next()) else {
                return;
            };
            self.child = next;
            self.before += 1;
        }
    }
}

/// Leaves out what is there already; says how many that are.
pub(super) fn dedup(paths: &mut Vec<BsnPath>) {
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
}
