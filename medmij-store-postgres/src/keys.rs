// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which keys rows need, and grants that come under others. What a key ring seals begins with the byte 1 and the id of the
//! key; an index begins with the version of its key.

use std::collections::BTreeMap;

use medmij_dvza::store::{Grant, GrantId, KeyUse, Resealed};
use medmij_oauth::storage::StoreError;

use crate::{
    error::Failure,
    pool::{Connections, Params},
    row::{self, column},
    sql,
};

pub(crate) async fn used(connections: &Connections) -> Result<KeyUse, StoreError> {
    let mut used = KeyUse::new();
    used.sealing = count(connections, sql::KEYS_OF_BODIES).await?;
    used.index = count(connections, sql::KEYS_OF_PERSONS).await?;
    Ok(used)
}

pub(crate) async fn to_reseal(
    connections: &Connections,
    (sealing, index): (u32, u32),
    after: Option<&GrantId>,
    batch: i64,
) -> Result<Vec<Grant>, StoreError> {
    let mut header = vec![1];
    header.extend(sealing.to_be_bytes());
    let index = index.to_be_bytes();
    let params: Params<'_> = &[&after.map_or("", GrantId::as_str), &header, &index.as_slice(), &batch];
    let rows = connections.rows(sql::GRANTS_TO_RESEAL, params).await?;
    Ok(rows.iter().map(row::grant).collect::<Result<_, Failure>>()?)
}

pub(crate) async fn reseal(
    connections: &Connections,
    grant: &GrantId,
    before: &[u8],
    new: &Resealed,
) -> Result<bool, StoreError> {
    let persoon: &[u8] = new.persoon.as_bytes();
    let params: Params<'_> = &[&grant.as_str(), &before, &persoon, &new.body];
    Ok(!connections.rows(sql::RESEAL, params).await?.is_empty())
}

async fn count(connections: &Connections, sql: &str) -> Result<BTreeMap<u32, u64>, Failure> {
    let rows = connections.rows(sql, &[]).await?;
    rows.iter()
        .map(|found| {
            let key = u32::from_be_bytes(row::bytes(found, "key")?);
            Ok((key, column::<i64>(found, "rows")?.unsigned_abs()))
        })
        .collect()
}
