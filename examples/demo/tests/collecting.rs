// SPDX-License-Identifier: AGPL-3.0-or-later
//! How collecting ends for the Persoon: refused, broken off, pressed twice, loaded again. What the page says is true.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use crate::gate::Pgo;
use demo::{
    browser::Browser,
    lists::{self, Variant},
    network::DVZA_TWO,
    persoon,
};

const HOSPITAL: &str = "ziekenhuisdelinde";
const PRACTICE: &str = "huisartsdewilg";

fn heading(page: &demo::browser::Page) -> String {
    page.text_of("h1").unwrap_or_default()
}

/// From the landingspagina to the answer no, and back at the PGO.
async fn says_no(browser: &mut Browser, landing: demo::browser::Page) -> demo::browser::Page {
    let question = persoon::logs_in(browser, landing).await.unwrap();
    persoon::answers(browser, &question, "no").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn autoriseren_1_2_a_no_is_said_as_such_and_blames_nobody() {
    let pgo = Pgo::start().await;
    let mut browser = pgo.account("Anna", "anna@example.nl").await;
    let landing = persoon::chooses(&mut browser, &pgo.network.start, PRACTICE)
        .await
        .unwrap();
    let page = says_no(&mut browser, landing).await;
    assert_eq!(heading(&page), "Er is niets opgehaald");
    let html = page.html();
    assert!(html.contains("Je koos nee, of er viel niets te delen."), "{html}");
    assert!(html.contains("Wij horen niet welke van de twee"), "{html}");
    for wrong in ["storing", "error", "access_denied", "@medmij", "/fhir", "niet gelukt"] {
        assert!(!html.contains(wrong), "{wrong} in {html}");
    }
    let happened = browser.open(&pgo.at("gebeurd")).await.unwrap();
    assert!(
        happened
            .html()
            .contains("We haalden niets op bij Huisartsenpraktijk De Wilg.")
    );
    let dossier = browser.open(&pgo.at("dossier")).await.unwrap();
    assert!(dossier.html().contains("Er staat nog niets in je dossier"));
    // and it can be asked once more
    let form = page
        .forms()
        .into_iter()
        .find(|form| form.action == "/ophalen/opnieuw")
        .unwrap();
    let landing = browser.submit(&page, &form, None, &[]).await.unwrap();
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let page = persoon::waits(&mut browser, page).await.unwrap();
    assert_eq!(heading(&page), "Alles is opgehaald");
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_ticked_is_not_asked_and_nothing_ticked_asks_for_a_choice() {
    let pgo = Pgo::start().await;
    let mut browser = pgo.account("Anna", "anna@example.nl").await;
    let address = pgo.at(&format!("ophalen/bij/{HOSPITAL}"));
    let page = browser.open(&address).await.unwrap();
    assert!(page.html().contains("Je logt 2 keer in"), "{}", page.html());
    let mut form = page.form_with_button("collect", "start").unwrap();
    form.fields.retain(|(name, value)| name != "service" || value == "48");
    let landing = browser.submit(&page, &form, None, &[]).await.unwrap();
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let page = persoon::waits(&mut browser, page).await.unwrap();
    // no second login
    assert_eq!(heading(&page), "Alles is opgehaald");
    assert!(!page.html().contains("Documenten") && page.html().contains("Basisgegevens Zorg"));

    let page = browser.open(&address).await.unwrap();
    form.fields.retain(|(name, _)| name != "service");
    let page = browser.submit(&page, &form, None, &[]).await.unwrap();
    assert!(
        page.html().contains("Kies eerst wat je wilt ophalen"),
        "{}",
        page.html()
    );
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pressing_twice_going_back_and_loading_again_lose_and_repeat_nothing() {
    let pgo = Pgo::start().await;
    let mut browser = pgo.account("Anna", "anna@example.nl").await;
    let start = &pgo.network.start;
    // twice at the start: the second goes on
    persoon::chooses(&mut browser, start, HOSPITAL).await.unwrap();
    persoon::chooses(&mut browser, start, HOSPITAL).await.unwrap();
    // back from the login: the page offers it again, and a second press leads to the same one
    let progress = pgo.at("ophalen/voortgang");
    let mut landings = Vec::new();
    for _ in 0..2 {
        let page = browser.open(&progress).await.unwrap();
        let form = page.form_with_button("step", "next").unwrap();
        let landing = browser.submit(&page, &form, None, &[]).await.unwrap();
        landings.push(landing.without_query().split("/oauth").next().unwrap().to_owned());
        let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
        let page = persoon::waits(&mut browser, page).await.unwrap();
        // an answer that came already changes nothing, and neither does one that is not ours
        for query in ["code=x&state=y", "error=access_denied&state=y", ""] {
            let again = browser
                .open(&pgo.at(&format!("terug/dvza-een.localhost?{query}")))
                .await
                .unwrap();
            assert_eq!(heading(&again), heading(&page), "{query}");
        }
    }
    assert_ne!(landings[0], landings[1], "two logins at two places");
    let page = browser.open(&progress).await.unwrap();
    assert_eq!(heading(&page), "Alles is opgehaald");
    let copy = browser.open(&pgo.at("dossier/kopie")).await.unwrap();
    let again = browser.open(&pgo.at("dossier/kopie")).await.unwrap();
    assert_eq!(copy.html(), again.html());
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_place_does_not_give_is_said_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let network = demo::network::Network::build(folder.path()).unwrap();
    let before = demo::roles::Roles::start_without_dvp(&network).await.unwrap();
    // the second DVZA is on no Whitelist that the DVP gets
    let variant = Variant::WithoutNode(DVZA_TWO[1]);
    lists::write(&network.stelselnode.lists, network.volgnummer.next().unwrap(), variant).unwrap();
    let dvp = tokio::spawn(dvp::start(&network.dvp, std::future::pending()).await.unwrap());
    let mut browser = Browser::default();
    let landing = persoon::chooses(&mut browser, &network.start, HOSPITAL).await.unwrap();
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let page = persoon::waits(&mut browser, page).await.unwrap();
    let form = page.form_with_button("step", "next").unwrap();
    let landing = browser.submit(&page, &form, None, &[]).await.unwrap();
    let page = persoon::gives_toestemming(&mut browser, landing).await.unwrap();
    let page = persoon::waits(&mut browser, page).await.unwrap();
    assert_eq!(heading(&page), "Een deel is opgehaald");
    let html = page.html();
    assert!(
        html.contains("Niet gelukt. Er was een storing bij de zorgaanbieder."),
        "{html}"
    );
    assert!(html.contains("Alles is er: 72 gegevens."), "{html}");
    assert!(html.contains("Probeer opnieuw wat ontbreekt"), "{html}");
    dvp.abort();
    before.stop().await;
}
