// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who speaks TLS 1.2 without extended master secret (RFC 7627), counted by name (core.tls.305)
//!
//! An operator who wants to require it sees here whom that would shut out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use medmij_types::Hostname;

#[derive(Debug, Default)]
pub(crate) struct WithoutEms(Mutex<BTreeMap<Hostname, u64>>);

impl WithoutEms {
    pub(crate) fn count(&self, name: &Hostname) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(name) {
            *count += 1;
        } else if counts.len() < MOST {
            tracing::warn!(%name, rule = "core.tls.305", "peer speaks TLS 1.2 without extended master secret (RFC 7627)");
            counts.insert(name.clone(), 1);
        }
    }

    pub(crate) fn counts(&self) -> Vec<(Hostname, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(name, count)| (name.clone(), *count)).collect()
    }
}

/// More names than a Whitelist has.
const MOST: usize = 10_000;
