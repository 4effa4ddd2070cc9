// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keys retire: grants come under the current keys, and a ring that lacks a key which rows still need is refused.

use medmij_oauth::{
    seal::{KeyRing, RingKeys, key_of},
    storage::StoreError,
};
use medmij_types::Entropy;

use super::{Dvza, Server, StepError, flow::GrantBody};
use crate::store::{Grant, GrantId, KeyUse, Resealed, Store};

/// What one round of re-sealing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resealing {
    /// Grants that came under the current keys.
    pub resealed: u64,
    /// Grants that cannot be opened here: their key is not in the ring, or their body is of another version.
    pub unopened: u64,
    /// Where to go on; `None` where the end was reached.
    pub next: Option<GrantId>,
}

/// Brings at most `batch` grants under the current keys of a ring: sealed by its sealing key, found by the current version of
/// its index key. A grant that changed meanwhile is left for the next time. A refresh does the same for its own grant; this is
/// for the rest, as a job or a command (`medmij keys reseal`).
///
/// # Errors
///
/// [`StepError::Store`], [`StepError::Seal`] where the current key fails, [`StepError::Entropy`].
pub async fn reseal_grants<S: Store>(
    store: &S,
    keys: &dyn KeyRing,
    entropy: &dyn Entropy,
    after: Option<&GrantId>,
    batch: usize,
) -> Result<Resealing, StepError> {
    let (ring, batch) = (keys.keys(), batch.clamp(1, 1_000));
    let grants = store.grants_to_reseal((ring.sealing, ring.index), after, batch).await?;
    let mut done = Resealing {
        next: (grants.len() >= batch)
            .then(|| grants.last().map(|grant| grant.id.clone()))
            .flatten(),
        ..Resealing::default()
    };
    for grant in grants {
        let Ok(body) = open(keys, &grant) else {
            done.unopened += 1;
            continue;
        };
        let new = sealed_anew(keys, entropy, &grant, &body)?;
        if store.reseal(&grant.id, &grant.body, &new).await? {
            done.resealed += 1;
        }
    }
    Ok(done)
}

/// The sealed part of a grant under the current keys, where it is under others.
pub(super) fn under_current_keys(
    keys: &dyn KeyRing,
    entropy: &dyn Entropy,
    grant: &Grant,
    body: &GrantBody,
) -> Result<Option<Resealed>, StepError> {
    let RingKeys { sealing, index, .. } = keys.keys();
    if key_of(&grant.body) == Some(sealing) && grant.persoon.version() == index {
        return Ok(None);
    }
    sealed_anew(keys, entropy, grant, body).map(Some)
}

fn sealed_anew(
    keys: &dyn KeyRing,
    entropy: &dyn Entropy,
    grant: &Grant,
    body: &GrantBody,
) -> Result<Resealed, StepError> {
    let sealed = keys.seal(&body.to_bytes(), grant.id.as_str().as_bytes(), entropy)?;
    Ok(Resealed::new(keys.index(&body.persoon.bsn)?, sealed))
}

pub(super) fn open(keys: &dyn KeyRing, grant: &Grant) -> Result<GrantBody, StepError> {
    let plain = keys.open(&grant.body, grant.id.as_str().as_bytes())?;
    GrantBody::from_bytes(&plain)
}

impl<D: Dvza> Server<D> {
    /// As [`reseal_grants`], for the store and the keys of this server. Call it as a job after a key was added, until
    /// [`Resealing::next`] is `None`.
    ///
    /// # Errors
    ///
    /// As [`reseal_grants`]: [`StepError`].
    pub async fn reseal_grants(&self, after: Option<&GrantId>, batch: usize) -> Result<Resealing, StepError> {
        let config = &self.config;
        reseal_grants(self.dvza.store(), &*config.keys, &*config.entropy, after, batch).await
    }

    /// Checks that the key ring holds every key that rows still need: call it at the start, and stop where it fails. It
    /// counts all rows of the store.
    ///
    /// # Errors
    ///
    /// [`KeysError::Needed`] with how many rows need each key that is not there, or [`KeysError::Store`].
    pub async fn check_keys(&self) -> Result<(), KeysError> {
        let used = self.dvza.store().key_use().await?;
        let lacking = used.lacking(&self.config.keys.keys());
        if lacking.is_empty() {
            Ok(())
        } else {
            Err(KeysError::Needed(lacking))
        }
    }
}

/// Why a key ring does not do for a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Rows need keys that are not in the ring: put them back, and re-seal before they are removed.
    #[error("key ring lacks what rows still need: {}", listed(.0))]
    Needed(KeyUse),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(lacking: &KeyUse) -> String {
    let sealing = lacking
        .sealing
        .iter()
        .map(|(id, rows)| format!("sealing key {id} ({rows} rows)"));
    let index = lacking.index.iter();
    let index = index.map(|(version, rows)| format!("index key version {version} ({rows} rows)"));
    sealing.chain(index).collect::<Vec<_>>().join(", ")
}
