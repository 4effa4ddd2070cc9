// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204, core.tknint.208 — codes and tokens: a code is taken once, a refresh token once, and any
//! older one is recognised by its generation.

use medmij_dvza::store::{
    BurntCode, Grant, NewAccess, NewRefresh, Redeem, RedeemedCode, RefreshState, RotateRefresh, Rotated, StoredAccess,
};
use medmij_oauth::storage::SecretHash;
use medmij_types::Hostname;
use rusqlite::params;

use crate::{
    clock::micros,
    error::Failure,
    grants,
    reader::View,
    row,
    writer::{Tx, first},
};

pub(crate) fn grant_of_code(view: &View<'_>, code: &SecretHash) -> Result<Option<Grant>, Failure> {
    let sql = format!("SELECT {} FROM grants g WHERE g.code = ?1 AND g.taken = 0", row::GRANT);
    first(view.connection, &sql, [code.as_bytes()], |row| row::grant(row, 0))
}

pub(crate) fn take_code(tx: &Tx<'_>, code: &SecretHash, redeem: &Redeem) -> Result<RedeemedCode, Failure> {
    if access_exists(tx, &redeem.access.token)? {
        return Ok(RedeemedCode::Collision);
    }
    let Some(row) = code_row(tx, code)? else {
        return Ok(RedeemedCode::Unknown);
    };
    let of_client = row.grant.client_id == redeem.client_id;
    if row.redeemed {
        let certificate = redeem.own || redeem.names.iter().any(|name| row.names.contains(name));
        if !of_client || !certificate {
            return Ok(RedeemedCode::Spent);
        }
        grants::end(tx, &row.grant, &redeem.by)?;
        return Ok(RedeemedCode::Replayed);
    }
    tx.execute(
        "UPDATE grants SET taken = 1, names = ?2 WHERE seq = ?1",
        params![row.seq, row::join(&redeem.names)],
    )?;
    if !of_client || row.binding != redeem.binding {
        return Ok(RedeemedCode::Mismatch);
    }
    if row.expires <= tx.now {
        return Ok(RedeemedCode::Expired);
    }
    add_access(tx, row.seq, &redeem.access, &redeem.names)?;
    if let (true, Some(new)) = (row.grant.langdurig, &redeem.refresh) {
        tx.execute(
            "UPDATE grants SET generation = ?2, refresh = ?3, used = ?4, window_start = ?4 WHERE seq = ?1",
            params![row.seq, new.generation, new.token.as_bytes(), tx.now],
        )?;
        keep_refresh(tx, row.seq, new)?;
    }
    Ok(RedeemedCode::Fresh(Box::new(row.grant)))
}

pub(crate) fn burn_code(tx: &Tx<'_>, code: &SecretHash) -> Result<BurntCode, Failure> {
    match code_row(tx, code)? {
        None => Ok(BurntCode::Unknown),
        Some(row) if row.redeemed => Ok(BurntCode::Spent),
        Some(row) => {
            tx.execute("UPDATE grants SET taken = 1 WHERE seq = ?1", [row.seq])?;
            Ok(BurntCode::Burnt)
        }
    }
}

pub(crate) fn access(view: &View<'_>, token: &SecretHash) -> Result<Option<StoredAccess>, Failure> {
    let sql = format!(
        "SELECT a.names, a.gegevensdiensten, {} FROM access a JOIN grants g ON g.seq = a.grant_seq
         WHERE a.hash = ?1 AND a.expires > ?2",
        row::GRANT
    );
    first(view.connection, &sql, params![token.as_bytes(), view.now()?], |row| {
        let (names, admitted) = (row::names(row, 0)?, row::gegevensdiensten(row, 1)?);
        Ok(StoredAccess::new(row::grant(row, 2)?, names, admitted))
    })
}

