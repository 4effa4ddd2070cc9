// SPDX-License-Identifier: AGPL-3.0-or-later
//! The form of a catalogue file.

use std::collections::BTreeMap;

use medmij_types::{GegevensdienstId, InterfaceversieId, Systeemrolcode};
use serde::Deserialize;

use super::CatalogueError;
use crate::gegevensdienst::{
    BundleKind, FollowUp, Gegevensdienst, Mark, QueryMethod, ServiceFunction, ServiceQuery, Share, ZibList,
};
use crate::name::ResourceType;
use crate::version::FhirVersion;

/// The entries of a file as tables.
pub(super) fn tables(text: &str) -> Result<Vec<toml::Table>, CatalogueError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        gegevensdienst: Vec<toml::Table>,
    }
    let file: File = toml::from_str(text).map_err(|error| CatalogueError {
        place: error.span().map_or_else(
            || "file".to_owned(),
            |span| format!("line {}", text.get(..span.start).unwrap_or(text).lines().count().max(1)),
        ),
        what: error.message().to_owned(),
    })?;
    Ok(file.gegevensdienst)
}

/// The name of an entry in an error.
pub(super) fn place(table: &toml::Table, index: usize) -> String {
    key(table).map_or_else(
        || format!("gegevensdienst number {}", index + 1),
        |key| format!("gegevensdienst {key}"),
    )
}

/// Whether two entries speak of the same service: the same key and block.
pub(super) fn is_same(one: &toml::Table, other: &toml::Table) -> bool {
    key(one).is_some() && key(one) == key(other) && one.get("block") == other.get("block")
}

/// The service at which the queries of this one stand.
pub(super) fn queries_of(table: &toml::Table) -> Option<&str> {
    table.get("queries_of")?.as_str()
}

fn key(table: &toml::Table) -> Option<&str> {
    table.get("key").or_else(|| table.get("id"))?.as_str()
}

