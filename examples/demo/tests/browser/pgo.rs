// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every page of the PGO in Chromium, light and dark, at 320 and 1280 pixels: axe-core finds nothing, nobody scrolls sideways.
//!
//! `AXE_CORE` is the path of `axe.min.js` (npm: `axe-core`); `MEDMIJ_SCREENS=<folder>` keeps a picture of each page.

use crate::plain::assert_plain;
use crate::{
    browser::{
        chromium::{Browser, Driver},
        world::World,
    },
    gate::code_for,
};
use serde_json::json;

pub(super) const PASSWORD: &str = "vier gele fietsen";

/// A browser that looks at the pages, and how.
pub(super) struct Looks<'a> {
    pub(super) browser: &'a Browser,
    pub(super) start: &'a str,
    pub(super) axe: Option<&'a str>,
    pub(super) name: String,
    pub(super) width: u32,
}

/// The script of axe-core, where its path is known.
pub(super) fn axe() -> Option<String> {
    let axe = std::env::var_os("AXE_CORE").map(|path| std::fs::read_to_string(path).unwrap());
    if axe.is_none() {
        medmij_test::skip("AXE_CORE names no axe.min.js, no page was looked at by axe");
    }
    axe
}

impl Looks<'_> {
    pub(super) async fn at(&self, path: &str, heading: &str, page: &str) {
        self.browser.open(&format!("{}{path}", self.start)).await;
        self.browser.at(heading).await;
        self.look(page).await;
    }

    pub(super) async fn look(&self, page: &str) {
        let script = "return [document.documentElement.scrollWidth, window.innerWidth]";
        let client = &self.browser.client;
        let found = client.execute(script, Vec::new()).await.unwrap();
        if let Some(folder) = std::env::var_os("MEDMIJ_SCREENS") {
            let picture = client.screenshot().await.unwrap();
            std::fs::create_dir_all(&folder).unwrap();
            let file = format!("pgo-{page}-{}.png", self.name);
            std::fs::write(std::path::Path::new(&folder).join(file), picture).unwrap();
        }
        assert_eq!(found[1], json!(self.width), "{page}");
        assert!(
            found[0].as_u64() <= Some(u64::from(self.width)),
            "{page} {}: {found}",
            self.name
        );
        // what the Persoon reads of us, in whatever state the page is; what a zorgaanbieder wrote is not ours to shorten
        if !page.starts_with("dossier-") {
            assert_plain(page, &self.browser.source().await);
        }
        let Some(axe) = self.axe else { return };
        client.execute(axe, Vec::new()).await.unwrap();
        let run = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(found => \
                   done(found.violations.map(each => [each.id, each.nodes.map(node => node.html + ' ' + node.failureSummary)])))";
        let violations = client.execute_async(run, Vec::new()).await.unwrap();
        assert_eq!(violations, json!([]), "{page} {}", self.name);
    }

    /// Waits until the next page is there, which has this and no heading of its own.
    pub(super) async fn sees(&self, css: &str) {
        let begun = std::time::Instant::now();
        while self.browser.client.find(fantoccini::Locator::Css(css)).await.is_err() {
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(60),
                "{css} {}",
                self.name
            );
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    pub(super) async fn fill(&self, name: &str, text: &str) {
        let field = self.browser.find(&format!("main [name={name}]")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(super) async fn press(&self, button: &str) {
        let path = format!("//main//*[self::button or self::a][contains(., \"{button}\")]");
        let found = self.browser.client.find(fantoccini::Locator::XPath(&path)).await;
        found.unwrap().click().await.unwrap();
    }

    pub(super) async fn opens_an_account(&self, email: &str) {
        self.at("account-maken", "Maak een account", "account-maken").await;
        self.fill("name", "Willemijn").await;
        self.fill("email", email).await;
        self.fill("password", "welkom welkom 1").await;
        self.browser.find("#agreement").await.click().await.unwrap();
        self.press("Ga naar stap 2").await;
        self.sees("#password-error").await;
        self.look("account-maken-fout").await;
        self.fill("password", PASSWORD).await;
        self.browser.find("#agreement").await.click().await.unwrap();
        self.press("Ga naar stap 2").await;
        self.browser.at("Stel je app in").await;
        self.look("app").await;
        let key = self.browser.find(".key").await.text().await.unwrap();
        self.fill("code", &code_for(&key)).await;
        self.press("Controleer de code").await;
        self.browser.at("Bewaar je herstelcodes").await;
        self.look("herstelcodes").await;
        self.press("Ik heb ze bewaard").await;
        self.browser.at("Hallo Willemijn").await;
        self.look("overzicht-leeg").await;
    }

    async fn reads_the_dossier(&self) {
        for (path, heading) in [
            ("onderdeel/medicijnen", "Medicijnen"),
            ("onderdeel/aandoeningen", "Aandoeningen en diagnoses"),
            ("onderdeel/metingen", "Metingen"),
            ("onderdeel/uitslagen", "Uitslagen"),
            ("onderdeel/documenten", "Brieven en documenten"),
            ("onderdeel/contacten", "Zorgverleners en contacten"),
            ("tijdlijn", "Tijdlijn"),
            ("zoeken?words=diabetes", "Zoek in je dossier"),
            ("naast-elkaar", "Zorgaanbieders naast elkaar"),
            ("afdrukken", "Je hele dossier"),
            ("toevoegen", "Voeg zelf iets toe"),
            ("meenemen", "Neem je gegevens mee"),
        ] {
            let page = path.replace(['/', '?', '='], "-");
            self.at(&format!("dossier/{path}"), heading, &format!("dossier-{page}"))
                .await;
        }
        self.at("dossier/meenemen", "Neem je gegevens mee", "meenemen").await;
        self.fill("password", "welkom welkom 1").await;
        self.press("Bewaar met wachtwoord").await;
        self.sees("#password-error").await;
        self.look("meenemen-fout").await;
        // a letter is closed until it is opened, also with a keyboard
        self.at(
            "dossier/onderdeel/documenten",
            "Brieven en documenten",
            "dossier-brieven",
        )
        .await;
        self.press("Polikliniekbrief").await;
        self.browser.at("Polikliniekbrief").await;
        let letter = self.browser.find("details").await;
        assert_eq!(letter.attr("open").await.unwrap(), None);
        self.look("dossier-brief").await;
        self.browser.find("summary").await.send_keys(" ").await.unwrap();
        assert!(letter.attr("open").await.unwrap().is_some());
        self.look("dossier-brief-open").await;
        self.press("Verwijder dit gegeven").await;
        self.browser.at("Wil je dit verwijderen?").await;
        self.look("dossier-verwijderen").await;
    }

    async fn collects(&self, answer: &str) {
        self.at("ophalen", "Bij wie wil je gegevens ophalen?", "ophalen").await;
        self.press("Ziekenhuis De Linde").await;
        self.browser.at("Ophalen bij Ziekenhuis De Linde").await;
        self.look("plan").await;
        let longer = answer == "yes";
        if longer {
            self.browser.find("#automatic").await.click().await.unwrap();
        }
        self.press("Ga naar inloggen").await;
        self.consents(answer, longer).await;
        self.browser.at("Nog een keer inloggen").await;
        self.look(&format!("tussen-{answer}")).await;
        self.press("Ga naar inloggen").await;
        // for longer at one of the two places
        self.consents(answer, false).await;
    }

    async fn consents(&self, answer: &str, longer: bool) {
        self.browser.log_in("0").await;
        self.browser.at("Toestemming geven").await;
        if longer {
            self.browser.find("input[name=langdurig]").await.click().await.unwrap();
        }
        self.browser.answer(answer).await;
    }

    /// Automatic collecting, off, on, and after a night.
    async fn collects_automatically(&self) {
        self.at("vanzelf-ophalen", "Vanzelf ophalen", "vanzelf").await;
        assert_eq!(
            self.browser
                .client
                .find_all(fantoccini::Locator::Css("main [name=service]"))
                .await
                .unwrap()
                .len(),
            2
        );
        self.press("Laat het nacht worden").await;
        // the press is answered when the night is over; to go on before that would break it off
        let begun = std::time::Instant::now();
        while !self.browser.source().await.contains("Alles is er.") {
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(120),
                "no end of the night"
            );
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        self.at("vanzelf-ophalen", "Vanzelf ophalen", "vanzelf-na-een-nacht")
            .await;
        self.at("overzicht", "Hallo Willemijn", "overzicht-na-een-nacht").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wcag_2_2_1_the_page_warns_before_the_session_ends_keeps_what_was_typed_and_hides_itself() {
    let Some(driver) = Driver::start().await else { return };
    let world = World::start().await;
    let browser = driver.browser_that_shows(320, 900, false).await;
    browser.open(&world.network.start).await;
    browser.at("Je gegevens over je gezondheid").await;
    browser.find("button[name=demo]").await.click().await.unwrap();
    browser.at("Hallo Voorbeeldpersoon").await;
    browser.open(&format!("{}ophalen", world.network.start)).await;
    browser.at("Bij wie wil je gegevens ophalen?").await;
    browser.find("#search").await.send_keys("Wilg").await.unwrap();
    // the clock of the page is put forward; nothing waits
    let script = "for (const each of document.getAnimations()) each.currentTime = arguments[0] * 1000; \
                  const seen = (name) => getComputedStyle(document.querySelector(name)).visibility; \
                  return [seen('main'), seen('.idle-warning'), seen('.idle-end'), document.querySelector('#search').value]";
    for (seconds, expected) in [
        (700, ["visible", "hidden", "hidden", "Wilg"]),
        (790, ["visible", "visible", "hidden", "Wilg"]),
        (905, ["hidden", "hidden", "visible", "Wilg"]),
        (790, ["visible", "visible", "hidden", "Wilg"]),
    ] {
        let found = browser.client.execute(script, vec![seconds.into()]).await.unwrap();
        assert_eq!(found, json!(expected), "{seconds}");
    }
    if let Some(folder) = std::env::var_os("MEDMIJ_SCREENS") {
        let picture = browser.client.screenshot().await.unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            std::path::Path::new(&folder).join("pgo-waarschuwing-320-licht.png"),
            picture,
        )
        .unwrap();
    }
    // one press, and the time begins again; what was typed is there
    browser.find("a[data-stay]").await.click().await.unwrap();
    let hidden = "return getComputedStyle(document.querySelector('.idle-warning')).visibility";
    while browser.client.execute(hidden, Vec::new()).await.unwrap() != json!("hidden") {
        tokio::task::yield_now().await;
    }
    let typed = browser.find("#search").await.prop("value").await.unwrap();
    assert_eq!(typed.as_deref(), Some("Wilg"));
    browser.close().await;
    world.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wcag_2_2_no_page_of_the_pgo_has_a_fault_that_axe_finds_or_scrolls_sideways() {
    let Some(driver) = Driver::start().await else { return };
    let axe = axe();
    let world = World::start().await;
    for (width, dark) in [(1280, false), (320, true), (320, false), (1280, true)] {
        let browser = driver.browser_that_shows(width, 1500, dark).await;
        let name = format!("{width}-{}", if dark { "donker" } else { "licht" });
        let looks = Looks {
            browser: &browser,
            start: &world.network.start,
            axe: axe.as_deref(),
            name: name.clone(),
            width,
        };
        looks.at("", "Je gegevens over je gezondheid", "start").await;
        looks.at("hulp", "Hulp", "hulp").await;
        looks
            .at("toegankelijkheid", "Toegankelijkheid", "toegankelijkheid")
            .await;
        looks.at("inloggen/zonder-app", "Log in zonder app", "zonder-app").await;
        looks
            .at(
                "inloggen/nieuw-wachtwoord",
                "Kies een nieuw wachtwoord",
                "nieuw-wachtwoord",
            )
            .await;
        looks.at("inloggen", "Inloggen", "inloggen").await;
        looks.fill("email", "wie@example.nl").await;
        looks.fill("password", "geen idee").await;
        looks.fill("code", "123456").await;
        looks.press("Log in").await;
        looks.sees("#problem").await;
        looks.look("inloggen-fout").await;

        looks.opens_an_account(&format!("{name}@example.nl")).await;
        looks.at("dossier", "Dossier", "dossier-leeg").await;
        looks.at("ophalen?search=xyz", "Bij wie wil je", "ophalen-niets").await;
        looks.at("vanzelf-ophalen", "Vanzelf ophalen", "vanzelf-uit").await;
        looks.press("Sta vanzelf ophalen toe").await;
        looks.sees("#mail").await;
        looks.look("vanzelf-leeg").await;
        looks.collects("no").await;
        browser.at("Er is niets opgehaald").await;
        looks.look("niets-opgehaald").await;
        looks.collects("yes").await;
        browser.at("Alles is opgehaald").await;
        looks.look("opgehaald").await;
        looks.at("overzicht", "Hallo Willemijn", "overzicht").await;
        looks.collects_automatically().await;
        looks.at("dossier", "Dossier", "dossier").await;
        looks.reads_the_dossier().await;
        looks.at("gebeurd", "Wat er gebeurde", "gebeurd").await;
        looks.at("account", "Mijn account", "account").await;
        looks
            .at("bestaat-niet", "Deze pagina is er niet", "niet-gevonden")
            .await;
        looks.at("sessie/langer", "Je blijft ingelogd", "langer").await;
        looks
            .at("account/verwijderen", "Verwijder je account", "verwijderen-eerst")
            .await;
        looks
            .at("account/verwijderen/zeker", "Verwijder alles", "verwijderen")
            .await;
        looks.press("Verwijder alles").await;
        looks.sees("[role=alert].note").await;
        browser.find("#sure").await.click().await.unwrap();
        looks.press("Verwijder alles").await;
        browser.at("Je account is verwijderd").await;
        looks.look("verwijderd").await;
        browser.close().await;
    }
    world.roles.stop().await;
}
