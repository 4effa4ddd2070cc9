// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Persoon takes along: the portabiliteitsrapport, and one file with a password that opens without the PGO.

use crate::browser::{
    chromium::{Browser, Driver},
    world::World,
};
use fantoccini::Locator;
use medmij_log::report::Portabiliteitsrapport;
use std::time::{Duration, Instant};

const PASSWORD: &str = "vier gele fietsen";

async fn said(browser: &Browser, sentence: &str) {
    let begun = Instant::now();
    while !browser.find("#said").await.text().await.unwrap().contains(sentence) {
        assert!(begun.elapsed() < Duration::from_secs(120), "{sentence}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_along_with_a_password_opens_in_a_browser_with_it_only_and_holds_everything() {
    let Some(driver) = Driver::start().await else { return };
    let world = World::start().await;
    let browser = driver.browser_that_shows(320, 1000, false).await;
    let client = &browser.client;
    browser.open(&world.network.start).await;
    browser.find("button[name=demo]").await.click().await.unwrap();
    browser.at("Hallo Voorbeeldpersoon").await;
    browser
        .open(&format!("{}ophalen/bij/huisartsdewilg", world.network.start))
        .await;
    browser.find("button[name=collect]").await.click().await.unwrap();
    browser.log_in("0").await;
    browser.at("Toestemming geven").await;
    browser.answer("yes").await;
    browser.at("Alles is opgehaald").await;

    browser.open(&format!("{}dossier/meenemen", world.network.start)).await;
    browser.at("Neem je gegevens mee").await;
    let script = "const [password, done] = arguments; \
                  const csrf = document.querySelector('form[action$=met-wachtwoord] [name=csrf]').value; \
                  const body = new URLSearchParams({ csrf, password }); \
                  fetch('/dossier/meenemen/met-wachtwoord', { method: 'POST', body }).then(a => a.text()).then(done)";
    let weak = client.execute_async(script, vec!["kort".into()]).await.unwrap();
    assert!(weak.as_str().unwrap().contains("Dit wachtwoord is te kort."), "{weak}");
    let page = client.execute_async(script, vec![PASSWORD.into()]).await.unwrap();
    let page = page.as_str().unwrap();
    for open in ["resourceType", "Wilg", "huisartsdewilg", PASSWORD] {
        assert!(!page.contains(open), "{open}");
    }
    // nothing of it stays here
    world.roles.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dossier.html");
    std::fs::write(&file, page).unwrap();
    browser.open(&format!("file://{}", file.display())).await;
    browser.at("Je dossier met wachtwoord").await;
    if let Some(axe) = std::env::var_os("AXE_CORE") {
        client
            .execute(&std::fs::read_to_string(axe).unwrap(), Vec::new())
            .await
            .unwrap();
        let run = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(found => \
                   done(found.violations.map(each => each.id)))";
        assert_eq!(
            client.execute_async(run, Vec::new()).await.unwrap(),
            serde_json::json!([])
        );
    }
    let password = browser.find("#password").await;
    password.send_keys("vier gele fiets").await.unwrap();
    browser.find("button").await.click().await.unwrap();
    said(&browser, "Kijk het wachtwoord na").await;
    assert!(client.find_all(Locator::Css("#files a")).await.unwrap().is_empty());
    password.clear().await.unwrap();
    password.send_keys(PASSWORD).await.unwrap();
    browser.find("button").await.click().await.unwrap();
    said(&browser, "Je dossier is open").await;
    if let Some(folder) = std::env::var_os("MEDMIJ_SCREENS") {
        std::fs::create_dir_all(&folder).unwrap();
        let picture = client.screenshot().await.unwrap();
        std::fs::write(
            std::path::Path::new(&folder).join("pgo-met-wachtwoord-320-licht.png"),
            picture,
        )
        .unwrap();
    }
    let read = "const done = arguments[0]; const links = [...document.querySelectorAll('#files a')]; \
                Promise.all(links.map(each => fetch(each.href).then(a => a.text()).then(text => [each.download, text]))).then(done)";
    let files = client.execute_async(read, Vec::new()).await.unwrap();
    let files: Vec<(String, String)> = serde_json::from_value(files).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "dossier.html",
        "portabiliteitsrapport.xml",
        "dossier-deel-1.json",
        "dossier-deel-2.json",
    ];
    assert_eq!(names, expected);
    assert!(files[0].1.contains("<h1>Je hele dossier</h1>") && files[0].1.contains("Huisartsenpraktijk De Wilg"));
    let report = Portabiliteitsrapport::parse(&files[1].1).unwrap();
    assert_eq!(report.zorgaanbieders.len(), 1);
    assert_eq!(report.zorgaanbieders[0].name, "huisartsdewilg@medmij");
    let services = &report.zorgaanbieders[0].gegevensdiensten;
    assert_eq!(services.len(), 3);
    for request in services.iter().flat_map(|service| &service.requests) {
        assert!(
            request.uri.starts_with("https://node.dvza-twee.localhost/"),
            "{}",
            request.uri
        );
    }
    assert!(
        services.iter().all(|service| !service.requests.is_empty()),
        "{services:?}"
    );
    for (_, text) in &files[2..] {
        let bundle: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(bundle["resourceType"], "Bundle");
    }
    browser.close().await;
}
