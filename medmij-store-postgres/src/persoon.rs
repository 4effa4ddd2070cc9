// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — all that a Persoon has ends, in one statement.

use medmij_dvza::store::{EndedPersoon, PersoonEnd};
use medmij_oauth::{ClientId, storage::StoreError};

use crate::{
    audit,
    error::Failure,
    pool::{Connections, Params},
    row::{self, column, micros},
    sql,
};

pub(crate) async fn end(connections: &Connections, end: &PersoonEnd) -> Result<EndedPersoon, StoreError> {
    let params: Params<'_> = &[
        &row::persons(&end.persoon),
        &end.erase,
        &micros(PersoonEnd::HOLD),
        &audit::json(&end.entry()),
    ];
    let found = connections.row(sql::END_PERSOON, params).await?;
    let (clients, aanbieders): (Vec<&str>, Vec<Option<&str>>) =
        (column(&found, "clients")?, column(&found, "aanbieders")?);
    let grants = clients.into_iter().zip(aanbieders).map(|(client, aanbieder)| {
        let client = ClientId::parse(client).map_err(|_| Failure::Broken("client_id"))?;
        Ok((client, aanbieder.map(row::name).transpose()?))
    });
    let count = |name| column::<i64>(&found, name).map(i64::unsigned_abs);
    Ok(EndedPersoon::new(
        grants.collect::<Result<_, Failure>>()?,
        count("abonnementen")?,
        count("entries")?,
    ))
}
