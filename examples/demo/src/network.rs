// SPDX-License-Identifier: AGPL-3.0-or-later
//! The network of the demo: who there is, under which names, with which certificates, on which ports.
//!
//! Everything is written to one folder: keys and certificates of a fresh test PKI, the four lists, and a configuration
//! file for each role. A role starts from its file alone, in this process or in one of its own.

use crate::{
    lists::{self, ListsError, Variant},
    pki::{Authorities, Pki},
    ports::Ports,
};
use medmij_net::{DangerLoopback, FrontScheme, LoopbackError};
use medmij_node::{LogConfig, NodeConfig};
use medmij_test::PkiError;
use medmij_types::{EntropyError, GegevensdienstId, Hostname, Volgnummer};
use serde::de::IgnoredAny;
use serde_json::json;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The Stelselnode.
pub const STELSELNODE: &str = "stelselnode.localhost";
/// The DVP on the front channel: its `client_id`.
pub const DVP: &str = "pgo.localhost";
/// The DVP on the back channel.
pub const DVP_NODE: &str = "node.pgo.localhost";
/// A second DVP, of another supplier: its `client_id`, and its Node.
pub const DVP_TWO: [&str; 2] = ["tweede-pgo.localhost", "node.tweede-pgo.localhost"];
/// The first DVZA on the front channel, and on the back channel.
pub const DVZA_ONE: [&str; 2] = ["dvza-een.localhost", "node.dvza-een.localhost"];
/// The second DVZA on the front channel, and on the back channel.
pub const DVZA_TWO: [&str; 2] = ["dvza-twee.localhost", "node.dvza-twee.localhost"];

/// Who serves what: a zorgaanbieder, its name for people, a gegevensdienst, and the DVZA that has it.
///
/// The hospital is split over both DVZAs, so a DVP needs two flows for it; the practice is with one.
pub const OFFERINGS: [(&str, &str, &str, [&str; 2]); 7] = [
    ("ziekenhuisdelinde", "Ziekenhuis De Linde", "48", DVZA_ONE),
    ("ziekenhuisdelinde", "Ziekenhuis De Linde", "50", DVZA_ONE),
    ("ziekenhuisdelinde", "Ziekenhuis De Linde", "51", DVZA_TWO),
    ("ziekenhuisdelinde", "Ziekenhuis De Linde", "53", DVZA_ONE),
    ("huisartsdewilg", "Huisartsenpraktijk De Wilg", "48", DVZA_TWO),
    ("huisartsdewilg", "Huisartsenpraktijk De Wilg", "51", DVZA_TWO),
    ("huisartsdewilg", "Huisartsenpraktijk De Wilg", "63", DVZA_TWO),
];

/// For what a Persoon can ask a message at news, at most so many days: the same combinations as above.
pub const MESSAGES: [(&str, &str); 3] = [
    ("ziekenhuisdelinde", "48"),
    ("ziekenhuisdelinde", "51"),
    ("huisartsdewilg", "48"),
];
/// The longest that such a message can be on, in days.
pub const MESSAGE_DAYS: u32 = 90;

/// The configurations of all roles.
#[derive(Clone, Debug)]
pub struct Network {
    /// The folder that holds everything.
    pub folder: PathBuf,
    /// Publishes the lists.
    pub stelselnode: stelselnode::Config,
    /// The two DVZAs.
    pub dvzas: [dvza::Config; 2],
    /// The DVP.
    pub dvp: dvp::Config,
    /// The second DVP, which only a demo that stays up has.
    pub dvp_two: dvp::Config,
    /// Where a browser opens the DVP.
    pub start: String,
    /// Where a browser opens the second one.
    pub start_two: String,
    /// The number of the lists: one higher at each run in the same folder, because the Nodes remember.
    pub volgnummer: Volgnummer,
}

impl Network {
    /// Makes keys, certificates, lists and configurations in a folder.
    ///
    /// # Errors
    ///
    /// [`NetworkError`], where the folder cannot be written or no port is free.
    pub fn build(folder: &Path) -> Result<Self, NetworkError> {
        Self::build_with(folder, Pki::default(), Ports::default())
    }

