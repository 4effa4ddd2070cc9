// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensdiensten.104 — the registration of a DVZA in the table `registration` of its store.

use medmij_dvza::registratie::{Reading, RegistratieError, RegistrationSource, Rows};
use medmij_oauth::storage::StoreError;

use crate::{SqliteStore, error::Failure};

impl RegistrationSource for SqliteStore {
    async fn read(&self, seen: Option<&str>) -> Result<Option<Reading>, RegistratieError> {
        let seen = seen.map(str::to_owned);
        let found = self.read(move |view| {
            let mut statement = view.connection.prepare_cached(READ)?;
            let mut rows = statement.query([seen])?;
            let (mut version, mut entries) = (None, Vec::new());
            while let Some(row) = rows.next()? {
                version = Some(row.get::<_, String>(0)?);
                if let Some(id) = row.get::<_, Option<i64>>(1)? {
                    entries.push((u64::try_from(id).unwrap_or_default(), row.get::<_, String>(2)?));
                }
            }
            Ok::<_, Failure>(version.map(|version| (version, entries)))
        });
        let found: Result<_, StoreError> = found.await;
        Ok(found?.map(|(version, entries)| Reading::new(version, Rows::of_entries(entries))))
    }
}

/// One statement, so that version and rows are of one moment; no row where the version is the one that was seen.
const READ: &str = "
SELECT v.version || ' ' || v.changed_at, r.id, r.entry
FROM registration_version v LEFT JOIN registration r ON true
WHERE ?1 IS NULL OR v.version || ' ' || v.changed_at <> ?1
ORDER BY r.id";
