// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100, core.dossier.105, core.dossier.108 — sealed dossiers, in the file of the vault. What is deleted is
//! overwritten in the file, at the latest when its write-ahead log is taken in.

use std::time::SystemTime;

use medmij_dvp::{
    dossier::{CollectionId, DossierRow, DossierStore, ItemId, SealedItem, StoreError},
    person::PersonId,
};
use rusqlite::{Row, params};

use crate::{
    SqliteVault,
    error::Failure,
    moment,
    row::bounded,
    writer::{Tx, first},
};

impl DossierStore for SqliteVault {
    async fn begin_dossier(&self, person: PersonId, sealed_key: Vec<u8>) -> Result<DossierRow, StoreError> {
        let started = self.write(move |tx| {
            let begin = "INSERT INTO dossiers (person, sealed_key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            tx.execute(begin, params![bytes(person), sealed_key])?;
            tx.first(DOSSIER, [bytes(person)], dossier)?
                .ok_or(Failure::Broken("no dossier"))
        });
        started.await
    }

    async fn dossier(&self, person: PersonId) -> Result<Option<DossierRow>, StoreError> {
        self.read(move |view| first(view.connection, DOSSIER, [bytes(person)], dossier))
            .await
    }

    async fn keep_items(&self, person: PersonId, items: Vec<SealedItem>) -> Result<bool, StoreError> {
        let stored = self.write(move |tx| {
            if !is_open(tx, person)? {
                return Ok(false);
            }
            for item in &items {
                let (id, collection) = (item.id.number().to_be_bytes(), item.collection.number().to_be_bytes());
                tx.execute(
                    "INSERT INTO items (person, id, collection, sealed) VALUES (?1, ?2, ?3, ?4)",
                    params![bytes(person), id, collection, item.sealed],
                )?;
            }
            Ok(true)
        });
        stored.await
    }

    async fn replace_item(&self, person: PersonId, item: ItemId, sealed: Vec<u8>) -> Result<bool, StoreError> {
        let replaced = self.write(move |tx| {
            let replace = "UPDATE items SET sealed = ?3 WHERE person = ?1 AND id = ?2";
            let id = item.number().to_be_bytes();
            Ok(is_open(tx, person)? && tx.execute(replace, params![bytes(person), id, sealed])? > 0)
        });
        replaced.await
    }

    async fn items(&self, person: PersonId) -> Result<Vec<SealedItem>, StoreError> {
        let read = self.read(move |view| {
            let sql = "SELECT id, collection, sealed FROM items WHERE person = ?1 ORDER BY seq";
            let mut statement = view.connection.prepare_cached(sql)?;
            let mut found = statement.query([bytes(person)])?;
            let mut items = Vec::new();
            while let Some(row) = found.next()? {
                let id = ItemId::new(number(row, 0)?);
                items.push(SealedItem::new(id, CollectionId::new(number(row, 1)?), row.get(2)?));
            }
            Ok(items)
        });
        read.await
    }

    async fn delete_item(&self, person: PersonId, item: ItemId) -> Result<usize, StoreError> {
        let sql = "DELETE FROM items WHERE person = ?1 AND id = ?2";
        self.write(move |tx| tx.execute(sql, [bytes(person), item.number().to_be_bytes()]))
            .await
    }

    async fn delete_collection(&self, person: PersonId, collection: CollectionId) -> Result<usize, StoreError> {
        let sql = "DELETE FROM items WHERE person = ?1 AND collection = ?2";
        self.write(move |tx| tx.execute(sql, [bytes(person), collection.number().to_be_bytes()]))
            .await
    }

    async fn freeze_dossier(&self, person: PersonId, now: SystemTime) -> Result<bool, StoreError> {
        let sql = "UPDATE dossiers SET frozen = coalesce(frozen, ?2) WHERE person = ?1";
        let frozen = self.write(move |tx| tx.execute(sql, params![bytes(person), moment::now(now)]));
        Ok(frozen.await? > 0)
    }

    async fn erase_dossier(&self, person: PersonId) -> Result<usize, StoreError> {
        let erased = self.write(move |tx| {
            tx.execute("DELETE FROM dossiers WHERE person = ?1", [bytes(person)])?;
            tx.execute("DELETE FROM items WHERE person = ?1", [bytes(person)])
        });
        erased.await
    }

    async fn frozen_dossiers(&self, before: SystemTime, most: usize) -> Result<Vec<PersonId>, StoreError> {
        let (before, most) = (moment::now(before), bounded(most));
        let read = self.read(move |view| {
            let sql = "SELECT person FROM dossiers WHERE frozen < ?1 ORDER BY frozen, person LIMIT ?2";
            let mut statement = view.connection.prepare_cached(sql)?;
            let mut found = statement.query([before, most])?;
            let mut persons = Vec::new();
            while let Some(row) = found.next()? {
                persons.push(PersonId::new(number(row, 0)?));
            }
            Ok(persons)
        });
        read.await
    }
}

fn is_open(tx: &Tx<'_>, person: PersonId) -> Result<bool, Failure> {
    let found = tx.first(DOSSIER, [bytes(person)], dossier)?;
    Ok(found.is_some_and(|row| row.frozen.is_none()))
}

fn dossier(row: &Row<'_>) -> Result<DossierRow, Failure> {
    let frozen: Option<i64> = row.get(1)?;
    Ok(DossierRow::new(row.get(0)?, frozen.map(moment::of)))
}

fn number(row: &Row<'_>, at: usize) -> Result<u128, Failure> {
    Ok(u128::from_be_bytes(row.get(at)?))
}

fn bytes(person: PersonId) -> [u8; 16] {
    person.number().to_be_bytes()
}

const DOSSIER: &str = "SELECT sealed_key, frozen FROM dossiers WHERE person = ?1";
