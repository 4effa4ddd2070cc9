// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the browser visits: the network of the demo, a DVP that writes down what it sees, and a hostile site.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::Html,
};
use demo::{
    network::{DVP, DVZA_ONE, Network},
    roles::Roles,
};
use medmij_dvp::{Dvp, FlowRequest, PendingFlow, group_by_endpoints};
use medmij_node::Node;
use medmij_oauth::{ClientId, RedirectUri};
use medmij_types::{Aanbiedernaam, BackchannelUri, FrontchannelUri, GegevensdienstId, Release};
use medmij_whitelist::HostPolicy;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The number on the login stub of a person of whom nobody has data.
pub(crate) const WITHOUT_DOSSIER: &str = "2";
/// The number of a person who has data everywhere.
pub(crate) const WITH_DOSSIER: &str = "0";

/// The running network.
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) roles: Roles,
    node: Node,
    _folder: TempDir,
}

impl World {
    /// With the DVP of the examples.
    pub(crate) async fn start() -> Self {
        Self::build(true, None).await
    }

    /// With zorgaanbieders that are all called this.
    pub(crate) async fn start_with_names(name: &str) -> (Self, Site) {
        let world = Self::build(false, Some(name)).await;
        let dvp = Site::listen(world.network.dvp.address, Vec::new()).await;
        (world, dvp)
    }

    /// With a DVP that only writes down what the browser brings it.
    pub(crate) async fn start_with_watching_dvp() -> (Self, Site) {
        let world = Self::build(false, None).await;
        let dvp = Site::listen(world.network.dvp.address, Vec::new()).await;
        (world, dvp)
    }

    /// With the DVP of the examples, and a back channel to the second DVZA that is held while the gate is shut.
    pub(crate) async fn start_with_gate() -> (Self, watch::Sender<bool>) {
        let (open, gate) = watch::channel(true);
        (Self::build_behind(true, None, Some(gate)).await, open)
    }

    async fn build(with_dvp: bool, name: Option<&str>) -> Self {
        Self::build_behind(with_dvp, name, None).await
    }

    async fn build_behind(with_dvp: bool, name: Option<&str>, gate: Option<watch::Receiver<bool>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut network = Network::build(&folder.path().join("demo")).unwrap();
        let data = data_with_a_person_of_whom_nothing_is_kept(folder.path());
        for dvza in &mut network.dvzas {
            dvza.data.clone_from(&data);
            if let Some(name) = name {
                let file = std::fs::read(&dvza.registration).unwrap();
                let mut registration: serde_json::Value = serde_json::from_slice(&file).unwrap();
                for aanbieder in registration["aanbieders"].as_array_mut().unwrap() {
                    aanbieder["weergavenaam"] = name.into();
                }
                std::fs::write(&dvza.registration, registration.to_string()).unwrap();
            }
        }
        if let Some(gate) = gate {
            let usual = &mut network.dvzas[1].back;
            *usual = held(*usual, gate).await;
        }
        let roles = if with_dvp {
            Roles::start(&network).await
        } else {
            Roles::start_without_dvp(&network).await
        };
        Self {
            node: {
                let config = network.dvp.node.clone();
                let policy = HostPolicy::stelselnode_only(config.stelselnode.clone());
                Node::with_policy(config, policy).unwrap()
            },
            roles: roles.unwrap(),
            network,
            _folder: folder,
        }
    }

    /// The origin of the first DVZA, as the browser sees it.
    pub(crate) fn dvza(&self) -> String {
        self.local(&format!("https://{}/", DVZA_ONE[0]))
            .trim_end_matches('/')
            .to_owned()
    }

    /// The origin of the DVP, as the browser sees it.
    pub(crate) fn dvp(&self) -> String {
        self.network.start.trim_end_matches('/').to_owned()
    }

