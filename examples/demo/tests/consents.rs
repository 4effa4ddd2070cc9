// SPDX-License-Identifier: AGPL-3.0-or-later
//! Beheren toestemmingen — from the PGO to each DVZA and back, and before an account ends.
#![allow(clippy::unwrap_used, clippy::panic)] // also in the helpers

use demo::{
    browser::{Browser, Page},
    persoon,
};

use crate::gate::Pgo;

pub(crate) async fn collects_for_longer(browser: &mut Browser, start: &str) {
    let landing = persoon::chooses(browser, start, "huisartsdewilg").await.unwrap();
    let consent = persoon::logs_in(browser, landing).await.unwrap();
    let form = consent.form_with_button("answer", "yes").unwrap();
    let pressed = Some(("answer", "yes"));
    let page = browser
        .submit(&consent, &form, pressed, &[("langdurig", "yes")])
        .await
        .unwrap();
    let page = persoon::waits(browser, page).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Alles is opgehaald"));
}

/// From a page of the PGO to the overview of the DVZA.
pub(crate) async fn manages(browser: &mut Browser, page: &Page) -> Page {
    let form = page.form_with_button("consents", "manage").unwrap();
    let landing = browser
        .submit(page, &form, Some(("consents", "manage")), &[])
        .await
        .unwrap();
    persoon::logs_in(browser, landing).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn beheren_is_reached_from_the_pgo_at_each_dvza_and_before_an_account_ends() {
    let pgo = Pgo::start().await;
    let mut anna = pgo.account("Anna", "anna@example.nl").await;
    let page = anna.open(&pgo.at("toestemmingen")).await.unwrap();
    assert!(
        page.html().contains("Je haalde nog nergens gegevens op."),
        "{}",
        page.html()
    );
    let page = anna.open(&pgo.at("account/verwijderen")).await.unwrap();
    assert!(page.html().contains("Stap 1 van 2") && page.html().contains("Er is niets om te stoppen."));

    collects_for_longer(&mut anna, &pgo.network.start).await;
    let page = anna.open(&pgo.at("toestemmingen")).await.unwrap();
    for told in ["Huisartsenpraktijk De Wilg", "blijft hier", "ons meteen niets meer"] {
        assert!(page.html().contains(told), "{told}: {}", page.html());
    }
    let overview = manages(&mut anna, &page).await;
    assert!(overview.html().contains("Voorbeeld-PGO"), "{}", overview.html());
    let sure = persoon::answers(&mut anna, &overview, "stop").await.unwrap();
    let stopped = persoon::answers(&mut anna, &sure, "yes").await.unwrap();
    let page = persoon::answers(&mut anna, &stopped, "back").await.unwrap();
    assert!(page.html().contains("Je bent terug."), "{}", page.html());
    // what is here stays here
    let copy = anna.open(&pgo.at("dossier/kopie")).await.unwrap();
    assert!(copy.html().len() > 10_000);

    // the end of an account leads past it
    let page = anna.open(&pgo.at("account/verwijderen")).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Verwijder je account"));
    assert!(page.links().contains(&"/account/verwijderen/zeker".to_owned()));
    let overview = manages(&mut anna, &page).await;
    assert!(
        !overview.html().contains("name=\"answer\" value=\"stop\""),
        "{}",
        overview.html()
    );
    let page = anna.open(&pgo.at("account/verwijderen/zeker")).await.unwrap();
    let form = page
        .forms()
        .into_iter()
        .find(|form| form.action == "/account/verwijderen")
        .unwrap();
    let page = anna.submit(&page, &form, None, &[("sure", "yes")]).await.unwrap();
    assert_eq!(page.text_of("h1").as_deref(), Some("Je account is verwijderd"));
    // an answer that nobody waits for does nothing
    let bram = pgo.account("Bram", "bram@example.nl").await;
    let cookie = pgo.cookie(&bram);
    let answer = pgo
        .ask("GET", "/toestemmingen/terug/x?state=y", cookie.as_bytes(), "")
        .await;
    assert_eq!((answer.status, answer.header("location")), (303, "/toestemmingen"));
    pgo.roles.stop().await;
}
