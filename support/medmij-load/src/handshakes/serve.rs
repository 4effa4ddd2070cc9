// SPDX-License-Identifier: AGPL-3.0-or-later
//! The listener of `handshakes`, as a process of its own.

use std::{path::PathBuf, time::Duration};

use axum::{Router, routing::get};
use medmij_net::{BackChannelListener, CredentialFiles, Credentials};
use medmij_types::Hostname;
use medmij_whitelist::HostPolicy;
use tokio::io::AsyncReadExt as _;

use crate::{work::Failure, world::CLIENT};

/// Where the certificates are, and which CRLs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with node.pem, node.key, roots.pem and folders of CRLs.
    #[arg(long)]
    folder: PathBuf,
    /// The folder of CRLs in it; without, revocation is not looked at.
    #[arg(long)]
    crls: Option<String>,
    /// Reads everything anew and puts it in place, so often in milliseconds.
    #[arg(long)]
    swap: Option<u64>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let load = move || {
        let path = |name: &str| args.folder.join(name);
        let files = CredentialFiles::new(path("node.pem"), path("node.key"), path("roots.pem"));
        match &args.crls {
            Some(crls) => files.crls_hard_fail(path(crls)).load(),
            None => files.danger_no_revocation().load(),
        }
    };
    let Credentials {
        identity,
        roots,
        revocation,
    } = load()?;
    let policy = HostPolicy::danger_fixed([Hostname::parse(CLIENT)?]);
    let listener = BackChannelListener::builder(identity, roots, policy)
        .revocation(revocation)
        .bind("127.0.0.1:0".parse()?)
        .await?;
    println!("{}", listener.local_addr());
    let control = listener.control();
    if let Some(every) = args.swap {
        tokio::spawn(async move {
            let mut turns = tokio::time::interval(Duration::from_millis(every.max(1)));
            loop {
                turns.tick().await;
                // as a Node does it: read, verify, put in place
                match load() {
                    Ok(new) => {
                        if let Err(error) = control.reload(&new) {
                            println!("not put in place: {error}");
                        }
                    }
                    Err(error) => println!("not read: {error}"),
                }
            }
        });
    }
    let ended = async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    listener
        .serve(Router::new().route("/", get(|| async { "hallo" })), ended)
        .await;
    Ok(())
}
