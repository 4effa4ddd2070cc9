// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.authint.204 — a login that comes back with a POST from another site, as SAML HTTP-POST and `response_mode=form_post` do.

use crate::browser::{
    chromium::Driver,
    world::{Site, WITH_DOSSIER, World},
};

/// Browsers send no `SameSite=Lax` cookie with a POST from another site. The DVZA answers it with a page of its own that sends
/// the same form once more, by a button; so it works without JavaScript too.
#[tokio::test(flavor = "multi_thread")]
async fn core_authint_204_a_login_that_comes_back_with_a_post_from_another_site_goes_on() {
    let Some(driver) = Driver::start().await else { return };
    let (world, dvp) = World::start_with_watching_dvp().await;
    let elsewhere = Site::anywhere().await;
    for (at, javascript) in [true, false].into_iter().enumerate() {
        let browser = if javascript {
            driver.browser().await
        } else {
            driver.browser_without_javascript().await
        };
        browser.open(&world.request().1).await;
        browser.at("Gegevens van").await;
        let flow = browser.url().await;
        let flow = flow.rsplit('/').next().unwrap();
        browser.answer("login").await;
        browser.at("Wie wilt u zijn?").await;
        // the login is at another site, and sends the browser back with a form
        let login = format!(
            "<h1>Inloggen elders</h1><form method=post action=\"{}/oauth/login\">\
             <input type=hidden name=RelayState value=\"{flow}\"><input type=hidden name=persoon value={WITH_DOSSIER}>\
             <button name=answer value=on>Verder</button></form>",
            world.dvza()
        );
        browser.open(&elsewhere.put("inloggen.localhost", "/sso", &login)).await;
        browser.answer("on").await;
        browser.at("Je bent terug van het inloggen").await;
        browser.answer("proceed").await;
        browser.at("Toestemming geven").await;
        browser.answer("yes").await;
        browser.at("Aangekomen").await;
        let seen = dvp.seen();
        assert_eq!(seen.len(), at + 1, "javascript: {javascript}");
        assert!(seen[at].target.contains("code="));
        browser.close().await;
    }
    world.roles.stop().await;
}
