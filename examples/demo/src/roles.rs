// SPDX-License-Identifier: AGPL-3.0-or-later
//! Starting the roles. They share nothing but sockets: each starts from its configuration file alone, as a task of this
//! process or as a process of its own.

use crate::network::Network;
use medmij_node::{NodeConfig, NodeError};
use std::{
    ffi::OsStr,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

/// The roles that run; they stop when this value is [stopped](Self::stop) or dropped.
pub struct Roles {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    children: Vec<Child>,
}

impl Roles {
    /// Starts all roles as tasks of this process, in an order in which each finds what it needs.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start, and why.
    pub async fn start(network: &Network) -> Result<Self, RoleError> {
        let mut roles = Self::start_without_dvp(network).await?;
        roles.tasks.push(tokio::spawn(
            dvp::start(&network.dvp, until(roles.stop.subscribe())).await?,
        ));
        Ok(roles)
    }

    /// Starts the Stelselnode and the DVZAs as tasks of this process.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start, and why.
    pub async fn start_without_dvp(network: &Network) -> Result<Self, RoleError> {
        let (stop, stopped) = watch::channel(false);
        let mut roles = Self {
            stop,
            tasks: Vec::new(),
            children: Vec::new(),
        };
        let wait = || until(stopped.clone());
        roles
            .tasks
            .push(tokio::spawn(stelselnode::start(&network.stelselnode, wait()).await?));
        for config in &network.dvzas {
            roles.tasks.push(tokio::spawn(dvza::start(config, wait()).await?));
        }
        Ok(roles)
    }

    /// Starts every role as a process of its own: this program with `role <name> <config>`. `output` says where their steps
    /// go.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start or does not come up within half a minute.
    pub async fn start_processes(network: &Network, program: &Path, output: fn() -> Stdio) -> Result<Self, RoleError> {
        let (stop, _) = watch::channel(false);
        let mut roles = Self {
            stop,
            tasks: Vec::new(),
            children: Vec::new(),
        };
        let [one, two] = &network.dvzas;
        for (role, name, ready) in [
            ("stelselnode", "stelselnode", network.stelselnode.address),
            ("dvza", "dvza-een", one.front),
            ("dvza", "dvza-twee", two.front),
            ("dvp", "dvp", network.dvp.address),
        ] {
            let config = network.config_file(name);
            let arguments = [OsStr::new("role"), OsStr::new(role), config.as_os_str()];
            let child = Command::new(program)
                .args(arguments)
                .stdout(output())
                .kill_on_drop(true)
                .spawn()
                .map_err(RoleError::Spawn)?;
            roles.children.push(child);
            roles.wait_for(name, ready).await?;
        }
        Ok(roles)
    }

    /// Lets the roles finish what they do, and waits for that.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
        for mut child in self.children.drain(..) {
            let _ = child.kill().await;
        }
    }

    /// Waits until somebody listens at the address, as long as the last child lives.
    async fn wait_for(&mut self, name: &str, address: SocketAddr) -> Result<(), RoleError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(address).await.is_err() {
            let ended = self
                .children
                .last_mut()
                .and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > deadline {
                return Err(RoleError::NotUp(name.to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// Runs one role from its configuration file until the process is asked to stop.
///
/// # Errors
///
/// [`RoleError`] says why the role does not start.
pub async fn run_role(role: &str, config: &Path) -> Result<(), RoleError> {
    let interrupted = medmij_node::interrupted();
    match role {
        "stelselnode" => {
            stelselnode::start(&NodeConfig::read_within(config)?, interrupted)
                .await?
                .await;
        }
        "dvza" => dvza::start(&NodeConfig::read_within(config)?, interrupted).await?.await,
        "dvp" => dvp::start(&NodeConfig::read_within(config)?, interrupted).await?.await,
        other => return Err(RoleError::Unknown(other.to_owned())),
    }
    Ok(())
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // a dropped sender also means stop
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Why a role does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// The Stelselnode.
    #[error("Stelselnode: {0}")]
    Stelselnode(#[from] stelselnode::StartError),
    /// A DVZA.
    #[error("DVZA: {0}")]
    Dvza(#[from] dvza::StartError),
    /// The DVP.
    #[error("DVP: {0}")]
    Dvp(#[from] dvp::StartError),
    /// A configuration file.
    #[error(transparent)]
    Config(#[from] NodeError),
    /// A process cannot be started.
    #[error("cannot start a process: {0}")]
    Spawn(std::io::Error),
    /// A process does not listen.
    #[error("{0} does not come up")]
    NotUp(String),
    /// There is no such role.
    #[error("there is no role {0}; there are stelselnode, dvza and dvp")]
    Unknown(String),
}
