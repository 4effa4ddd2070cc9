// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.102 – core.gegevensuitwisseling.105, core.gegevensuitwisseling.200,
//! core.gegevensuitwisseling.201 — what is due is collected in the night, and the Persoon is told how it went.

use super::{
    AutomaticError,
    consents::{self, Last, Listed, Outcome},
    notices,
};
use crate::{
    App, STEP,
    account::{Kind, events::Event, seconds, vault::VaultError},
    children,
    collecting::{self, Offerings, State, collect_service},
};
use medmij_dvp::{
    ExchangeError, Tokens,
    collecting::{Lease, OrderStore as _, Run, RunOutcome},
    person::{Notice, PersonId},
    vault::{RefreshError, TokenVault as _},
};
use medmij_log::InitiatedBy;
use medmij_oauth::wire::{ErrorCode, TokenResponseError};
use medmij_types::{Aanbiedernaam, CalendarDate, GegevensdienstId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::task::JoinSet;

/// How long a run is held before another scheduler may take it, where it was not started.
const LEASE: Duration = Duration::from_secs(600);
/// How many Personen are collected for at once.
const AT_ONCE: usize = 8;
/// After half a year without use a refresh token has lapsed.
const LAPSES: Duration = Duration::from_secs(184 * 24 * 3600);

/// Looks, again and again, whether something is due. Several replicas share the work by the locks of the store.
pub(crate) async fn keep_time(app: Arc<App>) {
    let mut each = tokio::time::interval(app.automatic.schedule.every);
    each.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        each.tick().await;
        round(&app, app.automatic.schedule.clock.now()).await;
    }
}

/// Everything that is due at a moment.
pub(crate) async fn round(app: &Arc<App>, now: SystemTime) {
    let warn = |what: &str, done: Result<(), AutomaticError>| {
        if let Err(error) = done {
            tracing::warn!(%error, "{what}");
        }
    };
    warn("automatic collecting stops for now", collect_due(app, now).await);
    warn("silence is not reported for now", tell_silence(app, now).await);
    warn("accounts are not looked at for now", sweep(app, now).await);
    warn("notices wait", notices::send(app, now).await);
    warn("what is over stays for now", purge(app, now).await);
}

async fn collect_due(app: &Arc<App>, now: SystemTime) -> Result<(), AutomaticError> {
    let until = now.checked_add(LEASE).unwrap_or(now);
    while app.automatic.policy.is_open(now) {
        let leases = app.automatic.vault.lease_runs(now, until, AT_ONCE).await?;
        if leases.is_empty() {
            break;
        }
        let offered = Arc::new(collecting::offered(app).unwrap_or_default());
        let mut running = JoinSet::new();
        for lease in leases {
            let (app, offered) = (Arc::clone(app), Arc::clone(&offered));
            running.spawn(async move { carry_out(&app, &offered, &lease, now).await });
        }
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "an automatic run was broken off"),
                Err(error) => tracing::error!(%error, "an automatic run did not end"),
            }
        }
    }
    Ok(())
}

