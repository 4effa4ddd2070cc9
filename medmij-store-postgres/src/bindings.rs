// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, RFC 8705 — names of certificates that were seen with a client, or confirmed.

use medmij_dvza::store::{Binding, Learned, MAX_LEARNED};
use medmij_oauth::{ClientId, storage::StoreError};
use medmij_types::Hostname;
use tokio_postgres::Row;

use crate::{
    error::Failure,
    pool::{Connections, Params},
    row::{self, column},
};

pub(crate) async fn of(connections: &Connections, names: Option<&[Hostname]>) -> Result<Vec<Binding>, StoreError> {
    let names = names.map(row::name_params);
    let rows = connections.rows(OF, &[&names]).await?;
    Ok(rows.iter().map(binding).collect::<Result<_, Failure>>()?)
}

pub(crate) async fn learn(
    connections: &Connections,
    client_id: &ClientId,
    name: &Hostname,
) -> Result<Learned, StoreError> {
    let most = i64::try_from(MAX_LEARNED).unwrap_or(i64::MAX);
    let params: Params<'_> = &[&client_id.as_str(), &name.as_str(), &most];
    let row = connections.row(LEARN, params).await?;
    match column(&row, "outcome")? {
        "new" => Ok(Learned::New),
        "known" => Ok(Learned::Known),
        "full" => Ok(Learned::Full),
        _ => Err(StoreError::Broken("outcome of a name")),
    }
}

pub(crate) async fn confirm(
    connections: &Connections,
    client_id: &ClientId,
    name: &Hostname,
) -> Result<(), StoreError> {
    connections
        .rows(CONFIRM, &[&client_id.as_str(), &name.as_str()])
        .await?;
    Ok(())
}

pub(crate) async fn forget(
    connections: &Connections,
    client_id: &ClientId,
    name: &Hostname,
) -> Result<bool, StoreError> {
    let gone = connections.rows(FORGET, &[&client_id.as_str(), &name.as_str()]).await?;
    Ok(!gone.is_empty())
}

fn binding(found: &Row) -> Result<Binding, Failure> {
    let name = Hostname::parse(column(found, "name")?).map_err(|_| Failure::Broken("name of a binding"))?;
    let (confirmed, since) = (column(found, "confirmed")?, column(found, "since")?);
    Ok(Binding::new(row::client_id(found)?, name, confirmed, Some(since)))
}

const OF: &str = "
SELECT client_id, name, confirmed, since FROM medmij.bindings
WHERE $1::text[] IS NULL OR name = ANY ($1)
ORDER BY client_id COLLATE \"C\", name COLLATE \"C\"";

const LEARN: &str = "SELECT medmij.learn_binding($1, $2, $3) AS outcome";

const CONFIRM: &str = "
INSERT INTO medmij.bindings (client_id, name, confirmed) VALUES ($1, $2, true)
ON CONFLICT (client_id, name) DO UPDATE SET confirmed = true";

const FORGET: &str = "DELETE FROM medmij.bindings WHERE client_id = $1 AND name = $2 RETURNING name";
