// SPDX-License-Identifier: AGPL-3.0-or-later
//! A PostgreSQL database as a bronsysteem.

use std::sync::Arc;

use deadpool_postgres::{Pool, PoolError};
use tokio_postgres::types::ToSql;

use super::{Key, SqlStatements, parse, whose};
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::server::bronsysteem::{Bronsysteem, BronsysteemError, Context, Found, Wanted};

/// Resources in PostgreSQL, over a pool of the application.
#[derive(Clone)]
pub struct PostgresBronsysteem {
    pool: Pool,
    statements: SqlStatements,
    key: Key,
}

impl std::fmt::Debug for PostgresBronsysteem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresBron")
    }
}

impl PostgresBronsysteem {
    /// Asks over this pool. `key` says what the rows call the Persoon: a number of the source, never the BSN.
    pub fn new(
        pool: Pool,
        statements: SqlStatements,
        key: impl Fn(&Context) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            pool,
            statements,
            key: Arc::new(key),
        }
    }

    async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Option<String>>, BronsysteemError> {
        let client = self.pool.get().await.map_err(unavailable)?;
        let statement = client.prepare_cached(sql).await.map_err(failed)?;
        let rows = client.query(&statement, parameters).await.map_err(failed)?;
        rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
    }
}

impl Bronsysteem for PostgresBronsysteem {
    async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let Some((persoon, service)) = whose(context, &self.key)? else {
            return Ok(Vec::new());
        };
        let rows = self
            .rows(
                &self.statements.find,
                &[&persoon, &service, &wanted.resource_type.as_str()],
            )
            .await?;
        rows.iter().flatten().map(|text| parse(text)).collect()
    }

    async fn read(
        &self,
        context: &Context,
        resource_type: &ResourceType,
        id: &ResourceId,
    ) -> Result<Found, BronsysteemError> {
        let Some((persoon, service)) = whose(context, &self.key)? else {
            return Ok(Found::Unknown);
        };
        let parameters: [&(dyn ToSql + Sync); 4] = [&persoon, &service, &resource_type.as_str(), &id.as_str()];
        let rows = self.rows(&self.statements.read, &parameters).await?;
        Ok(match rows.into_iter().next() {
            Some(Some(text)) => Found::Resource(parse(&text)?),
            Some(None) => Found::Gone,
            None => Found::Unknown,
        })
    }
}

fn unavailable(_: PoolError) -> BronsysteemError {
    BronsysteemError::Unavailable { retry_after: None }
}

/// The text of an error may hold a value: its code is what an operator needs.
fn failed(error: tokio_postgres::Error) -> BronsysteemError {
    if error.is_closed() {
        return BronsysteemError::Unavailable { retry_after: None };
    }
    let code = error.code().map_or("no code", |code| code.code());
    BronsysteemError::Failed(format!("PostgreSQL: {code}"))
}
