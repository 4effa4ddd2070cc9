// SPDX-License-Identifier: AGPL-3.0-or-later
//! Resources as rows of a database: the statements that the SQL adapters run.
//!
//! A source that keeps its resources as JSON in a table of its own gives statements of its own; the default
//! ones are for the table that [`SqlStatements::SCHEMA`] makes.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;

#[cfg(feature = "postgres")]
pub use postgres::PostgresBronsysteem;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteBronsysteem;

use super::bronsysteem::{BronsysteemError, Context};
use crate::limits::Limits;
use crate::resource::Resource;

/// The SQL of a source. Parameters are numbered `$1`, `$2` …, all text.
///
/// ```
/// use medmij_fhir::server::SqlStatements;
///
/// let mut statements = SqlStatements::default();
/// // a view of the record system
/// statements.find = "SELECT fhir_json FROM v_medmij WHERE patient_nr = $1 AND dienst = $2 AND type = $3".to_owned();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlStatements {
    /// The resources of a type: $1 key of the Persoon, $2 gegevensdienst, $3 type. Gives the JSON.
    pub find: String,
    /// One resource: $1 to $3 as above, $4 id. Gives the JSON, or NULL for one that was deleted.
    pub read: String,
}

impl SqlStatements {
    /// A table for the default statements, in SQLite and in PostgreSQL.
    pub const SCHEMA: &'static str = "CREATE TABLE IF NOT EXISTS fhir_resource (
    persoon TEXT NOT NULL,
    gegevensdienst TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (persoon, gegevensdienst, type, id)
);";
}

impl Default for SqlStatements {
    fn default() -> Self {
        let table = "SELECT body FROM fhir_resource WHERE persoon = $1 AND gegevensdienst = $2 AND type = $3";
        Self {
            find: format!("{table} AND body IS NOT NULL ORDER BY id"),
            read: format!("{table} AND id = $4"),
        }
    }
}

/// What the application calls the Persoon: a key of the source, or a keyed digest of the BSN; never the BSN itself.
type Key = Arc<dyn Fn(&Context) -> Option<String> + Send + Sync>;

/// Key and gegevensdienst; `None` for a Persoon whom the source does not know.
fn whose(context: &Context, key: &Key) -> Result<Option<(String, String)>, BronsysteemError> {
    let service = context.gegevensdienst().ok_or(BronsysteemError::NoPersoon)?;
    Ok(key(context).map(|key| (key, service.to_string())))
}

fn parse(text: &str) -> Result<Resource, BronsysteemError> {
    Resource::parse(text.as_bytes(), &Limits::default()).map_err(|error| BronsysteemError::Failed(error.to_string()))
}
