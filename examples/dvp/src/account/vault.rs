// SPDX-License-Identifier: AGPL-3.0-or-later
//! Records that are sealed before the store sees them (A.10.1.1): what is of a Persoon under the data key of that Persoon,
//! which the key ring wraps; everything else by the ring itself. Without the row of the key nothing of the Persoon opens.

use super::records::{Kind, NEVER, Records, RecordsError, Row};
use medmij_dvp::person::PersonId;
use medmij_oauth::seal::{KeyRing, LocalKeyRing, SealError};
use medmij_types::{Entropy as _, EntropyError, OsEntropy};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The records, opened and sealed.
pub(crate) struct Vault {
    pub(super) records: Records,
    ring: Arc<LocalKeyRing>,
}

/// A record that was read; [`replace`](Vault::replace) writes it back where nobody else did meanwhile.
pub(crate) struct Opened<T> {
    pub(crate) content: T,
    row: Row,
}

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("a record of the accounts cannot be read")]
    Content(#[from] serde_json::Error),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error("a record changed all the time")]
    Busy,
    #[error("account is not there")]
    Gone,
}

impl Vault {
    pub(crate) const fn new(records: Records, ring: Arc<LocalKeyRing>) -> Self {
        Self { records, ring }
    }

    /// A keyed hash under which something is found again.
    pub(crate) fn fingerprint(&self, purpose: &str, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        Ok(self.ring.fingerprint(purpose, value)?.as_bytes().to_vec())
    }

    /// Begins the data key of a new Persoon.
    pub(crate) async fn begin_person(&self, person: PersonId) -> Result<(), VaultError> {
        let mut key = Zeroizing::new([0; 32]);
        OsEntropy.fill(key.as_mut_slice())?;
        let id = person.number().to_be_bytes().to_vec();
        let sealed = self
            .ring
            .seal(key.as_slice(), &context(Kind::Key, &id, Some(person)), &OsEntropy)?;
        let row = Row {
            kind: Kind::Key,
            id,
            person: Some(person),
            version: 0,
            expires: NEVER,
            sealed,
        };
        self.records.add(row).await?;
        Ok(())
    }

    /// The key ring of a Persoon: one data key.
    async fn of_person(&self, person: PersonId) -> Result<LocalKeyRing, VaultError> {
        let id = person.number().to_be_bytes();
        let row = self.records.find(Kind::Key, &id).await?.ok_or(VaultError::Gone)?;
        let key = self.ring.open(&row.sealed, &context(Kind::Key, &id, Some(person)))?;
        let key = Zeroizing::new(<[u8; 32]>::try_from(key.as_slice()).map_err(|_| SealError::Broken)?);
        Ok(LocalKeyRing::of_bytes(1, *key, *key))
    }

    async fn seal(&self, row: &Row, content: &impl Serialize) -> Result<Vec<u8>, VaultError> {
        let plain = Zeroizing::new(serde_json::to_vec(content)?);
        let context = context(row.kind, &row.id, row.person);
        Ok(match row.person.filter(|_| under_data_key(row.kind)) {
            Some(person) => self.of_person(person).await?.seal(&plain, &context, &OsEntropy)?,
            None => self.ring.seal(&plain, &context, &OsEntropy)?,
        })
    }

    async fn open<T: DeserializeOwned>(&self, row: Row) -> Result<Opened<T>, VaultError> {
        let context = context(row.kind, &row.id, row.person);
        let plain = match row.person.filter(|_| under_data_key(row.kind)) {
            Some(person) => self.of_person(person).await?.open(&row.sealed, &context)?,
            None => self.ring.open(&row.sealed, &context)?,
        };
        Ok(Opened {
            content: serde_json::from_slice(&plain)?,
            row,
        })
    }

    /// A record, where it is there.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        kind: Kind,
        id: &[u8],
    ) -> Result<Option<Opened<T>>, VaultError> {
        match self.records.find(kind, id).await? {
            Some(row) => Ok(Some(self.open(row).await?)),
            None => Ok(None),
        }
    }

    /// Adds a record; `false` where there is one.
    pub(crate) async fn add(
        &self,
        kind: Kind,
        id: Vec<u8>,
        person: Option<PersonId>,
        expires: i64,
        content: &impl Serialize,
    ) -> Result<bool, VaultError> {
        let mut row = Row {
            kind,
            id,
            person,
            version: 0,
            expires,
            sealed: Vec::new(),
        };
        row.sealed = self.seal(&row, content).await?;
        Ok(self.records.add(row).await?)
    }

    /// Writes a record back; `false` where it was changed or removed meanwhile.
    pub(crate) async fn replace<T: Serialize>(&self, opened: Opened<T>, expires: i64) -> Result<bool, VaultError> {
        let mut row = opened.row;
        row.expires = expires;
        row.sealed = self.seal(&row, &opened.content).await?;
        Ok(self.records.replace(row).await?)
    }

    /// All records of a kind of a Persoon, with their ids.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        kind: Kind,
        person: PersonId,
    ) -> Result<Vec<(Vec<u8>, T)>, VaultError> {
        let mut all = Vec::new();
        for row in self.records.of_person(kind, person).await? {
            let id = row.id.clone();
            all.push((id, self.open(row).await?.content));
        }
        Ok(all)
    }

    /// At most so many Personen who have a record of a kind, after one of them; for kinds whose id is the number of the Persoon.
    pub(crate) async fn persons_after(
        &self,
        kind: Kind,
        after: Option<PersonId>,
        most: i64,
    ) -> Result<Vec<PersonId>, VaultError> {
        let after = after.map_or_else(Vec::new, |person| person.number().to_be_bytes().to_vec());
        let rows = self.records.after(kind, &after, most).await?;
        Ok(rows.iter().filter_map(|row| row.person).collect())
    }

    /// Removes a record; whether it was there.
    pub(crate) async fn remove(&self, kind: Kind, id: &[u8]) -> Result<bool, VaultError> {
        Ok(self.records.remove(kind, id).await?)
    }

    /// Destroys the data key of a Persoon and every row.
    pub(crate) async fn erase(&self, person: PersonId) -> Result<(), VaultError> {
        Ok(self.records.remove_person(person).await?)
    }
}

impl<T> Opened<T> {
    /// The moment after which it is gone.
    pub(crate) const fn expires(&self) -> i64 {
        self.row.expires
    }

    /// Whose it is.
    pub(crate) const fn person(&self) -> Option<PersonId> {
        self.row.person
    }
}

/// Sessions and names are looked up before anybody is known.
const fn under_data_key(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Account
            | Kind::Event
            | Kind::Consent
            | Kind::Notice
            | Kind::Job
            | Kind::Flow
            | Kind::Asked
            | Kind::MailCode
            | Kind::Message
            | Kind::Child
    )
}

/// A row opens in its own place only.
fn context(kind: Kind, id: &[u8], person: Option<PersonId>) -> Vec<u8> {
    let mut context = b"pgo record ".to_vec();
    context.push(kind as u8);
    context.extend_from_slice(&person.map_or([0; 16], |person| person.number().to_be_bytes()));
    context.extend_from_slice(id);
    context
}
