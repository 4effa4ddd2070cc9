// SPDX-License-Identifier: AGPL-3.0-or-later
//! Sessions: a random secret in a cookie, of which the store has the hash. A session that is not complete opens nothing but
//! the next step; at each step up the secret is another one, so that a planted cookie is worth nothing (fixation).

use super::{
    Accounts, NewAccount,
    records::Kind,
    seconds,
    vault::{Vault, VaultError},
};
use crate::SessionLimits;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use medmij_dvp::person::PersonId;
use medmij_types::{Entropy as _, EntropyError, OsEntropy};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::time::SystemTime;

/// How far a session has come.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Opening an account: the password is chosen, the app is not shown to work yet.
    Opening(Box<NewAccount>),
    /// A recovery code took the place of the app: a new app comes first.
    ReplacingApp { secret: [u8; 20] },
    /// The password was asked; a code by e-mail is to come, where there is an account that may have one.
    AwaitingMailCode { email: String },
    /// Two factors of different kinds.
    Complete,
}

/// A session as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) stage: Stage,
    pub(crate) began: i64,
    pub(crate) last_used: i64,
    pub(crate) device: String,
    /// Recovery codes that the Persoon has not said to have kept.
    #[serde(default)]
    pub(crate) recovery_codes: Vec<String>,
    /// The child for whom the Persoon acts now, by number.
    #[serde(default)]
    pub(crate) child: Option<[u8; 16]>,
}

/// A session in the list of a Persoon.
pub(crate) struct Listed {
    /// Under which it is kept: no secret, and of no use as one.
    pub(crate) id: Vec<u8>,
    pub(crate) session: Session,
}

