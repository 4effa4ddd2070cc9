// SPDX-License-Identifier: AGPL-3.0-or-later
//! TLS 1.2 without extended master secret (RFC 7627), spoken by OpenSSL with that switched off (core.tls.305)

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use medmij_net::{BackChannelListener, TlsPolicy};
use medmij_test::TestIdentity;
use tokio::io::AsyncWriteExt;

use crate::listener::counting;
use crate::raw::LAST;
use crate::world::{DVP, DVZA, World, any_port, host, only, send};

struct Openssl {
    folder: tempfile::TempDir,
}

impl Openssl {
    /// `None`, said aloud, where there is no OpenSSL 3 or later; not in CI.
    fn new(world: &World, shown: &TestIdentity) -> Option<Self> {
        let version = Command::new("openssl").arg("version").output().ok();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        if !version.is_some_and(|text| text.starts_with("OpenSSL 3") || text.starts_with("OpenSSL 4")) {
            medmij_test::skip("openssl 3 is not installed, tls without extended master secret was not tried");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("chain", shown.chain_pem());
        write("key", shown.key_pem());
        write("roots", &world.pki.roots_pem());
        write(
            "config",
            "openssl_conf = i\n[i]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nOptions = -ExtendedMasterSecret\n",
        );
        Some(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("openssl");
        let argument = |path: &Path| path.display().to_string();
        command
            .env("OPENSSL_CONF", self.path("config"))
            .arg(program)
            .arg("-tls1_2")
            .args([
                "-cert",
                &argument(&self.path("chain")),
                "-key",
                &argument(&self.path("key")),
            ])
            .args(["-cert_chain", &argument(&self.path("chain"))]);
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_tls_305_a_client_without_extended_master_secret_is_counted_or_refused() {
    let world = World::new();
    let Some(openssl) = Openssl::new(&world, &world.node(DVP)) else {
        return;
    };
    for (policy, served) in [
        (TlsPolicy::ncsc_2_1(), true),
        (TlsPolicy::ncsc_2_1().extended_master_secret(true), false),
        (TlsPolicy::ncsc_2025(), false),
        (TlsPolicy::ncsc_2025().extended_master_secret(false), true),
    ] {
        let listener: BackChannelListener = world.listener(only(DVP)).tls(policy).bind(any_port()).await.unwrap();
        let (address, control) = (listener.local_addr(), listener.control());
        let task = tokio::spawn(listener.serve(counting().0, std::future::pending()));
        let mut client = openssl.command("s_client");
        client.args(["-quiet", "-connect", &address.to_string(), "-servername", DVZA]);
        let mut client = tokio::process::Command::from(client)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = client.stdin.take().unwrap();
        let _ = stdin.write_all(LAST.as_bytes()).await;
        let answer = client.wait_with_output().await.unwrap();
        drop(stdin);
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        assert_eq!(answer.starts_with("HTTP/1.1 200"), served, "{policy:?}: {answer}");
        let expected: &[_] = if served { &[(host(DVP), 1)] } else { &[] };
        assert_eq!(control.without_extended_master_secret(), expected, "{policy:?}");
        // A client of ours has it, and is not counted.
        let channel = world.client(address, only(DVZA)).tls(policy).build().unwrap();
        assert_eq!(send(&channel, "/").await.unwrap().status(), 200);
        assert_eq!(control.without_extended_master_secret(), expected, "{policy:?}");
        task.abort();
    }
}

/// A server that is stopped with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_tls_305_a_server_without_extended_master_secret_is_counted_or_refused() {
    let world = World::new();
    let Some(openssl) = Openssl::new(&world, &world.node(DVZA)) else {
        return;
    };
    let mut server = openssl.command("s_server");
    server.args(["-www", "-accept", "127.0.0.1:0"]);
    let mut server = server
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("ACCEPT ")?.parse().ok());
    let _server = Server(server);
    let address = address.unwrap();

    let allowed = world.client(address, only(DVZA)).build().unwrap();
    for count in 1..3 {
        assert_eq!(send(&allowed, "/").await.unwrap().status(), 200);
        assert_eq!(allowed.without_extended_master_secret(), [(host(DVZA), count)]);
    }
    let strict = world
        .client(address, only(DVZA))
        .tls(TlsPolicy::ncsc_2025())
        .build()
        .unwrap();
    let error = send(&strict, "/").await.unwrap_err();
    assert!(
        error.is_tls() && error.is_unsent() && !error.is_certificate(),
        "{error:?}"
    );
    assert!(error.to_string().contains("extended master secret"), "{error}");
    assert!(strict.without_extended_master_secret().is_empty());
}
