// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Node tells a service manager (`sd_notify`), over a socket of the test. Whom it tells is in the environment, so the
//! Node is a process of its own: this program again, with the one test that is ignored otherwise.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use medmij_node::{Node, Observed};

use crate::node::world;

/// What the Node does: it begins unready, becomes ready, loses its store, finds it again, and stops, each as its parent says by a
/// line.
#[tokio::test]
#[ignore = "the process that the test below starts"]
async fn a_node_that_tells() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, config) = world(folder.path(), &["fhir.example.nl"]).await;
    let node = Node::start(config).await.unwrap();
    let store = Arc::new(AtomicBool::new(false));
    let there = Arc::clone(&store);
    node.add_probe("store", move || {
        let fault = (!there.load(Ordering::SeqCst)).then(|| "store\nis gone".to_owned());
        async move { vec![Observed::Other(fault)] }
    });
    node.look().await;
    let looked = node.clone();
    let stopped = async move {
        let (lines, mut read) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            std::io::stdin()
                .lines()
                .map_while(Result::ok)
                .all(|line| lines.send(line).is_ok())
        });
        while let Some(line) = read.recv().await {
            if line == "stop" {
                return;
            }
            store.store(line == "up", Ordering::SeqCst);
            looked.look().await;
        }
    };
    node.telling_systemd(stopped).await;
}

#[test]
fn a_service_manager_is_told_ready_the_reason_why_not_life_and_the_end() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "systemd::a_node_that_tells", "--ignored"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .env_remove("WATCHDOG_PID")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lives = 0;
    // the next message that is no sign of life
    let mut hear = || loop {
        let mut message = [0; 2048];
        let length = socket.recv(&mut message).unwrap();
        let message = String::from_utf8_lossy(&message[..length]).into_owned();
        if message != "WATCHDOG=1\n" {
            break message;
        }
        lives += 1;
    };
    let mut say = |word: &str| writeln!(stdin, "{word}").unwrap();
    assert_eq!(hear(), "STATUS=not ready; store: store is gone\n");
    say("up");
    assert_eq!(hear(), "READY=1\nSTATUS=ready\n");
    say("down");
    assert_eq!(hear(), "STATUS=not ready; store: store is gone\n");
    say("up");
    // it was ready before: systemd is told that once
    assert_eq!(hear(), "STATUS=ready\n");
    // alive, whether ready or not: two signs more than there were
    let mut message = [0; 2048];
    for _ in 0..2 {
        let length = socket.recv(&mut message).unwrap();
        assert_eq!(&message[..length], b"WATCHDOG=1\n");
    }
    say("stop");
    assert_eq!(hear(), "STOPPING=1\nSTATUS=stopping\n");
    assert!(child.wait().unwrap().success());
}
