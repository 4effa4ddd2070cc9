// SPDX-License-Identifier: AGPL-3.0-or-later
//! A flow until its grant: opened, advanced by version, closed.

use medmij_dvza::store::{Advance, AuditEntry, FlowId, NewFlow, StoredFlow};
use medmij_oauth::storage::{Advanced, StoreError};

use crate::{
    audit,
    pool::{Connections, Params},
    row::{self, column, done, micros},
    sql,
};

pub(crate) async fn open(connections: &Connections, flow: &NewFlow) -> Result<(), StoreError> {
    let session: &[u8] = flow.session.as_bytes();
    let params: Params<'_> = &[&flow.id.as_str(), &session, &flow.body, &micros(flow.lifetime)];
    connections.rows(sql::OPEN_FLOW, params).await?;
    Ok(())
}

pub(crate) async fn read(connections: &Connections, id: &FlowId) -> Result<Option<StoredFlow>, StoreError> {
    let rows = connections.rows(sql::FLOW, &[&id.as_str()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let version = u32::try_from(column::<i64>(row, "version")?).map_err(|_| StoreError::Broken("version"))?;
    let (session, body) = (row::hash(row, "session")?, column(row, "body")?);
    Ok(Some(StoredFlow::new(version, session, body)))
}

pub(crate) async fn advance(connections: &Connections, advance: &Advance) -> Result<Advanced, StoreError> {
    let (id, version) = (advance.id.as_str(), i64::from(advance.version));
    let session: &[u8] = advance.session.as_bytes();
    let entry = advance.audit.as_ref().map(audit::json);
    let changed = match &entry {
        None => {
            let params: Params<'_> = &[&id, &version, &session, &advance.body, &advance.authenticated];
            connections.rows(sql::ADVANCE_FLOW, params).await?
        }
        Some(a) => {
            let params: Params<'_> = &[&id, &version, &session, &advance.body, &advance.authenticated, a];
            connections.rows(sql::ADVANCE_FLOW_WITH_AUDIT, params).await?
        }
    };
    Ok(done(!changed.is_empty()))
}

pub(crate) async fn close(
    connections: &Connections,
    id: &FlowId,
    version: u32,
    entry: Option<&AuditEntry>,
) -> Result<Advanced, StoreError> {
    let (id, version) = (id.as_str(), i64::from(version));
    let ended = match entry {
        None => connections.rows(sql::CLOSE_FLOW, &[&id, &version]).await?,
        Some(entry) => {
            let params: Params<'_> = &[&id, &version, &audit::json(entry)];
            connections.rows(sql::CLOSE_FLOW_WITH_AUDIT, params).await?
        }
    };
    Ok(done(!ended.is_empty()))
}
