// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security O3, O9, core.logging.103 — every secret and every personal value of a full run is searched for in all that the
//! apps write: files, logs with their spans at TRACE, metrics, readiness, spool and archive. None is found.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

mod functions;
mod needles;
mod own;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use demo::{
    browser::Browser,
    network::{DVZA_TWO, Network, OFFERINGS},
    persoon,
    roles::Roles,
};
use medmij_log::InitiatedBy;
use medmij_oauth::{Scope, Vertegenwoordiging, wire::Geboortedatum};
use medmij_types::Release;
use needles::Needles;
use own::{ACCOUNT, Own, PRACTICE, SESSION};
use tracing_subscriber::{Layer as _, fmt::format::FmtSpan, layer::SubscriberExt as _};

use crate::{
    children, consents,
    messages::{self, Sources},
    verzamelen::asked,
};

/// A birth date that is nowhere but in a request on behalf of somebody.
const BORN: &str = "19311009";

/// The id of a resource that is new.
const PLANTED_ID: &str = "gewicht-dat-nieuw-is";

/// All that our crates trace, at every level, with the fields of their spans.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<u8>>>);

impl io::Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn traced() -> Traced {
    static ALL: OnceLock<Traced> = OnceLock::new();
    ALL.get_or_init(|| {
        let traced = Traced::default();
        let writer = traced.clone();
        let ours = tracing_subscriber::filter::filter_fn(|metadata| {
            let target = metadata.target();
            ["medmij", "dvp", "dvza", "demo", "stelselnode", "step"]
                .iter()
                .any(|name| target.starts_with(name))
        });
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .with_span_events(FmtSpan::FULL)
            .with_filter(ours);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        traced
    })
    .clone()
}

/// More functions at the practice, and representation.
fn register_more(network: &Network) {
    let file = &network.dvzas[1].registration;
    let mut registration: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let rows = registration["aanbieders"].as_array_mut().unwrap();
    let practice = rows.iter_mut().find(|row| row["aanbieder"] == PRACTICE).unwrap();
    practice["vertegenwoordiging"] = serde_json::json!(["onbehalfof", "onbehalfofchild"]);
    let services = practice["gegevensdiensten"].as_array_mut().unwrap();
    services.push(serde_json::json!({ "id": "48", "function": "Delen", "name": "Metingen" }));
    std::fs::write(file, serde_json::to_vec(&registration).unwrap()).unwrap();
}

/// The persons of the source systems, and what their dossiers hold.
fn plant_persons(needles: &mut Needles) {
    let data = Path::new(dvza::DATA);
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(data.join("index.json")).unwrap()).unwrap();
    let personen = ["personen", "kinderen"].map(|kind| index[kind].as_array().unwrap());
    for person in personen.into_iter().flatten() {
        let name = person["name"].as_str().unwrap();
        needles.add("BSN", person["testBsn"].as_str().unwrap());
        needles.add("name", name);
        name.split(' ')
            .filter(|part| part.len() > 5)
            .for_each(|part| needles.add("name", part));
        let born = person["geboortedatum"].as_str().unwrap();
        needles.add("birth date", born);
        needles.add("birth date", &born.replace('-', ""));
        needles.add("id of a patient", person["map"].as_str().unwrap());
    }
    for file in files_below(data) {
        let Ok(document) = serde_json::from_slice::<serde_json::Value>(&std::fs::read(file).unwrap()) else {
            continue;
        };
        for entry in document["entry"].as_array().into_iter().flatten() {
            let id = entry["resource"]["id"].as_str().unwrap_or_default();
            // words that our own texts have are no ids that could be recognised
            if id.contains('-') && id.len() > 8 {
                needles.add("FHIR id", id);
            }
            let text = entry["resource"]["code"]["text"].as_str().unwrap_or_default();
            if text.len() > 12 {
                needles.add("what somebody has", text);
            }
        }
    }
}

fn plant_keys(needles: &mut Needles, folder: &Path) {
    for file in files_below(&folder.join("pki"))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|ext| ext == "key"))
    {
        let pem = std::fs::read_to_string(file).unwrap();
        pem.lines()
            .filter(|line| line.len() > 40)
            .for_each(|line| needles.add("client key", line));
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

/// A file; a store may take its journal away as it closes.
fn read(file: &Path) -> Vec<u8> {
    match std::fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.unwrap(),
    }
}

/// What may hold a value: keys their keys, and a source system its dossiers.
fn is_a_source(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.ends_with(".key") || name.contains(".bron.db")
}

