// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.208 — what a DVP keeps, in one SQLite file: refresh tokens, one refresh of each at a time, and Abonnementen.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use medmij_dvp::vault::{Advanced, DangerShiftVault, RefreshStart, TokenVault, VaultKey};
use medmij_oauth::storage::StoreError;
use rusqlite::params;

use crate::{
    OpenError, SqliteOptions,
    clock::{StoreClock, micros},
    error::Failure,
    file::{self, Schema},
    reader::{Readers, View},
    row::bounded,
    upkeep,
    writer::{Tx, Writer},
};

/// The vault of a DVP in one SQLite file, never that of a [`SqliteStore`](crate::SqliteStore): refresh tokens
/// ([`TokenVault`], use it through a [`RefreshTokens`](medmij_dvp::vault::RefreshTokens)), Abonnementen
/// ([`AbonnementRegister`](medmij_abonneren::AbonnementRegister)) and what is collected automatically
/// ([`OrderStore`](medmij_dvp::collecting::OrderStore)). What an operation answered is on the disk.
///
/// ```
/// use std::sync::Arc;
/// use medmij_dvp::vault::RefreshTokens;
/// use medmij_oauth::seal::LocalKeyRing;
/// use medmij_store_sqlite::{SqliteOptions, SqliteVault};
/// use medmij_types::OsEntropy;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("vault.db");
/// let vault = SqliteVault::open(SqliteOptions::new(path))?;
/// // keys that outlive the process, and stay out of the file
/// let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy)?);
/// let refresh_tokens = RefreshTokens::new(vault, keys, Arc::new(OsEntropy));
/// # drop(refresh_tokens);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteVault {
    // closed before the writer, which tidies up as the last connection
    readers: Readers,
    writer: Writer,
    options: SqliteOptions,
}

impl SqliteVault {
    /// Opens the file, makes it where it is not there, and brings its schema up to date. This blocks for a moment; it starts
    /// threads of its own and needs no runtime. The file of a store is refused.
    ///
    /// # Errors
    ///
    /// Where the file cannot be used; see [`OpenError`].
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let clock = StoreClock::new(Arc::clone(&options.clock));
        let writing = file::open_writer(&options, &SCHEMA)?;
        let reading = (0..options.readers)
            .map(|_| file::open_reader(&options))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            readers: Readers::start(reading, &clock, options.queue)?,
            writer: Writer::start(writing, clock, options.queue)?,
            options,
        })
    }

    /// Writes a complete copy of this moment to a new file, while the vault goes on. A copy that is put back holds older
    /// tokens: those that were used since are refused, and the Persoon consents again.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] or [`OpenError::Copy`], where the file is there already or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<(), OpenError> {
        upkeep::copy(&self.options, to).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.writer.write(operation).await?)
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&View<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.readers.read(operation).await?)
    }

    /// Writes to the row of a token.
    async fn token<T: Send + 'static>(
        &self,
        key: &VaultKey,
        operation: impl FnOnce(&Tx<'_>, &str) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let key = key.clone();
        self.write(move |tx| operation(tx, key.as_str())).await
    }
}

impl fmt::Debug for SqliteVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteVault").finish_non_exhaustive()
    }
}

impl TokenVault for SqliteVault {
    async fn keep(&self, key: &VaultKey, sealed: Vec<u8>) -> Result<(), StoreError> {
        self.token(key, move |tx, name| {
            tx.execute(
                "INSERT INTO tokens (name, sealed, kept) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET sealed = ?2, kept = ?3, attempt = NULL, lease = NULL",
                params![name, sealed, tx.floor],
            )?;
            Ok(())
        })
        .await
    }

    async fn begin(&self, key: &VaultKey, lease: Duration) -> Result<RefreshStart, StoreError> {
        self.token(key, move |tx, name| begin(tx, name, micros(lease))).await
    }

