// SPDX-License-Identifier: AGPL-3.0-or-later
//! WCAG 2.2, 1.4.10 — at a width of 320 CSS pixels nobody has to scroll sideways, with the longest names too.
//!
//! `MEDMIJ_SCREENS=<folder>` keeps a picture of each page, at 320 and at 1280 pixels.

use serde_json::json;

use crate::browser::{
    chromium::{Browser, Driver},
    world::{WITH_DOSSIER, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn wcag_1_4_10_no_page_of_a_dvza_scrolls_sideways_at_320_pixels_with_the_longest_names() {
    let Some(driver) = Driver::start().await else { return };
    // one word of the longest name that is registered: 200 characters
    let name: String = "Gehandicaptenzorginstelling".chars().cycle().take(200).collect();
    let (world, _dvp) = World::start_with_names(&name).await;
    for width in [320, 1280] {
        let browser = driver.browser_of_width(width).await;
        let look = async |page: &str| fits(&browser, width, page).await;
        let (_, location) = world.request();

        browser.open(&location).await;
        browser.at("Gegevens van").await;
        look("landing").await;
        browser.log_in(WITH_DOSSIER).await;
        browser.at("Toestemming geven").await;
        look("toestemming").await;
        browser.find("input[name=langdurig]").await.click().await.unwrap();
        browser.answer("yes").await;
        browser.at("Aangekomen").await;

        browser.open(&location).await;
        browser.log_in("cancel").await;
        browser.at("Je bent gestopt").await;
        look("einde").await;

        browser.open(&location.replace("/authorize?", "/toestemmingen?")).await;
        browser.at("Je toestemmingen bij").await;
        look("beheren").await;
        browser.answer("login").await;
        browser.at("Wie wilt u zijn?").await;
        look("inlogstub").await;
        browser
            .find(&format!("button[name=persoon][value=\"{WITH_DOSSIER}\"]"))
            .await
            .click()
            .await
            .unwrap();
        browser.at("Jouw toestemmingen").await;
        look("overzicht").await;
        browser.answer("stop").await;
        browser.at("Toestemming stoppen").await;
        look("intrekken").await;
        browser.answer("yes").await;
        browser.at("Jouw toestemmingen").await;
        assert!(browser.source().await.contains("Je toestemming is gestopt"));
        look("gestopt").await;

        for (path, heading, page) in [
            ("/oauth/flow/x", "Deze pagina werkt niet meer", "verlopen"),
            ("/oauth/nergens", "Deze pagina is er niet", "niet-gevonden"),
            ("/oauth/authorize", "Deze vraag klopt niet", "fout"),
        ] {
            browser.open(&format!("{}{path}", world.dvza())).await;
            browser.at(heading).await;
            look(page).await;
        }
        browser.close().await;
    }
    world.roles.stop().await;
}

async fn fits(browser: &Browser, width: u32, page: &str) {
    let script = "return [document.documentElement.scrollWidth, window.innerWidth]";
    let found = browser.client.execute(script, Vec::new()).await.unwrap();
    assert_eq!(found[1], json!(width), "{page} is shown at that width");
    let scroll = found[0].as_u64().unwrap();
    assert!(scroll <= u64::from(width), "{page} is {scroll} wide at {width}");
    if let Some(folder) = std::env::var_os("MEDMIJ_SCREENS") {
        let picture = browser.client.screenshot().await.unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            std::path::Path::new(&folder).join(format!("{page}-{width}.png")),
            picture,
        )
        .unwrap();
    }
}
