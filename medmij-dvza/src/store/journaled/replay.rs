// SPDX-License-Identifier: AGPL-3.0-or-later
//! What ended, as entries of the journal, and how it ends again.

use std::{fmt::Write as _, time::Duration};

use medmij_oauth::{
    ClientId,
    journal::{JournalEntry, JournalError},
    seal::PersoonIndex,
    storage::{SecretHash, StoreError},
};
use medmij_types::Aanbiedernaam;

use crate::store::{
    Acting, AuditEntry, AuditKind, EntryHash, GrantId, NewAccess, PersoonEnd, Redeem, RedeemedCode, Store,
};

const WITHDRAWN: &str = "withdrawn";
const GRANT: &str = "grant";
const CODE: &str = "code";
const DEATH: &str = "death";
const ERASURE: &str = "erasure";

/// A withdrawal: Aanbieder, DVP, and the Persoon by every version of the index key.
pub(super) fn withdrawn(
    persoon: &[PersoonIndex],
    aanbieder: Option<&Aanbiedernaam>,
    client_id: &ClientId,
) -> JournalEntry {
    let aanbieder = aanbieder.map_or_else(String::new, |name| name.as_str().to_owned());
    let parties = [aanbieder, client_id.as_str().to_owned()];
    JournalEntry::new(WITHDRAWN, parties.into_iter().chain(persons(persoon)))
}

pub(super) fn grant(grant: &GrantId) -> JournalEntry {
    JournalEntry::new(GRANT, [grant.as_str()])
}

/// A code that was offered again.
pub(super) fn code(code: &SecretHash, client_id: &ClientId) -> JournalEntry {
    JournalEntry::new(CODE, [hex(code.as_bytes()), client_id.as_str().to_owned()])
}

pub(super) fn persoon(end: &PersoonEnd) -> JournalEntry {
    let kind = if end.erase { ERASURE } else { DEATH };
    JournalEntry::new(kind, persons(&end.persoon))
}

/// Ends it again. What has ended already stays so.
pub(super) async fn again<S: Store>(store: &S, entry: &JournalEntry, by: &Acting) -> Result<(), StoreError> {
    let unknown = || StoreError::from(JournalError::Kind(entry.kind.clone()));
    match (entry.kind.as_str(), &*entry.fields) {
        (WITHDRAWN, [aanbieder, client_id, persoon @ ..]) => {
            let aanbieder = match aanbieder.as_str() {
                "" => None,
                name => Some(Aanbiedernaam::parse(name).map_err(|_| unknown())?),
            };
            let client_id = ClientId::parse(client_id).map_err(|_| unknown())?;
            let persoon = read(persoon).ok_or_else(unknown)?;
            let first = *persoon.first().ok_or_else(unknown)?;
            let kind = AuditKind::Withdrawn;
            let audit = AuditEntry::new(kind, first, aanbieder.clone(), client_id.clone(), "*", "").by(by.clone());
            store.withdraw(&persoon, aanbieder.as_ref(), &client_id, audit).await?;
        }
        (GRANT, [grant]) => {
            let grant = GrantId::parse(grant).ok_or_else(unknown)?;
            store.revoke_grant(&grant, by).await?;
        }
        (CODE, [code, client_id]) => {
            let code = SecretHash::from_bytes(*EntryHash::parse(code).ok_or_else(unknown)?.as_bytes());
            let client_id = ClientId::parse(client_id).map_err(|_| unknown())?;
            end_by_code(store, &code, client_id, by).await?;
        }
        (kind @ (DEATH | ERASURE), persoon) => {
            let persoon = read(persoon)
                .filter(|persoon| !persoon.is_empty())
                .ok_or_else(unknown)?;
            let end = if kind == ERASURE {
                PersoonEnd::erasure(persoon, by.clone())
            } else {
                PersoonEnd::after_death(persoon, by.clone())
            };
            store.end_persoon(&end).await?;
        }
        _ => return Err(unknown()),
    }
    Ok(())
}

/// Offers a code as nobody can redeem it: where it is unused the first time burns it, and the next ends its grant.
async fn end_by_code<S: Store>(
    store: &S,
    code: &SecretHash,
    client_id: ClientId,
    by: &Acting,
) -> Result<(), StoreError> {
    let nothing = SecretHash::of_bytes(code.as_bytes());
    let access = NewAccess::new(nothing, Duration::ZERO, Vec::new());
    let mut offer = Redeem::new(client_id, nothing, Vec::new(), access);
    offer.by = by.clone();
    if store.take_code(code, &offer).await? == RedeemedCode::Mismatch {
        store.take_code(code, &offer).await?;
    }
    Ok(())
}

fn persons(persoon: &[PersoonIndex]) -> impl Iterator<Item = String> {
    persoon.iter().map(|index| hex(index.as_bytes()))
}

fn read(persoon: &[String]) -> Option<Vec<PersoonIndex>> {
    let index = |text: &String| Some(PersoonIndex::from_bytes(*EntryHash::parse(text)?.as_bytes()));
    persoon.iter().map(index).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // writing into a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
