// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, RFC 8705 section 2 — the names of certificates that were seen with a client.

use std::time::SystemTime;

use medmij_oauth::ClientId;
use medmij_types::Hostname;

/// A name of a client certificate that was seen with a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// The client.
    pub client_id: ClientId,
    /// The name.
    pub name: Hostname,
    /// Whether an operator confirmed that the name belongs to the client.
    pub confirmed: bool,
    /// When it was first seen or confirmed, by the clock of the store; a store in memory does not know.
    pub since: Option<SystemTime>,
}

impl Binding {
    /// A binding.
    #[must_use]
    pub fn new(client_id: ClientId, name: Hostname, confirmed: bool, since: Option<SystemTime>) -> Self {
        Self {
            client_id,
            name,
            confirmed,
            since,
        }
    }
}

/// The answer to learning a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Learned {
    /// It was not known for this client.
    New,
    /// It was recorded before.
    Known,
    /// The client has as many unconfirmed names as are recorded: this one is not.
    Full,
}

/// How many unconfirmed names are recorded for one client.
pub const MAX_LEARNED: usize = 32;
