// SPDX-License-Identifier: AGPL-3.0-or-later
//! O10 — refusal and "no data" are one thing to the DVP: everything that reaches it, in a real browser.

use medmij_dvp::PendingFlow;

use crate::browser::{
    chromium::{Browser, Driver},
    world::{Seen, Site, WITH_DOSSIER, WITHOUT_DOSSIER, World},
};

/// Everything that the DVP sees of an end: the requests, and what a script on its page could read. The `state`, which
/// belongs to the request, is taken out.
async fn seen_by_the_dvp(browser: &Browser, dvp: &Site, flow: &PendingFlow) -> (Vec<Seen>, String) {
    browser.at("Aangekomen").await;
    let script = "return JSON.stringify([history.length, document.referrer, window.name, document.cookie, \
                  performance.getEntriesByType('navigation').map(entry => [entry.type, entry.redirectCount])])";
    let page = browser.client.execute(script, Vec::new()).await.unwrap();
    let mut seen = dvp.seen();
    for each in &mut seen {
        each.target = each.target.replace(flow.state().expose(), "STATE");
    }
    (seen, page.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn autoriseren_1_2_c06_o10_refusal_and_no_data_in_a_browser() {
    let Some(driver) = Driver::start().await else { return };
    let mut found = Vec::new();
    for persoon in [WITH_DOSSIER, WITHOUT_DOSSIER] {
        let (world, dvp) = World::start_with_watching_dvp().await;
        let browser = driver.browser().await;
        let (flow, request) = world.request();
        browser.open(&request).await;
        browser.log_in(persoon).await;
        let (page, button) = match persoon {
            WITH_DOSSIER => ("Toestemming geven", "no"),
            // the same answer from both pages, so that the two requests are alike too
            _ => ("Er is niets gedeeld", "no"),
        };
        browser.at(page).await;
        assert_eq!(dvp.seen(), [], "nothing leaves before the Persoon presses a button");
        browser.answer(button).await;
        let (seen, page) = seen_by_the_dvp(&browser, &dvp, &flow).await;
        let port = world.dvp().rsplit(':').next().unwrap().to_owned();
        found.push((format!("{seen:#?}").replace(&port, "PORT"), page));
        browser.close().await;
        world.roles.stop().await;
    }
    assert!(found[0].0.contains("/terug/een?error=access_denied&state=STATE"));
    assert_eq!(found[0].1, found[1].1);
    assert_eq!(found[0].0, found[1].0);
}
