// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.abo — a message at news over real sockets: consent, the change in a source system, the notification, what the Persoon
//! reads, the collection that follows, and each way in which it ends.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use std::{
    future::Future,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use demo::{
    browser::{Browser, Page},
    network::{DVP, DVZA_ONE, DVZA_TWO, Network},
    persoon,
    roles::Roles,
};
use medmij_log::{Chain, check};
use medmij_types::{CalendarDate, Clock as _, SystemClock};

use crate::{browser::world::copy, logging::delivered};

const HOSPITAL: &str = "ziekenhuisdelinde";

/// A network whose source systems can be written to.
pub(crate) struct Sources {
    pub(crate) network: Network,
    pub(crate) folder: tempfile::TempDir,
    /// The source systems, apart from what the apps write.
    bron: tempfile::TempDir,
}

impl Sources {
    pub(crate) fn build() -> Self {
        let (folder, bron) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut network = Network::build(folder.path()).unwrap();
        copy(Path::new(dvza::DATA), bron.path());
        for dvza in &mut network.dvzas {
            bron.path().clone_into(&mut dvza.data);
        }
        Self { network, folder, bron }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.network.start)
    }

    /// A new measurement of the voorbeeldpersoon comes into the folder of the hospital.
    pub(crate) fn measures(&self, service: &str, id: &str) {
        let place = self.bron.path().join(HOSPITAL).join("willemijn-hofstra");
        let resource = serde_json::json!({
            "resourceType": "Observation", "id": id, "status": "final",
            "meta": { "profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-BodyWeight"] },
            "code": { "coding": [{ "system": "http://loinc.org", "code": "29463-7" }], "text": "Lichaamsgewicht" },
            "subject": { "reference": "Patient/willemijn-hofstra" },
            "effectiveDateTime": "2026-11-30T09:00:00+01:00",
            "valueQuantity": { "value": 71.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg" },
        });
        let bundle =
            serde_json::json!({ "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": resource }] });
        std::fs::write(place.join(service).join(format!("99-{id}.json")), bundle.to_string()).unwrap();
    }

    /// The table of Abonnementen of the first DVZA.
    fn abonnementen(&self) -> rusqlite::Connection {
        let store: PathBuf = self.network.dvzas[0].node.folder.join("toestemmingen.db");
        let connection = rusqlite::Connection::open(store).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection
    }

    fn count(&self) -> i64 {
        let count = "SELECT count(*) FROM abonnementen";
        self.abonnementen().query_row(count, [], |row| row.get(0)).unwrap()
    }
}

/// Looks again until it is so.
async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < Duration::from_secs(180), "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn action(page: &Page, start: &str) -> demo::browser::Form {
    let found = page.forms().into_iter().find(|form| form.action.starts_with(start));
    found.unwrap_or_else(|| panic!("{start}: {}", page.html()))
}

pub(crate) async fn press(browser: &mut Browser, page: &Page, start: &str) -> Page {
    browser.submit(page, &action(page, start), None, &[]).await.unwrap()
}

/// Puts a message on, with a login and a yes.
pub(crate) async fn puts_on(browser: &mut Browser, start: &str, service: &str) -> Page {
    persoon::signs_in(browser, start).await.unwrap();
    let page = browser
        .open(&format!("{start}berichten/aan/{HOSPITAL}/{service}"))
        .await
        .unwrap();
    assert!(page.html().contains("We horen niet wat."), "{}", page.html());
    let landing = press(browser, &page, "/berichten/aan/").await;
    let consent = persoon::logs_in(browser, landing).await.unwrap();
    assert_eq!(consent.text_of("h1").as_deref(), Some("Toestemming voor berichten"));
    persoon::answers(browser, &consent, "yes").await.unwrap()
}

