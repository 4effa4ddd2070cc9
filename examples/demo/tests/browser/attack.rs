// SPDX-License-Identifier: AGPL-3.0-or-later
//! O7, O8, O11 — what a hostile site, or a hostile user, does to the browser of a Persoon.

use crate::browser::{
    chromium::{Browser, Driver},
    world::{Site, WITH_DOSSIER, World},
};

/// Another site, and one of the same site as the DVZA: the second gets the cookies sent along.
const SITES: [&str; 2] = ["kwaad.localhost", "kwaad.dvza-een.localhost"];

/// A browser that has the question of consent before it.
async fn at_the_question(driver: &Driver, world: &World) -> Browser {
    let browser = driver.browser().await;
    browser.open(&world.request().1).await;
    browser.log_in(WITH_DOSSIER).await;
    browser.at("Toestemming geven").await;
    browser
}

async fn csrf(browser: &Browser) -> String {
    let field = browser.find("input[name=csrf]").await;
    field.prop("value").await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_a_form_of_another_site_gives_no_consent() {
    let Some(driver) = Driver::start().await else { return };
    let (world, dvp) = World::start_with_watching_dvp().await;
    let evil = Site::anywhere().await;
    let browser = at_the_question(&driver, &world).await;
    let (flow, csrf) = (browser.url().await, csrf(&browser).await);
    let [first, second] = browser.tab().await;
    for host in SITES {
        // even with the address of the flow and its CSRF token, which no other site can know
        for token in [csrf.as_str(), ""] {
            let form = format!(
                "<h1>Win een fiets</h1><form method=post action=\"{flow}\"><input name=csrf value=\"{token}\">\
                 <button name=answer value=yes>Klik hier</button></form>"
            );
            browser.open(&evil.put(host, "/win", &form)).await;
            browser.answer("yes").await;
            browser.at("Deze pagina werkt niet meer").await;
        }
    }
    assert_eq!(dvp.seen(), [], "nothing was granted");
    // the Persoon is still asked, and can answer
    browser.switch(&first).await;
    browser.client.refresh().await.unwrap();
    browser.at("Toestemming geven").await;
    browser.answer("yes").await;
    browser.at("Aangekomen").await;
    assert!(dvp.seen()[0].target.contains("code="));
    browser.switch(&second).await;
    browser.close().await;
    world.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_no_page_shows_in_a_frame() {
    let Some(driver) = Driver::start().await else { return };
    let (world, _) = World::start_with_watching_dvp().await;
    let evil = Site::anywhere().await;
    let browser = at_the_question(&driver, &world).await;
    let flow = browser.url().await;
    for host in SITES {
        let own = evil.put(host, "/eigen", "<h1>Eigen pagina</h1>");
        for (inside, shows) in [
            (own.as_str(), true),
            (flow.as_str(), false),
            (world.request().1.as_str(), false),
            (&format!("{}/oauth/authorize", world.dvza()), false),
        ] {
            let page = format!("<h1>Lijst</h1><iframe src=\"{inside}\" width=600 height=600></iframe>");
            browser.open(&evil.put(host, "/lijst", &page)).await;
            browser.at("Lijst").await;
            browser.client.enter_frame(0).await.unwrap();
            let source = browser.source().await;
            assert_eq!(source.contains("Eigen pagina"), shows, "{inside}");
            for text in [
                "Toestemming",
                "Gegevens van",
                "Deze vraag klopt niet",
                "werkt niet meer",
            ] {
                assert!(!source.contains(text), "{inside} shows in a frame of {host}: {source}");
            }
            browser.client.enter_parent_frame().await.unwrap();
        }
    }
    browser.close().await;
    world.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_planted_cookie_is_worth_nothing_after_the_login() {
    let Some(driver) = Driver::start().await else { return };
    let (world, dvp) = World::start_with_watching_dvp().await;
    // the attacker starts a flow, and plants its cookie and its address on the Persoon
    let attacker = driver.browser().await;
    attacker.open(&world.request().1).await;
    attacker.at("Gegevens van").await;
    let flow = attacker.url().await;
    let planted = attacker.client.get_all_cookies().await.unwrap();
    assert_eq!(planted.len(), 1);
    let persoon = driver.browser().await;
    persoon.open(&flow).await;
    // the address alone opens nothing
    persoon.at("Deze pagina werkt niet meer").await;
    // a neighbour under the same domain can plant a cookie; outside loopback the prefix __Host- forbids that too
    let evil = Site::anywhere().await;
    persoon.open(&evil.put(SITES[1], "/plant", "<h1>Plant</h1>")).await;
    persoon.at("Plant").await;
    let cookie = format!(
        "{}={}; domain=dvza-een.localhost; path=/",
        planted[0].name(),
        planted[0].value()
    );
    let script = "document.cookie = arguments[0]; return document.cookie";
    let kept = persoon.client.execute(script, vec![cookie.into()]).await.unwrap();
    assert!(kept.as_str().unwrap().contains(planted[0].value()), "{kept}");
    persoon.open(&flow).await;
    persoon.log_in(WITH_DOSSIER).await;
    // after the login the cookie is another one, and a name that occurs twice is worth nothing: nobody gets on
    persoon.at("Deze pagina werkt niet meer").await;
    // the attacker is where the flow began, in its own browser, with nobody logged in
    attacker.client.refresh().await.unwrap();
    attacker.at("Gegevens van").await;
    assert_eq!(dvp.seen(), []);
    attacker.close().await;
    persoon.close().await;
    world.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_the_flow_of_another_cannot_be_answered() {
    let Some(driver) = Driver::start().await else { return };
    let (world, dvp) = World::start_with_watching_dvp().await;
    let persoon = at_the_question(&driver, &world).await;
    let attacker = at_the_question(&driver, &world).await;
    // the attacker is logged in as well, and knows the address of the flow of the Persoon, even its CSRF token
    let (flow, token) = (persoon.url().await, csrf(&persoon).await);
    let script = "const form = document.forms[0]; form.action = arguments[0]; form.csrf.value = arguments[1]; \
                  form.querySelector('button[value=yes]').click();";
    attacker
        .client
        .execute(script, vec![flow.clone().into(), token.into()])
        .await
        .unwrap();
    attacker.at("Deze pagina werkt niet meer").await;
    attacker.open(&flow).await;
    attacker.at("Deze pagina werkt niet meer").await;
    assert_eq!(dvp.seen(), []);
    persoon.answer("yes").await;
    persoon.at("Aangekomen").await;
    attacker.close().await;
    persoon.close().await;
    world.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o11_the_form_leads_to_the_dvp_and_nowhere_else() {
    let Some(driver) = Driver::start().await else { return };
    let (world, dvp) = World::start_with_watching_dvp().await;
    let evil = Site::anywhere().await;
    let browser = at_the_question(&driver, &world).await;
    // markup that was brought in could do this; the policy of the page stops it
    let elsewhere = format!("{}/pak", evil.origin(SITES[0]));
    let script = "const form = document.createElement('form'); form.method = 'post'; form.action = arguments[0]; \
                  form.append(document.querySelector('[name=csrf]').cloneNode()); document.body.append(form); form.submit();";
    browser.client.execute(script, vec![elsewhere.into()]).await.unwrap();
    browser.at("Toestemming geven").await;
    // a page of that site loads afterwards, so a form that got through would have been there before it
    let [first, second] = browser.tab().await;
    browser.open(&evil.put(SITES[0], "/later", "<h1>Later</h1>")).await;
    browser.at("Later").await;
    let targets: Vec<_> = evil.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/later"]);
    browser.switch(&second).await;
    browser.client.close_window().await.unwrap();
    // the redirect that follows the form arrives at the DVP, on another origin
    browser.switch(&first).await;
    browser.answer("yes").await;
    browser.at("Aangekomen").await;
    assert!(
        browser
            .url()
            .await
            .starts_with(&format!("{}/terug/een?code=", world.dvp()))
    );
    assert_eq!(dvp.seen().len(), 1);
    browser.close().await;
    world.roles.stop().await;
}
