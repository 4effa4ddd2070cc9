// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of the file as values of the store, and back.

#[cfg(feature = "dvza")]
mod grant;

use medmij_abonneren::AbonnementId;
#[cfg(feature = "dvza")]
use medmij_oauth::ClientId;
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId, Hostname};
use rusqlite::Row;

use crate::error::Failure;

#[cfg(feature = "dvza")]
pub(crate) use grant::{GRANT, binding, gegevensdiensten, grant, hash, join_ids, refresh};

fn aanbieder(row: &Row<'_>, at: usize) -> Result<Option<Aanbiedernaam>, Failure> {
    let name: Option<String> = row.get(at)?;
    name.map(|name| Aanbiedernaam::parse(&name).map_err(|_| Failure::Broken("aanbieder")))
        .transpose()
}

#[cfg(feature = "dvza")]
pub(crate) fn client_id(row: &Row<'_>, at: usize) -> Result<ClientId, Failure> {
    ClientId::parse(text(row, at)?).map_err(|_| Failure::Broken("client_id"))
}

/// The names of a certificate in one column; a host name holds no comma.
pub(crate) fn names(row: &Row<'_>, at: usize) -> Result<Vec<Hostname>, Failure> {
    text(row, at)?
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| Hostname::parse(name).map_err(|_| Failure::Broken("names of a token")))
        .collect()
}

pub(crate) fn join(names: &[Hostname]) -> String {
    let names: Vec<&str> = names.iter().map(Hostname::as_str).collect();
    names.join(",")
}

pub(crate) fn hostname(row: &Row<'_>, at: usize) -> Result<Hostname, Failure> {
    Hostname::parse(text(row, at)?).map_err(|_| Failure::Broken("name of a host"))
}

pub(crate) fn name(row: &Row<'_>, at: usize) -> Result<Aanbiedernaam, Failure> {
    aanbieder(row, at)?.ok_or(Failure::Broken("aanbieder"))
}

pub(crate) fn gegevensdienst(row: &Row<'_>, at: usize) -> Result<GegevensdienstId, Failure> {
    GegevensdienstId::parse(text(row, at)?).map_err(|_| Failure::Broken("gegevensdienst"))
}

pub(crate) fn abonnement_id(row: &Row<'_>, at: usize) -> Result<AbonnementId, Failure> {
    AbonnementId::parse(text(row, at)?).map_err(|_| Failure::Broken("id of an abonnement"))
}

pub(crate) fn day(row: &Row<'_>, at: usize) -> Result<CalendarDate, Failure> {
    CalendarDate::parse(text(row, at)?).map_err(|_| Failure::Broken("last day of an abonnement"))
}

fn text<'a>(row: &'a Row<'_>, at: usize) -> Result<&'a str, Failure> {
    row.get_ref(at)?.as_str().map_err(|_| Failure::Broken("text"))
}

/// A batch as SQLite counts; one that is too large holds up everybody else.
pub(crate) fn bounded(batch: usize) -> i64 {
    i64::try_from(batch.min(10_000)).unwrap_or_default()
}
