// SPDX-License-Identifier: AGPL-3.0-or-later
//! The settings of `docs/deploy.md`, run: nginx and HAProxy in front of a Node (core.whl.307 to core.whl.309), and what
//! systemd says of the unit.
#![allow(clippy::unwrap_used, clippy::panic)] // also in the helpers

use std::{
    io::Read as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::{Extension, Router, routing::get};
use bytes::Bytes;
use medmij_list::ListKind;
use medmij_net::{BackChannelListener, DangerLoopback, NetError, NodeIdentity, Revocation, TrustRoots};
use medmij_node::{Node, NodeConfig};
use medmij_test::stelselnode::Stelselnode;
use medmij_test::{LeafSpec, TestIdentity, TestPki};
use medmij_types::{Hostname, PeerNames, Tijdstempel, Volgnummer};
use medmij_whitelist::{HostPolicy, WhitelistDraft};

const STELSELNODE: &str = "stelselnode.localhost";
const DVZA: &str = "node.dvza.localhost";
const PROXY: &str = "proxy.intern.localhost";
const PGO: &str = "node.pgo.localhost";
const STRANGER: &str = "node.vreemd.localhost";

/// The blocks of the page in this language, with the paths and names of a test in place of those of a server.
fn blocks(language: &str, folder: &Path) -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/deploy.md");
    let page = std::fs::read_to_string(page).unwrap();
    let fence = format!("```{language}\n");
    let found: Vec<String> = page
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .map(|text| {
            text.replace("/etc/medmij", &folder.to_string_lossy())
                .replace("/var/lib/medmij", &folder.to_string_lossy())
                .replace(".example.nl", ".localhost")
                .replace("stelselnode.medmij.nl", STELSELNODE)
                .replace("lists = [\"ocl\", \"gnl\"]", "lists = []")
        })
        .collect();
    assert!(!found.is_empty(), "no block {language}");
    found
}

/// A program of the system, or nothing where it is not installed.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        medmij_test::skip(&format!("{name} is not installed"));
    }
    found
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// A proxy that runs as long as this value lives.
struct Proxy(Child);

