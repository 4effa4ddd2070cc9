// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of a DVZA: grants, tokens and bindings.

use std::time::{Duration, UNIX_EPOCH};

use medmij_dvza::store::{Binding, Grant, GrantId, RefreshState};
use medmij_oauth::{seal::PersoonIndex, storage::SecretHash};
use medmij_types::{GegevensdienstId, Hostname};
use rusqlite::Row;

use super::{aanbieder, client_id, text};
use crate::error::Failure;

/// The columns that [`grant`] reads, from the table `g`.
pub(crate) const GRANT: &str = "g.id, g.persoon, g.aanbieder, g.client_id, g.langdurig, g.body";

/// The grant in the columns of [`GRANT`], from column `at` on.
pub(crate) fn grant(row: &Row<'_>, at: usize) -> Result<Grant, Failure> {
    Ok(Grant::new(
        GrantId::parse(text(row, at)?).ok_or(Failure::Broken("id of a grant"))?,
        PersoonIndex::from_bytes(row.get(at + 1)?),
        aanbieder(row, at + 2)?,
        client_id(row, at + 3)?,
        row.get(at + 4)?,
        row.get(at + 5)?,
    ))
}

/// The refresh tokens of a grant: generation, refresh, previous, from column `at` on.
pub(crate) fn refresh(row: &Row<'_>, at: usize) -> Result<Option<RefreshState>, Failure> {
    let generation: u32 = row.get(at)?;
    let (current, previous): (Option<[u8; 32]>, Option<[u8; 32]>) = (row.get(at + 1)?, row.get(at + 2)?);
    let state = |current| {
        let previous = previous.map(SecretHash::from_bytes);
        RefreshState::new(generation, SecretHash::from_bytes(current), previous)
    };
    Ok(current.map(state))
}

pub(crate) fn hash(row: &Row<'_>, at: usize) -> Result<SecretHash, Failure> {
    Ok(SecretHash::from_bytes(row.get(at)?))
}

/// What a token admits, in one column; an id holds no space.
pub(crate) fn gegevensdiensten(row: &Row<'_>, at: usize) -> Result<Vec<GegevensdienstId>, Failure> {
    text(row, at)?
        .split(' ')
        .filter(|id| !id.is_empty())
        .map(|id| GegevensdienstId::parse(id).map_err(|_| Failure::Broken("gegevensdiensten of a token")))
        .collect()
}

pub(crate) fn join_ids(ids: &[GegevensdienstId]) -> String {
    let ids: Vec<&str> = ids.iter().map(GegevensdienstId::as_str).collect();
    ids.join(" ")
}

/// A name of a certificate: client_id, name, confirmed, since.
pub(crate) fn binding(row: &Row<'_>) -> Result<Binding, Failure> {
    let name = Hostname::parse(text(row, 1)?).map_err(|_| Failure::Broken("name of a binding"))?;
    let since = u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default();
    let since = UNIX_EPOCH.checked_add(Duration::from_micros(since));
    Ok(Binding::new(client_id(row, 0)?, name, row.get(2)?, since))
}
