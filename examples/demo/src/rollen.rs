// SPDX-License-Identifier: AGPL-3.0-or-later
//! Starting the roles. They share nothing but sockets: each starts from its configuration file alone, as a task of this
//! process or as a process of its own.

use crate::netwerk::Netwerk;
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
pub struct Rollen {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    children: Vec<Child>,
}

impl Rollen {
    /// Starts all roles as tasks of this process, in an order in which each finds what it needs.
    ///
    /// # Errors
    ///
    /// [`RolError`] with the role that does not start, and why.
    pub async fn start(network: &Netwerk) -> Result<Self, RolError> {
        let mut rollen = Self::start_without_dvp(network).await?;
        rollen.tasks.push(tokio::spawn(
            dvp::start(&network.dvp, until(rollen.stop.subscribe())).await?,
        ));
        Ok(rollen)
    }

    /// Starts the Stelselnode and the DVZAs as tasks of this process.
    ///
    /// # Errors
    ///
    /// [`RolError`] with the role that does not start, and why.
    pub async fn start_without_dvp(network: &Netwerk) -> Result<Self, RolError> {
        let (stop, stopped) = watch::channel(false);
        let mut rollen = Self {
            stop,
            tasks: Vec::new(),
            children: Vec::new(),
        };
        let wait = || until(stopped.clone());
        rollen
            .tasks
            .push(tokio::spawn(stelselnode::start(&network.stelselnode, wait()).await?));
        for config in &network.dvzas {
            rollen.tasks.push(tokio::spawn(dvza::start(config, wait()).await?));
        }
        Ok(rollen)
    }

    /// Starts every role as a process of its own: this program with `rol <naam> <config>`. `output` says where their steps
    /// go.
    ///
    /// # Errors
    ///
    /// [`RolError`] with the role that does not start or does not come up within half a minute.
    pub async fn start_processes(network: &Netwerk, program: &Path, output: fn() -> Stdio) -> Result<Self, RolError> {
        let (stop, _) = watch::channel(false);
        let mut rollen = Self {
            stop,
            tasks: Vec::new(),
            children: Vec::new(),
        };
        let [een, twee] = &network.dvzas;
        for (role, name, ready) in [
            ("stelselnode", "stelselnode", network.stelselnode.adres),
            ("dvza", "dvza-een", een.front),
            ("dvza", "dvza-twee", twee.front),
            ("dvp", "dvp", network.dvp.adres),
        ] {
            let config = network.config_file(name);
            let arguments = [OsStr::new("rol"), OsStr::new(role), config.as_os_str()];
            let child = Command::new(program)
                .args(arguments)
                .stdout(output())
                .kill_on_drop(true)
                .spawn()
                .map_err(RolError::Spawn)?;
            rollen.children.push(child);
            rollen.wait_for(name, ready).await?;
        }
        Ok(rollen)
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
    async fn wait_for(&mut self, name: &str, address: SocketAddr) -> Result<(), RolError> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(address).await.is_err() {
            let ended = self
                .children
                .last_mut()
                .and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > deadline {
                return Err(RolError::NotUp(name.to_owned()));
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
/// [`RolError`] says why the role does not start.
pub async fn run_role(role: &str, config: &Path) -> Result<(), RolError> {
    let interrupted = medmij_node::interrupted();
    match role {
        "stelselnode" => {
            stelselnode::start(&NodeConfig::read_within(config)?, interrupted)
                .await?
                .await;
        }
        "dvza" => dvza::start(&NodeConfig::read_within(config)?, interrupted).await?.await,
        "dvp" => dvp::start(&NodeConfig::read_within(config)?, interrupted).await?.await,
        other => return Err(RolError::Unknown(other.to_owned())),
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
pub enum RolError {
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
