// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why a Node does not start.

use std::{io, path::PathBuf};

use medmij_list::supply::{SourceNameError, StorageError, SupplyError};
use medmij_net::{ConfigError, FileError, LoopbackError};

/// Why a Node does not start, or does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A file cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The configuration does not fit.
    #[error("configuration {path}: {what}", path = path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Where and why.
        what: String,
    },
    /// A key, a certificate, the roots or a revocation list cannot be read or used.
    #[error(transparent)]
    Credentials(#[from] FileError),
    /// TLS cannot be set up, or an address is taken.
    #[error("network configuration: {0}")]
    Net(#[from] ConfigError),
    /// The port of the operator cannot be had.
    #[error("port of the operator {address}: {source}")]
    Operator {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The header in which a proxy passes certificates on has no name that HTTP knows.
    #[error("proxy: `{0}` is no name of a header")]
    ProxyHeader(String),
    /// The loopback map does not fit, or something that is for development only was asked elsewhere.
    #[error("loopback: {0}")]
    Loopback(#[from] LoopbackError),
    /// A list that the Node needs did not come, is not valid, or must not replace the one that was stored.
    #[error(transparent)]
    List(#[from] SupplyError),
    /// The folder for lists cannot be used.
    #[error("folder for lists: {0}")]
    Folder(#[from] StorageError),
    /// The configuration of the chain log does not fit, or its thread does not start.
    #[cfg(feature = "log")]
    #[error("chain log: {0}")]
    Log(String),
    /// The spool of the chain log cannot be used.
    #[cfg(feature = "log")]
    #[error(transparent)]
    Spool(#[from] medmij_log::SpoolError),
    /// The name of the Stelselnode cannot stand for a source of lists.
    #[error(transparent)]
    Stelselnode(#[from] SourceNameError),
}
