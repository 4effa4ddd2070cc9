// SPDX-License-Identifier: AGPL-3.0-or-later
//! Starting the roles. They share nothing but sockets: each starts from its configuration file alone, as a task of this
//! process or as a process of its own.

use crate::network::Network;
use clap::ValueEnum;
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

/// A role that can be left out, so that your own takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Role {
    /// The first DVZA.
    DvzaEen,
    /// The second DVZA.
    DvzaTwee,
    /// The DVP.
    Dvp,
    /// The second DVP.
    DvpTwee,
}

impl Role {
    /// Those of the main job.
    pub const MAIN: [Self; 3] = [Self::DvzaEen, Self::DvzaTwee, Self::Dvp];
    /// All.
    pub const ALL: [Self; 4] = [Self::DvzaEen, Self::DvzaTwee, Self::Dvp, Self::DvpTwee];

    /// The name of its configuration file, without `.json`.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::DvzaEen => "dvza-een",
            Self::DvzaTwee => "dvza-twee",
            Self::Dvp => "dvp",
            Self::DvpTwee => "dvp-twee",
        }
    }

    /// What runs it, and where it listens when it is up.
    fn program(self, network: &Network) -> (&'static str, SocketAddr) {
        let [one, two] = &network.dvzas;
        match self {
            Self::DvzaEen => ("dvza", one.front),
            Self::DvzaTwee => ("dvza", two.front),
            Self::Dvp => ("dvp", network.dvp.address),
            Self::DvpTwee => ("dvp", network.dvp_two.address),
        }
    }
}

impl Roles {
    /// Starts the roles of the main job as tasks of this process, in an order in which each finds what it needs.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start, and why.
    pub async fn start(network: &Network) -> Result<Self, RoleError> {
        Self::start_these(network, &Role::MAIN).await
    }

    /// Starts the Stelselnode and the DVZAs as tasks of this process.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start, and why.
    pub async fn start_without_dvp(network: &Network) -> Result<Self, RoleError> {
        Self::start_these(network, &[Role::DvzaEen, Role::DvzaTwee]).await
    }

    /// Starts the Stelselnode and these roles as tasks of this process.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start, and why.
    pub async fn start_these(network: &Network, chosen: &[Role]) -> Result<Self, RoleError> {
        let mut roles = Self::none();
        let wait = || until(roles.stop.subscribe());
        let [one, two] = &network.dvzas;
        let mut tasks = vec![tokio::spawn(stelselnode::start(&network.stelselnode, wait()).await?)];
        for role in chosen {
            tasks.push(match role {
                Role::DvzaEen => tokio::spawn(dvza::start(one, wait()).await?),
                Role::DvzaTwee => tokio::spawn(dvza::start(two, wait()).await?),
                Role::Dvp => tokio::spawn(dvp::start(&network.dvp, wait()).await?),
                Role::DvpTwee => tokio::spawn(dvp::start(&network.dvp_two, wait()).await?),
            });
        }
        roles.tasks = tasks;
        Ok(roles)
    }

    /// Starts the Stelselnode and these roles, every one as a process of its own: this program with
    /// `role <name> <config>`. `output` says where their steps go.
    ///
    /// # Errors
    ///
    /// [`RoleError`] with the role that does not start or does not come up within half a minute.
    pub async fn start_processes(
        network: &Network,
        chosen: &[Role],
        program: &Path,
        output: fn() -> Stdio,
    ) -> Result<Self, RoleError> {
        let mut roles = Self::none();
        let stelselnode = ("stelselnode", "stelselnode", network.stelselnode.address);
        let others = chosen.iter().map(|role| {
            let (program, address) = role.program(network);
            (program, role.file(), address)
        });
        for (role, name, ready) in std::iter::once(stelselnode).chain(others) {
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

    fn none() -> Self {
        Self {
            stop: watch::channel(false).0,
            tasks: Vec::new(),
            children: Vec::new(),
        }
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
