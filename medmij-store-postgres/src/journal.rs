// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far a store or a vault got in the journal of ends, which is outside the database.

use std::collections::BTreeMap;

use medmij_oauth::storage::{JournalMarks, StoreError};

use crate::{
    error::Failure,
    pool::{Connections, Params},
    row::column,
};

macro_rules! marks {
    ($kind:ty, $schema:literal) => {
        impl JournalMarks for $kind {
            async fn journal_marks(&self) -> Result<BTreeMap<String, u64>, StoreError> {
                let sql = concat!("SELECT file, number FROM ", $schema, ".journal");
                Ok(marks(&self.connections, sql).await?)
            }

            async fn mark_journal(&self, file: &str, number: u64) -> Result<(), StoreError> {
                let sql = concat!(
                    "INSERT INTO ",
                    $schema,
                    ".journal AS j (file, number) VALUES ($1, $2)
                     ON CONFLICT (file) DO UPDATE SET number = greatest(j.number, EXCLUDED.number)"
                );
                let params: Params<'_> = &[&file, &i64::try_from(number).unwrap_or(i64::MAX)];
                self.connections.rows(sql, params).await?;
                Ok(())
            }
        }
    };
}

#[cfg(feature = "dvza")]
marks!(crate::PostgresStore, "medmij");
#[cfg(feature = "dvp")]
marks!(crate::PostgresVault, "medmij_dvp");

async fn marks(connections: &Connections, sql: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let rows = connections.rows(sql, &[]).await?;
    rows.iter()
        .map(|row| Ok((column(row, "file")?, column::<i64>(row, "number")?.unsigned_abs())))
        .collect()
}
