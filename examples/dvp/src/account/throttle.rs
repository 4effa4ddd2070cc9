// SPDX-License-Identifier: AGPL-3.0-or-later
//! Guessing is slow: attempts are counted by account and by address before anything is verified, so that many at once do not
//! pass, and after a few each next one waits twice as long. A success ends the count of the account, not of the address.

use super::{
    records::Kind,
    vault::{Vault, VaultError},
};
use serde::{Deserialize, Serialize};

/// How many attempts are free.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    purpose: &'static str,
    free: u32,
}

/// By e-mail address, whether or not it has an account.
pub(crate) const ACCOUNT: Limit = Limit {
    purpose: "pgo attempts by account",
    free: 5,
};
/// By address of the browser: a household, or an office.
pub(crate) const ADDRESS: Limit = Limit {
    purpose: "pgo attempts by address",
    free: 100,
};

/// Codes by e-mail, by account: nobody fills somebody's mailbox.
pub(crate) const MAIL_CODES: Limit = Limit {
    purpose: "pgo codes by e-mail",
    free: 3,
};

/// The longest wait, in seconds: nobody shuts somebody else out for long.
const LONGEST: i64 = 900;
/// After so many quiet seconds a count is forgotten.
const FORGET: i64 = 3600;

#[derive(Default, Serialize, Deserialize)]
struct Attempts {
    count: u32,
    /// No attempt before this second.
    not_before: i64,
}

/// Counts an attempt; how many seconds to wait where it is too early.
pub(crate) async fn attempt(vault: &Vault, limit: Limit, whom: &str, now: i64) -> Result<Result<(), u64>, VaultError> {
    let id = vault.fingerprint(limit.purpose, whom.as_bytes())?;
    for _ in 0..8 {
        let found = vault.find::<Attempts>(Kind::Attempts, &id).await?;
        let known = found.as_ref().filter(|found| found.expires() > now);
        let (count, not_before) = known.map_or((0, 0), |found| (found.content.count, found.content.not_before));
        if now < not_before {
            return Ok(Err(u64::try_from(not_before - now).unwrap_or_default()));
        }
        let count = count.saturating_add(1);
        let over = count.saturating_sub(limit.free).min(16);
        let wait = if over == 0 { 0 } else { (15_i64 << over).min(LONGEST) };
        let next = Attempts {
            count,
            not_before: now.saturating_add(wait),
        };
        let expires = now.saturating_add(FORGET);
        let written = match found {
            None => vault.add(Kind::Attempts, id.clone(), None, expires, &next).await?,
            Some(mut found) => {
                found.content = next;
                vault.replace(found, expires).await?
            }
        };
        if written {
            return Ok(Ok(()));
        }
    }
    // so many at once are no Persoon
    Ok(Err(1))
}

/// The attempts of an account that succeeded are forgotten.
pub(crate) async fn succeeded(vault: &Vault, whom: &str) -> Result<(), VaultError> {
    let id = vault.fingerprint(ACCOUNT.purpose, whom.as_bytes())?;
    vault.remove(Kind::Attempts, &id).await.map(|_| ())
}
