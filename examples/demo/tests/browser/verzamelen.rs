// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Persoon does with a browser and no mouse, with the back button, and with two tabs.

use fantoccini::key::Key;

use crate::browser::{
    chromium::Driver,
    world::{Site, WITH_DOSSIER, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn core_usrint_100_102_verzamelen_by_keyboard_without_javascript() {
    let Some(driver) = Driver::start().await else { return };
    let world = World::start().await;
    let browser = driver.browser_without_javascript().await;
    let site = Site::anywhere().await;
    let script = "<h1>Met</h1><script>document.querySelector('h1').textContent = 'Script'</script>";
    browser.open(&site.put("anders.localhost", "/", script)).await;
    browser.at("Met").await;

    browser.open(&world.network.start).await;
    browser.at("Je gegevens over je gezondheid bij elkaar").await;
    browser.tab_to("Ga als voorbeeldpersoon verder").await;
    browser.press(Key::Enter).await;
    browser.at("Hallo Voorbeeldpersoon").await;
    browser.tab_to("Ophalen").await;
    browser.press(Key::Enter).await;
    browser.at("Bij wie wil je gegevens ophalen?").await;
    browser.tab_to("Huisartsenpraktijk De Wilg").await;
    browser.press(Key::Enter).await;
    browser.at("Ophalen bij Huisartsenpraktijk De Wilg").await;
    browser.tab_to("Ga naar inloggen").await;
    browser.press(Key::Enter).await;
    browser.at("Gegevens van").await;
    browser.tab_to("Verder naar inloggen").await;
    browser.press(Key::Enter).await;
    browser.at("Wie wilt u zijn?").await;
    browser.tab_to("Willemijn Hofstra").await;
    browser.press(Key::Enter).await;
    browser.at("Toestemming geven").await;
    // nothing is selected beforehand; the space bar selects and takes back
    browser.press(Key::Tab).await;
    let choice = browser.client.active_element().await.unwrap();
    assert_eq!(choice.attr("type").await.unwrap().as_deref(), Some("checkbox"));
    assert!(!choice.is_selected().await.unwrap());
    browser.press(Key::Space).await;
    assert!(choice.is_selected().await.unwrap());
    browser.press(Key::Space).await;
    assert!(!choice.is_selected().await.unwrap());
    browser.tab_to("Ja, ik geef toestemming").await;
    browser.press(Key::Enter).await;
    // the page asks for itself until all is there
    browser.at("Alles is opgehaald").await;
    let result = browser.source().await;
    assert!(!result.contains("ontbreekt") && !result.contains("@medmij"), "{result}");
    assert!(
        !browser.url().await.contains("code="),
        "no code stays in the address bar"
    );
    browser.close().await;
    world.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_the_back_button_and_a_second_tab_give_no_second_answer() {
    let Some(driver) = Driver::start().await else { return };
    let (world, dvp) = World::start_with_watching_dvp().await;
    let browser = driver.browser().await;

    // back from the login: the start again, and on from there
    browser.open(&world.request().1).await;
    browser.at("Gegevens van").await;
    browser.answer("login").await;
    browser.at("Wie wilt u zijn?").await;
    browser.client.back().await.unwrap();
    browser.log_in(WITH_DOSSIER).await;
    browser.at("Toestemming geven").await;

    // the same question in a second tab: it shows there too, and is answered in one of them
    let question = browser.url().await;
    let [first, second] = browser.tab().await;
    browser.open(&question).await;
    browser.at("Toestemming geven").await;
    browser.switch(&first).await;
    browser.answer("yes").await;
    browser.at("Aangekomen").await;
    browser.switch(&second).await;
    browser.answer("no").await;
    browser.at("Deze pagina werkt niet meer").await;
    assert_eq!(dvp.seen().len(), 1);
    assert!(dvp.seen()[0].target.contains("code="));

    // back to a question that was answered: a browser may show it as it was, in spite of no-store; its buttons do nothing
    browser.switch(&first).await;
    browser.client.back().await.unwrap();
    browser.at("").await;
    if browser.source().await.contains("Toestemming geven") {
        browser.answer("yes").await;
    }
    browser.at("Deze pagina werkt niet meer").await;
    assert_eq!(dvp.seen().len(), 1);

    // two flows at once, in two tabs, do not get in each other's way
    browser.open(&world.request().1).await;
    browser.log_in(WITH_DOSSIER).await;
    browser.at("Toestemming geven").await;
    browser.switch(&second).await;
    browser.open(&world.request().1).await;
    browser.log_in(WITH_DOSSIER).await;
    browser.at("Toestemming geven").await;
    browser.switch(&first).await;
    browser.answer("yes").await;
    browser.at("Aangekomen").await;
    browser.switch(&second).await;
    browser.answer("yes").await;
    browser.at("Aangekomen").await;
    let codes = dvp.seen().iter().filter(|seen| seen.target.contains("code=")).count();
    assert_eq!(codes, 3);
    browser.close().await;
    world.roles.stop().await;
}
