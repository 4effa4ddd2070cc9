// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij bindings` — core.tknint.200, RFC 8705 section 2: which names of certificates belong to which DVP.

use std::time::{SystemTime, UNIX_EPOCH};

use medmij_dvza::store::{AuditObject, Binding, Store};
use medmij_oauth::ClientId;
use medmij_types::{CalendarDate, Hostname};
use serde::Serialize;

use super::audit::administered;
use crate::{Exit, arguments::BindingsCommand, cli_error::CliError, output::Output};

pub(crate) async fn run<S: Store>(store: &S, command: &BindingsCommand, output: &mut Output) -> Result<Exit, CliError> {
    let failed = |error| CliError::failed("the store", error);
    match command {
        BindingsCommand::List { unconfirmed, json, .. } => {
            let mut bindings = store.bindings().await.map_err(failed)?;
            bindings.retain(|binding| !(*unconfirmed && binding.confirmed));
            for binding in &bindings {
                show(binding, *json, output);
            }
            Ok(Exit::Good)
        }
        BindingsCommand::Confirm {
            client_id, name, by, ..
        } => {
            let (client, name) = (client(client_id)?, host(name)?);
            let known = store.bindings_of(std::slice::from_ref(&name)).await.map_err(failed)?;
            if let Some(other) = known.iter().find(|each| each.confirmed && each.client_id != client) {
                output.line(format_args!("note: {name} is confirmed for {} too", other.client_id));
            }
            administered(store, AuditObject::Bindings, &by.name()).await?;
            store.confirm_binding(&client, &name).await.map_err(failed)?;
            output.line(format_args!("{name} belongs to {client}"));
            Ok(Exit::Good)
        }
        BindingsCommand::Forget {
            client_id, name, by, ..
        } => {
            let (client, name) = (client(client_id)?, host(name)?);
            administered(store, AuditObject::Bindings, &by.name()).await?;
            if store.forget_binding(&client, &name).await.map_err(failed)? {
                output.line(format_args!("{name} is forgotten for {client}"));
                return Ok(Exit::Good);
            }
            output.line(format_args!("{name} was not known for {client}"));
            Ok(Exit::Not)
        }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    client_id: &'a str,
    name: &'a str,
    confirmed: bool,
    since: Option<u64>,
}

fn show(binding: &Binding, json: bool, output: &mut Output) {
    let (client_id, name) = (binding.client_id.as_str(), binding.name.as_str());
    if json {
        let seconds = |since: SystemTime| since.duration_since(UNIX_EPOCH).map(|since| since.as_secs()).ok();
        output.json(&Shown {
            client_id,
            name,
            confirmed: binding.confirmed,
            since: binding.since.and_then(seconds),
        });
        return;
    }
    let state = if binding.confirmed { "confirmed" } else { "seen" };
    let since = binding
        .since
        .map(|since| format!(" since {}", CalendarDate::in_amsterdam(since)));
    output.line(format_args!("{client_id} {name} {state}{}", since.unwrap_or_default()));
}

fn client(text: &str) -> Result<ClientId, CliError> {
    ClientId::parse(text).map_err(|error| CliError::Usage(format!("{text:?} is no client_id: {error}")))
}

fn host(text: &str) -> Result<Hostname, CliError> {
    Hostname::parse(text).map_err(|error| CliError::Usage(format!("{text:?} is no host name: {error}")))
}
