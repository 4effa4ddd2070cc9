// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far a store or a vault got in the journal of ends, which is outside the file.

use std::collections::BTreeMap;

use medmij_oauth::storage::{JournalMarks, StoreError};
use rusqlite::params;

use crate::{error::Failure, reader::View, writer::Tx};

macro_rules! marks {
    ($kind:ty) => {
        impl JournalMarks for $kind {
            async fn journal_marks(&self) -> Result<BTreeMap<String, u64>, StoreError> {
                self.read(marks).await
            }

            async fn mark_journal(&self, file: &str, number: u64) -> Result<(), StoreError> {
                let file = file.to_owned();
                self.write(move |tx| mark(tx, &file, number)).await
            }
        }
    };
}

#[cfg(feature = "dvza")]
marks!(crate::SqliteStore);
#[cfg(feature = "dvp")]
marks!(crate::SqliteVault);

fn marks(view: &View<'_>) -> Result<BTreeMap<String, u64>, Failure> {
    let mut statement = view.connection.prepare_cached("SELECT file, number FROM journal")?;
    let mut rows = statement.query([])?;
    let mut marks = BTreeMap::new();
    while let Some(row) = rows.next()? {
        marks.insert(row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs());
    }
    Ok(marks)
}

fn mark(tx: &Tx<'_>, file: &str, number: u64) -> Result<(), Failure> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO journal (file, number) VALUES (?1, ?2)
         ON CONFLICT (file) DO UPDATE SET number = max(number, excluded.number)",
        params![file, number],
    )?;
    Ok(())
}
