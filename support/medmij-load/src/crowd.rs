// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load crowd` — fault R12: thousands of connections that do nothing, and whether others are served meanwhile.
//!
//! A server of its own process serves the back and the front channel over medmij-net. From 127.0.0.2 come connections that
//! never begin a handshake and, with the certificate of one Node, connections that finish it and then wait; both come back
//! as soon as they are ended. On the front channel they finish the handshake. From 127.0.0.3 another Node, and browsers, ask
//! at a steady rate whatever the answers do: latency counts from the moment at which a request was due. It fails where one
//! request was refused, or p99 is above a second.

mod asker;
mod idle;
mod serve;

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use medmij_test::{LeafSpec, TestIdentity, TestPki};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
};

use self::{asker::Asked, idle::Crowd};
use crate::{measure::Process, work::Failure, world::HOST};
pub(crate) use serve::Args as ServeArgs;
pub(crate) use serve::run as serve;

/// How many, how long, and with how many descriptors.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Connections from 127.0.0.2 on each channel.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Connections with the certificate of one Node, on the back channel.
    #[arg(long, default_value_t = 2_000)]
    node: usize,
    /// Requests a second from 127.0.0.3, on each channel.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// For how long, in seconds, once the crowd is there.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Files that the server may open; as many as this process by default.
    #[arg(long)]
    descriptors: Option<u64>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    for channel in [Channel::Back, Channel::Front] {
        one(&args, channel).await?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Back,
    Front,
}

async fn one(args: &Args, channel: Channel) -> Result<(), Failure> {
    let pki = TestPki::new("crowd")?;
    let folder = tempfile::tempdir()?;
    let (mut server, address) = start(&pki, folder.path(), args.descriptors, channel).await?;
    let config = |name: &str| match channel {
        Channel::Back => client(&pki, Some(&pki.issue(&LeafSpec::node(name))?)),
        Channel::Front => client(&pki, None),
    };
    let process = Process::of(server.id().ok_or("server is gone")?);
    let before = process.resident();

    let mut crowd = Crowd::new(address, FLOOD);
    match channel {
        Channel::Back => {
            crowd.silent(args.idle);
            crowd.waiting(args.node, config(FLOODER)?);
        }
        Channel::Front => crowd.waiting(args.idle, config(FLOODER)?),
    }
    crowd.settle().await;
    let reached = crowd.counts();
    let started = Instant::now();
    let asked = Asked {
        address,
        from: ASKER,
        config: config(ASKING)?,
        rate: args.rate,
        time: Duration::from_secs(args.seconds),
    };
    // On a thread of its own: it must not wait for the crowd on this side.
    let asked = tokio::task::spawn_blocking(move || -> Result<_, Failure> {
        let own = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        own.block_on(asker::ask(&asked))
    })
    .await??;
    let elapsed = started.elapsed();
    let open = process.open_files();
    let refused_by: Vec<_> = asked
        .refused_by()
        .into_iter()
        .map(|(why, count)| format!("{count} x {why}"))
        .collect();
    let refused = asked.refused.len();
    let summary = asked.timings.summary(elapsed);
    println!(
        "{channel:?}: crowd of {} silent and {} waiting ({} of them connected in all, {} ended), {} requests, {} refused, p50 / p99 / \
         slowest {}; server {} to {} MiB, {} files open",
        if channel == Channel::Back { args.idle } else { 0 },
        if channel == Channel::Back { args.node } else { args.idle },
        reached.connected,
        crowd.counts().ended,
        summary.count,
        refused,
        summary.latencies(),
        before.unwrap_or_default() / 1024,
        process.resident().unwrap_or_default() / 1024,
        open.map_or_else(|| "?".to_owned(), |count| count.to_string()),
    );
    for why in refused_by {
        println!("  refused: {why}");
    }
    drop(crowd);
    server.kill().await?;
    if refused > 0 || summary.p99() > Duration::from_secs(1) {
        return Err("the crowd kept others out".into());
    }
    Ok(())
}

async fn start(
    pki: &TestPki,
    folder: &std::path::Path,
    descriptors: Option<u64>,
    channel: Channel,
) -> Result<(Child, SocketAddr), Failure> {
    let node = pki.issue(&LeafSpec::node(HOST))?;
    std::fs::write(folder.join("roots.pem"), pki.roots_pem())?;
    std::fs::write(folder.join("chain.pem"), node.chain_pem())?;
    let key = folder.join("key.pem");
    std::fs::write(&key, "")?;
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    std::fs::write(&key, node.key_pem())?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("crowd-serve").arg("--folder").arg(folder);
    if channel == Channel::Front {
        command.arg("--front");
    }
    if let Some(limit) = descriptors {
        command.arg("--descriptors").arg(limit.to_string());
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no output of the server")?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    Ok((child, line.ok_or("the server did not start")?.parse()?))
}

fn client(pki: &TestPki, identity: Option<&TestIdentity>) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(pki.root_der().to_vec()))?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(Arc::new(match identity {
        Some(identity) => {
            let chain = identity.chain_der().iter().cloned().map(CertificateDer::from).collect();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes())?)?
        }
        None => builder.with_no_client_auth(),
    }))
}

/// A connection from an address of one's own.
async fn connect_from(from: [u8; 4], address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

const FLOOD: [u8; 4] = [127, 0, 0, 2];
const ASKER: [u8; 4] = [127, 0, 0, 3];
/// The two Nodes that are on the list.
const FLOODER: &str = "drukte.example.nl";
const ASKING: &str = "vrager.example.nl";
