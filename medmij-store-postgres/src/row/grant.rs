// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of a DVZA: grants, tokens and the audit log.

use medmij_dvza::store::{AuditEntry, AuditKind, Grant, GrantId, RefreshState};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};
use tokio_postgres::Row;

use super::{bytes, column, naam};
use crate::error::Failure;

/// A grant in the columns id, persoon, aanbieder, client_id, langdurig, body.
pub(crate) fn grant(row: &Row) -> Result<Grant, Failure> {
    Ok(Grant::new(
        GrantId::parse(column(row, "id")?).ok_or(Failure::Broken("id of a grant"))?,
        PersoonIndex::from_bytes(bytes(row, "persoon")?),
        aanbieder(row)?,
        client_id(row)?,
        column(row, "langdurig")?,
        column(row, "body")?,
    ))
}

/// The refresh tokens of a grant in the columns generation, refresh, previous.
pub(crate) fn refresh(row: &Row) -> Result<Option<RefreshState>, Failure> {
    let generation = u32::try_from(column::<i64>(row, "generation")?);
    let generation = generation.map_err(|_| Failure::Broken("generation of a refresh token"))?;
    let token = |name| -> Result<Option<SecretHash>, Failure> {
        match column::<Option<&[u8]>>(row, name)? {
            Some(_) => hash(row, name).map(Some),
            None => Ok(None),
        }
    };
    let (current, previous) = (token("refresh")?, token("previous")?);
    Ok(current.map(|current| RefreshState::new(generation, current, previous)))
}

/// What a token admits.
pub(crate) fn gegevensdiensten(row: &Row) -> Result<Vec<GegevensdienstId>, Failure> {
    column::<Vec<&str>>(row, "gegevensdiensten")?
        .into_iter()
        .map(|id| GegevensdienstId::parse(id).map_err(|_| Failure::Broken("gegevensdiensten of a token")))
        .collect()
}

pub(crate) fn id_params(ids: &[GegevensdienstId]) -> Vec<&str> {
    ids.iter().map(GegevensdienstId::as_str).collect()
}

/// An audit entry in the columns of the table `audit`.
pub(crate) fn audit(row: &Row) -> Result<AuditEntry, Failure> {
    let entry = AuditEntry::new(
        AuditKind::from_name(column(row, "kind")?).ok_or(Failure::Broken("kind of an audit entry"))?,
        PersoonIndex::from_bytes(bytes(row, "persoon")?),
        aanbieder(row)?,
        client_id(row)?,
        column::<String>(row, "scope")?,
        column::<String>(row, "texts")?,
    );
    Ok(match column::<Option<&str>>(row, "grant_id")? {
        Some(id) => entry.of_grant(GrantId::parse(id).ok_or(Failure::Broken("grant of an audit entry"))?),
        None => entry,
    })
}

/// The hash of a secret.
pub(crate) fn hash(row: &Row, name: &str) -> Result<SecretHash, Failure> {
    Ok(SecretHash::from_bytes(bytes(row, name)?))
}

/// The names of a certificate.
pub(crate) fn names(row: &Row) -> Result<Vec<Hostname>, Failure> {
    column::<Vec<&str>>(row, "names")?
        .into_iter()
        .map(|name| Hostname::parse(name).map_err(|_| Failure::Broken("names of a token")))
        .collect()
}

/// An audit entry as parameters, in the order of the table.
pub(crate) struct AuditParams<'a> {
    pub(crate) kind: &'static str,
    pub(crate) persoon: &'a [u8],
    pub(crate) aanbieder: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) grant: Option<&'a str>,
    pub(crate) texts: &'a str,
}

impl<'a> AuditParams<'a> {
    pub(crate) fn of(entry: &'a AuditEntry) -> Self {
        Self {
            kind: entry.kind.as_str(),
            persoon: entry.persoon.as_bytes(),
            aanbieder: entry.aanbieder.as_ref().map(Aanbiedernaam::as_str),
            client_id: entry.client_id.as_str(),
            scope: &entry.scope,
            grant: entry.grant.as_ref().map(GrantId::as_str),
            texts: &entry.texts,
        }
    }
}

/// A Persoon by every version of the index key.
pub(crate) fn persons(persoon: &[PersoonIndex]) -> Vec<&[u8]> {
    persoon.iter().map(|index| index.as_bytes().as_slice()).collect()
}

pub(crate) fn name_params(names: &[Hostname]) -> Vec<&str> {
    names.iter().map(Hostname::as_str).collect()
}

fn aanbieder(row: &Row) -> Result<Option<Aanbiedernaam>, Failure> {
    column::<Option<&str>>(row, "aanbieder")?.map(naam).transpose()
}

pub(crate) fn client_id(row: &Row) -> Result<ClientId, Failure> {
    ClientId::parse(column(row, "client_id")?).map_err(|_| Failure::Broken("client_id"))
}
