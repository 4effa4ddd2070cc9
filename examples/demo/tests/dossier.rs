// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100, core.dossier.105, core.dossier.106 — the pages of a dossier, with real accounts and what they collected.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use std::collections::BTreeSet;

use demo::{browser::Browser, persoon};

use crate::gate::{Answer, Pgo};

/// Collects at the huisarts.
async fn with_dossier(pgo: &Pgo, name: &str, email: &str) -> Browser {
    let mut browser = pgo.account(name, email).await;
    let landing = persoon::chooses(&mut browser, &pgo.network.start, "huisartsdewilg")
        .await
        .unwrap();
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let page = persoon::waits(&mut browser, page).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Alles is opgehaald"));
    browser
}

async fn get(pgo: &Pgo, cookie: &str, path: &str) -> Answer {
    pgo.ask("GET", path, cookie.as_bytes(), "").await
}

/// The addresses in a page that begin with this.
fn addresses(html: &str, start: &str) -> Vec<String> {
    let parts = html.split("href=\"").skip(1);
    let found = parts.filter_map(|part| part.split('"').next());
    found
        .filter(|address| address.starts_with(start))
        .map(str::to_owned)
        .collect()
}

/// Every address of one's own dossier: what its pages lead to.
async fn own_addresses(pgo: &Pgo, cookie: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut waiting = vec!["/dossier".to_owned()];
    while let Some(path) = waiting.pop() {
        if !known.insert(path.clone()) || path.contains("/document/") || path.contains("/meenemen/") {
            continue;
        }
        let answer = get(pgo, cookie, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        waiting.extend(addresses(&answer.body, "/dossier"));
    }
    known
}

fn csrf(page: &str) -> &str {
    page.split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn core_dossier_100_no_address_of_a_dossier_opens_for_another_persoon() {
    let pgo = Pgo::start().await;
    let anna = pgo.cookie(&with_dossier(&pgo, "Annagreet", "annagreet@example.nl").await);
    let bram = pgo.cookie(&pgo.account("Bramdert", "bramdert@example.nl").await);
    let before = get(&pgo, &anna, "/dossier/kopie").await.body;
    let of_bram = get(&pgo, &bram, "/account").await.body;
    let form = format!("csrf={}&sure=yes", csrf(&of_bram));

    let (mut tried, mut documents) = (0, 0);
    for path in own_addresses(&pgo, &anna).await {
        let names_an_item = path.split('/').any(|part| part.len() == 32);
        if !names_an_item {
            continue;
        }
        for method in ["GET", "POST"] {
            let answer = pgo.ask(method, &path, bram.as_bytes(), &form).await;
            assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.status);
        }
        tried += 1;
        if path.contains("/document/") {
            let answer = get(&pgo, &anna, &path).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/pdf"));
            assert!(answer.header("content-disposition").starts_with("inline; filename=\""));
            assert!(answer.header("content-security-policy").contains("sandbox"));
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(answer.body.starts_with("%PDF-"));
            documents += 1;
        }
    }
    assert!(tried > 60 && documents > 0, "{tried} {documents}");
    assert_eq!(get(&pgo, &anna, "/dossier/kopie").await.body, before);
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn core_dossier_105_106_an_item_is_deleted_after_its_notice_and_nothing_else_is() {
    let pgo = Pgo::start().await;
    let anna = pgo.cookie(&with_dossier(&pgo, "Annagreet", "annagreet@example.nl").await);
    let allergies = get(&pgo, &anna, "/dossier/onderdeel/allergieen").await.body;
    let [address] = &addresses(&allergies, "/dossier/gegeven/")[..] else {
        panic!("{allergies}")
    };
    let page = get(&pgo, &anna, address).await.body;
    assert!(
        page.contains("Galbulten") && page.contains("via MedMij, ongewijzigd sinds"),
        "{page}"
    );
    let delete = addresses(&page, "/dossier/verwijderen/gegeven/").remove(0);
    let notice = get(&pgo, &anna, &delete).await.body;
    assert!(notice.contains("Bij je zorgaanbieder blijft alles staan"), "{notice}");
    let items = |lines: &str| lines.matches("\"content\":").count();
    let before = items(&get(&pgo, &anna, "/dossier/kopie").await.body);

    let foreign = pgo.ask("POST", &delete, anna.as_bytes(), "sure=yes").await;
    assert_eq!(foreign.status, 403);
    let unticked = pgo
        .ask("POST", &delete, anna.as_bytes(), &format!("csrf={}", csrf(&notice)))
        .await;
    assert!(unticked.body.contains("Er is niets verwijderd"));
    assert_eq!(items(&get(&pgo, &anna, "/dossier/kopie").await.body), before);

    let form = format!("csrf={}&sure=yes", csrf(&notice));
    let done = pgo.ask("POST", &delete, anna.as_bytes(), &form).await;
    assert_eq!((done.status, done.header("location")), (303, "/dossier?weg"));
    assert_eq!(items(&get(&pgo, &anna, "/dossier/kopie").await.body), before - 1);
    assert_eq!(get(&pgo, &anna, address).await.status, 404);
    // a second press finds nothing
    assert_eq!(pgo.ask("POST", &delete, anna.as_bytes(), &form).await.status, 404);

    // what is taken along is a Bundle with where each resource came from
    let bundle = get(&pgo, &anna, "/dossier/meenemen/deel-1").await.body;
    let json = &bundle[bundle.find('{').unwrap()..=bundle.rfind('}').unwrap()];
    assert!(json.contains("\"resourceType\":\"Provenance\"") && json.contains("huisartsdewilg@medmij"));
    pgo.roles.stop().await;
}
