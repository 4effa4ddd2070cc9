// SPDX-License-Identifier: AGPL-3.0-or-later
//! Settings of a session: made by `SET` after connecting, and read back (R8).
//!
//! As options of the connection a pooler in between would refuse them, or drop them without a word; then a statement that
//! hangs would hang for ever.

use std::{fmt::Write as _, sync::Arc};

use deadpool_postgres::{Hook, HookError, Object, Pool, Runtime};
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{OpenError, PostgresOptions, error::Failure};

/// Names and values, in the units of `pg_settings`.
#[derive(Clone)]
pub(crate) struct Settings(Arc<[(&'static str, String)]>);

impl Settings {
    pub(crate) fn new(settings: &[(&'static str, &str)]) -> Self {
        Self(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    /// Makes them on each new connection, before anybody uses it.
    pub(crate) fn hook(self) -> Hook {
        Hook::async_fn(move |client, _| {
            let settings = self.clone();
            Box::pin(async move { settings.apply(client).await })
        })
    }

    async fn apply(&self, client: &Client) -> Result<(), HookError> {
        let mut sql = String::new();
        let mut names = String::new();
        for (name, value) in self.0.iter() {
            // names and values are ours
            write!(sql, "SET {name} = '{value}';").map_err(|error| HookError::message(error.to_string()))?;
            write!(names, "{}'{name}'", if names.is_empty() { "" } else { "," })
                .map_err(|error| HookError::message(error.to_string()))?;
        }
        client.batch_execute(&sql).await.map_err(HookError::Backend)?;
        let read = format!("SELECT name, setting FROM pg_settings WHERE name IN ({names})");
        let rows = client.simple_query(&read).await.map_err(HookError::Backend)?;
        let found = |name: &str| {
            rows.iter().find_map(|message| match message {
                SimpleQueryMessage::Row(row) if row.get(0) == Some(name) => row.get(1),
                _ => None,
            })
        };
        for (name, value) in self.0.iter() {
            let found = found(name).unwrap_or_default();
            if found != value {
                return Err(HookError::message(format!("{name} was set to {value} and is {found}")));
            }
        }
        Ok(())
    }
}

/// Refuses a pooler that gives each transaction another session: what one connection says about itself must not be heard by
/// another, and must still be there afterwards. Where no two connections are to be had, nothing is found out.
pub(crate) async fn check_sessions(options: &PostgresOptions) -> Result<(), OpenError> {
    let pool = Pool::builder(options.manager("medmij-oauth opening")?)
        .max_size(2)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| OpenError::Config(Box::new(error)))?;
    let one = pool.get().await.map_err(Failure::from)?;
    let Ok(Ok(other)) = timeout(options.deadline, pool.get()).await else {
        return Ok(());
    };
    let say = async |client: &Object, text: &str| {
        let sql = format!("SET medmij.session = '{text}'");
        timeout(options.deadline, client.batch_execute(&sql)).await
    };
    for (client, text) in [(&one, "one"), (&other, "other")] {
        match say(client, text).await {
            Ok(said) => said.map_err(Failure::from)?,
            // the pooler has no session for it: then this one is not shared
            Err(_) => return Ok(()),
        }
    }
    for (client, text) in [(&one, "one"), (&other, "other")] {
        let heard = client
            .simple_query("SELECT current_setting('medmij.session', true)")
            .await;
        let heard = heard.map_err(Failure::from)?;
        let kept_session = heard
            .iter()
            .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some(text)));
        if !kept_session {
            return Err(OpenError::Pooler {
                reason: "it gives each transaction another session (PgBouncer: pool_mode = session is needed)"
                    .to_owned(),
            });
        }
    }
    Ok(())
}
