// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100 – core.dossier.106, core.dossier.108 — what is kept, where it came from, and what happens when it is
//! deleted.
//!
//! Source and context of everything collected cannot be parted from it: a [`StoredEntry`] has no way to take its bytes without
//! its [`Origin`], and every change goes through it. [`Dossiers`] keeps them sealed, under one key for each Persoon.

mod deletion;
mod dossiers;
mod export;
mod memory;
mod provenance;
mod store;
mod stored;

pub use deletion::{ConfirmedDeletion, Deletion, DeletionScope, DeletionTexts, Sentence};
pub use dossiers::{Dossier, DossierError, Dossiers, Item};
pub use export::{ExportSigner, ExportVerifier};
pub use medmij_oauth::storage::StoreError;
pub use memory::MemoryDossiers;
pub use provenance::{Context, Digest, Provenance};
pub use store::{CollectionId, DossierRow, DossierStore, ItemId, SealedItem};
pub use stored::{Origin, SharedEntry, StoredEntry, StoredEntryError};