pub(crate) fn rotate(tx: &Tx<'_>, rotate: &RotateRefresh) -> Result<Rotated, Failure> {
    if access_exists(tx, &rotate.access.token)? {
        return Ok(Rotated::Collision);
    }
    let Some(mut row) = refresh_row(tx, rotate)? else {
        return Ok(Rotated::Unknown);
    };
    if row.grant.client_id != rotate.client_id {
        return Ok(Rotated::Mismatch);
    }
    if row.live_until <= tx.floor {
        return Ok(Rotated::Expired);
    }
    let lost = row.state.previous == Some(rotate.offered);
    if !lost && row.state.current != rotate.offered {
        if rotate.generation >= row.state.generation {
            return Ok(Rotated::Unknown);
        }
        grants::end(tx, &row.grant, &rotate.by)?;
        return Ok(Rotated::Reused);
    }
    let racing = lost && tx.now < row.used.saturating_add(micros(rotate.race));
    if racing || rotate.next.generation != row.state.generation.saturating_add(1) {
        return Ok(Rotated::Race);
    }
    let (mut start, mut count) = row.window;
    if tx.now >= start.saturating_add(micros(rotate.rate.within)) {
        (start, count) = (tx.now, 0);
    }
    if count >= rotate.rate.most {
        return Ok(Rotated::TooOften);
    }
    if let Some(new) = &rotate.reseal {
        tx.execute(
            "UPDATE grants SET persoon = ?2, body = ?3 WHERE seq = ?1",
            params![row.seq, new.persoon.as_bytes(), new.body],
        )?;
        row.grant.persoon = new.persoon;
        row.grant.body.clone_from(&new.body);
    }
    tx.execute(
        "UPDATE grants SET generation = ?2, refresh = ?3, previous = ?4, used = ?5, window_start = ?6, window_count = ?7
         WHERE seq = ?1",
        params![
            row.seq,
            rotate.next.generation,
            rotate.next.token.as_bytes(),
            rotate.offered.as_bytes(),
            tx.now,
            start,
            count + 1
        ],
    )?;
    keep_refresh(tx, row.seq, &rotate.next)?;
    add_access(tx, row.seq, &rotate.access, &rotate.names)?;
    let grant = Box::new(row.grant);
    Ok(if lost {
        Rotated::Replaced(grant)
    } else {
        Rotated::Fresh(grant)
    })
}

struct CodeRow {
    seq: i64,
    grant: Grant,
    binding: SecretHash,
    expires: i64,
    redeemed: bool,
    names: Vec<Hostname>,
}

fn code_row(tx: &Tx<'_>, code: &SecretHash) -> Result<Option<CodeRow>, Failure> {
    let sql = format!(
        "SELECT {}, g.seq, g.binding, g.code_expires, g.taken, g.names FROM grants g WHERE g.code = ?1",
        row::GRANT
    );
    tx.first(&sql, [code.as_bytes()], |row| {
        Ok(CodeRow {
            grant: row::grant(row, 0)?,
            seq: row.get(6)?,
            binding: row::hash(row, 7)?,
            expires: row.get(8)?,
            redeemed: row.get(9)?,
            names: row::names(row, 10)?,
        })
    })
}

struct RefreshRow {
    seq: i64,
    grant: Grant,
    state: RefreshState,
    used: i64,
    window: (i64, u32),
    live_until: i64,
}

fn refresh_row(tx: &Tx<'_>, rotate: &RotateRefresh) -> Result<Option<RefreshRow>, Failure> {
    let sql = format!(
        "SELECT {}, g.generation, g.refresh, g.previous, g.seq, g.used, g.window_start, g.window_count, g.live_until
         FROM grants g WHERE g.id = ?1",
        row::GRANT
    );
    let found = tx.first(&sql, [rotate.grant.as_str()], |row| {
        let Some(state) = row::refresh(row, 6)? else {
            return Ok(None);
        };
        Ok(Some(RefreshRow {
            grant: row::grant(row, 0)?,
            state,
            seq: row.get(9)?,
            used: row.get(10)?,
            window: (row.get(11)?, row.get(12)?),
            live_until: row.get(13)?,
        }))
    })?;
    Ok(found.flatten())
}

fn access_exists(tx: &Tx<'_>, token: &SecretHash) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM access WHERE hash = ?1";
    Ok(tx.first(sql, [token.as_bytes()], |_| Ok(()))?.is_some())
}

/// Adds an access token, and keeps the grant for as long as it works.
fn add_access(tx: &Tx<'_>, grant: i64, new: &NewAccess, names: &[Hostname]) -> Result<(), Failure> {
    let lifetime = micros(new.lifetime);
    tx.execute(
        "INSERT INTO access (hash, grant_seq, names, gegevensdiensten, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            new.token.as_bytes(),
            grant,
            row::join(names),
            row::join_ids(&new.gegevensdiensten),
            tx.now.saturating_add(lifetime)
        ],
    )?;
    tx.execute(
        "UPDATE grants SET purge_at = ?2 WHERE seq = ?1 AND purge_at < ?2",
        [grant, tx.floor.saturating_add(lifetime)],
    )?;
    Ok(())
}

/// The grant lives as long as its newest refresh token.
fn keep_refresh(tx: &Tx<'_>, grant: i64, new: &NewRefresh) -> Result<(), Failure> {
    tx.execute(
        "UPDATE grants SET live_until = ?2, purge_at = max(purge_at, ?2) WHERE seq = ?1",
        [grant, tx.floor.saturating_add(micros(new.lifetime))],
    )?;
    Ok(())
}