#[tokio::test(flavor = "multi_thread")]
async fn o3_o9_core_logging_103_no_planted_value_of_a_full_run_is_found_in_anything_that_is_written() {
    let traced = traced();
    let sources = Sources::build();
    let (folder, network) = (&sources.folder, &sources.network);
    register_more(network);
    let mut needles = Needles::default();
    plant_persons(&mut needles);
    plant_keys(&mut needles, folder.path());
    needles.add("session", SESSION);
    needles.add("birth date", BORN);
    needles.add("account", ACCOUNT);
    needles.add("FHIR id", PLANTED_ID);
    needles.add("name of a child", children::CHILD.0);
    let roles = Roles::start(network).await.unwrap();

    // the apps: Verzamelen everywhere, a refusal, a login that is broken off
    persoon::collects_everywhere(&network.start).await.unwrap();
    let mut browser = Browser::default();
    let landing = persoon::chooses(&mut browser, &network.start, OFFERINGS[0].0)
        .await
        .unwrap();
    let consent = persoon::logs_in(&mut browser, landing).await.unwrap();
    persoon::answers(&mut browser, &consent, "no").await.unwrap();
    let landing = persoon::chooses(&mut browser, &network.start, OFFERINGS[0].0)
        .await
        .unwrap();
    persoon::answers(&mut browser, &landing, "cancel").await.ok();

    // Abonneren: a message on, news, the collection that follows, and off
    messages::puts_on(&mut browser, &network.start, "48").await;
    sources.measures("48", PLANTED_ID);
    messages::waits_for(&mut browser, &sources.at("berichten"), messages::NEWS).await;
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    let landing = messages::press(&mut browser, &page, "/berichten/nieuw/").await;
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    persoon::waits(&mut browser, page).await.unwrap();
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    let link = page
        .links()
        .into_iter()
        .find(|link| link.contains("/berichten/uit/"))
        .unwrap();
    let page = browser.open(&page.resolve(&link).unwrap()).await.unwrap();
    messages::press(&mut browser, &page, "/berichten/uit/").await;
    // Vertegenwoordiging: a child of its parent
    children::acts_for(&mut browser, &network.start).await;
    children::collects(&mut browser, &network.start, children::CHILD.2).await;
    children::goes_back(&mut browser, &network.start).await;
    // Beheren, with what the Persoon reads there of who saw what
    let page = browser.open(&sources.at("toestemmingen")).await.unwrap();
    let overview = consents::manages(&mut browser, &page).await;
    persoon::answers(&mut browser, &overview, "log").await.unwrap();
    // a consent for longer, and its withdrawal
    consents::collects_for_longer(&mut browser, &network.start).await;
    let page = browser.open(&sources.at("toestemmingen")).await.unwrap();
    let overview = consents::manages(&mut browser, &page).await;
    let sure = persoon::answers(&mut browser, &overview, "stop").await.unwrap();
    let stopped = persoon::answers(&mut browser, &sure, "yes").await.unwrap();
    persoon::answers(&mut browser, &stopped, "back").await.unwrap();

    // a DVP of this test: the other functions, at the DVZA of the example
    let mut own = Own::start(network, folder.path());
    let (long, headers) = own.collects(&[("langdurig", "yes")]).await;
    own.asks(&long, "/Patient").await;
    own.refreshes(&long, InitiatedBy::Person).await;
    own.collects_automatically(&long).await;
    let delen = Scope::delen(Release::DEFAULT, own.practice(), own.id("48")).unwrap();
    let delen = own.request(delen, "48");
    assert!(own.authorizes(delen, &[]).await.is_some());
    let abonneren = Scope::abonneren(Release::DEFAULT, 60, own.practice(), own.id("48")).unwrap();
    let abonneren = own.request(abonneren, "48");
    assert!(own.authorizes(abonneren, &[]).await.is_some());
    own.is_notified(folder.path()).await;
    let of_another = own
        .verzamelen()
        .on_behalf_of(Vertegenwoordiging::Voluntary, Geboortedatum::parse(BORN).unwrap());
    own.authorizes(of_another.unwrap(), &[]).await;

    let (failing, _) = own.collects(&[("langdurig", "yes")]).await;
    // failures: tokens that are not, a query with a BSN, a source system that broke, requests that nobody may make
    own.fails(&headers, &folder.path().join("bewaard").join(DVZA_TWO[1]))
        .await;
    assert!(own.asks(&failing, "/Patient").await.status().is_server_error());
    own.withdraws().await;
    own.sends_wrong_authorization_requests().await;
    let mut answers = Vec::new();
    for operator in [
        &network.dvp.operator,
        &network.dvzas[0].operator,
        &network.dvzas[1].operator,
    ] {
        for path in ["/ready", "/metrics", "/health", "/"] {
            answers.push(asked(operator.unwrap(), path).await.1);
        }
    }
    let secrets = own.stop().await;
    roles.stop().await;

    for secret in browser.secrets().iter().chain(&secrets) {
        needles.add("secret", secret);
    }
    assert!(needles.len() > 150, "{}", needles.len());
    let mut found = Vec::new();
    let traced = traced.0.lock().unwrap().clone();
    assert!(traced.len() > 10_000);
    found.extend(
        needles
            .found_in(&traced)
            .into_iter()
            .map(|each| format!("tracing: {each}")),
    );
    for text in answers {
        found.extend(
            needles
                .found_in(text.as_bytes())
                .into_iter()
                .map(|each| format!("operator: {each}")),
        );
    }
    let files: Vec<PathBuf> = files_below(folder.path())
        .into_iter()
        .filter(|file| !is_a_source(file))
        .collect();
    let logged = files
        .iter()
        .filter(|file| file.components().any(|part| part.as_os_str() == "ketenlog"));
    assert!(logged.count() > 6, "spool, archive and what was delivered");
    for file in &files {
        // a name of a file is written too
        let bytes = [file.to_string_lossy().as_bytes(), b"\n", &read(file)].concat();
        let shown = file.strip_prefix(folder.path()).unwrap().display();
        found.extend(
            needles
                .found_in(&bytes)
                .into_iter()
                .map(|each| format!("{shown}: {each}")),
        );
    }
    // the search finds what is there: in the dossiers themselves
    let dossiers = files_below(Path::new(dvza::DATA));
    let in_dossiers: usize = dossiers.iter().map(|file| needles.found_in(&read(file)).len()).sum();
    assert!(in_dossiers > 200, "{in_dossiers}");
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
    functions::each_has_a_whole_chain(folder.path());
}
