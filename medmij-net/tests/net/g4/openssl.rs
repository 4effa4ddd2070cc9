// SPDX-License-Identifier: AGPL-3.0-or-later
//! OpenSSL as the other side: `s_server` before our client, `s_client` before our listener

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::io::AsyncWriteExt;

use super::cases::{self, Role, Shown, Verdict, World};
use super::oracle::pem;
use super::{client, listener, verdict_of};
use crate::listener::counting;
use crate::raw::LAST;
use crate::world::{DVZA, Served, send};

const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];

#[tokio::test(flavor = "multi_thread")]
async fn core_tls_314_w8_g4_what_an_openssl_server_shows() {
    if !has_openssl() {
        return;
    }
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let cases = cases::all(&world);
    for version in VERSIONS {
        // many cases show the same certificate and differ in what we know
        let mut servers: HashMap<Vec<Vec<u8>>, Server> = HashMap::new();
        for case in &cases {
            let shown = case.shown(Role::Server);
            let server = servers
                .entry(shown.chain.clone())
                .or_insert_with(|| Server::start(version, shown, &world.pki.roots_pem(), folder.path()));
            let said = verdict_of(send(&client(&world, case, server.address), "/").await);
            assert_eq!(said, case.expected(Role::Server), "{} {version}", case.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_307_w8_g4_what_an_openssl_client_shows() {
    if !has_openssl() {
        return;
    }
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    // openssl reads CRLs beside the roots; of a file of their own only the first
    let crls = world.pki.crls(&[]).unwrap();
    let crls: String = crls.iter().map(|der| pem("X509 CRL", der)).collect();
    let roots = world.pki.roots_pem() + &crls;
    for case in cases::all(&world) {
        let served = Served::start(listener(&world, &case), counting().0).await;
        for version in VERSIONS {
            let mut command = openssl("s_client", version, case.shown(Role::Client), &roots, folder.path());
            // it judges us as well: path, host name and all three CRLs
            command.args(["-verify_return_error", "-verify_hostname", DVZA, "-crl_check_all"]);
            command.args(["-quiet", "-connect", &served.address.to_string(), "-servername", DVZA]);
            let mut client = tokio::process::Command::from(command)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut stdin = client.stdin.take().unwrap();
            let _ = stdin.write_all(LAST.as_bytes()).await;
            let output = client.wait_with_output().await.unwrap();
            drop(stdin);
            let (answer, said) = (
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            );
            let good = case.expected(Role::Client) == Verdict::Good;
            assert_eq!(
                answer.starts_with("HTTP/1.1 200"),
                good,
                "{} {version}: {answer}{said}",
                case.name
            );
            assert!(!said.contains("verify error"), "{} {version}: {said}", case.name);
        }
        served.stop().await;
    }
}

/// `false`, said aloud, where there is no OpenSSL; not in CI.
fn has_openssl() -> bool {
    let found = Command::new("openssl")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        medmij_test::skip("openssl is not installed, it was no peer of the g4 cases");
    }
    found
}

/// A server that is stopped with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(version: &str, shown: &Shown, roots: &str, folder: &Path) -> Self {
        let mut command = openssl("s_server", version, shown, roots, folder);
        command.args(["-www", "-Verify", "4", "-accept", "127.0.0.1:0"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ")?.parse().ok());
        Self {
            child,
            address: address.unwrap(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of openssl that shows a certificate with exactly this chain.
fn openssl(program: &str, version: &str, shown: &Shown, roots: &str, folder: &Path) -> Command {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let certificates: Vec<_> = shown.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    write("leaf", &certificates[0]);
    write("above", &certificates[1..].concat());
    write("key", shown.identity.key_pem());
    write("roots", roots);
    let mut command = Command::new("openssl");
    command.args([program, version, "-cert", "leaf", "-key", "key", "-cert_chain", "above"]);
    command.args(["-CAfile", "roots"]).current_dir(folder);
    command
}
