// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.102 — export and import: the signature of the instance that exported.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{StoredEntry, StoredEntryError};

/// Signs exports with a key of this instance, such as one in an HSM.
pub trait ExportSigner: Send + Sync {
    /// The name of the key, by which another instance finds the public one.
    fn key_id(&self) -> &str;

    /// The signature over a message.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

/// Verifies signatures of the instances that this one trusts.
pub trait ExportVerifier: Send + Sync {
    /// Whether the signature over a message is that of this key; `false` for a key that is not known.
    fn verify(&self, key_id: &str, message: &[u8], signature: &[u8]) -> bool;
}

impl StoredEntry {
    /// For an export: bytes, origin, and the signature of this instance over both.
    #[must_use]
    pub fn export(&self, signer: &dyn ExportSigner) -> Vec<u8> {
        write(&self.to_stored(), self, signer)
    }

    /// From an export. Where it came from holds only if a trusted instance signed it and the digest is that of the
    /// bytes; else it is not proven.
    ///
    /// # Errors
    /// [`StoredEntryError`] where the export cannot be read at all.
    pub fn import(exported: &[u8], trusted: &dyn ExportVerifier) -> Result<Self, StoredEntryError> {
        let (stored, proven) = read(exported, trusted)?;
        let kept = Self::from_stored(&stored).map_err(|_| StoredEntryError::Form)?;
        let holds = proven && kept.is_consistent();
        Ok(if holds { kept } else { kept.into_not_proven() })
    }
}

/// The largest export of one resource.
const MAX_SIZE: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Exported {
    format: u8,
    kept: String,
    key_id: String,
    signature: String,
}

fn write(stored: &[u8], kept: &StoredEntry, signer: &dyn ExportSigner) -> Vec<u8> {
    let exported = Exported {
        format: 1,
        kept: STANDARD.encode(stored),
        key_id: signer.key_id().to_owned(),
        signature: STANDARD.encode(signer.sign(&kept.signed_text())),
    };
    serde_json::to_vec(&exported).unwrap_or_default()
}

/// The stored form, and whether a trusted instance signed it.
fn read(exported: &[u8], trusted: &dyn ExportVerifier) -> Result<(Vec<u8>, bool), StoredEntryError> {
    if exported.len() > MAX_SIZE {
        return Err(StoredEntryError::TooLarge);
    }
    let exported: Exported = serde_json::from_slice(exported).map_err(|_| StoredEntryError::Form)?;
    let stored = STANDARD.decode(&exported.kept).map_err(|_| StoredEntryError::Form)?;
    let kept = StoredEntry::from_stored(&stored).map_err(|_| StoredEntryError::Form)?;
    let signature = STANDARD.decode(&exported.signature).unwrap_or_default();
    let proven = exported.format == 1 && trusted.verify(&exported.key_id, &kept.signed_text(), &signature);
    Ok((stored, proven))
}
