// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where something stands: paths without anything of the other party but names of elements.

use std::collections::BTreeSet;

use medmij_types::json::Value;

use crate::bsn::BsnPath;

/// The path of the value that begins at an offset.
pub(super) fn path_of(root: Value<'_>, start: usize) -> BsnPath {
    let mut around = Vec::new();
    let mut value = root;
    while value.range().start != start {
        let holds = |inner: &Value<'_>| inner.range().contains(&start);
        let Some(inner) = value.members().find(holds).or_else(|| value.items().find(holds)) else {
            break;
        };
        around.push(value);
        value = inner;
    }
    render(&around, value)
}

pub(super) fn dedup(paths: &mut Vec<BsnPath>) {
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
}

/// Names come from the other party: what does not look like a FHIR element is shown as `?`.
pub(super) fn render(around: &[Value<'_>], value: Value<'_>) -> BsnPath {
    let mut out = String::new();
    let inner = around.iter().skip(1).chain(std::iter::once(&value));
    for (outer, inner) in around.iter().zip(inner) {
        if let Some(name) = inner.name() {
            let plain =
                !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
            push_name(&mut out, if plain { &name } else { "?" });
        } else {
            let start = inner.range().start;
            let index = outer.items().take_while(|item| item.range().start < start).count();
            out.push_str(&format!("[{index}]"));
        }
    }
    BsnPath(out)
}

fn push_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}
