// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen of a measurement (gegevensdienst 53): from what is kept to what the Aanbieder took, entry by entry.
//!
//! Source and context travel along (core.dossier.102): the receiver reads in the comment of the Observation where it
//! came from, and whether it is as it was collected.

use medmij_dvp::{Dvp, Tokens, dossier::StoredEntry};
use medmij_fhir::{
    Access, EntryUrl, FhirError, Gegevensdienst, Limits, Resource, ResourceEndpoints, ShareDraft, ShareError,
};
use medmij_net::BackChannel;
use medmij_types::{
    GegevensdienstId, OsEntropy,
    json::{Document, JsonLimits, Value},
};

/// What became of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedEntry {
    /// Its type.
    pub resource_type: String,
    /// The status that the Aanbieder answered for it.
    pub status: Option<u16>,
    /// Whether it was taken.
    pub accepted: bool,
    /// Where it is now.
    pub location: Option<String>,
}

/// Shares one kept measurement, with the Patient whose it is, and says what became of each entry. It is sent once: when
/// no answer comes, it is not known whether it was taken, and nothing sends it again by itself.
///
/// # Errors
/// [`DelenError`].
pub async fn share_measurement(
    dvp: &Dvp,
    back: &BackChannel,
    tokens: &Tokens,
    endpoints: ResourceEndpoints,
    patient: &StoredEntry,
    measurement: &StoredEntry,
) -> Result<Vec<SharedEntry>, DelenError> {
    let id = GegevensdienstId::parse("53").map_err(|_| DelenError::Service)?;
    let service = Gegevensdienst::lookup(&id).ok_or(DelenError::Service)?;
    let correlation_id = tokens.correlation_id.clone().ok_or(DelenError::Service)?;
    let access = Access::new(
        endpoints,
        tokens.access_token.clone(),
        correlation_id,
        service.version(),
    )
    .with_expiry(tokens.expires_at);
    let limits = Limits::default();
    let mut draft = ShareDraft::new(service)?;
    let of = draft.reserve(&OsEntropy)?;
    draft.create(&of, patient_on_the_wire(patient)?)?;
    let url = draft.reserve(&OsEntropy)?;
    draft.create(&url, measurement_on_the_wire(measurement, &of)?)?;
    // core.logging.202: the request and its answer are in the chain log
    let log = dvp.resource_log(tokens, &id);
    let shared = draft
        .build()?
        .send(&log.over(back), &access, &OsEntropy, &limits)
        .await?;
    if shared.entries.is_empty() {
        return Err(DelenError::Refused(shared.status.as_u16()));
    }
    let line = |entry: medmij_fhir::EntryResult| SharedEntry {
        resource_type: entry.resource_type.to_string(),
        status: entry.status,
        accepted: entry.accepted,
        location: entry.location,
    };
    Ok(shared.entries.into_iter().map(line).collect())
}

/// Who it is about: what tells people apart for people, and no id.
fn patient_on_the_wire(entry: &StoredEntry) -> Result<Resource, DelenError> {
    rewritten(entry.bytes(), |root| {
        let mut out = members(root, |name| {
            matches!(name, "resourceType" | "name" | "gender" | "birthDate")
        });
        out.push(profile(root));
        out
    })
}

