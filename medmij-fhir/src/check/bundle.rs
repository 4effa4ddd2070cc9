// SPDX-License-Identifier: AGPL-3.0-or-later
//! What holds for a page of search results, for what is shared, and for the answer to it.

use std::collections::BTreeSet;

use medmij_types::json::{Document, JsonError, Kind, Value};

use super::walk::Walk;
use super::{CheckRule, Finding};
use crate::bundle::{Bundle, BundleEntry, BundleType, SearchMode};
use crate::json;
use crate::resource::Resource;
use crate::table::Table;
use crate::text::Whole;

/// Checks a whole document.
pub(super) fn check(
    document: &Document<'_>,
    table: &'static Table,
    findings: &mut Vec<Finding>,
) -> Result<(), JsonError> {
    let root = document.root();
    let name = root.member("resourceType").and_then(|name| name.as_str());
    let name = name.ok_or_else(|| json::shape(root.range().start))?;
    let mut walk = Walk {
        table,
        path: String::new(),
        findings,
    };
    if name != "Bundle" {
        let resource = Resource::read(document, Whole::copied(document))?;
        profile(&mut walk, &resource, root.member("meta"));
        walk.resource(root);
        return Ok(());
    }
    let bundle = Bundle::read(document, Whole::copied(document))?;
    for fault in bundle.faults() {
        walk.finding(&fault.path, CheckRule::Fault);
    }
    if bundle.kind() == Some(BundleType::Searchset) {
        searchset(&mut walk, &bundle);
    }
    let mut urls = BTreeSet::new();
    let values: Vec<Value<'_>> = root.member("entry").iter().flat_map(Value::items).collect();
    let objects = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.kind() == Kind::Object);
    for (entry, (index, value)) in bundle.entries().iter().zip(objects) {
        walk.below("entry", |walk| {
            walk.at(index, |walk| {
                if let Some(url) = entry.full_url()
                    && !urls.insert(url.to_owned())
                {
                    walk.finding("fullUrl", CheckRule::FullUrlTwice);
                }
                check_entry(walk, bundle.kind(), entry);
                if let Some(resource) = entry.resource() {
                    let meta = value.member("resource").and_then(|resource| resource.member("meta"));
                    walk.below("resource", |walk| profile(walk, resource, meta));
                }
            });
        });
    }
    walk.resource(root);
    Ok(())
}

fn profile(walk: &mut Walk<'_>, resource: &Resource, meta: Option<Value<'_>>) {
    let profiles = meta.and_then(|meta| meta.member("profile"));
    let has_profile = profiles.is_some_and(|profiles| profiles.items().any(|profile| profile.as_str().is_some()));
    if !has_profile && !matches!(resource.resource_type().as_str(), "OperationOutcome" | "Binary") {
        walk.finding("meta.profile", CheckRule::NoProfile);
    }
}

fn searchset(walk: &mut Walk<'_>, bundle: &Bundle) {
    match bundle.link("self") {
        None => walk.finding("link", CheckRule::NoSelfLink),
        Some(url) => {
            if !is_absolute(url) {
                walk.finding("link", CheckRule::SelfLink);
            }
            let query = url.split_once('?').map_or("", |(_, query)| query);
            let names = query.split('&').filter_map(|parameter| parameter.split('=').next());
            let persoon = |name: &str| {
                ["patient", "subject", "owner"].contains(&name.split([':', '.']).next().unwrap_or_default())
            };
            if names.into_iter().any(persoon) {
                walk.finding("link", CheckRule::SelfLinkPersoon);
            }
        }
    }
    let is_match = |entry: &&BundleEntry| !matches!(entry.mode(), Some(SearchMode::Include | SearchMode::Outcome));
    let matches = bundle.entries().iter().filter(is_match).count();
    if bundle.total().is_some_and(|total| total > matches as u64) {
        walk.finding("total", CheckRule::Total);
    }
}

fn check_entry(walk: &mut Walk<'_>, kind: Option<BundleType>, entry: &BundleEntry) {
    match kind {
        Some(BundleType::Searchset) => {
            if entry.resource().is_none() {
                walk.finding("resource", CheckRule::NoResource);
            }
            full_url(walk, entry);
        }
        Some(BundleType::Transaction | BundleType::Batch) => request(walk, entry),
        Some(BundleType::TransactionResponse | BundleType::BatchResponse) => {
            let code = entry.response().and_then(|response| response.code());
            if !matches!(code, Some(200 | 201)) {
                walk.finding("response.status", CheckRule::EntryStatus);
            }
        }
        _ if entry.full_url().is_some() => full_url(walk, entry),
        _ => {}
    }
}

fn full_url(walk: &mut Walk<'_>, entry: &BundleEntry) {
    let Some(url) = entry.full_url() else {
        walk.finding("fullUrl", CheckRule::NoFullUrl);
        return;
    };
    if !is_absolute(url) && !is_urn(url) {
        walk.finding("fullUrl", CheckRule::FullUrl);
    }
    if let Some(id) = entry.resource().and_then(Resource::id) {
        let last = url.rsplit(['/', ':']).next();
        if last != Some(id.as_str()) {
            walk.finding("fullUrl", CheckRule::FullUrlId);
        }
    }
}

fn request(walk: &mut Walk<'_>, entry: &BundleEntry) {
    let Some(request) = entry.request() else {
        walk.finding("request", CheckRule::NoRequest);
        return;
    };
    let id = entry.resource().and_then(Resource::id);
    match request.method.as_str() {
        "POST" => {
            if id.is_some() {
                walk.finding("resource.id", CheckRule::PostId);
            }
            if !entry.full_url().is_some_and(is_urn) {
                walk.finding("fullUrl", CheckRule::PostFullUrl);
            }
        }
        "PUT" => {
            if id.is_none() {
                walk.finding("resource.id", CheckRule::PutId);
            }
            if entry.full_url().is_none() {
                walk.finding("fullUrl", CheckRule::NoFullUrl);
            }
        }
        _ => {}
    }
}

fn is_absolute(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

fn is_urn(url: &str) -> bool {
    url.starts_with("urn:uuid:") || url.starts_with("urn:oid:")
}