impl Proxy {
    async fn start(mut command: Command, address: SocketAddr) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut proxy = Self(child);
        while tokio::net::TcpStream::connect(address).await.is_err() {
            if let Some(status) = proxy.0.try_wait().unwrap() {
                let mut said = String::new();
                proxy.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("the proxy ended: {status}: {said}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx passes this on to its workers
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A Stelselnode, a DVZA that serves behind a proxy, and a folder for everybody.
struct World {
    pki: TestPki,
    folder: tempfile::TempDir,
    _stelselnode: Stelselnode,
    stelselnode: SocketAddr,
    /// Where the proxy listens, and the DVZA behind it.
    front: SocketAddr,
    back: SocketAddr,
    _dvza: Node,
}

impl World {
    /// `proxy` is the number of the block of settings for a proxy.
    async fn start(proxy: usize) -> Self {
        let pki = TestPki::new("deploy").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let issue = |name: &str| pki.issue(&LeafSpec::node(name)).unwrap();
        for (file, identity) in [("node", issue(DVZA)), ("proxy", issue(PROXY))] {
            write(&format!("{file}.pem"), identity.chain_pem());
            write(&format!("{file}.key"), identity.key_pem());
        }
        write("roots.pem", &pki.roots_pem());
        std::fs::create_dir(folder.path().join("crl")).unwrap();
        for (number, crl) in pki.crls(&[]).unwrap().into_iter().enumerate() {
            std::fs::write(folder.path().join(format!("crl/{number}.crl")), crl).unwrap();
        }
        let server = stelselnode(&pki, &issue(STELSELNODE)).await;
        let stelselnode = server.address();
        let (front, back) = (free_address(), free_address());
        let loopback = DangerLoopback::new().back(host(STELSELNODE), stelselnode).unwrap();
        let settings = blocks("toml", folder.path());
        let text = format!(
            "danger_loopback = '''{loopback}'''\n{}{}",
            settings.first().unwrap(),
            settings.get(proxy).unwrap()
        );
        write("node.toml", &text);
        let dvza = Node::from_file(folder.path().join("node.toml")).await.unwrap();
        let router = Router::new().route(
            "/",
            get(|Extension(names): Extension<PeerNames>| async move { names.to_string() }),
        );
        tokio::spawn(dvza.listen(back).await.unwrap().serve(router, std::future::pending()));
        Self {
            pki,
            folder,
            _stelselnode: server,
            stelselnode,
            front,
            back,
            _dvza: dvza,
        }
    }

    /// The settings of a proxy, in a file.
    fn settings(&self, language: &str, listen: &str) -> PathBuf {
        let folder = self.folder.path();
        let text = blocks(language, folder)
            .remove(0)
            .replace("127.0.0.1:8443", &self.back.to_string())
            // needs more descriptors than whoever runs the tests may have
            .replace("maxconn 20000", "maxconn 100")
            .replace(
                listen,
                &listen
                    .replace("0.0.0.0:443", "443")
                    .replace("443", &self.front.to_string()),
            );
        let file = folder.join(format!("{language}.conf"));
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Somebody with a certificate of this name asks, at this address.
    async fn ask(&self, name: &str, address: SocketAddr, headers: &[(&str, &str)]) -> Result<String, NetError> {
        let identity = self.pki.issue(&LeafSpec::node(name)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("node.pem", identity.chain_pem().as_bytes());
        write("node.key", identity.key_pem().as_bytes());
        write("roots.pem", self.pki.roots_pem().as_bytes());
        for (number, crl) in self.pki.crls(&[]).unwrap().into_iter().enumerate() {
            write(&format!("{number}.crl"), &crl);
        }
        let mut config = NodeConfig::in_folder(folder.path(), host(name), host(STELSELNODE));
        let map = DangerLoopback::new().back(host(STELSELNODE), self.stelselnode).unwrap();
        config.danger_loopback = Some(map.back(host(DVZA), address).unwrap().to_string());
        let node = Node::start(config).await.unwrap();
        let mut request = http::Request::get(format!("https://{DVZA}/"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = node.back_channel().send(request.body(Bytes::new()).unwrap()).await?;
        assert_eq!(response.status(), 200);
        Ok(String::from_utf8(response.body().to_vec()).unwrap())
    }
}

async fn stelselnode(pki: &TestPki, own: &TestIdentity) -> Stelselnode {
    let identity = NodeIdentity::from_pem(own.chain_pem().as_bytes(), own.key_pem().as_bytes()).unwrap();
    let roots = TrustRoots::from_pem(pki.roots_pem().as_bytes()).unwrap();
    let policy = HostPolicy::danger_fixed([DVZA, PGO, STRANGER].map(host));
    let listener = BackChannelListener::builder(identity, roots, policy).revocation(Revocation::danger_off());
    let server = Stelselnode::start(listener.bind("127.0.0.1:0".parse().unwrap()).await.unwrap());
    let stamp = Tijdstempel::parse("2026-03-29T12:00:00Z").unwrap();
    let mut draft = WhitelistDraft::new(stamp, Volgnummer::FIRST);
    // the stranger has a certificate of the same authority, and is on no list
    draft.hosts.extend([DVZA, PGO].map(host));
    server.publish(ListKind::Whitelist, draft.to_xml().unwrap());
    server
}

fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_307_behind_nginx_the_participant_is_who_its_own_certificate_says() {
    let Some(nginx) = program("nginx") else { return };
    let world = World::start(2).await;
    let file = world.settings("nginx", "listen 443 ssl");
    // the places that the packager of nginx chose need not be writable here
    let folder = world.folder.path().to_string_lossy().into_owned();
    let places: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|place| format!("{place}_temp_path {folder}/{place};\n"))
        .concat();
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("http {\n", &format!("http {{\n{places}"));
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(nginx);
    let globals = format!("daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;");
    command
        .args([
            "-p",
            &folder,
            "-e",
            &format!("{folder}/error.log"),
            "-g",
            &globals,
            "-c",
        ])
        .arg(&file);
    let _nginx = Proxy::start(command, world.front).await;

    assert_eq!(world.ask(PGO, world.front, &[]).await.unwrap(), PGO);
    // a certificate in the header of a participant is not trusted
    let own = world.pki.issue(&LeafSpec::node(DVZA)).unwrap();
    let escaped = own
        .chain_pem()
        .replace('\n', "%0A")
        .replace(' ', "%20")
        .replace('+', "%2B")
        .replace('/', "%2F");
    let smuggled = [("x-client-cert", escaped.as_str())];
    assert_eq!(world.ask(PGO, world.front, &smuggled).await.unwrap(), PGO);
    // core.whl.309: who is not on the Whitelist gets no answer at all
    assert!(world.ask(STRANGER, world.front, &[]).await.is_err());
    // and past the proxy nobody comes in, on the Whitelist or not, whatever the header says
    assert!(world.ask(PGO, world.back, &[]).await.is_err());
    assert!(world.ask(PGO, world.back, &smuggled).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn core_whl_307_behind_haproxy_tls_passes_through_and_the_proxy_protocol_is_required() {
    let Some(haproxy) = program("haproxy") else { return };
    let world = World::start(1).await;
    let file = world.settings("haproxy", "bind 0.0.0.0:443");
    let mut command = Command::new(haproxy);
    command.arg("-f").arg(&file).arg("-db");
    let _haproxy = Proxy::start(command, world.front).await;

    assert_eq!(world.ask(PGO, world.front, &[]).await.unwrap(), PGO);
    assert!(world.ask(STRANGER, world.front, &[]).await.is_err());
    // from the address of the proxy a connection without the protocol is none
    assert!(world.ask(PGO, world.back, &[]).await.is_err());
}

#[test]
fn the_unit_is_one_that_systemd_accepts() {
    let Some(systemd) = program("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let text = blocks("systemd", folder.path())
        .remove(0)
        .replace("/usr/local/bin/medmij-dvza", "/bin/true")
        .replace("User=medmij\nGroup=medmij\n", "");
    let file = folder.path().join("medmij-dvza.service");
    std::fs::write(&file, text).unwrap();
    let said = Command::new(systemd).arg("verify").arg(&file).output().unwrap();
    let ours: Vec<String> = String::from_utf8_lossy(&said.stderr)
        .lines()
        .filter(|line| line.contains("medmij-dvza.service"))
        .map(str::to_owned)
        .collect();
    assert!(ours.is_empty() && said.status.success(), "{ours:?}");
}
