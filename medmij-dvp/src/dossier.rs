// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.101 – core.dossier.106 — what is kept, where it came from, and what happens when it is deleted.
//!
//! Source and context of everything collected cannot be parted from it: a [`Kept`] has no way to take its bytes without
//! its [`Origin`], and every change goes through it.

mod deletion;
mod export;
mod kept;
mod provenance;

pub use deletion::{ConfirmedDeletion, Deletion, DeletionScope};
pub use export::{ExportError, ExportSigner, ExportVerifier};
pub use kept::{Kept, KeptError, Origin, Share};
pub use provenance::{Context, Digest, Provenance};
