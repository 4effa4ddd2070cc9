// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of the database as values of the store, and back.

#[cfg(feature = "dvza")]
mod grant;

use std::time::Duration;

use medmij_abonneren::{AbonnementId, Created};
use medmij_oauth::storage::{Advanced, StoreError};
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId};
use tokio_postgres::{Row, types::FromSql};

use crate::error::Failure;

#[cfg(feature = "dvza")]
pub(crate) use grant::{client_id, gegevensdiensten, grant, hash, id_params, name_params, names, persons, refresh};

/// A column.
pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, Failure> {
    row.try_get(name).map_err(|_| Failure::Broken("column of another type"))
}

/// Whether a change was made, by this caller.
pub(crate) fn done(changed: bool) -> Advanced {
    if changed { Advanced::Done } else { Advanced::Stale }
}

/// A duration in microseconds; a thousand years at most, as PostgreSQL's dates end.
pub(crate) fn micros(duration: Duration) -> i64 {
    const LONGEST: i64 = 1_000 * 365 * 86_400 * 1_000_000;
    i64::try_from(duration.as_micros()).unwrap_or(LONGEST).min(LONGEST)
}

pub(crate) fn name(name: &str) -> Result<Aanbiedernaam, Failure> {
    Aanbiedernaam::parse(name).map_err(|_| Failure::Broken("aanbieder"))
}

pub(crate) fn gegevensdienst(row: &Row) -> Result<GegevensdienstId, Failure> {
    GegevensdienstId::parse(column(row, "gegevensdienst")?).map_err(|_| Failure::Broken("gegevensdienst"))
}

pub(crate) fn abonnement_id(row: &Row) -> Result<AbonnementId, Failure> {
    AbonnementId::parse(column(row, "id")?).map_err(|_| Failure::Broken("id of an abonnement"))
}

pub(crate) fn day(row: &Row) -> Result<CalendarDate, Failure> {
    CalendarDate::parse(column(row, "last_day")?).map_err(|_| Failure::Broken("last day of an abonnement"))
}

/// The answer to writing an Abonnement.
pub(crate) fn created(answer: Result<Row, Failure>) -> Result<Created, StoreError> {
    match answer {
        Ok(row) if column(&row, "done")? => Ok(Created::Done),
        Ok(_) => Ok(Created::Full),
        Err(failure) if failure.is_collision() => Ok(Created::Collision),
        Err(failure) => Err(failure.into()),
    }
}

pub(crate) fn bytes<const N: usize>(row: &Row, name: &str) -> Result<[u8; N], Failure> {
    let bytes: &[u8] = column(row, name)?;
    bytes.try_into().map_err(|_| Failure::Broken("hash of another length"))
}

/// A batch as PostgreSQL counts; one that is too large would pass the deadline.
pub(crate) fn bounded(batch: usize) -> i64 {
    i64::try_from(batch.min(10_000)).unwrap_or_default()
}
