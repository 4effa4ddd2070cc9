// SPDX-License-Identifier: AGPL-3.0-or-later
//! "Wat er gebeurde": who did what and when in an account, sealed under the data key of the Persoon.

use super::{
    millis,
    records::Kind,
    seconds,
    vault::{Vault, VaultError},
};
use medmij_dvp::person::PersonId;
use medmij_types::{Entropy as _, OsEntropy};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// How long an event is kept: two years.
pub(crate) const KEPT: i64 = 2 * 366 * 24 * 3600;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what")]
pub(crate) enum Event {
    AccountOpened,
    SignedIn {
        device: String,
    },
    SignedOut,
    SignedOutElsewhere {
        sessions: usize,
    },
    /// Somebody gave a wrong password or code.
    SignInFailed,
    RecoveryCodeUsed,
    PasswordChanged,
    AppReplaced,
    RecoveryCodesRenewed,
    MailCodeChosen {
        on: bool,
    },
    AutomaticChosen {
        on: bool,
    },
    CollectionStarted {
        provider: String,
        services: Vec<String>,
    },
    Collected {
        provider: String,
        service: String,
        items: usize,
        whole: bool,
    },
    NotGranted {
        provider: String,
    },
    CollectionFailed {
        provider: String,
        service: Option<String>,
    },
    /// A consent that holds for longer.
    ConsentKept {
        provider: String,
    },
    ConsentEnded {
        provider: String,
    },
    OrderChosen {
        provider: String,
        on: bool,
    },
    AutomaticallyCollected {
        provider: String,
        service: String,
        new: usize,
        whole: bool,
    },
    AutomaticFailed {
        provider: String,
        service: Option<String>,
    },
    /// For 48 hours.
    NoExchange {
        provider: String,
    },
    AccountInactive,
    ChildAdded {
        name: String,
    },
    /// From this day on the parent collects and reads no more; as `YYYY-MM-DD`.
    ChildEnding {
        name: String,
        on: String,
    },
    ChildStopped {
        name: String,
    },
    ChildGrownUp {
        name: String,
    },
    ChildRemoved {
        name: String,
    },
    /// Of a child, by a parent.
    DossierOpened,
    MessagesPutOn {
        provider: String,
        service: String,
    },
    MessagesPutOff {
        provider: String,
        service: String,
    },
    /// The zorgaanbieder ended it, or its last day came.
    MessagesEnded {
        provider: String,
        service: String,
    },
    NewsHeard {
        provider: String,
        service: String,
    },
    CopyTaken,
    ItemsDeleted {
        items: usize,
    },
}

/// An event with its moment, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Happened {
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) event: Event,
}

/// Writes down what happened.
pub(crate) async fn record(vault: &Vault, person: PersonId, event: Event, now: SystemTime) -> Result<(), VaultError> {
    let mut id = vec![0; 16];
    OsEntropy.fill(&mut id)?;
    let at = millis(now);
    let happened = Happened { at, event };
    let expires = seconds(now).saturating_add(KEPT);
    vault
        .add(Kind::Event, id, Some(person), expires, &happened)
        .await
        .map(|_| ())
}

/// What happened, the latest first.
pub(crate) async fn all(vault: &Vault, person: PersonId) -> Result<Vec<Happened>, VaultError> {
    let mut all: Vec<Happened> = vault
        .all::<Happened>(Kind::Event, person)
        .await?
        .into_iter()
        .map(|(_, happened)| happened)
        .collect();
    all.sort_by_key(|happened| std::cmp::Reverse(happened.at));
    Ok(all)
}
