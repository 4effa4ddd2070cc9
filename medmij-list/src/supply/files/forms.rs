// SPDX-License-Identifier: AGPL-3.0-or-later
//! The small files of a [`FileStorage`](super::FileStorage), as JSON.

use medmij_types::Volgnummer;
use serde::{Deserialize, Serialize};

use super::sealed::Sealed;
use crate::supply::{RollbackMemory, Sha256Sum};

#[derive(Serialize, Deserialize)]
pub(super) struct MemoryFile {
    volgnummer: Option<u64>,
    content: Option<String>,
    lowered: u32,
}

impl Sealed for MemoryFile {
    const MARK: &'static str = "medmij-memory 1";
}

impl From<&RollbackMemory> for MemoryFile {
    fn from(memory: &RollbackMemory) -> Self {
        Self {
            volgnummer: memory.volgnummer.map(Volgnummer::value),
            content: memory.content.map(|sum| sum.to_string()),
            lowered: memory.lowered,
        }
    }
}

impl MemoryFile {
    pub(super) fn into_memory(self) -> Option<RollbackMemory> {
        let volgnummer = match self.volgnummer {
            Some(value) => Some(Volgnummer::new(value)?),
            None => None,
        };
        let content = match self.content {
            Some(text) => Some(Sha256Sum::parse(&text).ok()?),
            None => None,
        };
        Some(RollbackMemory {
            volgnummer,
            content,
            lowered: self.lowered,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ConfirmedFile {
    pub(super) sha256: String,
    pub(super) at: String,
    /// The last moment that a process saw, where that is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<String>,
}

impl Sealed for ConfirmedFile {
    const MARK: &'static str = "medmij-confirmed 1";
}
