// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R15: a DVZA that is asked to stop, as a process, while browsers ask for pages; and a demo that stays up.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // also in the helpers

use demo::network::Network;
use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

fn role(network: &Network, role: &str, name: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(["role", role])
        .arg(network.config_file(name))
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn up(address: SocketAddr) {
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What became of one request for a page.
enum Page {
    Whole,
    NotTaken,
    Broken,
}

async fn page(address: SocketAddr) -> Page {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return Page::NotTaken;
    };
    let request = format!(
        "GET /oauth/authorize HTTP/1.1\r\nHost: dvza-een.localhost:{}\r\nConnection: close\r\n\r\n",
        address.port()
    );
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        // not a byte: a connection that was not accepted any more
        return if answer.is_empty() {
            Page::NotTaken
        } else {
            Page::Broken
        };
    };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    if length == Some(body.len()) {
        Page::Whole
    } else {
        Page::Broken
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r15_a_process_that_is_asked_to_stop_ends_what_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let _stelselnode = role(&network, "stelselnode", "stelselnode");
    up(network.stelselnode.address).await;
    let mut dvza = role(&network, "dvza", "dvza-een");
    let front = network.dvzas[0].front;
    up(front).await;

    let whole = Arc::new(AtomicUsize::new(0));
    let browsers: Vec<_> = (0..8)
        .map(|_| {
            let whole = Arc::clone(&whole);
            tokio::spawn(async move {
                loop {
                    match page(front).await {
                        Page::Whole => _ = whole.fetch_add(1, Ordering::SeqCst),
                        Page::NotTaken => return 0,
                        Page::Broken => return 1,
                    }
                }
            })
        })
        .collect();
    while whole.load(Ordering::SeqCst) < 200 {
        tokio::task::yield_now().await;
    }
    let pid = dvza.id().unwrap();
    let asked = Command::new("sh")
        .args(["-c", &format!("kill -TERM {pid}")])
        .status()
        .await
        .unwrap();
    assert!(asked.success());
    // the promise is 15 seconds
    let ended = tokio::time::timeout(Duration::from_secs(20), dvza.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(ended.success(), "{ended}");
    for browser in browsers {
        assert_eq!(browser.await.unwrap(), 0, "an answer that was begun was not ended");
    }
    // a checkpoint of the audit log at the start, and one at the end
    let checkpoints = network.dvzas[0].node.folder.join("controlepunten");
    assert_eq!(std::fs::read_dir(checkpoints).unwrap().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_left_free_is_described_and_the_other_roles_stay_up_until_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(["--serve", "--without", "dvza-een", "--folder"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        printed.push_str(&line);
        printed.push('\n');
        if line == "Ctrl-C stopt." {
            break;
        }
    }
    assert!(printed.contains("De plaats van dvza-een is vrij"), "{printed}");
    let place = printed
        .lines()
        .find_map(|line| line.trim().strip_prefix("map "))
        .unwrap();
    let place = Path::new(place.trim());
    for file in [
        "node.toml",
        "node.pem",
        "node.key",
        "roots.pem",
        "crl/0.crl",
        "sealing.key",
        "index.key",
    ] {
        assert!(place.join(file).is_file(), "{file}");
    }
    // what it holds is what a Node reads
    let config = medmij_node::NodeConfig::read(place.join("node.toml")).unwrap();
    assert_eq!(config.hostname.as_str(), "node.dvza-een.localhost");
    assert!(config.chain.is_file() && config.danger_loopback.is_some());
    let places: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("Open http://"))
        .collect();
    assert_eq!(places.len(), 2, "{printed}");
    for place in places {
        let port = place.split_once(':').unwrap().1.split('/').next().unwrap();
        assert!(
            TcpStream::connect(("127.0.0.1", port.parse().unwrap())).await.is_ok(),
            "{place}"
        );
    }
    let asked = Command::new("sh")
        .args(["-c", &format!("kill -INT {}", demo.id().unwrap())])
        .status()
        .await
        .unwrap();
    assert!(asked.success());
    assert!(demo.wait().await.unwrap().success());
}
