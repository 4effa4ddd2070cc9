// SPDX-License-Identifier: AGPL-3.0-or-later
//! A SQLite file as a bronsysteem.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::{Key, SqlStatements, parse, whose};
use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::server::bronsysteem::{Bronsysteem, BronsysteemError, Context, Found, Wanted};

/// Resources in a SQLite file, which is only read.
#[derive(Clone)]
pub struct SqliteBronsysteem {
    connection: Arc<Mutex<Connection>>,
    statements: SqlStatements,
    key: Key,
}

impl std::fmt::Debug for SqliteBronsysteem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteBron")
    }
}

impl SqliteBronsysteem {
    /// Opens a file. `key` says what the rows call the Persoon: a number of the source, never the BSN.
    ///
    /// # Errors
    /// [`BronsysteemError::Failed`] when it cannot be opened.
    pub fn open(
        path: &Path,
        statements: SqlStatements,
        key: impl Fn(&Context) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, BronsysteemError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self {
            connection: Arc::new(Mutex::new(Connection::open_with_flags(path, flags).map_err(failed)?)),
            statements,
            key: Arc::new(key),
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, BronsysteemError> {
        let connection = Arc::clone(&self.connection);
        let work = move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        let result = tokio::task::spawn_blocking(work).await;
        result
            .map_err(|_| BronsysteemError::Failed("query was cut short".to_owned()))?
            .map_err(failed)
    }
}

impl Bronsysteem for SqliteBronsysteem {
    async fn find(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Resource>, BronsysteemError> {
        let Some((persoon, service)) = whose(context, &self.key)? else {
            return Ok(Vec::new());
        };
        let (sql, kind) = (self.statements.find.clone(), wanted.resource_type.to_string());
        let rows = self.run(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![persoon, service, kind], |row| row.get::<_, String>(0))?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        rows.await?.iter().map(|text| parse(text)).collect()
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
        let (sql, kind, id) = (self.statements.read.clone(), resource_type.to_string(), id.to_string());
        let row = self.run(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_row(params![persoon, service, kind, id], |row| {
                    row.get::<_, Option<String>>(0)
                })
                .optional()
        });
        Ok(match row.await? {
            Some(Some(text)) => Found::Resource(parse(&text)?),
            Some(None) => Found::Gone,
            None => Found::Unknown,
        })
    }
}

/// The text of an error may hold a value: its code is what an operator needs.
fn failed(error: rusqlite::Error) -> BronsysteemError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            BronsysteemError::Unavailable { retry_after: None }
        }
        Some(code) => BronsysteemError::Failed(format!("SQLite: {code:?}")),
        None => BronsysteemError::Failed("SQLite: statement and table do not fit".to_owned()),
    }
}
