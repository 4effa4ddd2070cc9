// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which MedMij network this is: production, acceptance or one of one's own (core.lijsten.300, core.whl.303)

use std::sync::Arc;

use medmij_list::ListCache;
use medmij_types::{Hostname, ValueError};
use medmij_whitelist::{HostPolicy, Whitelist};

use crate::{BackChannel, StelselnodeSource};

/// The Stelselnode of a network and the addresses of its lists.
///
/// ```
/// use medmij_list::ListKind;
/// use medmij_net::Environment;
/// use medmij_types::Hostname;
///
/// # fn with(channel: medmij_net::BackChannel) -> Result<(), Box<dyn std::error::Error>> {
/// let production = Environment::production()?;
/// let source = production.source(channel.clone());
/// assert_eq!(source.uri(ListKind::Whitelist), "https://stelselnode.medmij.nl/MedMij_Whitelist.xml?api=2");
///
/// let own = Environment::new("proef", Hostname::parse("stelselnode.proef.example.nl")?).folder("lijsten");
/// assert_eq!(
///     own.source(channel).uri(ListKind::Whitelist),
///     "https://stelselnode.proef.example.nl/lijsten/MedMij_Whitelist.xml?api=2",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Environment {
    name: String,
    stelselnode: Hostname,
    folder: String,
    api: u16,
}

impl Environment {
    /// The network of the real thing: `stelselnode.medmij.nl` (core.lijsten.300), lists of release 2.
    ///
    /// # Errors
    /// [`ValueError`], never in practice: a test reads the name.
    pub fn production() -> Result<Self, ValueError> {
        Ok(Self::new("production", Hostname::parse("stelselnode.medmij.nl")?))
    }

    /// The acceptance network. Its Stelselnode is in no text that we could read; the host is the one that a
    /// participant is seen to use, so check it, and take [`Environment::new`] when it is another.
    ///
    /// # Errors
    /// [`ValueError`], never in practice: a test reads the name.
    pub fn acceptance() -> Result<Self, ValueError> {
        Ok(Self::new("acceptance", Hostname::parse("services.interoplab.nl")?))
    }

    /// Another network, with lists of release 2 at the root of its Stelselnode.
    pub fn new(name: &str, stelselnode: Hostname) -> Self {
        Self {
            name: name.to_owned(),
            stelselnode,
            folder: String::new(),
            api: 2,
        }
    }

    /// The folder of the lists on the Stelselnode.
    pub fn folder(mut self, folder: &str) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// The major number of the lists, as `?api=` says it.
    pub fn api(mut self, api: u16) -> Self {
        self.api = api;
        self
    }

    /// What it is called, for logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host that counts as listed always (core.whl.303).
    pub fn stelselnode(&self) -> &Hostname {
        &self.stelselnode
    }

    /// The policy to fetch the first Whitelist with: the Stelselnode and nobody else.
    #[must_use]
    pub fn first_policy(&self) -> HostPolicy {
        HostPolicy::stelselnode_only(self.stelselnode.clone())
    }

    /// The policy of a running node: the current Whitelist, and the Stelselnode.
    #[must_use]
    pub fn policy(&self, whitelist: Arc<ListCache<Whitelist>>) -> HostPolicy {
        HostPolicy::whitelist(whitelist, self.stelselnode.clone())
    }

    /// Where the lists come from.
    #[must_use]
    pub fn source(&self, channel: BackChannel) -> StelselnodeSource {
        StelselnodeSource::new(channel, self.stelselnode.clone(), self.api).folder(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_lijsten_300_the_known_networks() {
        assert_eq!(
            Environment::production().unwrap().stelselnode().as_str(),
            "stelselnode.medmij.nl"
        );
        assert!(
            Environment::acceptance()
                .unwrap()
                .first_policy()
                .check(&Hostname::parse("a.nl").unwrap())
                .is_err()
        );
    }

    #[test]
    fn core_whl_303_the_stelselnode_of_the_network_is_trusted_from_the_start() {
        let production = Environment::production().unwrap();
        assert!(production.first_policy().check(production.stelselnode()).is_ok());
    }
}