/// The measurement, digit for digit, about the Patient of the same Bundle. What it refers to at its source means
/// nothing to the receiver and stays out, but for who did it: that is said by name.
fn measurement_on_the_wire(entry: &StoredEntry, patient: &EntryUrl) -> Result<Resource, DelenError> {
    let share = entry.share();
    let origin = share.origin.map(|(source, context)| {
        let changed = if share.unchanged { "" } else { ", daarna gewijzigd" };
        format!(
            "Overgenomen uit {source}, {} ({}){changed}.",
            context.name().as_str(),
            context.id()
        )
    });
    let origin = origin.unwrap_or_else(|| "Zelf gemeten.".to_owned());
    rewritten(share.bytes, |root| {
        let own = |name: &str| !OF_THE_SOURCE.contains(&name);
        let mut out = members(root, own);
        let text = |value: Option<Value<'_>>| value.and_then(|value| value.as_str().map(String::from));
        let names = root
            .member("performer")
            .into_iter()
            .flat_map(|performers| performers.items());
        let names: Vec<String> = names
            .filter_map(|performer| {
                Some(format!(
                    r#"{{"display":{}}}"#,
                    quoted(&text(performer.member("display"))?)
                ))
            })
            .collect();
        if !names.is_empty() {
            out.push(format!(r#""performer":[{}]"#, names.join(",")));
        }
        let display = text(root.member("subject").and_then(|subject| subject.member("display")));
        let display = display.unwrap_or_else(|| "de Persoon zelf".to_owned());
        out.push(format!(
            r#""subject":{{"reference":"{patient}","display":{}}}"#,
            quoted(&display)
        ));
        let comment =
            text(root.member("comment")).map_or_else(|| origin.clone(), |comment| format!("{comment} {origin}"));
        out.push(format!(r#""comment":{}"#, quoted(&comment)));
        out.push(profile(root));
        out
    })
}

/// Members that are written anew, or that lead to resources of the source.
const OF_THE_SOURCE: [&str; 14] = [
    "basedOn",
    "comment",
    "contained",
    "context",
    "device",
    "extension",
    "id",
    "identifier",
    "meta",
    "performer",
    "related",
    "specimen",
    "subject",
    "text",
];

fn rewritten(bytes: &[u8], rewrite: impl FnOnce(Value<'_>) -> Vec<String>) -> Result<Resource, DelenError> {
    let document = Document::parse(bytes, &JsonLimits::default()).map_err(FhirError::from)?;
    let text = format!("{{{}}}", rewrite(document.root()).join(","));
    Ok(Resource::parse(text.as_bytes(), &Limits::default()).map_err(FhirError::from)?)
}

/// The members that are taken over, as they are written.
fn members(root: Value<'_>, takes: impl Fn(&str) -> bool) -> Vec<String> {
    let members = root.members().filter_map(|member| {
        let name = member.name()?;
        takes(&name).then(|| format!("{}:{}", quoted(&name), member.raw()))
    });
    members.collect()
}

fn profile(root: Value<'_>) -> String {
    let profile = root.member("meta").and_then(|meta| meta.member("profile"));
    let profile = profile.map_or("[]", |profile| profile.raw());
    format!(r#""meta":{{"profile":{profile}}}"#)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Why a measurement is not shared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DelenError {
    /// Gegevensdienst 53 is not in the catalogue, or the flow has no id.
    #[error("gegevensdienst 53 is not there")]
    Service,
    /// The Aanbieder took nothing of it.
    #[error("the Aanbieder refused it with status {0}")]
    Refused(u16),
    /// What is kept is no FHIR.
    #[error(transparent)]
    Fhir(#[from] FhirError),
    /// It must not be shared, or it is not known whether it was taken.
    #[error(transparent)]
    Share(#[from] ShareError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use medmij_dvp::dossier::Context;
    use medmij_types::{Aanbiedernaam, Weergavenaam};
    use std::time::SystemTime;

    const WEIGHT: &str = r#"{"resourceType":"Observation","id":"gewicht-1","meta":{"versionId":"3","profile":["urn:zib"]},
        "status":"final","subject":{"reference":"Patient/w","display":"W. Hofstra"},"context":{"reference":"Encounter/e"},
        "performer":[{"reference":"Practitioner/b","display":"T. Bakels"}],"valueQuantity":{"value":82.80},"comment":"Nuchter."}"#;

    fn entry() -> StoredEntry {
        let source = Aanbiedernaam::parse("huisartsdewilg@medmij").unwrap();
        let context = Context::new(
            GegevensdienstId::parse("48").unwrap(),
            Weergavenaam::parse("Basisgegevens Zorg").unwrap(),
        );
        StoredEntry::collected(WEIGHT.as_bytes().to_vec(), source, context, SystemTime::UNIX_EPOCH, [])
    }

    #[test]
    fn core_dossier_102_source_and_context_travel_along_and_no_id_of_the_source_does() {
        let service = Gegevensdienst::lookup(&GegevensdienstId::parse("53").unwrap()).unwrap();
        let patient = ShareDraft::new(service).unwrap().reserve(&OsEntropy).unwrap();
        let wire = measurement_on_the_wire(&entry(), &patient).unwrap();
        let text = wire.as_str();
        assert!(text.contains(r#""value":82.80"#), "{text}");
        assert!(
            text.contains("Nuchter. Overgenomen uit huisartsdewilg@medmij, Basisgegevens Zorg (48)."),
            "{text}"
        );
        assert!(
            text.contains(&format!(
                r#""subject":{{"reference":"{patient}","display":"W. Hofstra"}}"#
            )),
            "{text}"
        );
        assert!(text.contains(r#""performer":[{"display":"T. Bakels"}]"#), "{text}");
        for of_the_source in ["gewicht-1", "Patient/w", "Encounter/e", "Practitioner/b", "versionId"] {
            assert!(!text.contains(of_the_source), "{of_the_source}");
        }
        let changed = entry().edit(WEIGHT.replace("82.80", "81").into_bytes());
        let wire = measurement_on_the_wire(&changed, &patient).unwrap();
        assert!(wire.as_str().contains("(48), daarna gewijzigd."));
        let own = StoredEntry::own(WEIGHT.as_bytes().to_vec());
        assert!(
            measurement_on_the_wire(&own, &patient)
                .unwrap()
                .as_str()
                .contains("Zelf gemeten.")
        );
    }
}
