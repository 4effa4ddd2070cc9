// SPDX-License-Identifier: AGPL-3.0-or-later
//! The part of a configuration file that all roles share, and what is made of it.

use medmij_net::{
    BackChannel, BackChannelListener, ConfigError, DangerDevelopment, DangerLoopback, ListenerBuilder, LoopbackError,
    NodeIdentity, NotDevelopment, Revocation, TrustRoots,
};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Who a Node is and whom it trusts. All paths are of PEM files, but for the CRLs, which are DER.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// What the steps call it, such as `DVZA Een`.
    pub rol: String,
    /// Its host name on the back channel.
    pub hostname: Hostname,
    /// Its certificate and the intermediates.
    pub keten: PathBuf,
    /// Its private key.
    pub sleutel: PathBuf,
    /// The roots of the back channel, and no others.
    pub roots: PathBuf,
    /// The revocation lists of those roots.
    pub crls: Vec<PathBuf>,
    /// The Stelselnode.
    pub stelselnode: Hostname,
    /// The folder in which it keeps lists through restarts.
    pub bewaard: PathBuf,
    /// The loopback map, in its text form.
    pub danger_loopback: String,
}

/// A Node, ready to listen and to call.
#[derive(Debug)]
pub struct Node {
    rol: String,
    hostname: Hostname,
    identity: NodeIdentity,
    roots: TrustRoots,
    revocation: Revocation,
    stelselnode: Hostname,
    bewaard: PathBuf,
    loopback: DangerLoopback,
}

impl NodeConfig {
    /// Reads a configuration file (JSON) that has this one inside.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or says something else.
    pub fn read<C: DeserializeOwned>(path: &Path) -> Result<C, NodeError> {
        let bytes = read(path)?;
        serde_json::from_slice(&bytes).map_err(|source| NodeError::Config {
            path: path.to_owned(),
            source,
        })
    }
}

impl Node {
    /// Loads keys, certificates and map.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or does not hold what it should.
    pub fn load(config: &NodeConfig) -> Result<Self, NodeError> {
        let crls = config
            .crls
            .iter()
            .map(|path| read(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            rol: config.rol.clone(),
            hostname: config.hostname.clone(),
            identity: NodeIdentity::from_pem(&read(&config.keten)?, &read(&config.sleutel)?)?,
            roots: TrustRoots::from_pem(&read(&config.roots)?)?,
            revocation: Revocation::hard_fail(crls)?,
            stelselnode: config.stelselnode.clone(),
            bewaard: config.bewaard.clone(),
            loopback: config.danger_loopback.parse()?,
        })
    }

    /// What the steps call it.
    #[must_use]
    pub fn rol(&self) -> &str {
        &self.rol
    }

    /// Its host name on the back channel.
    #[must_use]
    pub fn hostname(&self) -> &Hostname {
        &self.hostname
    }

    /// The Stelselnode.
    #[must_use]
    pub fn stelselnode(&self) -> &Hostname {
        &self.stelselnode
    }

    /// The folder in which it keeps lists.
    #[must_use]
    pub fn bewaard(&self) -> &Path {
        &self.bewaard
    }

    /// The loopback map.
    pub fn loopback(&self) -> &DangerLoopback {
        &self.loopback
    }

    /// A client for the back channel, which calls only whom the policy allows.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub fn back_channel(&self, policy: HostPolicy) -> Result<BackChannel, NodeError> {
        Ok(BackChannel::builder(self.identity.clone(), self.roots.clone(), policy)
            .revocation(self.revocation.clone())
            .danger_loopback(self.loopback.clone())
            .build()?)
    }

    /// A listener on the back channel, which lets in only whom the policy allows.
    pub fn listener(&self, policy: HostPolicy) -> ListenerBuilder {
        BackChannelListener::builder(self.identity.clone(), self.roots.clone(), policy)
            .revocation(self.revocation.clone())
    }

    /// The proof that this process lives on loopback with test certificates only.
    ///
    /// # Errors
    ///
    /// What speaks against it.
    pub fn prove_development<'a>(
        &self,
        listeners: impl IntoIterator<Item = (&'a Hostname, SocketAddr)>,
    ) -> Result<DangerDevelopment, NodeError> {
        Ok(DangerDevelopment::prove(&self.loopback, &self.roots, listeners)?)
    }
}

/// Why a Node does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A configuration file does not fit.
    #[error("configuration {path}: {source}", path = path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A key, certificate or address does not fit.
    #[error("network configuration: {0}")]
    Net(#[from] ConfigError),
    /// The loopback map does not fit.
    #[error("loopback map: {0}")]
    Loopback(#[from] LoopbackError),
    /// Something for development only was asked elsewhere.
    #[error("not a development machine: {0}")]
    NotDevelopment(#[from] NotDevelopment),
}

fn read(path: &Path) -> Result<Vec<u8>, NodeError> {
    std::fs::read(path).map_err(|source| NodeError::Read {
        path: path.to_owned(),
        source,
    })
}
