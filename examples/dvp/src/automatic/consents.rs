// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.autorisatie.100, core.gegevensuitwisseling.101 — what a Persoon consented to for longer, and ordered to be collected
//! without asking. The refresh token lies in the vault of tokens; what the Persoon sees of it lies here, sealed.

use super::{Automatic, AutomaticError};
use crate::{
    App,
    account::{Kind, NEVER, events::Event, seconds, vault::VaultError},
    collecting::Offerings,
};
use medmij_dvp::{
    Tokens,
    collecting::{Order, OrderStore as _},
    person::PersonId,
    vault::VaultKey,
};
use medmij_types::{Aanbiedernaam, GegevensdienstId, Hostname};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::SystemTime};

/// A langdurige toestemming, as its Persoon sees it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) aanbieder: Aanbiedernaam,
    /// Where it was given: the host of the authorization server.
    pub(crate) dva: Hostname,
    token_endpoint: String,
    pub(crate) services: Vec<GegevensdienstId>,
    /// When it was given, in seconds.
    pub(crate) given: i64,
    /// When it turned out to be over.
    pub(crate) ended: Option<i64>,
    pub(crate) last: Option<Last>,
}

/// How the last automatic run ended.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) at: i64,
    pub(crate) outcome: Outcome,
    /// What was not in the dossier yet.
    pub(crate) new: usize,
}

/// What an automatic run brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// Everything that was ordered came.
    Whole,
    /// Something is missing.
    Partial,
    /// Nothing came.
    Failed,
}

/// A consent with the name that its page has for it, and what of it is ordered.
pub(crate) struct Listed {
    pub(crate) id: Vec<u8>,
    pub(crate) consent: Consent,
    pub(crate) ordered: BTreeSet<GegevensdienstId>,
}

impl Consent {
    /// Under which its refresh token is kept.
    pub(super) fn key(&self, person: PersonId) -> VaultKey {
        let (aanbieder, endpoint) = (&self.aanbieder, &self.token_endpoint);
        VaultKey::from_text(&format!("{}\u{1f}{aanbieder}\u{1f}{endpoint}", person.number()))
    }

    /// Whether this is where the list of today has the service.
    pub(super) fn is_of(&self, offerings: &Offerings, id: &GegevensdienstId) -> bool {
        offerings
            .endpoints(id)
            .is_some_and(|(dva, token)| *dva == self.dva && token.as_str() == self.token_endpoint)
    }

    fn order(&self, person: PersonId, id: &GegevensdienstId) -> Order {
        Order::new(person, self.dva.clone(), self.aanbieder.clone(), id.clone())
    }
}

/// Keeps what was consented to for longer, where it was; orders it where the Persoon wanted that, and says whether.
pub(crate) async fn keep(
    app: &App,
    person: PersonId,
    offerings: &Offerings,
    tokens: &Tokens,
    order: bool,
) -> Result<bool, AutomaticError> {
    let (Some(renewal), Some(first)) = (&tokens.renewal, tokens.granted.gegevensdiensten.first()) else {
        return Ok(false);
    };
    let Some((dva, _)) = offerings.endpoints(first) else {
        return Ok(false);
    };
    let now = app.automatic.schedule.clock.now();
    let consent = Consent {
        aanbieder: renewal.aanbieder.clone(),
        dva: dva.clone(),
        token_endpoint: renewal.token_endpoint.as_str().to_owned(),
        services: tokens.granted.gegevensdiensten.clone(),
        given: seconds(now),
        ended: None,
        last: None,
    };
    let key = consent.key(person);
    app.automatic.tokens.keep(&key, renewal).await?;
    let id = app
        .accounts
        .vault
        .fingerprint("pgo toestemming", key.as_str().as_bytes())?;
    put(app, person, &id, &consent).await?;
    app.record(
        person,
        Event::ConsentKept {
            provider: app.providers.of(&consent.aanbieder).name,
        },
    )
    .await;
    // the one before reached further, perhaps, and is over
    let known = app.automatic.vault.orders(person).await?;
    for stale in known
        .iter()
        .filter(|each| each.dva == consent.dva && each.aanbieder == consent.aanbieder)
    {
        if !consent.services.contains(&stale.gegevensdienst) {
            app.automatic.vault.cancel_order(stale).await?;
        }
    }
    if order {
        let wanted = consent.services.clone();
        choose_these(app, person, &consent, &wanted, now).await?;
    }
    Ok(order)
}