    /// The same with certificates of this shape, on these ports.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build): [`NetworkError`].
    pub fn build_with(folder: &Path, pki: Pki, ports: Ports) -> Result<Self, NetworkError> {
        let pki = Authorities::new(pki)?;
        let folder = std::path::absolute(folder)?;
        let [
            pgo_front,
            one_front,
            two_front,
            pgo_two_front,
            pgo_operator,
            one_operator,
            two_operator,
            pgo_two_operator,
            stelsel,
            pgo_back,
            one_back,
            two_back,
            pgo_two_back,
        ] = ports.take()?;
        let map = DangerLoopback::new()
            .back(host(STELSELNODE)?, stelsel)?
            .back(host(DVP_NODE)?, pgo_back)?
            .back(host(DVP_TWO[1])?, pgo_two_back)?
            .back(host(DVZA_ONE[1])?, one_back)?
            .back(host(DVZA_TWO[1])?, two_back)?
            .front(host(DVP)?, FrontScheme::Http, pgo_front)?
            .front(host(DVP_TWO[0])?, FrontScheme::Http, pgo_two_front)?
            .front(host(DVZA_ONE[0])?, FrontScheme::Http, one_front)?
            .front(host(DVZA_TWO[0])?, FrontScheme::Http, two_front)?;
        let start = map.rewrite_front(&format!("https://{DVP}/"))?;
        let start_two = map.rewrite_front(&format!("https://{}/", DVP_TWO[0]))?;
        let maker = Maker {
            folder: &folder,
            pki: &pki,
            map: map.to_string(),
        };
        maker.shared_files()?;
        let dvza = |role: &str,
                    hosts: [&str; 2],
                    [front, back, operator]: [SocketAddr; 3],
                    phone: &str|
         -> Result<dvza::Config, NetworkError> {
            let file = folder.join(format!("registratie-{}.json", hosts[0]));
            std::fs::write(&file, serde_json::to_vec_pretty(&registration(hosts))?)?;
            Ok(dvza::Config {
                role: role.to_owned(),
                node: maker.node(hosts[1], &[])?,
                hostname: host(hosts[0])?,
                front,
                back,
                operator: Some(operator),
                phone: phone.to_owned(),
                source_code: Some("https://www.medmij.example/broncode".to_owned()),
                registration: file,
                oidc: None,
                data: PathBuf::from(dvza::DATA),
                storage: dvza::StorageConfig::default(),
                log: Some(chain_log(&folder, hosts[0])),
                doctor: IgnoredAny,
            })
        };
        let volgnummer = lists::next_volgnummer(&folder.join("lijsten"));
        let network = Self {
            stelselnode: stelselnode::Config {
                role: "Stelselnode".to_owned(),
                node: maker.node(STELSELNODE, &[])?,
                address: stelsel,
                lists: folder.join("lijsten"),
                danger_any_volgnummer: false,
            },
            dvzas: [
                dvza("DVZA Een", DVZA_ONE, [one_front, one_back, one_operator], "0800 1111")?,
                dvza("DVZA Twee", DVZA_TWO, [two_front, two_back, two_operator], "0800 2222")?,
            ],
            dvp: dvp::Config {
                // the certificate of the back channel also names the client_id (RFC 8705 section 2)
                role: "DVP".to_owned(),
                node: maker.node(DVP_NODE, &[DVP])?,
                client_id: host(DVP)?,
                address: pgo_front,
                back: Some(pgo_back),
                operator: Some(pgo_operator),
                dossier: folder.join("dossier"),
                database_url: None,
                journal: None,
                log: Some(chain_log(&folder, DVP)),
                providers: Some(folder.join("zorgaanbieders.json")),
                session: dvp::SessionLimits::default(),
                address_header: None,
                mail: Some(folder.join("post")),
                danger_email_code: false,
                source_code: Some("https://www.medmij.example/broncode".to_owned()),
                demo: true,
                doctor: IgnoredAny,
            },
            dvp_two: dvp::Config {
                role: "DVP Twee".to_owned(),
                node: maker.node(DVP_TWO[1], &[DVP_TWO[0]])?,
                client_id: host(DVP_TWO[0])?,
                address: pgo_two_front,
                back: Some(pgo_two_back),
                operator: Some(pgo_two_operator),
                dossier: folder.join("dossier-twee"),
                database_url: None,
                journal: None,
                log: Some(chain_log(&folder, DVP_TWO[0])),
                providers: Some(folder.join("zorgaanbieders.json")),
                session: dvp::SessionLimits::default(),
                address_header: None,
                mail: Some(folder.join("post-twee")),
                danger_email_code: false,
                source_code: Some("https://www.medmij.example/broncode".to_owned()),
                demo: true,
                doctor: IgnoredAny,
            },
            start,
            start_two,
            volgnummer,
            folder: folder.clone(),
        };
        lists::write(&folder.join("lijsten"), volgnummer, Variant::Plain)?;
        network.write()?;
        Ok(network)
    }

    /// The configuration file of a role.
    #[must_use]
    pub fn config_file(&self, role: &str) -> PathBuf {
        self.folder.join(format!("{role}.json"))
    }

    fn write(&self) -> Result<(), NetworkError> {
        let [one, two] = &self.dvzas;
        std::fs::write(
            self.config_file("stelselnode"),
            serde_json::to_vec_pretty(&self.stelselnode)?,
        )?;
        std::fs::write(self.config_file("dvza-een"), serde_json::to_vec_pretty(one)?)?;
        std::fs::write(self.config_file("dvza-twee"), serde_json::to_vec_pretty(two)?)?;
        std::fs::write(self.config_file("dvp"), serde_json::to_vec_pretty(&self.dvp)?)?;
        std::fs::write(self.config_file("dvp-twee"), serde_json::to_vec_pretty(&self.dvp_two)?)?;
        std::fs::write(
            self.folder.join("zorgaanbieders.json"),
            serde_json::to_vec_pretty(&register())?,
        )?;
        Ok(())
    }
}

/// Writes a file that nobody but its owner may ever read, so it has its mode before it has its content.
pub(crate) fn write_secret(path: &Path, text: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // one of an earlier run keeps the mode that it has
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => options.open(path)?.write_all(text),
    }
}

