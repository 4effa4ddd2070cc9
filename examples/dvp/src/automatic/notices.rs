// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.account.103, core.gegevensuitwisseling.104, core.gegevensuitwisseling.105 — what is told outside the app: at most once
//! a Persoon and night, over all replicas and restarts, without content. In the app it is in what happened.

use super::AutomaticError;
use crate::{
    App,
    account::{Kind, NEVER, seconds, vault::VaultError},
    mail::MailError,
};
use medmij_dvp::person::{Notice, NoticeBoard, NoticeText, NoticeTexts, Notifier, PersonId};
use medmij_types::{AmsterdamTime, CalendarDate};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What waits for a Persoon.
#[derive(Default, Serialize, Deserialize)]
struct Waiting {
    notices: BTreeSet<Kept>,
    /// When something was last told, in seconds.
    told: Option<i64>,
}

/// A notice as it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Kept {
    AccountInactive,
    Collected,
    NoExchange,
    NewsAtAanbieder,
    RepresentationEnds,
    Deleted,
}

impl Kept {
    const fn of(notice: Notice) -> Option<Self> {
        Some(match notice {
            Notice::AccountInactive => Self::AccountInactive,
            Notice::Collected => Self::Collected,
            Notice::NoExchange => Self::NoExchange,
            Notice::NewsAtAanbieder => Self::NewsAtAanbieder,
            Notice::RepresentationEnds => Self::RepresentationEnds,
            Notice::Deleted => Self::Deleted,
            _ => return None,
        })
    }

    const fn notice(self) -> Notice {
        match self {
            Self::AccountInactive => Notice::AccountInactive,
            Self::Collected => Notice::Collected,
            Self::NoExchange => Notice::NoExchange,
            Self::NewsAtAanbieder => Notice::NewsAtAanbieder,
            Self::RepresentationEnds => Notice::RepresentationEnds,
            Self::Deleted => Notice::Deleted,
        }
    }
}

/// Puts a notice with those that wait.
pub(crate) async fn add(app: &App, person: PersonId, notice: Notice) -> Result<(), AutomaticError> {
    let Some(kept) = Kept::of(notice) else { return Ok(()) };
    let vault = &app.accounts.vault;
    let id = person.number().to_be_bytes();
    for _ in 0..8 {
        let done = match vault.find::<Waiting>(Kind::Notice, &id).await? {
            Some(mut found) => {
                found.content.notices.insert(kept);
                vault.replace(found, NEVER).await?
            }
            None => {
                let waiting = Waiting {
                    notices: BTreeSet::from([kept]),
                    told: None,
                };
                vault
                    .add(Kind::Notice, id.to_vec(), Some(person), NEVER, &waiting)
                    .await?
            }
        };
        if done {
            return Ok(());
        }
    }
    Err(VaultError::Busy.into())
}

/// Sends what waits, one for each Persoon, where nothing was sent in this night.
pub(super) async fn send(app: &App, now: SystemTime) -> Result<(), AutomaticError> {
    let (vault, texts) = (&app.accounts.vault, NoticeTexts::example());
    let mut after = None;
    loop {
        let persons = vault.persons_after(Kind::Notice, after, 500).await?;
        for person in &persons {
            if let Some(notice) = take(app, *person, now).await?
                && let Some(text) = texts.text(notice)
                && let Err(error) = ByMail(app).notify(*person, text).await
            {
                tracing::warn!(%error, "a notice waits for the next night");
                add(app, *person, notice).await?;
            }
        }
        after = persons.last().copied();
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The most urgent notice of a Persoon who was told nothing in this night: from here on it counts as told.
async fn take(app: &App, person: PersonId, now: SystemTime) -> Result<Option<Notice>, AutomaticError> {
    let vault = &app.accounts.vault;
    let id = person.number().to_be_bytes();
    let Some(mut found) = vault.find::<Waiting>(Kind::Notice, &id).await? else {
        return Ok(None);
    };
    let reported = found.content.told.and_then(|at| u64::try_from(at).ok());
    if reported.is_some_and(|at| night(UNIX_EPOCH + Duration::from_secs(at)) >= night(now)) {
        return Ok(None);
    }
    let mut board = NoticeBoard::default();
    for waiting in &found.content.notices {
        board.add(person, waiting.notice());
    }
    let Some((_, notice)) = board.take(now).pop() else {
        return Ok(None);
    };
    found.content.notices.retain(|each| each.notice() != notice);
    found.content.told = Some(seconds(now));
    let expires = match found.content.notices.is_empty() {
        true => seconds(now).saturating_add(2 * 24 * 3600),
        false => NEVER,
    };
    // of two replicas one is first
    Ok(vault.replace(found, expires).await?.then_some(notice))
}

/// The day on whose noon the night began, as [`NoticeBoard`] counts.
fn night(moment: SystemTime) -> CalendarDate {
    let local = AmsterdamTime::of(moment);
    match local.hour() < 12 {
        true => local.date().minus(1),
        false => local.date(),
    }
}

/// By e-mail, to who chose that; nobody else gets anything outside the app.
struct ByMail<'a>(&'a App);

impl Notifier for ByMail<'_> {
    type Error = NotSent;

    async fn notify(&self, person: PersonId, text: &NoticeText) -> Result<(), NotSent> {
        let account = self.0.accounts.account(person).await?.content;
        match &self.0.mail {
            Some(mail) if account.notices_by_mail && !account.is_frozen() => {
                Ok(mail.send(&account.email, text.subject(), text.body())?)
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error(transparent)]
    Accounts(#[from] VaultError),
    #[error(transparent)]
    Mail(#[from] MailError),
}
