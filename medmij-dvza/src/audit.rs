// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.logging.100, core.logging.101, NEN 7513 — the audit log of a DVZA: checkpoints that are outside the database, the
//! proof that nothing was changed, destruction after the term.
//!
//! This is not the log of core.logging.202 and on (crate `medmij-log`), which is shared and names no Persoon. Here it says, by
//! keyed hash, whose data it was; it stays at the DVZA, for the Persoon and for an inspection.
//!
//! ```
//! # #[cfg(all(feature = "files", feature = "ed25519"))]
//! # mod example {
//! use std::time::SystemTime;
//!
//! use medmij_dvza::{
//!     audit::{self, AuditKey, CheckpointFolder},
//!     store::MemoryStore,
//! };
//! use medmij_types::OsEntropy;
//!
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path();
//! let (store, key) = (MemoryStore::default(), AuditKey::random(&OsEntropy)?);
//! let outside = CheckpointFolder::open(path)?;
//! // once an hour, say
//! let checkpoint = audit::checkpoint(&store, &key, &outside, SystemTime::now()).await?;
//! assert_eq!(checkpoint.number, 1);
//!
//! // whenever somebody wants to know; the public key is enough
//! let report = audit::verify(&store, &outside, &key.public()).await?;
//! assert!(report.faults.is_empty());
//! # Ok(())
//! # }
//! # }
//! # #[cfg(all(feature = "files", feature = "ed25519"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() { example::main().await.unwrap(); }
//! # #[cfg(not(all(feature = "files", feature = "ed25519")))]
//! # fn main() {}
//! ```

mod checkpoint;
#[cfg(feature = "files")]
mod folder;
#[cfg(feature = "ed25519")]
mod key;
mod processes;
mod verify;

#[cfg(feature = "files")]
pub use self::folder::CheckpointFolder;
#[cfg(feature = "ed25519")]
pub use self::key::{AuditKey, AuditPublicKeys};
pub use self::{
    checkpoint::{AuditError, CheckpointArchive, CheckpointSigner, CheckpointVerifier, checkpoint, destroy},
    verify::{AuditFault, AuditReport, verify},
};
