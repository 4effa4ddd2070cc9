// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204 — codes and tokens: spent once, and rotated once.

use medmij_dvza::store::{BurntCode, Grant, Redeem, RedeemedCode, RotateRefresh, Rotated, StoredAccess};
use medmij_oauth::storage::{SecretHash, StoreError};

use crate::{
    audit,
    pool::{Connections, Params},
    row::{self, column, micros},
    sql,
};

pub(crate) async fn grant_of_code(connections: &Connections, code: &SecretHash) -> Result<Option<Grant>, StoreError> {
    let code: &[u8] = code.as_bytes();
    let rows = connections.rows(sql::GRANT_OF_CODE, &[&code]).await?;
    Ok(rows.first().map(row::grant).transpose()?)
}

pub(crate) async fn take_code(
    connections: &Connections,
    code: &SecretHash,
    redeem: &Redeem,
) -> Result<RedeemedCode, StoreError> {
    let (code, binding): (&[u8], &[u8]) = (code.as_bytes(), redeem.binding.as_bytes());
    let access: &[u8] = redeem.access.token.as_bytes();
    let refresh: Option<&[u8]> = redeem.refresh.as_ref().map(|new| new.token.as_bytes().as_slice());
    let refresh_lifetime = redeem.refresh.as_ref().map(|new| micros(new.lifetime));
    let params: Params<'_> = &[
        &code,
        &redeem.client_id.as_str(),
        &binding,
        &row::name_params(&redeem.names),
        &redeem.own,
        &access,
        &micros(redeem.access.lifetime),
        &row::id_params(&redeem.access.gegevensdiensten),
        &refresh,
        &redeem.refresh.as_ref().map(|new| i64::from(new.generation)),
        &refresh_lifetime,
        &audit::by(&redeem.by),
    ];
    let row = match connections.row(sql::TAKE_CODE, params).await {
        Err(failure) if failure.is_collision() => return Ok(RedeemedCode::Collision),
        row => row?,
    };
    Ok(match column(&row, "outcome")? {
        "fresh" => RedeemedCode::Fresh(Box::new(row::grant(&row)?)),
        "mismatch" => RedeemedCode::Mismatch,
        "replayed" => RedeemedCode::Replayed,
        "spent" => RedeemedCode::Spent,
        "expired" => RedeemedCode::Expired,
        "unknown" => RedeemedCode::Unknown,
        "collision" => RedeemedCode::Collision,
        _ => return Err(StoreError::Broken("outcome of a code")),
    })
}

pub(crate) async fn burn_code(connections: &Connections, code: &SecretHash) -> Result<BurntCode, StoreError> {
    let code: &[u8] = code.as_bytes();
    let row = connections.row(sql::BURN_CODE, &[&code]).await?;
    match column(&row, "outcome")? {
        "burnt" => Ok(BurntCode::Burnt),
        "spent" => Ok(BurntCode::Spent),
        "unknown" => Ok(BurntCode::Unknown),
        _ => Err(StoreError::Broken("outcome of a code")),
    }
}

pub(crate) async fn access(connections: &Connections, token: &SecretHash) -> Result<Option<StoredAccess>, StoreError> {
    let token: &[u8] = token.as_bytes();
    let rows = connections.rows(sql::ACCESS, &[&token]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (grant, names) = (row::grant(row)?, row::names(row)?);
    Ok(Some(StoredAccess::new(grant, names, row::gegevensdiensten(row)?)))
}

pub(crate) async fn rotate(connections: &Connections, rotate: &RotateRefresh) -> Result<Rotated, StoreError> {
    let (offered, next): (&[u8], &[u8]) = (rotate.offered.as_bytes(), rotate.next.token.as_bytes());
    let access: &[u8] = rotate.access.token.as_bytes();
    let persoon: Option<&[u8]> = rotate.reseal.as_ref().map(|new| new.persoon.as_bytes().as_slice());
    let body: Option<&[u8]> = rotate.reseal.as_ref().map(|new| new.body.as_slice());
    let params: Params<'_> = &[
        &rotate.grant.as_str(),
        &rotate.client_id.as_str(),
        &offered,
        &i64::from(rotate.generation),
        &next,
        &i64::from(rotate.next.generation),
        &micros(rotate.next.lifetime),
        &access,
        &micros(rotate.access.lifetime),
        &row::id_params(&rotate.access.gegevensdiensten),
        &row::name_params(&rotate.names),
        &micros(rotate.race),
        &i64::from(rotate.rate.most),
        &micros(rotate.rate.within),
        &persoon,
        &body,
        &audit::by(&rotate.by),
    ];
    let row = match connections.row(sql::ROTATE_REFRESH, params).await {
        Err(failure) if failure.is_collision() => return Ok(Rotated::Collision),
        row => row?,
    };
    Ok(match column(&row, "outcome")? {
        "fresh" => Rotated::Fresh(Box::new(row::grant(&row)?)),
        "replaced" => Rotated::Replaced(Box::new(row::grant(&row)?)),
        "race" => Rotated::Race,
        "reused" => Rotated::Reused,
        "mismatch" => Rotated::Mismatch,
        "expired" => Rotated::Expired,
        "unknown" => Rotated::Unknown,
        "collision" => Rotated::Collision,
        "too often" => Rotated::TooOften,
        _ => return Err(StoreError::Broken("outcome of a refresh token")),
    })
}
