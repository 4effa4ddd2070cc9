// SPDX-License-Identifier: AGPL-3.0-or-later
//! Letters and other documents, and the bytes that open.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use medmij_types::json::{Document, JsonLimits, Value};

use super::draft::{Draft, Here, joined};
use super::read::{concept_at, day, each, period, string, text, word};
use super::{Attachment, Section, Serious, words};

/// A DocumentReference, DocumentManifest or Composition.
pub(super) fn document(here: Here<'_, '_>, kind: &str) -> Draft {
    let root = here.root;
    let mut draft = Draft::new(Section::Documents);
    let kinds = concept_at(root, "type");
    for content in each(root, "content") {
        if let Some(attachment) = content.member("attachment") {
            add(here, attachment, &mut draft);
        }
    }
    let title = text(root, "description").or_else(|| text(root, "title"));
    draft.title = title.or_else(|| draft.attachments.first().map(|attachment| attachment.title.clone()));
    draft.title = draft.title.take().or_else(|| kinds.clone());
    draft.summary.clone_from(&kinds);
    draft.calm.clone_from(&kinds);
    draft.fact("Soort", kinds);
    let category = concept_at(root, "class").or_else(|| concept_at(root, "category"));
    draft.fact("Soort", category);
    draft.date = ["created", "date", "indexed"].iter().find_map(|name| day(root, name));
    draft.fact("Gemaakt", draft.date.as_ref().map(super::Day::with_time));
    draft.fact("Geschreven door", here.who(root, "author"));
    draft.fact("Bewaard bij", here.references(root, "custodian"));
    draft.fact("Ondertekend door", here.references(root, "authenticator"));
    draft.fact("Status", word(root, "status", "status"));
    let parts = each(root, "content")
        .into_iter()
        .filter_map(|content| here.reference(content.member("pReference")?));
    draft.fact("Documenten", joined(parts).or_else(|| here.references(root, "content")));
    if let Some(context) = root.member("context") {
        draft.fact("Gaat over", context.member("period").and_then(period));
        draft.fact("Specialisme", concept_at(context, "practiceSetting"));
        draft.fact("Plaats", concept_at(context, "facilityType"));
    }
    draft.serious = (kind != "DocumentManifest").then_some(Serious::Letter);
    draft
}

/// A Binary that no document names.
pub(super) fn binary(here: Here<'_, '_>) -> Draft {
    let mut draft = Draft::new(Section::Documents);
    draft.title = Some("Document zonder titel".to_owned());
    let kind = string(here.root, "contentType").unwrap_or_default();
    draft.summary = Some(kind_of(&kind).to_owned());
    draft.attachments.push(Attachment {
        resource: here.index,
        nth: None,
        title: "Document zonder titel".to_owned(),
        kind: kind_of(&kind),
    });
    draft.serious = Some(Serious::Letter);
    draft
}

/// Adds an Attachment: its bytes are in it, or in a Binary that was collected too.
pub(super) fn add<'d>(here: Here<'_, 'd>, attachment: Value<'d>, draft: &mut Draft) {
    let title = text(attachment, "title").unwrap_or_else(|| "Document".to_owned());
    let kind = kind_of(&string(attachment, "contentType").unwrap_or_default());
    let nth = draft.attachments.iter().filter(|each| each.nth.is_some()).count();
    if attachment.member("data").is_some() {
        draft.attachments.push(Attachment {
            resource: here.index,
            nth: Some(nth),
            title,
            kind,
        });
        return;
    }
    let target = string(attachment, "url")
        .and_then(|url| here.resolve_text(&url))
        .and_then(|(index, _)| index);
    match target {
        Some(resource) => {
            draft.uses.insert(resource);
            draft.attachments.push(Attachment {
                resource,
                nth: None,
                title,
                kind,
            });
        }
        None => draft.fact("Niet opgehaald", Some(title)),
    }
}

/// The bytes of a document in a resource, and the media type that its sender declared.
pub(super) fn open(bytes: &[u8], nth: Option<usize>) -> Option<(String, Vec<u8>)> {
    let document = Document::parse(bytes, &JsonLimits::default()).ok()?;
    let root = document.root();
    let (holder, data) = match nth {
        None => (root, root.member("content").or_else(|| root.member("data"))?),
        Some(nth) => {
            let contents = each(root, "content")
                .into_iter()
                .filter_map(|content| content.member("attachment"));
            let mut all = contents
                .chain(each(root, "presentedForm"))
                .filter(|each| each.member("data").is_some());
            let attachment = all.nth(nth)?;
            (attachment, attachment.member("data")?)
        }
    };
    let mut encoded = data.as_str()?.into_owned().into_bytes();
    encoded.retain(|byte| !byte.is_ascii_whitespace());
    Some((
        string(holder, "contentType").unwrap_or_default(),
        STANDARD.decode(encoded).ok()?,
    ))
}

fn kind_of(media: &str) -> &'static str {
    let essence = media.split(';').next().unwrap_or_default().trim();
    words::word("media", essence).unwrap_or("bestand")
}
