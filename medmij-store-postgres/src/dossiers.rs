// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100, core.dossier.105, core.dossier.108 — sealed dossiers, beside the tokens of the vault.

use std::time::SystemTime;

use medmij_dvp::{
    dossier::{CollectionId, DossierRow, DossierStore, ItemId, SealedItem, StoreError},
    person::PersonId,
};
use tokio_postgres::Row;

use crate::{
    PostgresVault,
    error::Failure,
    moment,
    pool::Params,
    row::{self, bounded, column},
};

impl DossierStore for PostgresVault {
    async fn begin_dossier(&self, person: PersonId, sealed_key: Vec<u8>) -> Result<DossierRow, StoreError> {
        let rows = self
            .on_dossiers(BEGIN, &[&bytes(person).as_slice(), &sealed_key])
            .await?;
        let row = rows.first().ok_or(Failure::Broken("no dossier"));
        row.and_then(dossier).map_err(StoreError::from)
    }

    async fn dossier(&self, person: PersonId) -> Result<Option<DossierRow>, StoreError> {
        let rows = self.on_dossiers(DOSSIER, &[&bytes(person).as_slice()]).await?;
        rows.first().map(dossier).transpose().map_err(StoreError::from)
    }

    async fn keep_items(&self, person: PersonId, items: Vec<SealedItem>) -> Result<bool, StoreError> {
        let ids: Vec<Vec<u8>> = items.iter().map(|item| item.id.number().to_be_bytes().into()).collect();
        let collections = items.iter().map(|item| item.collection.number().to_be_bytes().into());
        let collections: Vec<Vec<u8>> = collections.collect();
        let sealed: Vec<&[u8]> = items.iter().map(|item| item.sealed.as_slice()).collect();
        let person = bytes(person);
        let params: Params<'_> = &[&person.as_slice(), &ids, &collections, &sealed];
        let rows = self.on_dossiers(KEEP, params).await?;
        let row = rows.first().ok_or(Failure::Broken("no row"));
        row.and_then(|row| column(row, "kept")).map_err(StoreError::from)
    }

    async fn replace_item(&self, person: PersonId, item: ItemId, sealed: Vec<u8>) -> Result<bool, StoreError> {
        let id = item.number().to_be_bytes();
        let person = bytes(person);
        let params: Params<'_> = &[&person.as_slice(), &id.as_slice(), &sealed];
        Ok(!self.on_dossiers(REPLACE, params).await?.is_empty())
    }

    async fn items(&self, person: PersonId) -> Result<Vec<SealedItem>, StoreError> {
        let rows = self.on_dossiers(ITEMS, &[&bytes(person).as_slice()]).await?;
        let read = |row| {
            let (id, collection) = (number(row, "id")?, number(row, "collection")?);
            Ok(SealedItem::new(
                ItemId::new(id),
                CollectionId::new(collection),
                column(row, "sealed")?,
            ))
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, Failure>>()
            .map_err(StoreError::from)
    }

    async fn delete_item(&self, person: PersonId, item: ItemId) -> Result<usize, StoreError> {
        self.delete(DELETE_ITEM, person, item.number()).await
    }

    async fn delete_collection(&self, person: PersonId, collection: CollectionId) -> Result<usize, StoreError> {
        self.delete(DELETE_COLLECTION, person, collection.number()).await
    }

    async fn freeze_dossier(&self, person: PersonId, now: SystemTime) -> Result<bool, StoreError> {
        let person = bytes(person);
        let params: Params<'_> = &[&person.as_slice(), &moment::now(now)];
        Ok(!self.on_dossiers(FREEZE, params).await?.is_empty())
    }

    async fn erase_dossier(&self, person: PersonId) -> Result<usize, StoreError> {
        let rows = self.on_dossiers(ERASE, &[&bytes(person).as_slice()]).await?;
        let row = rows.first().ok_or(Failure::Broken("no row"));
        let gone: i64 = row.and_then(|row| column(row, "gone")).map_err(StoreError::from)?;
        Ok(usize::try_from(gone).unwrap_or_default())
    }

    async fn frozen_dossiers(&self, before: SystemTime, most: usize) -> Result<Vec<PersonId>, StoreError> {
        let params: Params<'_> = &[&moment::now(before), &bounded(most)];
        let rows = self.on_dossiers(FROZEN, params).await?;
        let read = |row| Ok(PersonId::new(number(row, "person")?));
        rows.iter()
            .map(read)
            .collect::<Result<_, Failure>>()
            .map_err(StoreError::from)
    }
}

impl PostgresVault {
    async fn on_dossiers(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        self.connections.rows(sql, params).await.map_err(StoreError::from)
    }

    async fn delete(&self, sql: &str, person: PersonId, of: u128) -> Result<usize, StoreError> {
        let (person, of) = (bytes(person), of.to_be_bytes());
        let params: Params<'_> = &[&person.as_slice(), &of.as_slice()];
        Ok(self.on_dossiers(sql, params).await?.len())
    }
}

fn dossier(row: &Row) -> Result<DossierRow, Failure> {
    let frozen: Option<i64> = column(row, "frozen")?;
    Ok(DossierRow::new(column(row, "sealed_key")?, frozen.map(moment::of)))
}

fn number(row: &Row, name: &str) -> Result<u128, Failure> {
    Ok(u128::from_be_bytes(row::bytes(row, name)?))
}

fn bytes(person: PersonId) -> [u8; 16] {
    person.number().to_be_bytes()
}

const BEGIN: &str = "SELECT sealed_key, frozen FROM medmij_dvp.begin_dossier($1, $2)";

const DOSSIER: &str = "SELECT sealed_key, frozen FROM medmij_dvp.dossiers WHERE person = $1";

const KEEP: &str = "SELECT medmij_dvp.keep_items($1, $2, $3, $4) AS kept";

const REPLACE: &str = "
UPDATE medmij_dvp.items i SET sealed = $3
FROM medmij_dvp.dossiers d
WHERE i.person = $1 AND i.id = $2 AND d.person = i.person AND d.frozen IS NULL
RETURNING i.seq";

const ITEMS: &str = "SELECT id, collection, sealed FROM medmij_dvp.items WHERE person = $1 ORDER BY seq";

const DELETE_ITEM: &str = "DELETE FROM medmij_dvp.items WHERE person = $1 AND id = $2 RETURNING seq";

const DELETE_COLLECTION: &str = "DELETE FROM medmij_dvp.items WHERE person = $1 AND collection = $2 RETURNING seq";

const FREEZE: &str = "
UPDATE medmij_dvp.dossiers SET frozen = coalesce(frozen, $2) WHERE person = $1 RETURNING person";

const ERASE: &str = "SELECT medmij_dvp.erase_dossier($1) AS gone";

const FROZEN: &str = "
SELECT person FROM medmij_dvp.dossiers WHERE frozen < $1 ORDER BY frozen, person LIMIT $2";
