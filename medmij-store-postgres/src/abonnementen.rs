// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo.subint — the Abonnementen of a DVZA, beside its store.

use medmij_abonneren::{Abonnement, AbonnementId, AbonnementRow, Abonnementen, Created};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, StoreError},
};
use medmij_types::CalendarDate;
use tokio_postgres::Row;

use crate::{
    PostgresStore,
    error::Failure,
    pool::Params,
    row::{self, bounded, column, done},
    sql,
};

impl Abonnementen for PostgresStore {
    async fn create(&self, new: AbonnementRow, most: u32, today: CalendarDate) -> Result<Created, StoreError> {
        let persoon: &[u8] = new.persoon.as_bytes();
        let params: Params<'_> = &[
            &new.abonnement.id.as_str(),
            &persoon,
            &new.client_id.as_str(),
            &new.aanbieder.as_str(),
            &new.gegevensdienst.as_str(),
            &new.abonnement.end.to_string(),
            &i64::from(most),
            &today.to_string(),
        ];
        row::created(self.connections.row(sql::ADD_ABONNEMENT, params).await)
    }

    async fn find(&self, id: &AbonnementId, today: CalendarDate) -> Result<Option<AbonnementRow>, StoreError> {
        let params: Params<'_> = &[&id.as_str(), &today.to_string()];
        let rows = self.connections.rows(sql::ABONNEMENT, params).await?;
        Ok(rows.first().map(read).transpose()?)
    }

    async fn change(&self, id: &AbonnementId, seen: CalendarDate, end: CalendarDate) -> Result<Advanced, StoreError> {
        let params: Params<'_> = &[&id.as_str(), &seen.to_string(), &end.to_string()];
        let changed = self.connections.rows(sql::CHANGE_ABONNEMENT, params).await?;
        Ok(done(!changed.is_empty()))
    }

    async fn end(&self, id: &AbonnementId) -> Result<bool, StoreError> {
        let ended = self.connections.rows(sql::END_ABONNEMENT, &[&id.as_str()]).await?;
        Ok(!ended.is_empty())
    }

    async fn of_persoon(&self, persoon: &PersoonIndex, today: CalendarDate) -> Result<Vec<AbonnementRow>, StoreError> {
        let persoon: &[u8] = persoon.as_bytes();
        let params: Params<'_> = &[&persoon, &today.to_string()];
        let rows = self.connections.rows(sql::ABONNEMENTEN_OF, params).await?;
        Ok(rows.iter().map(read).collect::<Result<_, Failure>>()?)
    }

    async fn count(&self, client_id: &ClientId, today: CalendarDate) -> Result<u64, StoreError> {
        let params: Params<'_> = &[&client_id.as_str(), &today.to_string()];
        let row = self.connections.row(sql::COUNT_ABONNEMENTEN, params).await?;
        let count: i64 = column(&row, "count")?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn over(
        &self,
        today: CalendarDate,
        after: Option<&AbonnementId>,
        most: usize,
    ) -> Result<Vec<AbonnementRow>, StoreError> {
        let after = after.map_or("", AbonnementId::as_str);
        let params: Params<'_> = &[&today.to_string(), &after, &bounded(most)];
        let rows = self.connections.rows(sql::ABONNEMENTEN_OVER, params).await?;
        Ok(rows.iter().map(read).collect::<Result<_, Failure>>()?)
    }

    async fn purge_over(&self, today: CalendarDate, batch: usize) -> Result<usize, StoreError> {
        let params: Params<'_> = &[&today.to_string(), &bounded(batch)];
        Ok(self.connections.rows(sql::PURGE_ABONNEMENTEN, params).await?.len())
    }
}

fn read(found: &Row) -> Result<AbonnementRow, Failure> {
    Ok(AbonnementRow::new(
        Abonnement::new(row::abonnement_id(found)?, row::day(found)?),
        PersoonIndex::from_bytes(row::bytes(found, "persoon")?),
        row::client_id(found)?,
        row::name(column(found, "aanbieder")?)?,
        row::gegevensdienst(found)?,
    ))
}
