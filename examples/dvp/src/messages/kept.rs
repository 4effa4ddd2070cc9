// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Persoon sees of its messages: sealed under the data key of the Persoon, found by a keyed hash of the Abonnement.

use super::{ForgetError, KEPT_DAYS};
use crate::{
    App,
    account::{
        Kind,
        vault::{Opened, VaultError},
    },
};
use medmij_abonneren::{AbonnementId, AbonnementRegister as _};
use medmij_dvp::person::PersonId;
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId};
use serde::{Deserialize, Serialize};

/// A message that is on, or was.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) abonnement: String,
    pub(crate) aanbieder: Aanbiedernaam,
    pub(crate) gegevensdienst: GegevensdienstId,
    /// The name of the gegevensdienst.
    pub(crate) service: String,
    /// The last day, as `YYYY-MM-DD`.
    pub(crate) end: String,
    /// Since when there is something new, in milliseconds.
    pub(crate) news: Option<i64>,
    /// The zorgaanbieder ended it.
    pub(crate) over: bool,
}

/// A message with where it is kept.
pub(crate) struct Listed {
    /// Under which it is kept, in hexadecimal: for addresses of pages.
    pub(crate) id: String,
    pub(crate) kept: Kept,
}

impl Kept {
    /// Its Abonnement.
    pub(crate) fn abonnement(&self) -> Option<AbonnementId> {
        AbonnementId::parse(&self.abonnement).ok()
    }

    /// The last day.
    pub(crate) fn last_day(&self) -> Option<CalendarDate> {
        CalendarDate::parse(&self.end).ok()
    }

    /// Whether messages come.
    pub(crate) fn is_on(&self, today: CalendarDate) -> bool {
        !self.over && self.last_day().is_some_and(|end| end > today)
    }
}

fn key(app: &App, id: &AbonnementId) -> Result<Vec<u8>, VaultError> {
    app.accounts.vault.fingerprint("pgo message", id.as_str().as_bytes())
}

/// By Abonnement, with whose it is.
pub(crate) async fn find(app: &App, id: &AbonnementId) -> Result<Option<(PersonId, Opened<Kept>)>, VaultError> {
    let found = app.accounts.vault.find::<Kept>(Kind::Message, &key(app, id)?).await?;
    Ok(found.and_then(|found| Some((found.person()?, found))))
}

/// Keeps a message, in place of what was kept of its Abonnement.
pub(crate) async fn set(app: &App, person: PersonId, id: &AbonnementId, kept: &Kept) -> Result<(), VaultError> {
    let expires = kept.last_day().map_or(0, |end| {
        end.days_since_1970()
            .saturating_add(i64::from(KEPT_DAYS))
            .saturating_mul(86_400)
    });
    let vault = &app.accounts.vault;
    for _ in 0..8 {
        let done = match find(app, id).await? {
            Some((of, mut found)) if of == person => {
                found.content = kept.clone();
                vault.replace(found, expires).await?
            }
            Some(_) => return Err(VaultError::Gone),
            None => {
                vault
                    .add(Kind::Message, key(app, id)?, Some(person), expires, kept)
                    .await?
            }
        };
        if done {
            return Ok(());
        }
    }
    Err(VaultError::Busy)
}

/// All of a Persoon, by provider and name.
pub(crate) async fn all(app: &App, person: PersonId) -> Result<Vec<Listed>, VaultError> {
    let found = app.accounts.vault.all::<Kept>(Kind::Message, person).await?;
    let mut all: Vec<Listed> = found
        .into_iter()
        .map(|(id, kept)| Listed {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            kept,
        })
        .collect();
    all.sort_by(|one, two| (&one.kept.aanbieder, &one.kept.service).cmp(&(&two.kept.aanbieder, &two.kept.service)));
    Ok(all)
}

/// Puts a message off here: the zorgaanbieder gets to know it at its next notification.
pub(crate) async fn forget(app: &App, kept: &Kept) -> Result<(), ForgetError> {
    let Some(id) = kept.abonnement() else { return Ok(()) };
    app.messages.register().remove(&id).await?;
    app.accounts.vault.remove(Kind::Message, &key(app, &id)?).await?;
    Ok(())
}
