// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of a DVZA: grants and tokens.

use medmij_dvza::store::{Grant, GrantId, RefreshState};
use medmij_oauth::{ClientId, seal::PersoonIndex, storage::SecretHash};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};
use tokio_postgres::Row;

use super::{bytes, column, name};
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

/// A Persoon by every version of the index key.
pub(crate) fn persons(persoon: &[PersoonIndex]) -> Vec<&[u8]> {
    persoon.iter().map(|index| index.as_bytes().as_slice()).collect()
}

pub(crate) fn name_params(names: &[Hostname]) -> Vec<&str> {
    names.iter().map(Hostname::as_str).collect()
}

fn aanbieder(row: &Row) -> Result<Option<Aanbiedernaam>, Failure> {
    column::<Option<&str>>(row, "aanbieder")?.map(name).transpose()
}

pub(crate) fn client_id(row: &Row) -> Result<ClientId, Failure> {
    ClientId::parse(column(row, "client_id")?).map_err(|_| Failure::Broken("client_id"))
}
