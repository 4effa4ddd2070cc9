// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load handshakes` — core.tls.314: full mutual TLS 1.3 handshakes a second with certificates in the shape of G4, and what
//! revocation costs.
//!
//! The listener of medmij-net is a process of its own, held to one processor where `taskset` is there, and the load program to
//! the others. Each connection is new: a full handshake with a chain of three certificates on both sides (RSASSA-PSS), one small
//! request, so that the server has judged the client, and the end. That is done without revocation, with the three small CRLs of
//! the chain, with one of many entries, and with that one while it is put in place anew all the time. `openssl s_time` makes
//! handshakes with the same listener beside it.

mod openssl;
mod serve;

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use medmij_test::{G4Crl, G4Leaf, G4Level, G4Pki, TestIdentity};
use rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};
use tokio_rustls::TlsConnector;

pub(crate) use self::serve::Args as ServeArgs;
pub(crate) use self::serve::run as serve;
use crate::{
    measure::{Summary, Timings},
    work::Failure,
    world::{CLIENT, HOST},
};

/// How many entries, how long, how many at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Entries of the large CRL.
    #[arg(long, default_value_t = 50_000)]
    entries: u64,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Handshakes at once.
    #[arg(long, default_value_t = 4)]
    tasks: usize,
    /// Milliseconds between two changes of the CRLs.
    #[arg(long, default_value_t = 1000)]
    swap: u64,
    /// Fails under 150 handshakes a second, where the large CRL adds more than 5 % to a handshake, or where p99 more than
    /// doubles while CRLs are changed.
    #[arg(long)]
    promise: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let pki = G4Pki::new("load")?;
    let folder = tempfile::tempdir()?;
    write(&pki, folder.path(), args.entries)?;
    let client = Arc::new(config(&pki, &pki.issue(&G4Leaf::system(CLIENT))?)?);
    let pinned = pin_ourselves();
    println!(
        "server on {}, {} handshakes at once for {} s each\n",
        if pinned {
            "one processor, alone"
        } else {
            "any processor"
        },
        args.tasks,
        args.seconds
    );
    println!(
        "| revocation | handshakes | per s | p50 ms | p99 ms | max ms | cut |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    let large = format!("CRL of {} entries", args.entries);
    let swapped = format!("the same, put in place anew every {} ms", args.swap);
    let swap = args.swap.to_string();
    let runs: [(&str, &[&str]); 4] = [
        ("none", &[]),
        ("three small CRLs", &["--crls", "small"]),
        (&large, &["--crls", "large"]),
        (&swapped, &["--crls", "large", "--swap", &swap]),
    ];
    let mut measured = Vec::new();
    for (name, server) in runs {
        let (mut child, address) = start(folder.path(), server, pinned).await?;
        let (summary, cut) = drive(address, &client, &args).await?;
        println!("| {name} | {} | {cut} |", summary.cells());
        measured.push(summary);
        if server == ["--crls", "small"] {
            let said = openssl::time(folder.path(), address, args.seconds, pinned).await;
            println!(
                "| {} |",
                said.unwrap_or_else(|why| format!("openssl s_time: {why} | | | | | |"))
            );
        }
        child.kill().await?;
    }
    let [none, small, large, swapped] = measured.as_slice() else {
        return Ok(());
    };
    let each = |summary: &Summary| 1000.0 / summary.rate().max(f64::MIN_POSITIVE);
    let more = |over: &Summary, under: &Summary| 100.0 * (each(over) / each(under) - 1.0);
    println!(
        "\na handshake takes {:.2} ms with three small CRLs; looking revocation up adds {:+.1} % with them and {:+.1} % with the large one; \
         p99 while it is changed is {:.2} times the earlier one",
        each(small),
        more(small, none),
        more(large, none),
        swapped.p99().as_secs_f64() / large.p99().as_secs_f64().max(f64::MIN_POSITIVE),
    );
    let kept = small.rate() >= 150.0 && more(large, none) <= 5.0 && swapped.p99() <= 2 * large.p99();
    if args.promise && !kept {
        return Err("a promise was not kept: 150 a second, at most 5 % more, p99 at most doubled".into());
    }
    Ok(())
}

