// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo — a message when there is something new at a zorgaanbieder: which are on, what was heard, and what the Persoon is
//! told of it.

mod interface;
mod kept;
mod offers;
mod register;
mod subscribing;

pub(crate) use interface::router;
pub(crate) use kept::{Kept, Listed, all, find, forget, set};
pub(crate) use offers::{Offer, offered};
pub(crate) use register::Register;
pub(crate) use subscribing::{Outcome, SubscribeError, finish, location};

use crate::{
    App,
    account::{events::Event, vault::VaultError},
    automatic,
};
use medmij_abonneren::{
    AboPolicy, AbonnementRegister as _, NotificatieKind, NotificatieReceiver, NotificationLog, Received,
};
use medmij_dvp::person::{Notice, PersonId};
use medmij_log::Observer;
use medmij_oauth::{seal::PersoonIndex, storage::StoreError};
use medmij_types::{CalendarDate, Clock as _, Hostname, SystemClock};
use std::{sync::Arc, time::SystemTime};

/// Where notifications come in, on the back channel (ext.abo.subnotint).
pub const NOTIFICATIONS: &str = "/berichten";
/// The most that one Persoon has on.
const MOST: u32 = 100;
/// So many days after its end nobody asks for an Abonnement any more.
const KEPT_DAYS: u32 = 60;

/// What is needed for messages.
pub(crate) struct Messages {
    receiver: NotificatieReceiver<Register>,
}

impl Messages {
    pub(crate) fn new(register: Register, observer: Arc<dyn Observer>, own: Hostname) -> Self {
        let log = NotificationLog::new(observer, Arc::new(SystemClock::default()), own);
        Self {
            receiver: NotificatieReceiver::new(register, AboPolicy::default()).with_log(log),
        }
    }

    pub(crate) fn register(&self) -> &Register {
        self.receiver.register()
    }

    /// Forgets what is over for long.
    pub(crate) async fn purge(&self, now: SystemTime) -> Result<(), StoreError> {
        let day = CalendarDate::in_amsterdam(now).minus(KEPT_DAYS);
        while self.register().purge_before(day, 1000).await? >= 1000 {}
        Ok(())
    }
}

/// Whose Abonnement it is, as the register keeps it.
fn owner(app: &App, person: PersonId) -> Result<PersoonIndex, VaultError> {
    let found = app
        .accounts
        .vault
        .fingerprint("pgo messages", &person.number().to_be_bytes())?;
    let bytes = found.as_slice().try_into().map_err(|_| VaultError::Gone)?;
    Ok(PersoonIndex::from_bytes(bytes))
}

/// Writes down what a notification says, and tells the Persoon: in the app by name, outside it without.
async fn heard(app: &App, received: &Received) -> Result<(), VaultError> {
    let now = SystemClock::default().now();
    let Some((person, mut opened)) = find(app, received.notificatie.id()).await? else {
        // the register knows it, and its Persoon has put it off a moment ago
        return Ok(());
    };
    let kept = &mut opened.content;
    let (provider, service) = (app.providers.of(&kept.aanbieder).name, kept.service.clone());
    let event = match received.notificatie.kind() {
        NotificatieKind::Details => {
            let first = kept.news.is_none();
            kept.news.get_or_insert_with(|| crate::account::millis(now));
            // what waits already is the same news
            first.then_some(Event::NewsHeard { provider, service })
        }
        _ if received.past => {
            let first = !kept.over;
            kept.over = true;
            first.then_some(Event::MessagesEnded { provider, service })
        }
        _ => {
            kept.end = received.source.end.to_string();
            None
        }
    };
    let expires = opened.expires();
    if !app.accounts.vault.replace(opened, expires).await? {
        return Err(VaultError::Busy);
    }
    if let Some(event) = event {
        let is_news = matches!(event, Event::NewsHeard { .. });
        app.record(person, event).await;
        if is_news {
            tell_outside(app, person, Notice::NewsAtAanbieder).await;
        }
    }
    Ok(())
}

/// Outside the app: that there is something to read in it, and nothing of what.
pub(crate) async fn tell_outside(app: &App, person: PersonId, notice: Notice) {
    if let Err(error) = automatic::add_notice(app, person, notice).await {
        tracing::error!(%error, "a notice is not told outside the app");
    }
}

/// Ends everything of a Persoon whose account goes: the next notification is answered with that it is not known, and its
/// sender ends it.
pub(crate) async fn forget_all(app: &App, person: PersonId) -> Result<(), ForgetError> {
    let register = app.messages.register();
    for (id, _) in register.of(&owner(app, person)?).await? {
        register.remove(&id).await?;
    }
    Ok(())
}

/// Messages of a Persoon stay.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForgetError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