    async fn finish(&self, key: &VaultKey, attempt: u64, sealed: Vec<u8>) -> Result<Advanced, StoreError> {
        let changed = self.token(key, move |tx, name| {
            tx.execute(
                "UPDATE tokens SET sealed = ?3, kept = ?4, attempt = NULL, lease = NULL WHERE name = ?1 AND attempt = ?2",
                params![name, number(attempt), sealed, tx.floor],
            )
        });
        Ok(finished(changed.await?))
    }

    async fn release(&self, key: &VaultKey, attempt: u64) -> Result<(), StoreError> {
        let sql = "UPDATE tokens SET attempt = NULL, lease = NULL WHERE name = ?1 AND attempt = ?2";
        self.token(key, move |tx, name| tx.execute(sql, params![name, number(attempt)]))
            .await?;
        Ok(())
    }

    async fn lapse(&self, key: &VaultKey, attempt: u64) -> Result<Advanced, StoreError> {
        let sql = "DELETE FROM tokens WHERE name = ?1 AND attempt = ?2";
        let changed = self.token(key, move |tx, name| tx.execute(sql, params![name, number(attempt)]));
        Ok(finished(changed.await?))
    }

    async fn forget(&self, key: &VaultKey) -> Result<(), StoreError> {
        let sql = "DELETE FROM tokens WHERE name = ?1";
        self.token(key, move |tx, name| tx.execute(sql, [name])).await?;
        Ok(())
    }

    async fn purge(&self, older_than: Duration, batch: usize) -> Result<usize, StoreError> {
        let (older_than, batch) = (micros(older_than), bounded(batch));
        let sql = "DELETE FROM tokens WHERE seq IN (SELECT seq FROM tokens WHERE kept <= ?1 ORDER BY kept LIMIT ?2)";
        // by the floor: a wall clock that jumps makes nobody lose a consent
        let purged = self.write(move |tx| match tx.jumped {
            true => Ok(0),
            false => tx.execute(sql, [tx.floor - older_than, batch]),
        });
        purged.await
    }
}

impl DangerShiftVault for SqliteVault {
    async fn danger_shift_clock(&self, by: Duration) -> Result<(), StoreError> {
        self.write(move |tx| upkeep::shift(tx, micros(by))).await
    }
}

fn begin(tx: &Tx<'_>, name: &str, lease: i64) -> Result<RefreshStart, Failure> {
    let found = tx.first("SELECT sealed, lease FROM tokens WHERE name = ?1", [name], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let Some((sealed, running)) = found else {
        return Ok(RefreshStart::Unknown);
    };
    if running.is_some_and(|until| tx.now < until) {
        return Ok(RefreshStart::UnderWay);
    }
    tx.execute("UPDATE attempts SET last = last + 1", [])?;
    let attempt = tx.first("SELECT last FROM attempts", [], |row| Ok(row.get::<_, i64>(0)?))?;
    let attempt = attempt.ok_or(Failure::Broken("number of a refresh"))?;
    tx.execute(
        "UPDATE tokens SET attempt = ?2, lease = ?3 WHERE name = ?1",
        params![name, attempt, tx.now + lease],
    )?;
    let attempt = u64::try_from(attempt).map_err(|_| Failure::Broken("number of a refresh"))?;
    Ok(RefreshStart::Refresh { sealed, attempt })
}

/// No row has a number that is too large for one.
fn number(attempt: u64) -> i64 {
    i64::try_from(attempt).unwrap_or(-1)
}

fn finished(changed: usize) -> Advanced {
    if changed == 1 { Advanced::Done } else { Advanced::Stale }
}

/// "MMJV", so that no other database is taken for a vault.
const SCHEMA: Schema = Schema {
    application_id: 0x4D4D_4A56,
    migrations: &[
        include_str!("../migrations/vault/0001_vault.sql"),
        include_str!("../migrations/vault/0002_clock.sql"),
        include_str!("../migrations/vault/0003_orders.sql"),
        include_str!("../migrations/vault/0004_dossiers.sql"),
        include_str!("../migrations/vault/0005_journal.sql"),
    ],
    after: None,
};
