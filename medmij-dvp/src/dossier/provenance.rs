// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.102 — source, context and moment of what was collected, and a digest over its bytes.

use std::{fmt, time::SystemTime};

use medmij_types::{Aanbiedernaam, GegevensdienstId, Weergavenaam};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// SHA-256 over the bytes of a resource, as they were after what must not be kept was taken out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(***)")
    }
}

/// The context of what was collected: the Gegevensdienst, by its id and its name in the Gegevensdienstnamenlijst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    id: GegevensdienstId,
    name: Weergavenaam,
}

impl Context {
    /// A Gegevensdienst.
    #[must_use]
    pub const fn new(id: GegevensdienstId, name: Weergavenaam) -> Self {
        Self { id, name }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &GegevensdienstId {
        &self.id
    }

    /// Its name in the Gegevensdienstnamenlijst when it was collected.
    #[must_use]
    pub const fn name(&self) -> &Weergavenaam {
        &self.name
    }
}

/// Where a resource came from over MedMij. Only collecting makes one; nothing changes one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    source: Aanbiedernaam,
    context: Context,
    collected_at: SystemTime,
    digest: Digest,
    redacted: Vec<Box<str>>,
}

impl Provenance {
    pub(super) fn new(
        source: Aanbiedernaam,
        context: Context,
        collected_at: SystemTime,
        bytes: &[u8],
        redacted: Vec<Box<str>>,
    ) -> Self {
        Self {
            source,
            context,
            collected_at,
            digest: Digest::of(bytes),
            redacted,
        }
    }

    /// The Aanbiedersnaam of the source.
    #[must_use]
    pub const fn source(&self) -> &Aanbiedernaam {
        &self.source
    }

    /// The Gegevensdienst.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// When it was collected.
    #[must_use]
    pub const fn collected_at(&self) -> SystemTime {
        self.collected_at
    }

    /// The digest over the bytes as they were collected.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Paths at which something was taken out before the resource was kept, such as a BSN; never what was there.
    pub fn redacted(&self) -> impl Iterator<Item = &str> {
        self.redacted.iter().map(|path| &**path)
    }

    /// Everything but the bytes, as one text that a signature covers.
    pub(super) fn signed_text(&self) -> Vec<u8> {
        let moment = self
            .collected_at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let mut text = Vec::new();
        let mut part = |bytes: &[u8]| {
            text.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            text.extend_from_slice(bytes);
        };
        part(b"medmij provenance 1");
        part(self.source.as_str().as_bytes());
        part(self.context.id.as_str().as_bytes());
        part(self.context.name.as_str().as_bytes());
        part(&moment.as_nanos().to_be_bytes());
        part(self.digest.as_bytes());
        for path in &self.redacted {
            part(path.as_bytes());
        }
        text
    }
}

impl fmt::Debug for Provenance {
    /// Which Aanbieder a Persoon has tells something of the Persoon, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provenance(***)")
    }
}