/// One Persoon at one DVA: everything that is ordered there.
async fn carry_out(app: &App, offered: &[Offerings], lease: &Lease, now: SystemTime) -> Result<(), AutomaticError> {
    let (vault, person) = (&app.automatic.vault, lease.key.person);
    let account = match app.accounts.account(person).await {
        Ok(account) => account.content,
        Err(VaultError::Gone) => {
            vault.cancel_orders(person).await?;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    // core.gegevensuitwisseling.103, core.dossier.107
    if app.accounts.active(person, now).await?.is_none() || !account.automatic {
        vault.skip_run(lease, now, &app.automatic.policy).await?;
        return Ok(());
    }
    // nothing is sent where this fails or says no
    let Some(run) = vault.start_run(lease, now, &app.automatic.policy).await? else {
        return Ok(());
    };
    let collected = collect_run(app, offered, person, &run, now).await;
    let outcome = match &collected {
        Ok(true) => RunOutcome::Collected,
        _ => RunOutcome::Failed,
    };
    vault.finish_run(lease, outcome, now).await?;
    if collected? {
        // core.gegevensuitwisseling.104
        notices::add(app, person, Notice::Collected).await?;
    }
    Ok(())
}

/// Whether anything was exchanged.
async fn collect_run(
    app: &App,
    offered: &[Offerings],
    person: PersonId,
    run: &Run,
    now: SystemTime,
) -> Result<bool, AutomaticError> {
    let mut ordered: BTreeMap<&Aanbiedernaam, BTreeSet<&GegevensdienstId>> = BTreeMap::new();
    for order in &run.orders {
        ordered
            .entry(&order.aanbieder)
            .or_default()
            .insert(&order.gegevensdienst);
    }
    let known = consents::all(app, person).await?;
    let mut exchanged = false;
    for (aanbieder, ids) in ordered {
        let listed = known
            .iter()
            .find(|each| each.consent.aanbieder == *aanbieder && each.consent.dva == run.key.dva);
        let offerings = offered.iter().find(|each| each.aanbieder == *aanbieder);
        let (Some(listed), Some(offerings)) = (listed, offerings) else {
            let provider = app.providers.of(aanbieder).name;
            app.record_at(
                person,
                Event::AutomaticFailed {
                    provider,
                    service: None,
                },
                now,
            )
            .await;
            continue;
        };
        exchanged |= collect_at(app, offerings, person, listed, &ids, now).await?;
    }
    Ok(exchanged)
}

/// One Aanbieder: the refresh token is used, and each service is collected on its own.
async fn collect_at(
    app: &App,
    offerings: &Offerings,
    person: PersonId,
    listed: &Listed,
    ids: &BTreeSet<&GegevensdienstId>,
    now: SystemTime,
) -> Result<bool, AutomaticError> {
    let provider = app.providers.of(&offerings.aanbieder).name;
    let failed = |service: Option<String>| Event::AutomaticFailed {
        provider: provider.clone(),
        service,
    };
    let tokens = match refresh(app, person, listed, now).await {
        Ok(tokens) => tokens,
        Err(AutomaticError::Refresh(error)) if is_over(&error) => {
            tracing::info!(
                target: STEP, role = app.role, rule = "core.autorisatie.100",
                "hoort van {} dat de toestemming is gestopt, en haalt er niets meer vanzelf op", listed.consent.dva,
            );
            consents::ran(app, person, listed, None, now).await?;
            app.record_at(person, Event::ConsentEnded { provider }, now).await;
            return Ok(false);
        }
        Err(error) => {
            tracing::warn!(%error, "an automatic collection got no token");
            app.record_at(person, failed(None), now).await;
            let outcome = Outcome::Failed;
            let last = Last {
                at: seconds(now),
                outcome,
                new: 0,
            };
            consents::ran(app, person, listed, Some(last), now).await?;
            return Ok(false);
        }
    };
    let (mut came, mut missing, mut new_ones) = (false, false, 0);
    for id in ids.iter().copied() {
        let service = offerings.name_of(id);
        // a service that moved elsewhere, or that is granted no more
        let granted = tokens.granted.gegevensdiensten.contains(id) && listed.consent.is_of(offerings, id);
        let collected = match granted {
            true => Some(collect_service(app, person, offerings, &tokens, id, now, |_| {}).await),
            false => None,
        };
        let Some(Ok((state, new))) = collected else {
            if let Some(Err(error)) = collected {
                tracing::warn!(%error, gegevensdienst = %id, "an automatic collection failed");
            }
            missing = true;
            app.record_at(person, failed(Some(service)), now).await;
            continue;
        };
        let whole = matches!(state, State::Whole { .. });
        (came, missing, new_ones) = (true, missing || !whole, new_ones + new);
        let provider = provider.clone();
        let event = Event::AutomaticallyCollected {
            provider,
            service,
            new,
            whole,
        };
        app.record_at(person, event, now).await;
    }
    let outcome = match (came, missing) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Partial,
        (true, false) => Outcome::Whole,
    };
    let last = Last {
        at: seconds(now),
        outcome,
        new: new_ones,
    };
    consents::ran(app, person, listed, Some(last), now).await?;
    Ok(came)
}

/// core.gegevensuitwisseling.200 — new tokens, asked for by a machine.
async fn refresh(app: &App, person: PersonId, listed: &Listed, now: SystemTime) -> Result<Tokens, AutomaticError> {
    let account = app.accounts.active(person, now).await?.ok_or(VaultError::Gone)?;
    let send = |request| async { app.back.send(request).await };
    let key = listed.consent.key(person);
    let tokens = &app.automatic.tokens;
    Ok(tokens
        .refresh(account, &app.dvp, &key, InitiatedBy::Machine, send)
        .await?)
}

/// Whether the consent is over: the DVZA says so, or there is no token.
fn is_over(error: &RefreshError) -> bool {
    match error {
        RefreshError::Unknown => true,
        RefreshError::Exchange(ExchangeError::Response(TokenResponseError::Refused(refused))) => {
            refused.error == ErrorCode::InvalidGrant
        }
        _ => false,
    }
}

/// core.gegevensuitwisseling.105 — after 48 hours without an exchange.
async fn tell_silence(app: &App, now: SystemTime) -> Result<(), AutomaticError> {
    let Some(since) = now.checked_sub(app.automatic.policy.silence()) else {
        return Ok(());
    };
    let silent = app.automatic.vault.silent_runs(since, 1_000).await?;
    for key in silent {
        // core.account.103: an inactive account was told that everything rests
        if app.accounts.active(key.person, now).await.ok().flatten().is_none() {
            continue;
        }
        let known = consents::all(app, key.person).await?;
        let there = known
            .iter()
            .filter(|each| each.consent.dva == key.dva && !each.ordered.is_empty());
        let names: BTreeSet<String> = there
            .map(|each| app.providers.of(&each.consent.aanbieder).name)
            .collect();
        for provider in names {
            app.record_at(key.person, Event::NoExchange { provider }, now).await;
        }
        notices::add(app, key.person, Notice::NoExchange).await?;
    }
    Ok(())
}

/// core.account.101, core.account.103 — once a day: who did not use the account for six months is told, and everything rests.
async fn sweep(app: &App, now: SystemTime) -> Result<(), AutomaticError> {
    let today = CalendarDate::in_amsterdam(now);
    {
        let mut swept = app.automatic.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.replace(today) == Some(today) {
            return Ok(());
        }
    }
    let mut after = None;
    loop {
        let persons = app.accounts.vault.persons_after(Kind::Account, after, 500).await?;
        for person in &persons {
            children::sweep(app, *person, today).await?;
            if app.accounts.sweep(*person, now).await? {
                app.record_at(*person, Event::AccountInactive, now).await;
                notices::add(app, *person, Notice::AccountInactive).await?;
            }
        }
        after = persons.last().copied();
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn purge(app: &App, now: SystemTime) -> Result<(), AutomaticError> {
    app.automatic.vault.purge_runs(now, 1_000).await?;
    app.automatic.tokens.vault().purge(LAPSES, 1_000).await?;
    Ok(())
}
