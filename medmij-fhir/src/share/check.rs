// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a DVA's qualification asserts of what is sent: checked here, before it leaves.

use medmij_types::json::{Document, Value};

use super::{Entry, ShareError};
use crate::bsn;
use crate::error::FhirError;
use crate::gegevensdienst::Share;
use crate::limits::Limits;
use crate::resource::Resource;

/// Whether a resource says an id, well-formed or not.
pub(super) fn has_id(resource: &Resource) -> Result<bool, ShareError> {
    with_document(resource, |root| Ok(root.member("id").is_some()))
}

/// Checks one resource; gives the entries that it refers to.
pub(super) fn resource(resource: &Resource) -> Result<Vec<String>, ShareError> {
    let kind = || resource.resource_type().clone();
    let limits = Limits::default();
    let document = Document::parse(resource.as_bytes(), &limits.json()).map_err(FhirError::from)?;
    let found = bsn::find(&document).map_err(FhirError::from)?;
    if let Some(path) = found.report.masked.first() {
        return Err(ShareError::Bsn(kind(), path.as_str().to_owned()));
    }
    let root = document.root();
    let profile = root.member("meta").and_then(|meta| meta.member("profile"));
    let has_profile = profile.is_some_and(|profile| profile.items().any(|item| item.as_str().is_some()));
    if !has_profile && resource.resource_type().as_str() != "Binary" {
        return Err(ShareError::NoProfile(kind()));
    }
    if resource.resource_type().as_str() == "QuestionnaireResponse" {
        for element in ["questionnaire", "subject", "authored"] {
            if root.member(element).is_none() {
                return Err(ShareError::Incomplete(element));
            }
        }
    }
    if resource.resource_type().as_str() == "List" && !names_a_recipient(root) {
        return Err(ShareError::NoRecipient);
    }
    let mut found = Vec::new();
    references(root, &mut found);
    Ok(found)
}

/// Checks that the Bundle holds what it must, and that no reference into it dangles.
pub(super) fn bundle(share: &Share, entries: &[Entry]) -> Result<(), ShareError> {
    let count = |name: &str| {
        entries
            .iter()
            .filter(|entry| entry.resource_type.as_str() == name)
            .count()
    };
    for needed in share.needs() {
        if count(needed.as_str()) == 0 {
            return Err(ShareError::Missing(needed.clone()));
        }
    }
    if count("DocumentReference") > 1 && count("DocumentManifest") == 0 {
        return Err(ShareError::NoManifest);
    }
    for entry in entries {
        let inside = |url: &String| entries.iter().any(|other| other.draft.full_url == *url);
        if !entry.refers_to.iter().all(inside) {
            return Err(ShareError::Dangling(entry.resource_type.clone()));
        }
        if entry.resource_type.as_str() == "Observation" && !is_about_the_patient(entry, entries)? {
            return Err(ShareError::Subject);
        }
    }
    Ok(())
}

fn is_about_the_patient(entry: &Entry, entries: &[Entry]) -> Result<bool, ShareError> {
    let subject = with_document(&entry.draft.resource, |root| {
        let subject = root.member("subject").and_then(|subject| subject.member("reference"));
        Ok(subject.and_then(|text| text.as_str()).map(|text| text.into_owned()))
    })?;
    let is_patient =
        |other: &Entry| other.resource_type.as_str() == "Patient" && Some(&other.draft.full_url) == subject.as_ref();
    Ok(entries.iter().any(is_patient))
}

/// 55: the extension that names who gets the images.
fn names_a_recipient(list: Value<'_>) -> bool {
    let Some(extensions) = list.member("extension") else {
        return false;
    };
    extensions.items().any(|extension| {
        let url = extension.member("url").and_then(|url| url.as_str());
        url.is_some_and(|url| url.to_ascii_lowercase().ends_with("images-recipient"))
    })
}

/// Every reference to an entry of the same Bundle.
fn references(value: Value<'_>, found: &mut Vec<String>) {
    for member in value.members() {
        match member
            .as_str()
            .filter(|_| member.name().as_deref() == Some("reference"))
        {
            Some(text) if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") => {
                found.push(text.into_owned());
            }
            Some(_) => {}
            None => references(member, found),
        }
    }
    for item in value.items() {
        references(item, found);
    }
}

fn with_document<T>(
    resource: &Resource,
    read: impl FnOnce(Value<'_>) -> Result<T, ShareError>,
) -> Result<T, ShareError> {
    let limits = Limits::default();
    let document = Document::parse(resource.as_bytes(), &limits.json()).map_err(FhirError::from)?;
    read(document.root())
}
