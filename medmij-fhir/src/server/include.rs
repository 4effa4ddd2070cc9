// SPDX-License-Identifier: AGPL-3.0-or-later
//! `_include`: the resources that matches point at; `:recurse` (STU3) and `:iterate` (R4) follow what was
//! included too.

use std::collections::HashSet;

use serde_json::Value;

use super::bronsysteem::{Bronsysteem, Context, Found};
use super::definitions::{self, Definition, Kind};
use super::known::local;
use super::refusal::Refusal;
use crate::resource::Resource;

/// Included resources on one page, at most.
const MOST: usize = 10_000;

/// One supported include.
#[derive(Debug, Clone)]
pub(super) struct Include {
    source: String,
    /// `None`: every reference of the type (`Type:*`, or `*` for the type that is searched).
    name: Option<&'static Definition>,
    target_type: Option<String>,
    /// Also on what was included.
    again: bool,
}

impl Include {
    /// Reads `Type:parameter` or `Type:parameter:TargetType`; `None` when it is not supported. Without
    /// `again` the source is the type that is searched.
    pub(super) fn parse(resource_type: &str, value: &str, again: bool) -> Option<Self> {
        if value == "*" && !again {
            return Some(Self {
                source: resource_type.to_owned(),
                name: None,
                target_type: None,
                again,
            });
        }
        let mut parts = value.split(':');
        let (source, name, target_type) = (parts.next()?, parts.next()?, parts.next());
        if (source != resource_type && !again) || parts.next().is_some() || target_type == Some("") {
            return None;
        }
        let name = match name {
            "*" => None,
            name => Some(definitions::lookup(source, name).filter(|found| found.kind == Kind::Reference)?),
        };
        Some(Self {
            source: source.to_owned(),
            name,
            target_type: target_type.map(str::to_owned),
            again,
        })
    }

    fn references<'v>(&self, value: &'v Value) -> Vec<&'v str> {
        match self.name {
            Some(definition) => definition.references(value),
            None => definitions::of_type(&self.source)
                .filter(|definition| definition.kind == Kind::Reference)
                .flat_map(|definition| definition.references(value))
                .collect(),
        }
    }
}

/// The included resources of a page: each once, and none that is a match of the page.
pub(super) async fn resolve<B: Bronsysteem>(
    includes: &[Include],
    page: &[Resource],
    context: &Context,
    bronsysteem: &B,
    base: &str,
) -> Result<Vec<Resource>, Refusal> {
    let mut included: Vec<Resource> = Vec::new();
    if includes.is_empty() {
        return Ok(included);
    }
    let key = |resource: &Resource| resource.id().map(|id| format!("{}/{id}", resource.resource_type()));
    let mut seen: HashSet<String> = page.iter().filter_map(key).collect();
    let mut at = 0;
    while at < page.len() + included.len() {
        let of_page = at < page.len();
        let resource = page.get(at).or_else(|| included.get(at - page.len())).cloned();
        at += 1;
        let Some(resource) = resource else { continue };
        let applies =
            |include: &&Include| include.source == resource.resource_type().as_str() && (of_page || include.again);
        if !includes.iter().any(|include| applies(&include)) {
            continue;
        }
        let value: Value = resource.view().map_err(|_| Refusal::Internal)?;
        for include in includes.iter().filter(applies) {
            for text in include.references(&value) {
                let Some((resource_type, id)) = local(text, base) else {
                    continue;
                };
                let wanted = include.target_type.as_deref();
                if wanted.is_some_and(|wanted| wanted != resource_type.as_str())
                    || included.len() >= MOST
                    || !seen.insert(format!("{resource_type}/{id}"))
                {
                    continue;
                }
                if let Found::Resource(found) = bronsysteem.read(context, &resource_type, &id).await? {
                    included.push(found);
                }
            }
        }
    }
    Ok(included)
}
