// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checkpoints are made, signed, and kept in the store and outside it; entries are destroyed at one.

use std::{future::Future, time::SystemTime};

use medmij_oauth::storage::StoreError;

use crate::store::{AuditHead, AuditTerm, Checkpoint, EntryHash, SignedCheckpoint, Store, micros};

/// Signs checkpoints: `AuditKey` (feature `ed25519`), or a key in an HSM.
pub trait CheckpointSigner: Send + Sync {
    /// The name of the key, by which a verifier finds its public half. One word.
    fn key(&self) -> String;

    /// The signature over the text of a checkpoint.
    ///
    /// # Errors
    ///
    /// [`AuditError::Signing`].
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, AuditError>;
}

/// Knows whether a signature is genuine.
pub trait CheckpointVerifier: Send + Sync {
    /// Whether the key of this name is trusted, and made this signature over this text.
    fn is_genuine(&self, key: &str, text: &[u8], signature: &[u8]) -> bool;
}

/// Where checkpoints are kept outside the database, where whoever can write in the database cannot write:
/// `CheckpointFolder` (feature `files`), or storage that takes no changes.
pub trait CheckpointArchive: Send + Sync {
    /// The number of the last checkpoint that is kept; 0 where there is none.
    fn last(&self) -> impl Future<Output = Result<u64, AuditError>> + Send;

    /// Keeps a checkpoint, durably. Another one of this number is an error, and what is there stays.
    fn keep(&self, checkpoint: &SignedCheckpoint) -> impl Future<Output = Result<(), AuditError>> + Send;

    /// The checkpoint with this number.
    fn read(&self, number: u64) -> impl Future<Output = Result<Option<SignedCheckpoint>, AuditError>> + Send;
}

/// Why a checkpoint cannot be made or kept, or a log not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive outside the database failed.
    #[error("archive of checkpoints failed: {what}")]
    Archive {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The archive has another checkpoint of that number.
    #[error("archive has another checkpoint {0}")]
    Other(u64),
    /// The signature cannot be made.
    #[error("checkpoint cannot be signed")]
    Signing(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A key is none.
    #[error("key of the audit log is not 32 bytes in base64url")]
    Key,
    /// Other processes made checkpoints all the time.
    #[error("other processes were first, again and again")]
    Busy,
}

/// Makes a checkpoint of what is in the log now, and keeps it; what is in the store and not yet in the archive follows.
/// Call it as a job, once an hour for instance: what was written since the last checkpoint is what somebody with all rights in
/// the database can still change unseen.
///
/// # Errors
///
/// [`AuditError`]. Where the archive failed, the checkpoint is in the store, and comes into the archive the next time.
pub async fn checkpoint<S: Store, A: CheckpointArchive>(
    store: &S,
    signer: &dyn CheckpointSigner,
    archive: &A,
    now: SystemTime,
) -> Result<SignedCheckpoint, AuditError> {
    for _ in 0..TRIES {
        let signed = next(store, signer, store.audit_heads().await?, now).await?;
        if store.add_checkpoint(&signed).await? {
            bring_outside(store, archive).await?;
            return Ok(signed);
        }
    }
    Err(AuditError::Busy)
}

/// Destroys the entries that are past their term and are in the last checkpoint; how many went. The checkpoint that says so
/// is kept like any other. For an operator, by a role of the database of its own.
///
/// # Errors
///
/// [`AuditError`]; [`AuditError::Busy`] where the wall clock of the store jumped, too: then nothing is destroyed.
pub async fn destroy<S: Store, A: CheckpointArchive>(
    store: &S,
    signer: &dyn CheckpointSigner,
    archive: &A,
    (term, now): (AuditTerm, SystemTime),
) -> Result<u64, AuditError> {
    for _ in 0..TRIES {
        let signed = next(store, signer, store.audit_to_destroy(term).await?, now).await?;
        if let Some(gone) = store.destroy_audit(term, &signed).await? {
            bring_outside(store, archive).await?;
            return Ok(gone);
        }
    }
    Err(AuditError::Busy)
}

async fn next<S: Store>(
    store: &S,
    signer: &dyn CheckpointSigner,
    heads: Vec<AuditHead>,
    now: SystemTime,
) -> Result<SignedCheckpoint, AuditError> {
    let last = store.last_checkpoint().await?;
    let last = last.map(|last| (last.number, EntryHash::of(&[last.text.as_bytes()])));
    let (number, previous) = last.unwrap_or_default();
    let text = Checkpoint::new(number + 1, micros(now), previous, heads).text();
    let signature = signer.sign(text.as_bytes())?;
    Ok(SignedCheckpoint::new(number + 1, text, signer.key(), signature))
}

/// Brings the checkpoints of the store that are not in the archive into it, in their order.
async fn bring_outside<S: Store, A: CheckpointArchive>(store: &S, archive: &A) -> Result<(), AuditError> {
    let mut last = archive.last().await?;
    loop {
        let missing = store.checkpoints(last, BATCH).await?;
        let Some(newest) = missing.last() else { return Ok(()) };
        last = newest.number;
        for checkpoint in &missing {
            archive.keep(checkpoint).await?;
        }
    }
}

const TRIES: usize = 5;

const BATCH: usize = 100;
