// SPDX-License-Identifier: AGPL-3.0-or-later
//! Abonnementen and what has to go out, in the store of grants and tokens.

use crate::either::Either;
use medmij_abonneren::{AbonnementId, AbonnementRow, Abonnementen, Created, Leased, SharedOutbox, Waiting};
use medmij_oauth::{
    ClientId,
    seal::PersoonIndex,
    storage::{Advanced, StoreError},
};
use medmij_types::CalendarDate;
use std::time::SystemTime;

macro_rules! either {
    ($of:ident; $($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl $of for Either {$(
            async fn $name(&self $(, $arg: $kind)*) -> Result<$answer, StoreError> {
                match self {
                    Self::Sqlite(store) => $of::$name(store $(, $arg)*).await,
                    Self::Postgres(store) => $of::$name(store $(, $arg)*).await,
                }
            }
        )*}
    };
}

either! { Abonnementen;
    create(row: AbonnementRow, most: u32, today: CalendarDate) -> Created;
    find(id: &AbonnementId, today: CalendarDate) -> Option<AbonnementRow>;
    change(id: &AbonnementId, seen: CalendarDate, end: CalendarDate) -> Advanced;
    end(id: &AbonnementId) -> bool;
    of_persoon(persoon: &PersoonIndex, today: CalendarDate) -> Vec<AbonnementRow>;
    count(client_id: &ClientId, today: CalendarDate) -> u64;
    over(today: CalendarDate, after: Option<&AbonnementId>, most: usize) -> Vec<AbonnementRow>;
    purge_over(today: CalendarDate, batch: usize) -> usize;
}

either! { SharedOutbox;
    position(feed: &str) -> Option<String>;
    take_in(feed: &str, seen: Option<&str>, position: &str, waiting: Vec<Waiting>) -> Advanced;
    lease(now: SystemTime, until: SystemTime, most: usize) -> Vec<Leased>;
    done(leased: &Leased) -> Advanced;
    again(leased: &Leased, at: SystemTime) -> Advanced;
}
