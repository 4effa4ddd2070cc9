// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration file of a DVP.

use medmij_node::{LogConfig, NodeConfig};
use medmij_types::Hostname;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::{net::SocketAddr, path::PathBuf};

/// The configuration of a DVP.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the steps call it.
    pub role: String,
    /// Who it is on the back channel.
    pub node: NodeConfig,
    /// Its host name on the front channel: what the OAuth Client List calls it, and so its `client_id`.
    pub client_id: Hostname,
    /// Where it listens for browsers.
    pub address: SocketAddr,
    /// Where it listens for mutual TLS: notifications of news come in here. Without, there are no messages.
    #[serde(default)]
    pub back: Option<SocketAddr>,
    /// Where an operator asks for `/ready`, `/health` and `/metrics`: on loopback.
    #[serde(default)]
    pub operator: Option<SocketAddr>,
    /// The folder of the dossiers: a sealed database, and the keys that wrap theirs.
    pub dossier: PathBuf,
    /// A PostgreSQL database in place of the file in that folder.
    #[serde(default)]
    pub database_url: Option<String>,
    /// The folder of the journal of what was deleted: one for all replicas, on another disk than the dossiers. Without, it lies
    /// in the folder of the dossiers.
    #[serde(default)]
    pub journal: Option<PathBuf>,
    /// Where the chain log is spooled and delivered (core.logging.102); without, it is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogConfig>,
    /// Names, places and kinds of zorgaanbieders, by Aanbiedersnaam (JSON).
    #[serde(default)]
    pub providers: Option<PathBuf>,
    /// When a session ends.
    #[serde(default)]
    pub session: SessionLimits,
    /// The header in which one's own proxy says the address of the browser. Without such a proxy anybody could write it.
    #[serde(default)]
    pub address_header: Option<String>,
    /// A folder in which e-mail is put, a file each, for a mail server of your own. Without, no e-mail is sent.
    #[serde(default)]
    pub mail: Option<PathBuf>,
    /// Whether a code by e-mail may take the place of the app: weaker, and for accounts that chose it only.
    #[serde(default)]
    pub danger_email_code: bool,
    /// Where the source of this version is, for the footer of every page (AGPL-3.0, section 13).
    #[serde(default)]
    pub source_code: Option<String>,
    /// Whether there is a voorbeeldpersoon, who comes in with one press: for a demonstration with invented data.
    #[serde(default)]
    pub demo: bool,
    /// What `medmij doctor` looks at beside the rest, in the same file; nothing here reads it.
    #[serde(default, skip_serializing)]
    pub doctor: IgnoredAny,
}

/// When a session ends. The Normenkader has no numbers; these are ours.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionLimits {
    /// After so many minutes without use.
    pub idle_minutes: u16,
    /// After so many hours, used or not.
    pub longest_hours: u16,
}

impl Default for SessionLimits {
    /// A quarter of an hour, and eight hours.
    fn default() -> Self {
        Self {
            idle_minutes: 15,
            longest_hours: 8,
        }
    }
}

impl SessionLimits {
    pub(crate) fn idle_seconds(self) -> i64 {
        i64::from(self.idle_minutes.max(1)) * 60
    }

    pub(crate) fn longest_seconds(self) -> i64 {
        i64::from(self.longest_hours.max(1)) * 3600
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // a database URL can hold a password
        f.debug_struct("Config")
            .field("client_id", &self.client_id)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
