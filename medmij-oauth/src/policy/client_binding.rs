// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, RFC 8705 section 2 — which certificate may speak for which `client_id`.

use std::collections::{BTreeMap, BTreeSet};

use medmij_types::{Hostname, PeerNames};

use crate::ClientId;

/// How a server decides that the holder of a client certificate is the client, at the token endpoint and in the guard.
///
/// A name of the certificate belongs to a client where it equals the `client_id`, is beside it in a table that the
/// supplier keeps, or was confirmed by an operator (`medmij bindings confirm`): the node that talks in the back channel may
/// have another name than the node of the front channel. A name that belongs to another client is refused under every
/// policy, and so is a request without a certificate.
///
/// ```
/// use medmij_oauth::{ClientId, policy::{BoundBy, ClientBinding}};
/// use medmij_types::{Hostname, PeerNames};
///
/// let client = ClientId::parse("pgo.example.nl")?;
/// let binding = ClientBinding::require().allow(client.clone(), Hostname::parse("back.example.nl")?);
///
/// assert!(binding.knows(&client, &PeerNames::new(None, ["pgo.example.nl"]), &[]));
/// assert!(binding.knows(&client, &PeerNames::new(None, ["back.example.nl"]), &[]));
/// assert!(!binding.knows(&client, &PeerNames::new(None, ["node.example.nl"]), &[]));
/// assert_eq!(binding.unknown(), None);
/// assert_eq!(ClientBinding::learn().unknown(), Some(BoundBy::Learned));
/// # Ok::<(), medmij_types::ValueError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientBinding {
    policy: BindingPolicy,
    back_channel: BTreeMap<ClientId, BTreeSet<Hostname>>,
}

/// What is done with a certificate none of whose names is known to belong to any client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BindingPolicy {
    #[default]
    Learn,
    Require,
    DangerOff,
}

/// How a certificate came to speak for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundBy {
    /// A name of it belongs to the client.
    Known,
    /// Its names were not known: they are recorded for an operator to confirm.
    Learned,
    /// Its names were not known, and nothing is done about it.
    Nothing,
}

impl ClientBinding {
    /// The default: a certificate whose names are not known for any client is served, recorded and raised as an event. The
    /// listener has found one of its names on the Whitelist.
    #[must_use]
    pub fn learn() -> Self {
        Self::default()
    }

    /// A name of the certificate has to belong to the client.
    #[must_use]
    pub fn require() -> Self {
        Self {
            policy: BindingPolicy::Require,
            ..Self::default()
        }
    }

    /// Any certificate whose names belong to no other client speaks for every client, and nothing is recorded.
    #[must_use]
    pub fn danger_off() -> Self {
        Self {
            policy: BindingPolicy::DangerOff,
            ..Self::default()
        }
    }

    /// Adds a back-channel name to a client.
    #[must_use]
    pub fn allow(mut self, client: ClientId, node: Hostname) -> Self {
        self.back_channel.entry(client).or_default().insert(node);
        self
    }

    /// Whether a name of the certificate belongs to the client; `confirmed` holds the names that operators confirmed.
    #[must_use]
    pub fn knows(&self, client: &ClientId, peer: &PeerNames, confirmed: &[(ClientId, Hostname)]) -> bool {
        let listed = self.back_channel.get(client);
        peer.iter().any(|name| {
            name == client.hostname()
                || listed.is_some_and(|names| names.contains(name))
                || confirmed
                    .iter()
                    .any(|(id, confirmed)| id == client && confirmed == name)
        })
    }

    /// The client other than this one to which a name of the certificate belongs, by the table or by an operator. Whether a
    /// name is itself a `client_id` is for the caller to look up on the OAuth Client List.
    #[must_use]
    pub fn other(&self, client: &ClientId, peer: &PeerNames, confirmed: &[(ClientId, Hostname)]) -> Option<ClientId> {
        let in_table = || {
            let others = self.back_channel.iter().filter(|(id, _)| *id != client);
            let mut found = others.filter(|(_, names)| peer.iter().any(|name| names.contains(name)));
            found.next().map(|(id, _)| id.clone())
        };
        confirmed
            .iter()
            .find(|(id, name)| id != client && peer.contains(name))
            .map(|(id, _)| id.clone())
            .or_else(in_table)
    }

    /// What is done with a certificate whose names belong to nobody; `None` where it is refused.
    #[must_use]
    pub fn unknown(&self) -> Option<BoundBy> {
        match self.policy {
            BindingPolicy::Learn => Some(BoundBy::Learned),
            BindingPolicy::Require => None,
            BindingPolicy::DangerOff => Some(BoundBy::Nothing),
        }
    }
}

/// Why a certificate does not speak for a client, with the names that were seen, so that an operator can confirm one in a
/// line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why} for {client}, names seen: {}", list(seen))]
#[non_exhaustive]
pub struct BindingRefused {
    /// The client that the request names.
    pub client: ClientId,
    /// The names in the certificate.
    pub seen: Vec<Hostname>,
    /// Why.
    pub why: BindingFault,
}

impl BindingRefused {
    /// A refusal.
    #[must_use]
    pub fn new(client: ClientId, peer: &PeerNames, why: BindingFault) -> Self {
        Self {
            client,
            seen: peer.iter().cloned().collect(),
            why,
        }
    }
}

/// Why a certificate does not speak for a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindingFault {
    /// There is no certificate, or none with a usable name.
    #[error("no client certificate")]
    None,
    /// A name of it belongs to another client.
    #[error("client certificate of {0}")]
    Other(ClientId),
    /// No name of it is known to belong to the client.
    #[error("client certificate with unknown names")]
    Unknown,
}

fn list(names: &[Hostname]) -> String {
    let names: Vec<_> = names.iter().map(Hostname::as_str).collect();
    names.join(", ")
}
