// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages of the PGO that come and go: while something is being collected, a new app, what went wrong. Light and dark, at 320
//! and 1280 pixels, by axe-core and in plain Dutch.

use crate::{
    browser::{
        chromium::Driver,
        pgo::{Looks, PASSWORD, axe},
        world::World,
    },
    gate::code_for,
};

impl Looks<'_> {
    async fn signs_in_with(&self, email: &str, code: &str) {
        self.browser.open(&format!("{}inloggen", self.start)).await;
        self.browser.at("Inloggen").await;
        self.fill("email", email).await;
        self.fill("password", PASSWORD).await;
        self.fill("code", code).await;
        self.press("Log in").await;
    }

    async fn signs_out(&self) {
        self.browser.find(".who button").await.click().await.unwrap();
        self.browser.at("Je bent uitgelogd").await;
    }

    async fn replaces_the_app(&self, email: &str) {
        self.browser.open(&format!("{}account", self.start)).await;
        self.press("Maak nieuwe herstelcodes").await;
        self.browser.at("Bewaar je herstelcodes").await;
        let recovery = self.browser.find("main li.key").await.text().await.unwrap();
        self.press("Ik heb ze bewaard").await;
        self.browser.at("Hallo").await;
        self.signs_out().await;
        self.look("uitgelogd").await;
        self.browser.open(&format!("{}inloggen/zonder-app", self.start)).await;
        self.browser.at("Log in zonder app").await;
        self.fill("email", email).await;
        self.fill("password", PASSWORD).await;
        self.fill("code", &recovery).await;
        self.press("Ga verder").await;
        self.browser.at("Stel een nieuwe app in").await;
        self.look("nieuwe-app").await;
        self.fill("code", "000000").await;
        self.press("Controleer de code").await;
        self.sees("#problem").await;
        self.look("nieuwe-app-fout").await;
        let key = self.browser.find(".key").await.text().await.unwrap();
        let code = code_for(&key);
        self.fill("code", &code).await;
        self.press("Controleer de code").await;
        self.browser.at("Mijn account").await;
        self.signs_out().await;
        // the code that opened it opens nothing more
        self.signs_in_with(email, &code).await;
        self.sees("#problem").await;
        let said = self.browser.find("#problem").await.text().await.unwrap();
        assert!(said.contains("Wacht op de volgende code"), "{said}");
        self.look("code-gebruikt").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wcag_2_2_pages_that_come_and_go_have_no_fault_that_axe_finds_either() {
    let Some(driver) = Driver::start().await else { return };
    let axe = axe();
    let (world, gate) = World::start_with_gate().await;
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
        let email = format!("{name}-staat@example.nl");
        looks.opens_an_account(&email).await;
        browser
            .open(&format!("{}ophalen/bij/huisartsdewilg", world.network.start))
            .await;
        browser.find("button[name=collect]").await.click().await.unwrap();
        browser.log_in("0").await;
        browser.at("Toestemming geven").await;
        gate.send(false).unwrap();
        browser.answer("yes").await;
        looks.sees("[data-live=busy]").await;
        looks.look("bezig").await;
        looks.at("overzicht", "Hallo Willemijn", "overzicht-bezig").await;
        gate.send(true).unwrap();
        browser.open(&format!("{}ophalen/voortgang", world.network.start)).await;
        // on a slow machine the request was given up meanwhile, which is an end as well
        looks.sees("[data-live=done]").await;

        let nowhere = "0".repeat(32);
        looks
            .at(
                &format!("dossier/gegeven/{nowhere}"),
                "Dit staat niet in je dossier",
                "niet-in-dossier",
            )
            .await;
        browser.open(&format!("{}account", world.network.start)).await;
        let script = "for (const each of document.querySelectorAll('main [name=csrf]')) each.value = 'x'";
        browser.client.execute(script, Vec::new()).await.unwrap();
        looks.press("Maak nieuwe herstelcodes").await;
        browser.at("Dit formulier is verlopen").await;
        looks.look("formulier-verlopen").await;
        looks.replaces_the_app(&email).await;
        browser.close().await;
    }
    world.roles.stop().await;
}
