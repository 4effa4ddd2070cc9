// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.200, RFC 8705 section 2 — which certificate may speak for which `client_id`.

use std::collections::{BTreeMap, BTreeSet};

use medmij_types::{Hostname, PeerNames};

use crate::ClientId;

/// How the server decides that the holder of a client certificate is the client.
///
/// A name of the certificate has to equal the `client_id`, or stand beside it in a table that the supplier keeps: the
/// node that talks in the back channel may have another name than the node of the front channel.
///
/// ```
/// use medmij_oauth::{ClientId, policy::ClientBinding};
/// use medmij_types::{Hostname, PeerNames};
///
/// let client = ClientId::parse("pgo.example.nl")?;
/// let binding = ClientBinding::new().allow(client.clone(), Hostname::parse("back.example.nl")?);
///
/// assert!(binding.check(&client, &PeerNames::new(None, ["pgo.example.nl"])).is_ok());
/// assert!(binding.check(&client, &PeerNames::new(None, ["back.example.nl"])).is_ok());
/// assert!(binding.check(&client, &PeerNames::new(None, ["ander.example.nl"])).is_err());
/// # Ok::<(), medmij_types::HostnameError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientBinding {
    back_channel: BTreeMap<ClientId, BTreeSet<Hostname>>,
}

impl ClientBinding {
    /// No table: a name of the certificate has to equal the `client_id`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a back-channel name to a client.
    #[must_use]
    pub fn allow(mut self, client: ClientId, node: Hostname) -> Self {
        self.back_channel.entry(client).or_default().insert(node);
        self
    }

    /// The name of the certificate that binds it to the client.
    ///
    /// # Errors
    ///
    /// [`BindingRefused`] with the names that were seen, so that an operator can add one in a line.
    pub fn check(&self, client: &ClientId, peer: &PeerNames) -> Result<Hostname, BindingRefused> {
        let listed = self.back_channel.get(client);
        peer.iter()
            .find(|name| *name == client.hostname() || listed.is_some_and(|names| names.contains(*name)))
            .cloned()
            .ok_or_else(|| BindingRefused {
                client: client.clone(),
                seen: peer.iter().cloned().collect(),
            })
    }
}

/// No name of the certificate belongs to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no name of the client certificate belongs to {client}, seen: {}", list(seen))]
#[non_exhaustive]
pub struct BindingRefused {
    /// The client that the request names.
    pub client: ClientId,
    /// The names in the certificate.
    pub seen: Vec<Hostname>,
}

fn list(names: &[Hostname]) -> String {
    let names: Vec<_> = names.iter().map(Hostname::as_str).collect();
    names.join(", ")
}