/// Writes the files of one network.
struct Maker<'a> {
    folder: &'a Path,
    pki: &'a Authorities,
    map: String,
}

impl Maker<'_> {
    fn shared_files(&self) -> Result<(), NetworkError> {
        std::fs::create_dir_all(self.folder.join("pki"))?;
        std::fs::create_dir_all(self.folder.join("lijsten"))?;
        std::fs::write(self.folder.join("loopback.map"), &self.map)?;
        std::fs::write(self.pki_file("roots.pem"), self.pki.roots_pem())?;
        for (number, crl) in self.pki.crls()?.into_iter().enumerate() {
            std::fs::write(self.pki_file(&format!("{number}.crl")), crl)?;
        }
        Ok(())
    }

    fn node(&self, hostname: &str, more_names: &[&str]) -> Result<NodeConfig, NetworkError> {
        let identity = self.pki.issue(hostname, more_names)?;
        let (chain_file, key_file) = (
            self.pki_file(&format!("{hostname}.pem")),
            self.pki_file(&format!("{hostname}.key")),
        );
        std::fs::write(&chain_file, identity.chain_pem())?;
        write_secret(&key_file, identity.key_pem().as_bytes())?;
        let mut config = NodeConfig::in_folder(self.folder.join("pki"), host(hostname)?, host(STELSELNODE)?);
        (config.chain, config.key) = (chain_file, key_file);
        config.folder = self.folder.join("bewaard").join(hostname);
        config.danger_loopback = Some(self.map.clone());
        Ok(config)
    }

    fn pki_file(&self, name: &str) -> PathBuf {
        self.folder.join("pki").join(name)
    }
}

/// The chain log of a role: what is delivered comes to a folder in place of the central component.
fn chain_log(folder: &Path, host: &str) -> LogConfig {
    let logs = folder.join("ketenlog").join(host);
    LogConfig::in_folder(logs.join("spool")).delivered_to(logs.join("geleverd").to_string_lossy())
}

/// What people know of the zorgaanbieders: an invented register, for the DVP.
fn register() -> serde_json::Value {
    json!({
        "ziekenhuisdelinde@medmij":
            { "name": "Ziekenhuis De Linde", "kind": "Ziekenhuis", "place": "Deventer", "agb": "06019999" },
        "huisartsdewilg@medmij":
            { "name": "Huisartsenpraktijk De Wilg", "kind": "Huisarts", "place": "Zutphen", "agb": "01019999" },
    })
}

/// The registration of a DVZA: whom it serves with what.
fn registration(hosts: [&str; 2]) -> serde_json::Value {
    let mut aanbieders: Vec<(&str, &str, Vec<serde_json::Value>)> = Vec::new();
    for (aanbieder, weergavenaam, id, _) in OFFERINGS.into_iter().filter(|(.., dvza)| *dvza == hosts) {
        let known = GegevensdienstId::parse(id).ok();
        let known = known.as_ref().and_then(medmij_fhir::Gegevensdienst::lookup);
        let is_shared = known.is_some_and(|service| service.function() == medmij_fhir::ServiceFunction::Delen);
        let function = if is_shared { "Delen" } else { "Verzamelen" };
        let service = json!({ "id": id, "function": function, "name": format!("Gegevensdienst {id}") });
        let mut services = vec![service];
        if MESSAGES.contains(&(aanbieder, id)) {
            let (function, name) = ("Abonneren", format!("Gegevensdienst {id}"));
            services.push(json!({ "id": id, "function": function, "name": name, "max_duration": MESSAGE_DAYS }));
        }
        match aanbieders.iter_mut().find(|(name, ..)| *name == aanbieder) {
            Some((.., known)) => known.extend(services),
            None => aanbieders.push((aanbieder, weergavenaam, services)),
        }
    }
    let rows = aanbieders.into_iter().map(|(aanbieder, weergavenaam, services)| {
        json!({
            "aanbieder": aanbieder,
            "weergavenaam": weergavenaam,
            "privacy_statement": format!("https://www.{aanbieder}.example/privacy"),
            "gegevensdiensten": services,
            "vertegenwoordiging": ["onbehalfofchild"],
            "limits": { "at_once": 32 },
        })
    });
    json!({ "aanbieders": rows.collect::<Vec<_>>() })
}

fn host(name: &str) -> Result<Hostname, NetworkError> {
    Hostname::parse(name).map_err(|_| NetworkError::Own("host name"))
}

/// Why the network cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No randomness for a key.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A certificate cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A fixed port is in use.
    #[error("port {0} cannot be had: {1}; choose another --port-base")]
    Port(u16, #[source] std::io::Error),
    /// There are not enough ports after a fixed one.
    #[error("there are not thirteen ports from {0} on")]
    PortBase(u16),
    /// A file cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A configuration cannot be written.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// An address does not fit into the loopback map.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
    /// A list cannot be written.
    #[error(transparent)]
    Lists(#[from] ListsError),
    /// A name in this program is not what it should be.
    #[error("a {0} of the demo is not valid")]
    Own(&'static str),
}