pub(super) fn read(table: &toml::Table, place: &str) -> Result<Gegevensdienst, CatalogueError> {
    let wrong = |what: String| CatalogueError {
        place: place.to_owned(),
        what,
    };
    let wire: Wire = table
        .clone()
        .try_into()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
    wire.service().map_err(wrong)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: Option<String>,
    key: Option<String>,
    block: Option<String>,
    name: String,
    function: WireFunction,
    informatiestandaard: Option<String>,
    release: Option<String>,
    fhir: String,
    mark: Option<WireMark>,
    source: Option<String>,
    note: Option<String>,
    #[serde(default)]
    interfaceversies: Vec<String>,
    #[serde(rename = "mark_interfaceversies")]
    _mark_interfaceversies: Option<WireMark>,
    #[serde(default)]
    systeemrollen: Vec<String>,
    #[serde(default)]
    systeemrollen_dvp: Vec<String>,
    mark_systeemrollen: Option<WireMark>,
    #[serde(default)]
    zibs: Vec<String>,
    mark_zibs: Option<WireMark>,
    #[serde(default)]
    zibs_seen: Vec<String>,
    #[serde(default)]
    zibs_inferred: Vec<String>,
    zibs_threshold: Option<u16>,
    note_zibs: Option<String>,
    belongs_with: Option<String>,
    #[serde(rename = "queries_of")]
    _queries_of: Option<String>,
    search_tag: Option<String>,
    #[serde(default)]
    also_serves: Vec<String>,
    #[serde(default, rename = "answers")]
    _answers: Vec<String>,
    #[serde(default)]
    query: Vec<WireQuery>,
    share: Option<WireShare>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireQuery {
    label: String,
    method: Option<WireMethod>,
    target: String,
    #[serde(default)]
    optional: bool,
    replaces: Option<String>,
    after: Option<String>,
    reads: Option<String>,
    #[serde(default)]
    choices: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    filters: Vec<String>,
    #[serde(default)]
    filters_last: bool,
    systeemrol: Option<String>,
    accept: Option<String>,
    mark: Option<WireMark>,
    source: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireShare {
    bundle: WireBundle,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    needs: Vec<String>,
    prefer: Option<String>,
    entries: Option<String>,
    answer: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum WireMark {
    Confirmed,
    Seen,
    Inferred,
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireFunction {
    Verzamelen,
    Delen,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum WireMethod {
    Get,
    Patch,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireBundle {
    Batch,
    Transaction,
}

impl Wire {
    fn service(self) -> Result<Gegevensdienst, String> {
        let id = self
            .id
            .map(|id| GegevensdienstId::parse(&id).map_err(|error| error.to_string()))
            .transpose()?;
        let key = match (self.key, &id) {
            (Some(key), _) => key,
            (None, Some(id)) => id.as_str().to_owned(),
            (None, None) => return Err("neither id nor key".to_owned()),
        };
        let roles = |codes: Vec<String>| {
            let parse = |code: &String| Systeemrolcode::parse(code).map_err(|error| error.to_string());
            codes.iter().map(parse).collect::<Result<Vec<_>, _>>()
        };
        let versions = self.interfaceversies.iter();
        let versions = versions.map(|text| InterfaceversieId::parse(text).map_err(|error| error.to_string()));
        Ok(Gegevensdienst {
            key,
            block: self.block,
            id,
            name: self.name,
            function: match self.function {
                WireFunction::Verzamelen => ServiceFunction::Verzamelen,
                WireFunction::Delen => ServiceFunction::Delen,
            },
            informatiestandaard: self.informatiestandaard,
            release: self.release,
            interfaceversies: versions.collect::<Result<_, _>>()?,
            version: FhirVersion::from_parameter(&self.fhir).ok_or("fhir is neither 3.0 nor 4.0")?,
            systeemrollen: roles(self.systeemrollen)?,
            systeemrollen_dvp: roles(self.systeemrollen_dvp)?,
            mark: mark(self.mark).unwrap_or(Mark::Unknown),
            mark_systeemrollen: mark(self.mark_systeemrollen).unwrap_or(Mark::Unknown),
            source: self.source,
            note: self.note,
            zibs: ZibList {
                names: self.zibs,
                mark: mark(self.mark_zibs),
                seen: self.zibs_seen,
                inferred: self.zibs_inferred,
                threshold: self.zibs_threshold,
                note: self.note_zibs,
            },
            belongs_with: self
                .belongs_with
                .map(|id| GegevensdienstId::parse(&id).map_err(|error| error.to_string()))
                .transpose()?,
            search_tag: self.search_tag,
            also_serves: self
                .also_serves
                .into_iter()
                .map(|text| ResourceType::parse(&text).map_err(|error| format!("{text:?}: {error}")))
                .collect::<Result<_, _>>()?,
            queries: self.query.into_iter().map(WireQuery::query).collect::<Result<_, _>>()?,
            share: self.share.map(WireShare::share).transpose()?,
        })
    }
}

impl WireQuery {
    fn query(self) -> Result<ServiceQuery, String> {
        let resource_type = |text: String| ResourceType::parse(&text).map_err(|error| format!("{text:?}: {error}"));
        let mut query = ServiceQuery::new(self.label, &self.target).map_err(|error| error.to_string())?;
        query.method = match self.method {
            Some(WireMethod::Patch) => QueryMethod::Patch,
            Some(WireMethod::Get) | None => QueryMethod::Get,
        };
        query.systeemrol = self
            .systeemrol
            .map(|code| Systeemrolcode::parse(&code).map_err(|error| error.to_string()))
            .transpose()?;
        query.optional = self.optional;
        query.replaces = self.replaces;
        query.after = self.after.map(resource_type).transpose()?;
        query.follow_up = self.reads.map(follow_up).transpose()?;
        query.choices = self.choices.into_iter().collect();
        query.filters = self.filters;
        query.filters_last = self.filters_last;
        query.accept = self.accept;
        query.mark = mark(self.mark);
        query.source = self.source;
        query.note = self.note;
        Ok(query)
    }
}

impl WireShare {
    fn share(self) -> Result<Share, String> {
        let types = |names: &[String]| {
            let parse = |text: &String| ResourceType::parse(text).map_err(|error| format!("{text:?}: {error}"));
            names.iter().map(parse).collect::<Result<Vec<_>, _>>()
        };
        Ok(Share {
            bundle: match self.bundle {
                WireBundle::Batch => BundleKind::Batch,
                WireBundle::Transaction => BundleKind::Transaction,
            },
            types: types(&self.types)?,
            needs: types(&self.needs)?,
            prefer: self.prefer,
            entries: self.entries,
            answer: self.answer,
            note: self.note,
        })
    }
}

fn mark(mark: Option<WireMark>) -> Option<Mark> {
    Some(match mark? {
        WireMark::Confirmed => Mark::Confirmed,
        WireMark::Seen => Mark::Seen,
        WireMark::Inferred => Mark::Inferred,
        WireMark::Unknown => Mark::Unknown,
    })
}

fn follow_up(text: String) -> Result<FollowUp, String> {
    Ok(match text.as_str() {
        "DocumentReference.content.attachment.url" => FollowUp::Attachment,
        "DocumentManifest.content.pReference" => FollowUp::Manifest,
        "Task.input" => FollowUp::TaskInput,
        "KOS" => FollowUp::Images,
        _ => FollowUp::References(ResourceType::parse(&text).map_err(|_| format!("reads {text:?} is not known"))?),
    })
}