pub(crate) async fn waits_for(browser: &mut Browser, address: &str, text: &str) -> Page {
    let begun = Instant::now();
    loop {
        let page = browser.open(address).await.unwrap();
        if page.html().contains(text) {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_secs(180), "{text}: {}", page.html());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(crate) const NEWS: &str = "Er is iets nieuws bij Ziekenhuis De Linde";

#[tokio::test(flavor = "multi_thread")]
async fn ext_abo_rscnotint_206_207_what_is_new_is_told_by_name_in_the_app_and_collected_on_a_press() {
    let sources = Sources::build();
    let roles = Roles::start(&sources.network).await.unwrap();
    let (mut browser, start) = (Browser::default(), sources.network.start.clone());
    let page = puts_on(&mut browser, &start, "48").await;
    assert!(page.html().contains("Gelukt. Je krijgt bericht"), "{}", page.html());
    assert!(!page.html().contains(NEWS));
    assert_eq!(sources.count(), 1);
    // once more is the same one with another end
    puts_on(&mut browser, &start, "48").await;
    assert_eq!(sources.count(), 1);

    sources.measures("48", "gewicht-nieuw");
    let page = waits_for(&mut browser, &sources.at("overzicht"), NEWS).await;
    // which is no content, and is said to nobody else
    assert!(!page.html().contains("Lichaamsgewicht"));
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    assert!(
        page.html().contains("Basisgegevens Zorg. We hoorden het op"),
        "{}",
        page.html()
    );
    let landing = press(&mut browser, &page, "/berichten/nieuw/").await;
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let page = persoon::waits(&mut browser, page).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Alles is opgehaald"));
    assert!(!page.html().contains("Documenten"), "only what is new: {}", page.html());
    let copy = browser.open(&sources.at("dossier/kopie")).await.unwrap();
    assert!(copy.html().contains("gewicht-nieuw"));
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    assert!(
        !page.html().contains(NEWS) && page.html().contains("Zet uit"),
        "{}",
        page.html()
    );
    let happened = browser.open(&sources.at("gebeurd")).await.unwrap();
    for line in ["Je zette een bericht aan bij Ziekenhuis De Linde", NEWS] {
        assert!(happened.html().contains(line), "{line}: {}", happened.html());
    }

    roles.stop().await;
    let texts = [DVP, DVZA_ONE[0], DVZA_TWO[0]].map(|host| delivered(sources.folder.path(), host));
    for text in &texts {
        assert_eq!(check(text), [], "{text}");
    }
    let chains = Chain::read(texts.iter().map(String::as_str));
    for chain in &chains {
        assert!(chain.one_sided().is_empty() && chain.nodes().len() == 2, "{chain}");
    }
    let having = |name: &str| {
        let has = |chain: &&Chain| chain.events.iter().any(|event| event.name == name);
        chains.iter().filter(has).count()
    };
    // two consents, one notification, one collection
    assert_eq!(
        (having("send_resource_notification"), having("send_token_request")),
        (1, 3)
    );
    assert_eq!(having("receive_resource_notification_response"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ext_abo_subnotint_203_an_unknown_abonnement_ends_at_the_dvza_and_the_others_go_on() {
    let sources = Sources::build();
    let roles = Roles::start(&sources.network).await.unwrap();
    let (mut browser, start) = (Browser::default(), sources.network.start.clone());
    puts_on(&mut browser, &start, "48").await;
    assert_eq!(sources.count(), 1);
    // off here only: the DVZA does not know it yet
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    let link = page
        .links()
        .into_iter()
        .find(|link| link.contains("/berichten/uit/"))
        .unwrap();
    let page = browser.open(&page.resolve(&link).unwrap()).await.unwrap();
    let page = press(&mut browser, &page, "/berichten/uit/").await;
    assert!(
        page.html().contains("Je krijgt hierover geen bericht meer"),
        "{}",
        page.html()
    );
    assert_eq!(sources.count(), 1);
    sources.measures("48", "gewicht-nieuw");
    until("the subscription ends", async || sources.count() == 0).await;
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    assert!(!page.html().contains(NEWS));

    // with a login it ends there at once, and a second press changes nothing
    puts_on(&mut browser, &start, "48").await;
    assert_eq!(sources.count(), 1);
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    let link = page
        .links()
        .into_iter()
        .find(|link| link.contains("/berichten/uit/"))
        .unwrap();
    let page = browser.open(&page.resolve(&link).unwrap()).await.unwrap();
    let there = page
        .forms()
        .into_iter()
        .find(|form| form.action.ends_with("/daar"))
        .unwrap();
    let landing = browser.submit(&page, &there, None, &[]).await.unwrap();
    let ending = persoon::logs_in(&mut browser, landing).await.unwrap();
    let page = persoon::answers(&mut browser, &ending, "yes").await.unwrap();
    assert!(
        page.html().contains("Je krijgt hierover geen bericht meer"),
        "{}",
        page.html()
    );
    assert_eq!(sources.count(), 0);

    // a no is said as such
    let page = browser
        .open(&sources.at(&format!("berichten/aan/{HOSPITAL}/48")))
        .await
        .unwrap();
    let landing = press(&mut browser, &page, "/berichten/aan/").await;
    let consent = persoon::logs_in(&mut browser, landing).await.unwrap();
    let page = persoon::answers(&mut browser, &consent, "no").await.unwrap();
    assert!(
        page.html().contains("Je koos nee, of het kan daar niet."),
        "{}",
        page.html()
    );
    roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ext_abo_subnotint_what_the_aanbieder_ends_is_told_to_the_dvp_and_stands_in_the_app() {
    let sources = Sources::build();
    let roles = Roles::start(&sources.network).await.unwrap();
    let (mut browser, start) = (Browser::default(), sources.network.start.clone());
    puts_on(&mut browser, &start, "48").await;
    // as the Aanbieder ends one: with an end of today
    let today = CalendarDate::in_amsterdam(SystemClock::default().now());
    let end = "UPDATE abonnementen SET last_day = ?1";
    let ended = sources.abonnementen().execute(end, [today.to_string()]).unwrap();
    assert_eq!(ended, 1);
    let text = "Het bericht over Basisgegevens Zorg is gestopt bij Ziekenhuis De Linde.";
    waits_for(&mut browser, &sources.at("gebeurd"), text).await;
    let page = browser.open(&sources.at("berichten")).await.unwrap();
    assert!(page.html().contains("Er staat nog niets aan."), "{}", page.html());
    // it was taken, so it is told no more
    until("the row goes", async || sources.count() == 0).await;
    roles.stop().await;
}
