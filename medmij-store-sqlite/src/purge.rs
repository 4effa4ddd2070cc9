// SPDX-License-Identifier: AGPL-3.0-or-later
//! Purging in bounded batches, by the clock and the floor of the store.

use crate::{error::Failure, writer::Tx};

/// Removes at most `batch` rows: flows and access tokens that expired, grants that lapsed.
pub(crate) fn purge(tx: &Tx<'_>, batch: i64) -> Result<usize, Failure> {
    let mut gone = 0;
    if tx.jumped {
        return Ok(gone);
    }
    for (sql, by) in [
        (
            "DELETE FROM flows WHERE seq IN (SELECT seq FROM flows WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
            tx.now,
        ),
        (
            "DELETE FROM access WHERE seq IN (SELECT seq FROM access WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
            tx.now,
        ),
        (
            "DELETE FROM grants WHERE seq IN (SELECT seq FROM grants WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2)",
            tx.floor,
        ),
    ] {
        let left = batch - i64::try_from(gone).unwrap_or(i64::MAX);
        if left > 0 {
            gone += tx.execute(sql, [by, left])?;
        }
    }
    Ok(gone)
}

pub(crate) fn audit(tx: &Tx<'_>, older_than: i64, batch: i64) -> Result<usize, Failure> {
    if tx.jumped {
        return Ok(0);
    }
    tx.execute(
        "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE kept_from < ?1 ORDER BY kept_from LIMIT ?2)",
        [tx.floor - older_than, batch],
    )
}

/// The floor becomes the wall clock.
pub(crate) fn accept_clock(tx: &Tx<'_>) -> Result<(), Failure> {
    tx.execute("UPDATE clock SET floor = ?1 + shift, epoch = epoch + 1", [tx.wall])?;
    Ok(())
}
