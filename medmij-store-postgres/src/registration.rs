// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration of a DVZA in the table `medmij.registration`, followed by every replica.

use medmij_dvza::registratie::{Reading, RegistratieError, RegistrationSource, Rows};
use medmij_oauth::storage::StoreError;
use tokio_postgres::Row;

use crate::{PostgresStore, error::Failure, row::column};

impl RegistrationSource for PostgresStore {
    async fn read(&self, seen: Option<&str>) -> Result<Option<Reading>, RegistratieError> {
        let rows = self.connections.rows(READ, &[&seen]).await.map_err(StoreError::from)?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let version = column::<String>(first, "version").map_err(StoreError::from)?;
        let entries = rows.iter().filter_map(|row| entry(row).transpose());
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(StoreError::from)?;
        Ok(Some(Reading::new(version, Rows::of_entries(entries))))
    }
}

fn entry(row: &Row) -> Result<Option<(u64, &str)>, Failure> {
    let (id, entry): (Option<i64>, Option<&str>) = (column(row, "id")?, column(row, "entry")?);
    Ok(id
        .zip(entry)
        .map(|(id, entry)| (u64::try_from(id).unwrap_or_default(), entry)))
}

/// One statement, so that version and rows are of one moment; no row where the version is the one that was seen.
const READ: &str = "
SELECT v.version || ' ' || v.changed_at AS version, r.id, r.entry
FROM medmij.registration_version v LEFT JOIN medmij.registration r ON true
WHERE $1::text IS NULL OR v.version || ' ' || v.changed_at <> $1
ORDER BY r.id";