/// A new secret for a cookie.
pub(crate) fn new_secret() -> Result<String, EntropyError> {
    let mut bytes = [0; 32];
    OsEntropy.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether this can be a secret of ours.
pub(crate) fn is_secret(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Under which a session is kept.
pub(crate) fn id_of(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

impl Accounts {
    /// Begins a session at a stage, and ends the one it comes from; the new secret.
    pub(crate) async fn begin_session(
        &self,
        from: &str,
        person: Option<PersonId>,
        stage: Stage,
        device: &str,
        now: SystemTime,
    ) -> Result<String, VaultError> {
        self.begin_session_with(from, person, stage, device, Vec::new(), now)
            .await
    }

    /// The same, with recovery codes to show.
    pub(crate) async fn begin_session_with(
        &self,
        from: &str,
        person: Option<PersonId>,
        stage: Stage,
        device: &str,
        recovery_codes: Vec<String>,
        now: SystemTime,
    ) -> Result<String, VaultError> {
        let secret = new_secret()?;
        let at = seconds(now);
        let session = Session {
            stage,
            began: at,
            last_used: at,
            device: device.to_owned(),
            recovery_codes,
            child: None,
        };
        let expires = at.saturating_add(self.limits.idle_seconds());
        self.vault
            .add(Kind::Session, id_of(&secret), person, expires, &session)
            .await?;
        self.vault.remove(Kind::Session, &id_of(from)).await?;
        Ok(secret)
    }

    /// The session behind a cookie, where it has not ended. Using it makes it last; looking at it (`touch` is false) does
    /// not.
    pub(crate) async fn session(
        &self,
        secret: &str,
        touch: bool,
        now: SystemTime,
    ) -> Result<Option<(Session, Option<PersonId>)>, VaultError> {
        let id = id_of(secret);
        let Some(mut found) = self.vault.find::<Session>(Kind::Session, &id).await? else {
            return Ok(None);
        };
        let at = seconds(now);
        if !is_alive(&found.content, found.expires(), self.limits, at) {
            self.vault.remove(Kind::Session, &id).await?;
            return Ok(None);
        }
        let (session, person) = (found.content.clone(), found.person());
        // not at every request: a tenth of the time is exact enough
        let worth = at.saturating_sub(session.last_used) > self.limits.idle_seconds() / 10;
        if touch && worth {
            found.content.last_used = at;
            let expires = at.saturating_add(self.limits.idle_seconds());
            // somebody else's write is as good as ours
            self.vault.replace(found, expires).await?;
        }
        Ok(Some((session, person)))
    }

    /// The Persoon has kept the recovery codes: they are shown no more.
    pub(crate) async fn kept_recovery_codes(&self, secret: &str) -> Result<(), VaultError> {
        self.show_recovery_codes(secret, Vec::new()).await
    }

    /// Shows these recovery codes until the Persoon has kept them.
    pub(crate) async fn show_recovery_codes(&self, secret: &str, codes: Vec<String>) -> Result<(), VaultError> {
        let found = self.vault.find::<Session>(Kind::Session, &id_of(secret)).await?;
        let Some(mut found) = found else { return Ok(()) };
        found.content.recovery_codes = codes;
        let expires = found.expires();
        match self.vault.replace(found, expires).await? {
            true => Ok(()),
            false => Err(VaultError::Busy),
        }
    }

    /// From now on the Persoon acts for this child in this session, or for nobody else.
    pub(crate) async fn act_for(&self, secret: &str, child: Option<PersonId>) -> Result<(), VaultError> {
        for _ in 0..8 {
            let found = self.vault.find::<Session>(Kind::Session, &id_of(secret)).await?;
            let Some(mut found) = found else { return Ok(()) };
            found.content.child = child.map(|child| child.number().to_be_bytes());
            let expires = found.expires();
            if self.vault.replace(found, expires).await? {
                return Ok(());
            }
        }
        Err(VaultError::Busy)
    }

    /// Ends a session.
    pub(crate) async fn end_session(&self, secret: &str) -> Result<(), VaultError> {
        self.vault.remove(Kind::Session, &id_of(secret)).await.map(|_| ())
    }

    /// The complete sessions of a Persoon, the latest first.
    pub(crate) async fn sessions_of(&self, person: PersonId, now: SystemTime) -> Result<Vec<Listed>, VaultError> {
        let at = seconds(now);
        let all = self.vault.all::<Session>(Kind::Session, person).await?;
        let mut listed: Vec<Listed> = all
            .into_iter()
            .filter(|(_, session)| matches!(session.stage, Stage::Complete))
            .filter(|(_, session)| is_alive(session, i64::MAX, self.limits, at))
            .map(|(id, session)| Listed { id, session })
            .collect();
        listed.sort_by_key(|each| std::cmp::Reverse(each.session.last_used));
        Ok(listed)
    }

    /// Ends every session of a Persoon but one; how many.
    pub(crate) async fn end_other_sessions(&self, person: PersonId, but: Option<&str>) -> Result<usize, VaultError> {
        end_all(&self.vault, person, but.map(id_of)).await
    }
}

async fn end_all(vault: &Vault, person: PersonId, but: Option<Vec<u8>>) -> Result<usize, VaultError> {
    let mut ended = 0;
    for row in vault.records.of_person(Kind::Session, person).await? {
        if Some(&row.id) != but.as_ref() && vault.remove(Kind::Session, &row.id).await? {
            ended += 1;
        }
    }
    Ok(ended)
}

fn is_alive(session: &Session, expires: i64, limits: SessionLimits, now: i64) -> bool {
    let idle = now.saturating_sub(session.last_used);
    let age = now.saturating_sub(session.began);
    now < expires && idle < limits.idle_seconds() && age < limits.longest_seconds()
}

/// What a Persoon recognises a device by, out of what the browser says about itself: never the whole of it.
pub(crate) fn device(user_agent: &str) -> String {
    let named = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(sign, _)| user_agent.contains(sign))
            .map(|(_, name)| *name)
    };
    let browser = named(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} op {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => "Een onbekend apparaat".to_owned(),
    }
}
