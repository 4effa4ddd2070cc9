// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages at news, a child, and Beheren, in Chromium: light and dark, at 320 and 1280 pixels, with axe-core.

use demo::roles::Roles;
use medmij_types::{CalendarDate, Clock as _, SystemClock};

use crate::{
    browser::{
        chromium::{Browser, Driver},
        pgo::Looks,
    },
    messages::Sources,
};

/// The child of Bram on the login stub.
const CHILD: &str = "kind-2";

/// Opens a page again until it has this text.
async fn reloads_until(browser: &Browser, address: &str, text: &str) {
    let begun = std::time::Instant::now();
    loop {
        browser.open(address).await;
        if browser.source().await.contains(text) {
            return;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(180), "{text}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

impl Looks<'_> {
    async fn puts_a_message_on_and_gets_it(&self, sources: &Sources, number: usize) {
        self.at("berichten", "Bericht bij nieuwe gegevens", "berichten").await;
        self.at(
            "berichten/aan/ziekenhuisdelinde/48",
            "Zet een bericht aan",
            "bericht-aan",
        )
        .await;
        self.press("Ga naar inloggen").await;
        self.browser.log_in("0").await;
        self.browser.at("Toestemming voor berichten").await;
        self.browser.answer("yes").await;
        self.browser.at("Bericht bij nieuwe gegevens").await;
        self.look("bericht-staat-aan").await;
        sources.measures("48", &format!("gewicht-nieuw-{number}"));
        let overview = format!("{}overzicht", self.start);
        reloads_until(self.browser, &overview, "Er is iets nieuws bij Ziekenhuis De Linde").await;
        self.look("overzicht-nieuws").await;
        self.at("berichten", "Bericht bij nieuwe gegevens", "berichten-nieuws")
            .await;
        // the press leads to the login, through the policy of the page
        self.press("Haal het op").await;
        self.browser.log_in("0").await;
        self.browser.at("Toestemming geven").await;
        self.browser.answer("yes").await;
        self.browser.at("Alles is opgehaald").await;
        self.at("toestemmingen", "Je toestemmingen", "toestemmingen").await;
        self.press("Log in en bekijk").await;
        self.browser.at("Je toestemmingen bij").await;
        self.at(
            "account/verwijderen",
            "Verwijder je account",
            "verwijderen-toestemmingen",
        )
        .await;
        self.at("berichten", "Bericht bij nieuwe gegevens", "berichten-weer")
            .await;
        self.press("Zet uit").await;
        self.browser.at("Zet een bericht uit").await;
        self.look("bericht-uit").await;
        self.press("Log in en zet uit").await;
        self.browser.log_in("0").await;
        self.browser.at("Stoppen met berichten").await;
        self.browser.answer("yes").await;
        self.browser.at("Bericht bij nieuwe gegevens").await;
        self.look("bericht-staat-uit").await;
    }

    async fn collects_for_a_child(&self) {
        self.at("kinderen", "Voor mijn kind", "kinderen").await;
        self.press("Voeg een kind toe").await;
        self.browser.at("Voeg een kind toe").await;
        self.fill("name", "Noor").await;
        self.fill("born", "3-6-2019").await;
        self.press("Voeg toe").await;
        self.sees("#parent-error").await;
        self.look("kind-fout").await;
        self.browser.find("#parent").await.click().await.unwrap();
        self.press("Voeg toe").await;
        self.browser.at("Noor").await;
        self.look("kind").await;
        self.press("Haal gegevens op").await;
        self.browser.at("Bij wie wil je gegevens ophalen?").await;
        self.look("kind-ophalen").await;
        self.press("Huisartsenpraktijk De Wilg").await;
        self.browser.at("Ophalen bij Huisartsenpraktijk De Wilg").await;
        // documents there are none
        self.browser.find("#service-51").await.click().await.unwrap();
        self.look("kind-plan").await;
        self.press("Ga naar inloggen").await;
        self.browser.log_in(CHILD).await;
        self.browser.at("Toestemming geven").await;
        self.browser.answer("yes").await;
        self.browser.at("Alles is opgehaald").await;
        self.look("kind-opgehaald").await;
        self.at("dossier", "Dossier", "kind-dossier").await;
        self.at("gebeurd", "Wat er gebeurde", "kind-gebeurd").await;
        self.at("toestemmingen", "Je toestemmingen", "kind-toestemmingen").await;
        self.browser.find(".acting button").await.click().await.unwrap();
        self.browser.at("Hallo Voorbeeldpersoon").await;
        self.at("kinderen", "Voor mijn kind", "kinderen-een").await;
        self.press("Bekijk Noor").await;
        self.browser.at("Noor").await;
        self.press("Verwijder dit dossier").await;
        self.browser.at("Verwijder het dossier van Noor").await;
        self.look("kind-verwijderen").await;
        self.browser.find("#sure").await.click().await.unwrap();
        self.press("Verwijder dit dossier").await;
        self.browser.at("Voor mijn kind").await;
        // one for whom it ends soon, and one who is too old
        let today = CalendarDate::in_amsterdam(SystemClock::default().now());
        for (years, days, heading, page) in [
            (12, 20, "Bijnatwaalf", "kind-bijna-12"),
            (13, 0, "Dat kan nog niet", "kind-12-tot-15"),
            (17, 0, "Je kind kan dit zelf", "kind-16"),
        ] {
            let born = today.plus(days);
            self.browser.open(&format!("{}kinderen/toevoegen", self.start)).await;
            self.browser.at("Voeg een kind toe").await;
            self.fill("name", "Bijnatwaalf").await;
            let day = born.day().min(28);
            self.fill("born", &format!("{day}-{}-{}", born.month(), born.year() - years))
                .await;
            self.browser.find("#parent").await.click().await.unwrap();
            self.press("Voeg toe").await;
            self.browser.at(heading).await;
            self.look(page).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wcag_2_2_no_page_of_messages_of_a_child_or_of_beheren_has_a_fault_or_scrolls_sideways() {
    let Some(driver) = Driver::start().await else { return };
    let axe = std::env::var_os("AXE_CORE").map(|path| std::fs::read_to_string(path).unwrap());
    if axe.is_none() {
        medmij_test::skip("AXE_CORE names no axe.min.js, no page was looked at by axe");
    }
    let sources = Sources::build();
    let roles = Roles::start(&sources.network).await.unwrap();
    let shown = [(1280, false), (320, true), (320, false), (1280, true)];
    for (number, (width, dark)) in shown.into_iter().enumerate() {
        let browser = driver.browser_that_shows(width, 1300, dark).await;
        let name = format!("{width}-{}", if dark { "donker" } else { "licht" });
        let looks = Looks {
            browser: &browser,
            start: &sources.network.start,
            axe: axe.as_deref(),
            name,
            width,
        };
        browser.open(&sources.network.start).await;
        browser.at("Je gegevens over je gezondheid").await;
        browser.find("button[name=demo]").await.click().await.unwrap();
        browser.at("Hallo Voorbeeldpersoon").await;
        looks.look("overzicht-kaarten").await;
        looks.puts_a_message_on_and_gets_it(&sources, number).await;
        looks.collects_for_a_child().await;
        browser.close().await;
    }
    roles.stop().await;
}
