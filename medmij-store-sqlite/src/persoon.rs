// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.108 — all that a Persoon has ends, in one transaction.

use medmij_dvza::store::{EndedPersoon, PersoonEnd};
use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::Aanbiedernaam;
use rusqlite::params;

use crate::{audit, clock::micros, error::Failure, row, writer::Tx};

pub(crate) fn end(tx: &Tx<'_>, end: &PersoonEnd) -> Result<EndedPersoon, Failure> {
    let until = tx.now.saturating_add(micros(PersoonEnd::HOLD));
    let (mut grants, mut abonnementen) = (Vec::new(), 0);
    for persoon in &end.persoon {
        tx.execute(
            "INSERT INTO ended_persons (persoon, until, erased) VALUES (?1, ?2, ?3)
             ON CONFLICT (persoon) DO UPDATE SET until = excluded.until, erased = max(erased, excluded.erased)",
            params![persoon.as_bytes(), until, end.erase],
        )?;
        grants.extend(end_grants(tx, persoon)?);
        let of = [persoon.as_bytes()];
        tx.execute(
            "DELETE FROM outbox WHERE abonnement IN (SELECT id FROM abonnementen WHERE persoon = ?1)",
            of,
        )?;
        abonnementen += tx.execute("DELETE FROM abonnementen WHERE persoon = ?1", of)? as u64;
    }
    let entries = if end.erase {
        audit::replace_persoon(tx, &end.persoon, None)?
    } else {
        0
    };
    audit::write(tx, &end.entry())?;
    Ok(EndedPersoon::new(grants, abonnementen, entries))
}

type Ended = (ClientId, Option<Aanbiedernaam>);

fn end_grants(tx: &Tx<'_>, persoon: &PersoonIndex) -> Result<Vec<Ended>, Failure> {
    let of = [persoon.as_bytes()];
    let sql = "DELETE FROM access WHERE grant_seq IN (SELECT seq FROM grants WHERE persoon = ?1)";
    tx.execute(sql, of)?;
    let sql = "DELETE FROM grants WHERE persoon = ?1 RETURNING id, persoon, aanbieder, client_id, langdurig, body";
    let mut grants = Vec::new();
    let mut statement = tx.connection.prepare_cached(sql)?;
    let mut rows = statement.query(of)?;
    while let Some(row) = rows.next()? {
        grants.push(row::grant(row, 0)?);
    }
    drop(rows);
    for grant in &grants {
        audit::end_grant(tx, grant.id.as_str())?;
    }
    Ok(grants
        .into_iter()
        .map(|grant| (grant.client_id, grant.aanbieder))
        .collect())
}

/// Whether nothing of this Persoon is written now.
pub(crate) fn is_held(tx: &Tx<'_>, persoon: &PersoonIndex) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM ended_persons WHERE persoon = ?1 AND until > ?2";
    Ok(tx
        .first(sql, params![persoon.as_bytes(), tx.now], |_| Ok(()))?
        .is_some())
}

/// What was written to the audit log of an erased Persoon while it was held loses the Persoon.
pub(crate) fn end_holds(tx: &Tx<'_>, batch: i64) -> Result<usize, Failure> {
    let over = [tx.now, batch];
    tx.execute(
        "UPDATE audit SET persoon = NULL, salt = NULL WHERE persoon IN
             (SELECT persoon FROM (SELECT persoon, erased FROM ended_persons WHERE until <= ?1 ORDER BY until LIMIT ?2)
              WHERE erased = 1)",
        over,
    )?;
    tx.execute(
        "DELETE FROM ended_persons WHERE persoon IN
             (SELECT persoon FROM ended_persons WHERE until <= ?1 ORDER BY until LIMIT ?2)",
        over,
    )
}
