// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the table does not know, by its shape: an attribute `value` makes a string, children make an object.

use std::collections::HashMap;

/// An unknown element with all that is in it.
pub(super) struct Node<'a> {
    pub(super) value: Option<String>,
    pub(super) id: Option<String>,
    pub(super) url: Option<String>,
    pub(super) children: Vec<(&'a str, Self)>,
    /// How many elements there are, itself included.
    pub(super) size: usize,
    /// Whether it holds what FHIR never has: text, other attributes, other namespaces.
    pub(super) is_odd: bool,
}

impl Node<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.value.is_none() && self.has_no_content()
    }

    fn has_no_content(&self) -> bool {
        self.id.is_none() && self.url.is_none() && self.children.is_empty()
    }

    /// The JSON of the value, or of the whole where it has none.
    pub(super) fn value_json(&self) -> Option<String> {
        match (&self.value, self.children.as_slice()) {
            (Some(value), _) => Some(value.clone()),
            // a resource in another one
            (None, [(name, resource)]) if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                Some(resource.object(Some(name)))
            }
            (None, _) => Some(self.object(None)),
        }
    }

    /// What is beside a value.
    pub(super) fn companion_json(&self) -> Option<String> {
        (self.value.is_some() && !self.has_no_content()).then(|| self.object(None))
    }

    fn object(&self, resource_type: Option<&str>) -> String {
        let mut out = String::from('{');
        let mut is_first = true;
        let kind = resource_type.map(|name| {
            let mut quoted = String::new();
            crate::json::push_string(&mut quoted, name);
            quoted
        });
        for (name, value) in [("resourceType", &kind), ("id", &self.id), ("url", &self.url)] {
            is_first = push_list(&mut out, is_first, "", name, std::slice::from_ref(value));
        }
        let mut order: Vec<(&str, Vec<&Self>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (name, child) in &self.children {
            let at = *places.entry(name).or_insert(order.len());
            match order.get_mut(at) {
                Some((_, same)) => same.push(child),
                None => order.push((name, vec![child])),
            }
        }
        for (name, same) in order {
            let values: Vec<_> = same.iter().map(|child| child.value_json()).collect();
            is_first = push_list(&mut out, is_first, "", name, &values);
            let companions: Vec<_> = same.iter().map(|child| child.companion_json()).collect();
            is_first = push_list(&mut out, is_first, "_", name, &companions);
        }
        out.push('}');
        out
    }
}

/// Writes a member of one value, or of an array; of nothing, nothing.
pub(super) fn push_list(out: &mut String, is_first: bool, mark: &str, name: &str, values: &[Option<String>]) -> bool {
    if values.iter().all(Option::is_none) {
        return is_first;
    }
    push_name(out, is_first, mark, name);
    let texts: Vec<&str> = values.iter().map(|value| value.as_deref().unwrap_or("null")).collect();
    match texts.as_slice() {
        [one] => out.push_str(one),
        many => {
            out.push('[');
            out.push_str(&many.join(","));
            out.push(']');
        }
    }
    false
}

pub(super) fn push_name(out: &mut String, is_first: bool, mark: &str, name: &str) {
    if !is_first {
        out.push(',');
    }
    out.push('"');
    out.push_str(mark);
    crate::json::push_escaped(out, name);
    out.push_str("\":");
}
