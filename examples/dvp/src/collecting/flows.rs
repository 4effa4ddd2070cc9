// SPDX-License-Identifier: AGPL-3.0-or-later
//! C1, C2 — logins that a Persoon is at, in the store: the browser may come back to any replica. Each is spent once, by its own
//! Persoon in its own session.

use crate::{
    App,
    account::{Kind, seconds, vault::VaultError},
};
use medmij_dvp::{PendingFlow, PendingFlows, person::PersonId};
use medmij_types::{Clock as _, State, SystemClock};

/// How long a login is known: after it, its answer is one of nobody.
const KEPT: i64 = 3600;

/// Keeps a login until its answer comes.
pub(crate) async fn keep(app: &App, person: PersonId, flow: &PendingFlow) -> Result<(), VaultError> {
    let id = id_of(app, flow.state().expose())?;
    let expires = seconds(SystemClock::default().now()).saturating_add(KEPT);
    let vault = &app.accounts.vault;
    vault
        .add(Kind::Flow, id, Some(person), expires, &*flow.expose_json())
        .await
        .map(|_| ())
}

/// The login that an answer is of, with nothing else beside it: of several replicas that get the same answer one has it, and
/// of another Persoon or session none.
pub(crate) async fn take(app: &App, person: PersonId, session: &str, query: &str) -> Result<PendingFlows, VaultError> {
    let (none, vault) = (PendingFlows::new(1), &app.accounts.vault);
    let state = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state");
    let Some(state) = state.and_then(|(_, value)| State::from_wire(value.as_ref()).ok()) else {
        return Ok(none);
    };
    let id = id_of(app, state.expose())?;
    let found = vault.find::<String>(Kind::Flow, &id).await?;
    let Some(found) = found.filter(|found| found.person() == Some(person)) else {
        return Ok(none);
    };
    let Some(flow) = PendingFlow::from_json(&found.content) else {
        return Ok(none);
    };
    let one = PendingFlows::new(1);
    one.insert(flow);
    // of another session: it stays
    let Some(flow) = one.take(&state, session) else {
        return Ok(none);
    };
    if vault.remove(Kind::Flow, &id).await? {
        one.insert(flow);
    }
    Ok(one)
}

fn id_of(app: &App, state: &str) -> Result<Vec<u8>, VaultError> {
    app.accounts.vault.fingerprint("pgo flow", state.as_bytes())
}
