// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rows of the audit log as values of the store.

use medmij_dvza::store::{
    Acting, Actor, AuditEntry, AuditKind, AuditObject, AuditOutcome, AuditRecord, EntryHash, GrantId,
};
use medmij_oauth::{ClientId, seal::PersoonIndex};
use medmij_types::{Aanbiedernaam, CorrelationId, GegevensdienstId, Hostname};
use rusqlite::Row;

use crate::error::Failure;

/// The columns that [`record`] reads.
pub(super) const COLUMNS: &str = "number, chain, position, at, kind, actor_kind, actor_id, aanbieder, gegevensdiensten, \
     client_id, scope, outcome, trace_id, object, source, grant_id, texts, commitment, hash, persoon, salt";

pub(super) fn record(row: &Row<'_>) -> Result<AuditRecord, Failure> {
    let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let text = |at| row.get::<_, String>(at);
    let kind = AuditKind::from_name(&text(4)?).ok_or(BROKEN)?;
    let object = AuditObject::from_name(&text(13)?).ok_or(BROKEN)?;
    let actor = row.get::<_, Option<String>>(6)?;
    let actor = Actor::parse(&text(5)?, actor.as_deref()).ok_or(BROKEN)?;
    let mut by = Acting::new(actor);
    by.source = parsed(row, 14, |text| Hostname::parse(text).ok())?;
    by.trace_id = parsed(row, 12, |text| CorrelationId::parse(text).ok())?;
    let mut entry = AuditEntry::of(kind, object, by);
    entry.persoon = row.get::<_, Option<[u8; 32]>>(19)?.map(PersoonIndex::from_bytes);
    entry.aanbieder = parsed(row, 7, |text| Aanbiedernaam::parse(text).ok())?;
    entry.gegevensdiensten = text(8)?
        .split(' ')
        .filter(|id| !id.is_empty())
        .map(|id| GegevensdienstId::parse(id).map_err(|_| BROKEN))
        .collect::<Result<_, _>>()?;
    entry.client_id = parsed(row, 9, |text| ClientId::parse(text).ok())?;
    entry.scope = text(10)?;
    entry.outcome = AuditOutcome::from_name(&text(11)?).ok_or(BROKEN)?;
    entry.grant = parsed(row, 15, GrantId::parse)?;
    entry.texts = text(16)?;
    let commitment = row.get::<_, Option<[u8; 32]>>(17)?.map(EntryHash::from_bytes);
    let chain = u32::try_from(number(1)?).map_err(|_| Failure::Broken("chain of an audit entry"))?;
    Ok(AuditRecord::new(
        (number(0)?, chain, number(2)?),
        number(3)?,
        entry,
        (commitment, row.get(20)?),
        EntryHash::from_bytes(row.get(18)?),
    ))
}

/// An entry as versions of the schema before 6 have it: at, kept_from, kind, persoon, aanbieder, client_id, scope, grant_id, texts.
pub(super) fn old(row: &Row<'_>) -> Result<AuditEntry, Failure> {
    let kind = match row.get::<_, String>(2)?.as_str() {
        "gegeven" => AuditKind::Consented,
        "geweigerd" => AuditKind::Refused,
        "geen-gegevens" => AuditKind::NothingToShare,
        "ingetrokken" => AuditKind::Withdrawn,
        "beeindigd" => AuditKind::Ended,
        _ => return Err(BROKEN),
    };
    let by = match kind {
        AuditKind::Ended => Acting::system(),
        _ => Acting::persoon(),
    };
    let client = ClientId::parse(&row.get::<_, String>(5)?).map_err(|_| BROKEN)?;
    let persoon = PersoonIndex::from_bytes(row.get(3)?);
    let aanbieder = parsed(row, 4, |text| Aanbiedernaam::parse(text).ok())?;
    let (scope, texts): (String, String) = (row.get(6)?, row.get(8)?);
    let mut entry = AuditEntry::new(kind, persoon, aanbieder, client, scope, texts).by(by);
    entry.grant = parsed(row, 7, GrantId::parse)?;
    Ok(entry)
}

fn parsed<T>(row: &Row<'_>, at: usize, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failure> {
    let text: Option<String> = row.get(at)?;
    match text {
        None => Ok(None),
        Some(text) => parse(&text).map(Some).ok_or(BROKEN),
    }
}

const BROKEN: Failure = Failure::Broken("audit entry");
