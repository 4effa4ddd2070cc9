// SPDX-License-Identifier: AGPL-3.0-or-later
//! The server of a crowd, as a process of its own: it may be given few descriptors.

use std::path::PathBuf;

use axum::{Router, routing::get};
use medmij_net::{BackChannelListener, FrontListener, NodeIdentity, Revocation, TrustRoots, WebIdentity};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncReadExt as _;

use super::{ASKING, FLOODER};
use crate::work::Failure;

/// Where the certificates are, and which channel.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with roots.pem, chain.pem and key.pem.
    #[arg(long)]
    folder: PathBuf,
    /// The front channel instead of the back channel.
    #[arg(long)]
    front: bool,
    /// Files that this process may open.
    #[arg(long)]
    descriptors: Option<u64>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if let Some(limit) = args.descriptors {
        let now = getrlimit(Resource::Nofile);
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(limit),
                ..now
            },
        )?;
    }
    let read = |name: &str| std::fs::read(args.folder.join(name));
    let (roots, chain, key) = (read("roots.pem")?, read("chain.pem")?, read("key.pem")?);
    let router = Router::new().route("/", get(|| async { "hallo" }));
    let any = "127.0.0.1:0".parse()?;
    let ended = async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    if args.front {
        let listener = FrontListener::builder(WebIdentity::from_pem(&chain, &key)?)
            .bind(any)
            .await?;
        println!("{}", listener.local_addr());
        listener.serve(router, ended).await;
    } else {
        let policy = HostPolicy::danger_fixed([Hostname::parse(FLOODER)?, Hostname::parse(ASKING)?]);
        let identity = NodeIdentity::from_pem(&chain, &key)?;
        let listener = BackChannelListener::builder(identity, TrustRoots::from_pem(&roots)?, policy)
            .revocation(Revocation::danger_off())
            .bind(any)
            .await?;
        println!("{}", listener.local_addr());
        listener.serve(router, ended).await;
    }
    Ok(())
}
