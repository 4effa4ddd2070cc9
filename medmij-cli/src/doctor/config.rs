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
    /// Where a DVZA listens for browsers, and where a DVP does.
    pub(super) front: Option<SocketAddr>,
    pub(super) address: Option<SocketAddr>,
    /// The rest is of the example applications, as theirs is written.
    pub(super) registration: Option<PathBuf>,
    pub(super) storage: Option<Storage>,
    pub(super) dossier: Option<PathBuf>,
    pub(super) database_url: Option<String>,
    pub(super) journal: Option<PathBuf>,
    /// The file itself.
    #[serde(skip)]
    pub(super) path: PathBuf,
}

/// Where an application spools its chain log, and where that goes.
#[derive(Deserialize)]
pub(super) struct LogPlace {
    pub(super) spool: PathBuf,
    pub(super) deliver_to: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) token_file: Option<PathBuf>,
}

/// Where the DVZA of the examples keeps its store.
#[derive(Default, Deserialize)]
pub(super) struct Storage {
    pub(super) database_url: Option<String>,
    pub(super) journal: Option<PathBuf>,
    pub(super) checkpoints: Option<PathBuf>,
    pub(super) signing_key: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Places {
    pub(super) store: Option<PathBuf>,
    /// A connection string, which may hold a password.
    pub(super) database: Option<String>,
    /// The same for the vault of a DVP.
    pub(super) vault: Option<PathBuf>,
    pub(super) vault_database: Option<String>,
    /// The folder of the journal of ends.
    pub(super) journal: Option<PathBuf>,
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
        let mut config = if whole.get("node").is_some() {
            NodeConfig::read_within(path).map_err(failed)?
        } else {
            Self::of_node(NodeConfig::read(path).map_err(failed)?)
        };
        config.path = path.to_owned();
        Ok(config)
    }

    fn of_node(node: NodeConfig) -> Self {
        Self {
            node,
            client_id: None,
            hostname: None,
            back: None,
            operator: None,
            doctor: Places::default(),
            log: None,
            front: None,
            address: None,
            registration: None,
            storage: None,
            dossier: None,
            database_url: None,
            journal: None,
            path: PathBuf::new(),
        }
    }

    /// The stores of a DVZA in files, and in databases.
    pub(super) fn stores(&self) -> (Vec<PathBuf>, Vec<&str>) {
        let mut files: Vec<_> = self.doctor.store.clone().into_iter().collect();
        let in_database = self
            .storage
            .as_ref()
            .and_then(|storage| storage.database_url.as_deref());
        if self.registration.is_some() && in_database.is_none() {
            files.extend(started(self.node.folder.join("toestemmingen.db")));
        }
        (
            files,
            self.doctor.database.as_deref().into_iter().chain(in_database).collect(),
        )
    }

    /// The vaults of a DVP in files, and in databases.
    pub(super) fn vaults(&self) -> (Vec<PathBuf>, Vec<&str>) {
        let mut files: Vec<_> = self.doctor.vault.clone().into_iter().collect();
        if let (Some(folder), None) = (&self.dossier, &self.database_url) {
            files.extend(started(folder.join("dossier.db")));
        }
        let databases = [&self.doctor.vault_database, &self.database_url];
        (files, databases.into_iter().flatten().map(String::as_str).collect())
    }

    /// The folder of the journal of ends. One that nobody named lies beside the store, from its first start on.
    pub(super) fn journals(&self) -> Option<PathBuf> {
        let named = [
            self.doctor.journal.as_ref(),
            self.journal.as_ref(),
            self.storage.as_ref().and_then(|storage| storage.journal.as_ref()),
        ];
        let beside = || {
            let of_dvza = || self.registration.as_ref().map(|_| &self.node.folder);
            let folder = self.dossier.as_ref().or_else(of_dvza)?;
            let (stores, vaults) = (self.stores().0, self.vaults().0);
            (!stores.is_empty() || !vaults.is_empty()).then(|| folder.join("journaal"))
        };
        named.into_iter().flatten().next().cloned().or_else(beside)
    }

    /// Files that hold secrets, and what they are.
    pub(super) fn secrets(&self) -> Vec<(PathBuf, &'static str)> {
        let (log, storage) = (self.log.as_ref(), self.storage.as_ref());
        let of_dvza = self
            .registration
            .as_ref()
            .map(|_| self.node.folder.join("opslag.sleutels"));
        let of_dvp = self.dossier.as_ref().map(|folder| folder.join("keys.txt"));
        let all = [
            (Some(self.node.key.clone()), "the private key"),
            (self.doctor.keys.clone(), "the key file of the store"),
            (of_dvza, "the key file of the store"),
            (of_dvp, "the key file of the dossiers"),
            (
                storage.and_then(|storage| storage.signing_key.clone()),
                "the key of the checkpoints",
            ),
            (log.and_then(|log| log.password_file.clone()), "the password of the log"),
            (log.and_then(|log| log.token_file.clone()), "the token of the log"),
        ];
        let there = all.into_iter().filter_map(|(path, what)| Some((path?, what)));
        there.collect()
    }
}

/// A file that the application makes at its first start.
fn started(path: PathBuf) -> Option<PathBuf> {
    path.exists().then_some(path)
}