/// What the server reads: own identity, roots, and two folders of CRLs.
fn write(pki: &G4Pki, folder: &Path, entries: u64) -> Result<(), Failure> {
    let put = |name: &str, content: &[u8]| -> Result<(), Failure> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, "")?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(std::fs::write(&path, content)?)
    };
    for (name, identity) in [
        ("node", pki.issue(&G4Leaf::system(HOST))?),
        ("client", pki.issue(&G4Leaf::system(CLIENT))?),
    ] {
        put(&format!("{name}.pem"), identity.chain_pem().as_bytes())?;
        put(&format!("{name}.key"), identity.key_pem().as_bytes())?;
    }
    put("roots.pem", pki.roots_pem().as_bytes())?;
    put(
        "above.pem",
        format!("{}{}", pki.roots_pem(), pki.intermediates_pem()).as_bytes(),
    )?;
    for level in G4Level::ALL {
        put(&format!("small/{level:?}.crl"), &pki.crl(&G4Crl::of(level))?)?;
        // serials that no certificate of this PKI has
        let crl = match level {
            G4Level::Tsp => G4Crl::of(level).revoked(1_000_000..1_000_000 + entries),
            _ => G4Crl::of(level),
        };
        put(&format!("large/{level:?}.crl"), &pki.crl(&crl)?)?;
    }
    Ok(())
}

fn config(pki: &G4Pki, identity: &TestIdentity) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pki.roots_pem().as_bytes()) {
        roots.add(root?)?;
    }
    let chain = identity.chain_der().iter().cloned().map(CertificateDer::from).collect();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes())?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn start(folder: &Path, more: &[&str], pinned: bool) -> Result<(Child, SocketAddr), Failure> {
    let own = std::env::current_exe()?;
    let mut command = if pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(own);
        command
    } else {
        Command::new(own)
    };
    command.arg("handshakes-serve").arg("--folder").arg(folder).args(more);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no output of the server")?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    Ok((child, line.ok_or("the server did not start")?.parse()?))
}

/// Leaves the first processor to the server, where that can be said and there is another.
fn pin_ourselves() -> bool {
    let Ok(processors) = std::thread::available_parallelism() else {
        return false;
    };
    let last = processors.get() - 1;
    let own = std::process::id().to_string();
    last > 0
        && std::process::Command::new("taskset")
            .args(["-a", "-p", "-c", &format!("1-{last}"), &own])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

/// The figures, and how many connections were cut.
async fn drive(address: SocketAddr, client: &Arc<ClientConfig>, args: &Args) -> Result<(Summary, usize), Failure> {
    // what happens once, such as verifying the signature of a CRL, is no part of it
    answered(address, client).await?;
    let started = Instant::now();
    let until = started + Duration::from_secs(args.seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..args.tasks.max(1) {
        let client = Arc::clone(client);
        tasks.spawn(async move {
            let (mut timings, mut cut) = (Timings::default(), 0);
            while Instant::now() < until {
                let started = Instant::now();
                cut += answered(address, &client).await?;
                timings.add(started.elapsed());
            }
            Ok::<_, Failure>((timings, cut))
        });
    }
    let (mut all, mut cut) = (Timings::default(), 0);
    while let Some(one) = tasks.join_next().await {
        let (timings, more) = one??;
        all.merge(timings);
        cut += more;
    }
    Ok((all.summary(started.elapsed()), cut))
}

/// Connects until there is an answer, and says how many connections were cut: one whose certificate was judged by credentials
/// that are replaced before its request gets none.
async fn answered(address: SocketAddr, client: &Arc<ClientConfig>) -> Result<usize, Failure> {
    for cut in 0..10 {
        if once(address, client).await? {
            return Ok(cut);
        }
    }
    Err("the listener did not answer 200 in ten connections".into())
}

/// One connection, from the first byte to the answer; `false` where it was cut.
async fn once(address: SocketAddr, client: &Arc<ClientConfig>) -> Result<bool, Failure> {
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let mut tls = TlsConnector::from(Arc::clone(client))
        .connect(ServerName::try_from(HOST)?, tcp)
        .await?;
    tls.write_all(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut answer = Vec::new();
    match tls.read_to_end(&mut answer).await {
        Ok(_) if answer.starts_with(b"HTTP/1.1 200") => Ok(true),
        Ok(_) if answer.is_empty() => Ok(false),
        Err(_) => Ok(false),
        Ok(_) => Err("the listener answered something else than 200".into()),
    }
}
