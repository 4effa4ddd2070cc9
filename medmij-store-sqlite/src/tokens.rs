// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203, core.tknint.204 — codes and tokens: a code is taken once, a refresh token once, nothing is issued twice.

use medmij_dvza::store::{Access, Redeem, RotateRefresh, Rotated, TakenCode};
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

pub(crate) fn take_code(tx: &Tx<'_>, code: &SecretHash, redeem: &Redeem) -> Result<TakenCode, Failure> {
    if exists(tx, &redeem.access, redeem.refresh.map(|(token, _)| token))? {
        return Ok(TakenCode::Collision);
    }
    let code = match burn(tx, code, micros(redeem.access_lifetime))? {
        Ok(code) => code,
        Err(answer) => return Ok(answer),
    };
    if code.binding != redeem.binding {
        return Ok(TakenCode::Mismatch);
    }
    let Some(grant) = grants::live(tx, code.grant)? else {
        return Ok(TakenCode::Unknown);
    };
    let access = tx.now + micros(redeem.access_lifetime);
    add_access(tx, &redeem.access, code.grant, &redeem.names, access)?;
    let mut refresh = None;
    if let (true, Some((token, lifetime))) = (grant.langdurig, &redeem.refresh) {
        let expires = tx.now + micros(*lifetime);
        add_refresh(tx, token, code.grant, expires)?;
        refresh = Some(expires);
    }
    grants::keep(tx, code.grant, access, refresh)?;
    Ok(TakenCode::Fresh(Box::new(grant)))
}

pub(crate) fn burn_code(tx: &Tx<'_>, code: &SecretHash) -> Result<(), Failure> {
    burn(tx, code, 0).map(|_| ())
}

pub(crate) fn access(view: &View<'_>, token: &SecretHash) -> Result<Option<Access>, Failure> {
    let sql = format!(
        "SELECT a.names, {} FROM access a JOIN grants g ON g.seq = a.grant_seq
         WHERE a.hash = ?1 AND a.expires > ?2 AND g.ended = 0",
        row::GRANT
    );
    first(view.connection, &sql, params![token.as_bytes(), view.now()?], |row| {
        Ok(Access::new(row::grant(row, 1)?, row::names(row, 0)?))
    })
}

pub(crate) fn rotate(tx: &Tx<'_>, token: &SecretHash, rotate: &RotateRefresh) -> Result<Rotated, Failure> {
    if exists(tx, &rotate.access, Some(rotate.next))? {
        return Ok(Rotated::Collision);
    }
    let Some(row) = refresh_row(tx, token)? else {
        return Ok(Rotated::Unknown);
    };
    let Some(grant) = grants::live(tx, row.grant)? else {
        return Ok(Rotated::Unknown);
    };
    if grant.client_id != rotate.client_id {
        return Ok(Rotated::Mismatch);
    }
    if row.expires <= tx.now {
        return Ok(Rotated::Expired);
    }
    let successor = match &row.successor {
        Some(next) => refresh_row(tx, next)?,
        None => None,
    };
    let successor_used = successor.is_none_or(|next| next.used.is_some());
    if row.replaced || (row.used.is_some() && successor_used) {
        grants::end(tx, row.grant)?;
        return Ok(Rotated::Reused);
    }
    if row.used.is_some_and(|at| tx.now < at + micros(rotate.race)) {
        return Ok(Rotated::Race);
    }
    if let Some(lost) = &row.successor {
        tx.execute("UPDATE refresh SET replaced = 1 WHERE hash = ?1", [lost.as_bytes()])?;
    }
    tx.execute(
        "UPDATE refresh SET used = ?2, successor = ?3 WHERE hash = ?1",
        params![token.as_bytes(), tx.now, rotate.next.as_bytes()],
    )?;
    let refresh = tx.now + micros(rotate.lifetime);
    let access = tx.now + micros(rotate.access_lifetime);
    add_refresh(tx, &rotate.next, row.grant, refresh)?;
    add_access(tx, &rotate.access, row.grant, &rotate.names, access)?;
    grants::keep(tx, row.grant, access, Some(refresh))?;
    let grant = Box::new(grant);
    Ok(if row.used.is_some() {
        Rotated::Replaced(grant)
    } else {
        Rotated::Fresh(grant)
    })
}

struct Burnt {
    grant: i64,
    binding: SecretHash,
}

/// Burns the code; `Err` is the answer where it was not fresh. It is kept for as long as the token that may come of it.
fn burn(tx: &Tx<'_>, code: &SecretHash, access_lifetime: i64) -> Result<Result<Burnt, TakenCode>, Failure> {
    let found = tx.first(
        "SELECT seq, grant_seq, binding, taken, expires FROM codes WHERE hash = ?1",
        [code.as_bytes()],
        |row| {
            let burnt = Burnt {
                grant: row.get(1)?,
                binding: row::hash(row, 2)?,
            };
            Ok((
                burnt,
                row.get::<_, i64>(0)?,
                row.get::<_, bool>(3)?,
                row.get::<_, i64>(4)?,
            ))
        },
    )?;
    let Some((burnt, seq, taken, expires)) = found else {
        return Ok(Err(TakenCode::Unknown));
    };
    if taken {
        grants::end(tx, burnt.grant)?;
        return Ok(Err(TakenCode::Replayed));
    }
    tx.execute(
        "UPDATE codes SET taken = 1, purge_at = max(purge_at, ?2) WHERE seq = ?1",
        [seq, tx.now + access_lifetime],
    )?;
    Ok(if expires <= tx.now {
        Err(TakenCode::Expired)
    } else {
        Ok(burnt)
    })
}

struct RefreshRow {
    grant: i64,
    expires: i64,
    used: Option<i64>,
    successor: Option<SecretHash>,
    replaced: bool,
}

fn refresh_row(tx: &Tx<'_>, token: &SecretHash) -> Result<Option<RefreshRow>, Failure> {
    tx.first(
        "SELECT grant_seq, expires, used, successor, replaced FROM refresh WHERE hash = ?1",
        [token.as_bytes()],
        |row| {
            let successor: Option<[u8; 32]> = row.get(3)?;
            Ok(RefreshRow {
                grant: row.get(0)?,
                expires: row.get(1)?,
                used: row.get(2)?,
                successor: successor.map(SecretHash::from_bytes),
                replaced: row.get(4)?,
            })
        },
    )
}

/// Whether one of the tokens was issued before.
fn exists(tx: &Tx<'_>, access: &SecretHash, refresh: Option<SecretHash>) -> Result<bool, Failure> {
    let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM access WHERE hash = ?1)
               OR EXISTS (SELECT 1 FROM refresh WHERE hash = ?2)";
    let refresh = refresh.as_ref().map(SecretHash::as_bytes);
    Ok(tx
        .first(sql, params![access.as_bytes(), refresh], |_| Ok(()))?
        .is_some())
}

fn add_access(tx: &Tx<'_>, token: &SecretHash, grant: i64, names: &[Hostname], expires: i64) -> Result<(), Failure> {
    tx.execute(
        "INSERT INTO access (hash, grant_seq, names, expires) VALUES (?1, ?2, ?3, ?4)",
        params![token.as_bytes(), grant, row::join(names), expires],
    )?;
    Ok(())
}

fn add_refresh(tx: &Tx<'_>, token: &SecretHash, grant: i64, expires: i64) -> Result<(), Failure> {
    tx.execute(
        "INSERT INTO refresh (hash, grant_seq, expires) VALUES (?1, ?2, ?3)",
        params![token.as_bytes(), grant, expires],
    )?;
    Ok(())
}
