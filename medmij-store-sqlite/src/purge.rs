// SPDX-License-Identifier: AGPL-3.0-or-later
//! Purging in bounded batches, by the clock and the floor of the store.

use crate::{error::Failure, persoon, writer::Tx};

/// Removes at most `batch` rows: flows and access tokens that expired, grants that lapsed.
pub(crate) fn purge(tx: &Tx<'_>, batch: i64) -> Result<usize, Failure> {
    let mut gone = 0;
    if tx.jumped {
        return Ok(gone);
    }
    let left = |gone: usize| batch - i64::try_from(gone).unwrap_or(i64::MAX);
    for sql in [
        "DELETE FROM flows WHERE seq IN (SELECT seq FROM flows WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        "DELETE FROM access WHERE seq IN (SELECT seq FROM access WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    ] {
        if left(gone) > 0 {
            gone += tx.execute(sql, [tx.now, left(gone)])?;
        }
    }
    if left(gone) > 0 {
        gone += persoon::end_holds(tx, left(gone))?;
    }
    if left(gone) > 0 {
        let lapsed = [tx.floor, left(gone)];
        // the consents of what lapses are kept for their term from now on
        tx.execute(
            "UPDATE audit SET kept_from = ?1 WHERE kind = 'consented' AND grant_id IN
                 (SELECT id FROM grants WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2)",
            lapsed,
        )?;
        gone += tx.execute(
            "DELETE FROM grants WHERE seq IN (SELECT seq FROM grants WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2)",
            lapsed,
        )?;
    }
    Ok(gone)
}

/// The floor becomes the wall clock.
pub(crate) fn accept_clock(tx: &Tx<'_>) -> Result<(), Failure> {
    tx.execute("UPDATE clock SET floor = ?1 + shift, epoch = epoch + 1", [tx.wall])?;
    Ok(())
}
