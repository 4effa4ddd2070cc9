// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration of a Node, alone or within that of an application

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use medmij_node::NodeConfig;
use medmij_types::Hostname;
use serde::Deserialize;

use crate::cli_error::CliError;

/// What is looked at; what else an application has in its configuration is its own affair.
#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) node: NodeConfig,
    pub(super) client_id: Option<Hostname>,
    /// The front channel of a DVZA.
    pub(super) hostname: Option<Hostname>,
    pub(super) back: Option<SocketAddr>,
    pub(super) operator: Option<SocketAddr>,
    #[serde(default)]
    pub(super) doctor: Places,
    pub(super) log: Option<LogPlace>,
}

/// Where an application spools its chain log.
#[derive(Deserialize)]
pub(super) struct LogPlace {
    pub(super) spool: PathBuf,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Places {
    pub(super) store: Option<PathBuf>,
    /// A connection string, which may hold a password.
    pub(super) database: Option<String>,
    /// The key file of the store.
    pub(super) keys: Option<PathBuf>,
    /// The screen texts.
    pub(super) texts: Option<PathBuf>,
    pub(super) spool: Option<PathBuf>,
}

impl Config {
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let failed = |error| CliError::failed("the configuration", error);
        let whole: serde_json::Value = NodeConfig::read_within(path).map_err(failed)?;
        if whole.get("node").is_some() {
            return NodeConfig::read_within(path).map_err(failed);
        }
        Ok(Self {
            node: NodeConfig::read(path).map_err(failed)?,
            client_id: None,
            hostname: None,
            back: None,
            operator: None,
            doctor: Places::default(),
            log: None,
        })
    }
}
