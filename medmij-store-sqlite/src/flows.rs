// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.208 — flows: advanced and ended by one caller each; their number is bounded (O13).

use std::sync::atomic::{AtomicU32, Ordering};

use medmij_dvza::store::{Advance, FlowId, NewFlow, StoredFlow};
use medmij_oauth::storage::Advanced;
use rusqlite::params;

use crate::{
    audit,
    clock::micros,
    error::Failure,
    reader::View,
    row,
    writer::{Tx, first},
};

/// How many flows there may be, and when they are counted next.
#[derive(Debug)]
pub(crate) struct Room {
    limit: u32,
    every: u32,
    uncounted: AtomicU32,
}

impl Room {
    pub(crate) fn new(limit: u32) -> Self {
        let every = (limit / 64).max(1);
        Self {
            limit,
            every,
            uncounted: AtomicU32::new(every),
        }
    }

    /// Makes room for one more, where it is time to look.
    fn make(&self, tx: &Tx<'_>) -> Result<(), Failure> {
        if self.uncounted.fetch_add(1, Ordering::Relaxed) + 1 < self.every {
            return Ok(());
        }
        let count = "SELECT count(*) FROM (SELECT 1 FROM flows LIMIT ?1)";
        let enough = i64::from(self.limit) + i64::from(COUNTED);
        let flows: i64 = tx.first(count, [enough], |row| Ok(row.get(0)?))?.unwrap_or_default();
        let excess = flows + 1 - i64::from(self.limit);
        let mut gone = 0;
        for oldest in [
            "DELETE FROM flows WHERE seq IN (SELECT seq FROM flows WHERE expires <= ?2 ORDER BY expires LIMIT ?1)",
            "DELETE FROM flows WHERE seq IN (SELECT seq FROM flows WHERE authenticated = 0 ORDER BY seq LIMIT ?1)
             AND ?2 >= 0",
        ] {
            let batch = (excess - gone).min(BATCH);
            if batch > 0 {
                gone += i64::try_from(tx.execute(oldest, [batch, tx.now])?).unwrap_or(i64::MAX);
            }
        }
        if gone < excess.min(1) {
            return Err(Failure::Full);
        }
        // what is left over goes with the next flows
        if gone >= excess {
            self.uncounted.store(0, Ordering::Relaxed);
        }
        Ok(())
    }
}

pub(crate) fn open(tx: &Tx<'_>, flow: &NewFlow, room: &Room) -> Result<(), Failure> {
    room.make(tx)?;
    tx.execute(
        "INSERT INTO flows (id, session, body, version, authenticated, expires) VALUES (?1, ?2, ?3, 1, 0, ?4)",
        params![
            flow.id.as_str(),
            flow.session.as_bytes(),
            flow.body,
            tx.now + micros(flow.lifetime)
        ],
    )?;
    Ok(())
}

pub(crate) fn read(view: &View<'_>, id: &FlowId) -> Result<Option<StoredFlow>, Failure> {
    first(
        view.connection,
        "SELECT version, session, body FROM flows WHERE id = ?1 AND expires > ?2",
        params![id.as_str(), view.now()?],
        |row| Ok(StoredFlow::new(row.get(0)?, row::hash(row, 1)?, row.get(2)?)),
    )
}

pub(crate) fn advance(tx: &Tx<'_>, advance: &Advance) -> Result<Advanced, Failure> {
    let changed = tx.execute(
        "UPDATE flows SET version = version + 1, session = ?3, body = ?4, authenticated = max(authenticated, ?5)
         WHERE id = ?1 AND version = ?2 AND expires > ?6",
        params![
            advance.id.as_str(),
            advance.version,
            advance.session.as_bytes(),
            advance.body,
            advance.authenticated,
            tx.now
        ],
    )?;
    if let (1, Some(entry)) = (changed, &advance.audit) {
        audit::write(tx, entry)?;
    }
    Ok(done(changed))
}

pub(crate) fn end(tx: &Tx<'_>, id: &FlowId, version: u32) -> Result<Advanced, Failure> {
    let changed = tx.execute(
        "DELETE FROM flows WHERE id = ?1 AND version = ?2 AND expires > ?3",
        params![id.as_str(), version, tx.now],
    )?;
    Ok(done(changed))
}

fn done(changed: usize) -> Advanced {
    if changed == 1 { Advanced::Done } else { Advanced::Stale }
}

/// How far beyond the limit is counted: other processes open flows too.
const COUNTED: u32 = 4096;

/// How many flows go at once: one operation does not hold up the others.
const BATCH: i64 = 1024;