async fn put(app: &App, person: PersonId, id: &[u8], consent: &Consent) -> Result<(), VaultError> {
    let vault = &app.accounts.vault;
    for _ in 0..8 {
        let done = match vault.find::<Consent>(Kind::Consent, id).await? {
            Some(mut found) => {
                found.content = consent.clone();
                vault.replace(found, NEVER).await?
            }
            None => {
                vault
                    .add(Kind::Consent, id.to_vec(), Some(person), NEVER, consent)
                    .await?
            }
        };
        if done {
            return Ok(());
        }
    }
    Err(VaultError::Busy)
}

/// The consents of a Persoon, by name.
pub(crate) async fn all(app: &App, person: PersonId) -> Result<Vec<Listed>, AutomaticError> {
    let orders = app.automatic.vault.orders(person).await?;
    let found = app.accounts.vault.all::<Consent>(Kind::Consent, person).await?;
    let mut listed: Vec<Listed> = found
        .into_iter()
        .map(|(id, consent)| {
            let ours = orders
                .iter()
                .filter(|each| each.dva == consent.dva && each.aanbieder == consent.aanbieder);
            let ordered = ours.map(|each| each.gegevensdienst.clone()).collect();
            Listed { id, consent, ordered }
        })
        .collect();
    listed.sort_by(|a, b| (&a.consent.aanbieder, &a.consent.dva).cmp(&(&b.consent.aanbieder, &b.consent.dva)));
    Ok(listed)
}

/// The express order of the Persoon: these services of a consent, and no others.
pub(crate) async fn choose(
    app: &App,
    person: PersonId,
    id: &[u8],
    wanted: &[GegevensdienstId],
) -> Result<(), AutomaticError> {
    let found = app.accounts.vault.find::<Consent>(Kind::Consent, id).await?;
    let Some(found) = found.filter(|found| found.person() == Some(person) && found.content.ended.is_none()) else {
        return Ok(());
    };
    let now = app.automatic.schedule.clock.now();
    choose_these(app, person, &found.content, wanted, now).await
}

async fn choose_these(
    app: &App,
    person: PersonId,
    consent: &Consent,
    wanted: &[GegevensdienstId],
    now: SystemTime,
) -> Result<(), AutomaticError> {
    let Automatic {
        vault, policy, slots, ..
    } = &app.automatic;
    let mut on = false;
    for id in &consent.services {
        let order = consent.order(person, id);
        if wanted.contains(id) {
            vault.add_order(order, now, (policy, slots)).await?;
            on = true;
        } else {
            vault.cancel_order(&order).await?;
        }
    }
    let provider = app.providers.of(&consent.aanbieder).name;
    app.record(person, Event::OrderChosen { provider, on }).await;
    Ok(())
}

/// Nothing is collected without asking any more; the consents stay.
pub(crate) async fn stop(app: &App, person: PersonId) -> Result<(), AutomaticError> {
    app.automatic.vault.cancel_orders(person).await?;
    Ok(())
}

/// The account ends: no orders, and no tokens.
pub(crate) async fn forget_all(app: &App, person: PersonId) -> Result<(), AutomaticError> {
    stop(app, person).await?;
    for (_, consent) in app.accounts.vault.all::<Consent>(Kind::Consent, person).await? {
        app.automatic.tokens.forget(&consent.key(person)).await?;
    }
    Ok(())
}

/// Writes down how a run ended; a consent that is over is not used again, and nothing of it is ordered.
pub(super) async fn ran(
    app: &App,
    person: PersonId,
    listed: &Listed,
    last: Option<Last>,
    now: SystemTime,
) -> Result<(), AutomaticError> {
    let mut consent = listed.consent.clone();
    match last {
        Some(last) => consent.last = Some(last),
        None => {
            consent.ended = Some(seconds(now));
            for id in &listed.ordered {
                app.automatic.vault.cancel_order(&consent.order(person, id)).await?;
            }
        }
    }
    put(app, person, &listed.id, &consent).await?;
    Ok(())
}