    /// An authorization request for the first DVZA, as an address for the browser.
    pub(crate) fn request(&self) -> (PendingFlow, String) {
        let dvp = Dvp::new(ClientId::parse(DVP).unwrap());
        let group = group_by_endpoints([(
            GegevensdienstId::parse("48").unwrap(),
            FrontchannelUri::parse(&format!("https://{}/oauth/authorize", DVZA_ONE[0])).unwrap(),
            BackchannelUri::parse(&format!("https://{}/oauth/token", DVZA_ONE[1])).unwrap(),
        )])
        .remove(0);
        let name = Aanbiedernaam::parse("ziekenhuisdelinde").unwrap();
        let redirect = RedirectUri::parse(&format!("https://{DVP}/terug/een")).unwrap();
        let flow_request = FlowRequest::verzamelen(Release::DEFAULT, name, &group, redirect).unwrap();
        let started = dvp
            .start(
                medmij_dvp::person::ActiveAccount::danger_unchecked(),
                flow_request,
                "session",
            )
            .unwrap();
        let location = self.local(&started.location);
        (started.flow, location)
    }

    fn local(&self, address: &str) -> String {
        self.node.danger_loopback().rewrite_front(address).unwrap()
    }
}

/// What a site saw of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A site that answers every request with a page of its own, and writes the request down.
#[derive(Clone)]
pub(crate) struct Site {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    pages: Arc<Mutex<Vec<(String, String)>>>,
}

impl Site {
    /// Anywhere on this machine: every name under `.localhost` leads there.
    pub(crate) async fn anywhere() -> Self {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), Vec::new()).await
    }

    async fn listen(address: SocketAddr, pages: Vec<(String, String)>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let site = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            pages: Arc::new(Mutex::new(pages)),
        };
        let app = Router::new().fallback(take).with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        site
    }

    /// Puts a page at a path; returns its address under a host name.
    pub(crate) fn put(&self, host: &str, path: &str, html: &str) -> String {
        self.pages.lock().unwrap().push((path.to_owned(), html.to_owned()));
        format!("{}{path}", self.origin(host))
    }

    pub(crate) fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    /// What came in so far, but for what browsers ask of every site.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| seen.target != "/favicon.ico")
            .cloned()
            .collect()
    }
}

async fn take(State(site): State<Site>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Html<String> {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    site.seen.lock().unwrap().push(Seen {
        method: method.to_string(),
        target: uri.to_string(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let pages = site.pages.lock().unwrap();
    let page = pages.iter().rev().find(|(path, _)| path == uri.path());
    Html(page.map_or_else(
        || "<!DOCTYPE html><title>Hier</title><h1>Aangekomen</h1>".to_owned(),
        |(_, html)| html.clone(),
    ))
}

/// Listens in place of a server, and lets nothing through to it while the gate is shut; where the server is to listen.
async fn held(usual: SocketAddr, gate: watch::Receiver<bool>) -> SocketAddr {
    let front = TcpListener::bind(usual).await.unwrap();
    let free = TcpListener::bind((usual.ip(), 0)).await.unwrap();
    let behind = free.local_addr().unwrap();
    drop(free);
    tokio::spawn(async move {
        while let Ok((client, _)) = front.accept().await {
            let mut gate = gate.clone();
            tokio::spawn(async move {
                let Ok(server) = TcpStream::connect(behind).await else {
                    return;
                };
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                let answers = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                let mut some = vec![0; 16 * 1024];
                while let Ok(length @ 1..) = from_client.read(&mut some).await {
                    let _ = gate.wait_for(|open| *open).await;
                    if to_server.write_all(&some[..length]).await.is_err() {
                        break;
                    }
                }
                drop(to_server);
                let _ = answers.await;
            });
        }
    });
    behind
}

/// The data of the example, and one more person whom no zorgaanbieder knows.
fn data_with_a_person_of_whom_nothing_is_kept(folder: &Path) -> PathBuf {
    let (from, to) = (Path::new(dvza::DATA), folder.join("gegevens"));
    copy(from, &to);
    let path = to.join("index.json");
    let mut index: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    index["personen"].as_array_mut().unwrap().push(serde_json::json!({
        "map": "niemand", "name": "Nora Zonder", "geboortedatum": "1980-01-01", "testBsn": "999990019",
    }));
    std::fs::write(path, index.to_string()).unwrap();
    to
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
