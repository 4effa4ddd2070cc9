// SPDX-License-Identifier: AGPL-3.0-or-later
//! ext.vert — a parent collects for a child: a dossier of its own, and nothing of one at another, on every route.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use demo::{
    browser::{Browser, Page},
    network::Network,
    persoon,
    roles::{Role, Roles},
};
use medmij_test::ManualClock;
use medmij_types::{AmsterdamTime, CalendarDate, Clock as _, SystemClock};
use tokio::sync::oneshot;

use crate::gate::Pgo;

/// The child of Bram in the source systems: name, birth date, the button of the login stub.
pub(crate) const CHILD: (&str, &str, &str) = ("Noortje", "3-6-2019", "kind-2");
const PRACTICE: &str = "huisartsdewilg";

fn today() -> CalendarDate {
    CalendarDate::in_amsterdam(SystemClock::default().now())
}

/// So many years and days ago, as people type it.
fn typed(years: u16, days: u32) -> String {
    let today = today().plus(days);
    // the 29th of February is no birthday in every year
    let born = CalendarDate::new(today.year() - years, today.month(), today.day().min(28)).unwrap();
    format!("{}-{}-{}", born.day(), born.month(), born.year())
}

async fn adds(browser: &mut Browser, start: &str, name: &str, born: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(&format!("{start}kinderen/toevoegen")).await.unwrap();
    let form = page.form_with_button("child", "add").unwrap();
    let filled = [&[("name", name), ("born", born)], fields].concat();
    browser
        .submit(&page, &form, Some(("child", "add")), &filled)
        .await
        .unwrap()
}

/// Adds the child and acts for it from now on; its number.
pub(crate) async fn acts_for(browser: &mut Browser, start: &str) -> String {
    let page = adds(browser, start, CHILD.0, CHILD.1, &[("parent", "yes")]).await;
    assert_eq!(page.text_of("h1").as_deref(), Some(CHILD.0), "{}", page.html());
    let number = page.without_query().rsplit('/').next().unwrap().to_owned();
    let form = page.form_with_button("open", "dossier").unwrap();
    let page = browser
        .submit(&page, &form, Some(("open", "dossier")), &[])
        .await
        .unwrap();
    assert!(
        page.html()
            .contains(&format!("Dit gaat over <strong>{}</strong>", CHILD.0)),
        "{}",
        page.html()
    );
    assert!(page.html().contains("Er staat nog niets in"), "{}", page.html());
    number
}

/// Collects at the practice, choosing this on the login stub; ends at the PGO.
pub(crate) async fn collects(browser: &mut Browser, start: &str, chosen: &str) -> Page {
    let page = browser.open(&format!("{start}ophalen/bij/{PRACTICE}")).await.unwrap();
    let form = page.form_with_button("collect", "start").unwrap();
    let pressed = Some(("collect", "start"));
    let landing = browser
        .submit(&page, &form, pressed, &[("service", "48")])
        .await
        .unwrap();
    let stub = persoon::answers(browser, &landing, "login").await.unwrap();
    let form = stub.form_with_button("persoon", chosen).unwrap();
    let consent = browser
        .submit(&stub, &form, Some(("persoon", chosen)), &[])
        .await
        .unwrap();
    let page = persoon::answers(browser, &consent, "yes").await.unwrap();
    persoon::waits(browser, page).await.unwrap()
}

pub(crate) async fn goes_back(browser: &mut Browser, start: &str) {
    let page = browser.open(&format!("{start}dossier")).await.unwrap();
    let form = page
        .forms()
        .into_iter()
        .find(|form| form.action == "/kinderen/terug")
        .unwrap();
    let page = browser.submit(&page, &form, None, &[]).await.unwrap();
    assert!(page.without_query().ends_with("/overzicht"), "{}", page.without_query());
}

#[tokio::test(flavor = "multi_thread")]
async fn ext_vert_authint_200_204_a_parent_collects_for_a_child_into_a_dossier_of_its_own() {
    let pgo = Pgo::start().await;
    let mut bram = pgo.account("Bramdert", "bramdert@example.nl").await;
    let number = acts_for(&mut bram, &pgo.network.start).await;
    let page = collects(&mut bram, &pgo.network.start, CHILD.2).await;
    assert_eq!(
        page.text_of("h1").as_deref(),
        Some("Alles is opgehaald"),
        "{}",
        page.html()
    );
    let page = bram.open(&pgo.at("dossier/onderdeel/aandoeningen")).await.unwrap();
    assert!(page.html().contains("Eczeem"), "{}", page.html());
    // the list of the child has it, and that of the parent has not
    let collected = "van Huisartsenpraktijk De Wilg";
    let page = bram.open(&pgo.at("gebeurd")).await.unwrap();
    assert!(page.html().contains(collected) && page.html().contains("Je maakte dit dossier voor je kind."));
    assert!(!page.html().contains("Je logde in"), "{}", page.html());
    // nothing of the account while acting for a child
    for path in ["account", "berichten", "overzicht", "account/verwijderen"] {
        let page = bram.open(&pgo.at(path)).await.unwrap();
        assert!(
            page.without_query().ends_with(&format!("/kinderen/{number}")),
            "{path}: {}",
            page.without_query()
        );
    }
    // Beheren goes along: the consents that were given for the child
    let page = bram.open(&pgo.at("toestemmingen")).await.unwrap();
    let form = page.form_with_button("consents", "manage").unwrap();
    let landing = bram
        .submit(&page, &form, Some(("consents", "manage")), &[])
        .await
        .unwrap();
    let stub = persoon::answers(&mut bram, &landing, "login").await.unwrap();
    assert!(stub.form_with_button("persoon", CHILD.2).is_ok() && stub.form_with_button("persoon", "0").is_err());

    goes_back(&mut bram, &pgo.network.start).await;
    let page = bram.open(&pgo.at("dossier")).await.unwrap();
    assert!(
        page.html().contains("Er staat nog niets in je dossier"),
        "{}",
        page.html()
    );
    let page = bram.open(&pgo.at("gebeurd")).await.unwrap();
    assert!(page.html().contains("Je voegde een kind toe: Noortje.") && !page.html().contains(collected));

    // and it goes without what is the parent's
    let page = bram
        .open(&pgo.at(&format!("kinderen/{number}/verwijderen")))
        .await
        .unwrap();
    let delete = format!("/kinderen/{number}/verwijderen");
    let form = page.forms().into_iter().find(|form| form.action == delete).unwrap();
    let page = bram.submit(&page, &form, None, &[]).await.unwrap();
    assert!(page.html().contains("Zet eerst een vinkje"));
    let page = bram.submit(&page, &form, None, &[("sure", "yes")]).await.unwrap();
    assert!(page.html().contains("Er staat hier nog geen kind."), "{}", page.html());
    pgo.roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ext_vert_authint_204_the_age_the_gate_and_the_login_stub_let_nobody_else_in() {
    let pgo = Pgo::start().await;
    let mut bram = pgo.account("Bramdert", "bramdert@example.nl").await;
    for (born, fields, expected) in [
        (typed(13, 0), &[("parent", "yes")][..], "Dat kan nog niet"),
        (typed(12, 0), &[("parent", "yes")], "Dat kan nog niet"),
        (typed(17, 0), &[("parent", "yes")], "Je kind kan dit zelf"),
        ("3-6".to_owned(), &[("parent", "yes")], "Vul een datum in"),
        (
            "3-6-2999".to_owned(),
            &[("parent", "yes")],
            "Deze datum is nog niet geweest",
        ),
        (CHILD.1.to_owned(), &[], "Je kunt dit alleen voor je eigen kind"),
    ] {
        let page = adds(&mut bram, &pgo.network.start, "Kind", &born, fields).await;
        assert!(page.html().contains(expected), "{born}: {}", page.html());
    }
    let page = bram.open(&pgo.at("kinderen")).await.unwrap();
    assert!(page.html().contains("Er staat hier nog geen kind."));

    // 30 days before the twelfth birthday it is announced, once
    let page = adds(
        &mut bram,
        &pgo.network.start,
        "Bijnatwaalf",
        &typed(12, 20),
        &[("parent", "yes")],
    )
    .await;
    assert!(page.html().contains("wordt je kind 12 jaar"), "{}", page.html());
    for _ in 0..2 {
        bram.open(&pgo.at("kinderen")).await.unwrap();
    }
    let page = bram.open(&pgo.at("gebeurd")).await.unwrap();
    let count = page.html().matches("dat er iets verandert bij Bijnatwaalf").count();
    assert_eq!(count, 1, "{}", page.html());

    // a child is offered only where it was asked for
    let landing = persoon::chooses(&mut bram, &pgo.network.start, PRACTICE).await.unwrap();
    let stub = persoon::answers(&mut bram, &landing, "login").await.unwrap();
    assert!(stub.form_with_button("persoon", CHILD.2).is_err());
    let form = stub.form_with_button("persoon", "0").unwrap();
    let page = bram.submit(&stub, &form, None, &[("persoon", CHILD.2)]).await.unwrap();
    assert!(page.form_with_button("answer", "yes").is_err(), "{}", page.html());

    // with another birth date than that of the child nothing is asked
    adds(&mut bram, &pgo.network.start, "Ander", "4-6-2019", &[("parent", "yes")]).await;
    let page = bram.open(&pgo.at("kinderen")).await.unwrap();
    let child = page
        .links()
        .into_iter()
        .find(|link| link.starts_with("/kinderen/") && !link.ends_with("toevoegen"));
    let page = bram.open(&page.resolve(&child.unwrap()).unwrap()).await.unwrap();
    let form = page.form_with_button("open", "collect").unwrap();
    bram.submit(&page, &form, Some(("open", "collect")), &[]).await.unwrap();
    let landing = persoon::chooses(&mut bram, &pgo.network.start, PRACTICE).await.unwrap();
    let stub = persoon::answers(&mut bram, &landing, "login").await.unwrap();
    let form = stub.form_with_button("persoon", CHILD.2).unwrap();
    let page = bram
        .submit(&stub, &form, Some(("persoon", CHILD.2)), &[])
        .await
        .unwrap();
    assert!(page.form_with_button("answer", "yes").is_err(), "{}", page.html());
    pgo.roles.stop().await;
}

/// Every route, with what belongs to somebody in the places of its parameters.
fn paths(child: &str) -> Vec<String> {
    let fill = |path: &&str| {
        let parts = path.split('/').map(|part| match part {
            "{child}" => child,
            "{provider}" => PRACTICE,
            "{server}" => "dvza-een.localhost",
            "{service}" => "48",
            "{place}" => "0",
            part if part.starts_with('{') => "x",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    };
    dvp::paths().iter().map(fill).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_personen_and_one_represented_on_every_route_see_and_change_nothing_of_each_other() {
    let pgo = Pgo::start().await;
    let mut parent = pgo.account("Bramdert", "bramdert@example.nl").await;
    // the parent has a dossier as well, with that of somebody whom the child is not
    let page = collects(&mut parent, &pgo.network.start, "0").await;
    assert_eq!(
        page.text_of("h1").as_deref(),
        Some("Alles is opgehaald"),
        "{}",
        page.html()
    );
    let own = parent.open(&pgo.at("dossier/kopie")).await.unwrap();
    let number = acts_for(&mut parent, &pgo.network.start).await;
    collects(&mut parent, &pgo.network.start, CHILD.2).await;
    let of_child = parent.open(&pgo.at("dossier/kopie")).await.unwrap();
    let (mine, childs) = (["Hofstra", "willemijn-hofstra"], ["Eczeem", "Pinda", "noor-oosterveld"]);
    let has = |page: &str, names: &[&str]| names.iter().any(|name| page.contains(name));
    assert!(has(own.html(), &mine) && !has(own.html(), &childs));
    assert!(has(of_child.html(), &childs) && !has(of_child.html(), &mine));
    let (mut shown, mut leaks) = ([0; 3], Vec::new());
    // acting for the child
    let cookie = pgo.cookie(&parent);
    for path in paths(&number) {
        let answer = pgo.ask("GET", &path, cookie.as_bytes(), "").await;
        assert!(answer.status < 500, "{path}");
        shown[0] += usize::from(has(&answer.body, &childs));
        leaks.extend(has(&answer.body, &mine).then(|| format!("for the child, {path}")));
    }
    goes_back(&mut parent, &pgo.network.start).await;
    for path in paths(&number) {
        let answer = pgo.ask("GET", &path, cookie.as_bytes(), "").await;
        assert!(answer.status < 500, "{path}");
        shown[1] += usize::from(has(&answer.body, &mine));
        leaks.extend(has(&answer.body, &childs).then(|| format!("for the parent, {path}")));
    }
    // somebody else, who knows the number
    let other = pgo.account("Annagreet", "annagreet@example.nl").await;
    let cookie = pgo.cookie(&other);
    let page = pgo.ask("GET", "/account", cookie.as_bytes(), "").await.body;
    let csrf = page
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let form = format!("csrf={csrf}&sure=yes&open=dossier&name=x&born=3-6-2019&parent=yes");
    let all = [&mine[..], &childs, &["Bramdert", CHILD.0]].concat();
    for method in ["GET", "POST"] {
        // the end of the account comes last
        let (last, first): (Vec<String>, Vec<String>) = paths(&number)
            .into_iter()
            .filter(|path| path != "/uitloggen")
            .partition(|path| path == "/account/verwijderen");
        for path in first.into_iter().chain(last) {
            let answer = pgo.ask(method, &path, cookie.as_bytes(), &form).await;
            assert!(answer.status < 500, "{method} {path}");
            shown[2] += 1;
            leaks.extend(has(&answer.body, &all).then(|| format!("for another, {method} {path}")));
            let acts = answer.body.contains("Dit gaat over");
            leaks.extend(acts.then(|| format!("acts for a child, {method} {path}")));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert!(shown[0] >= 2 && shown[1] >= 2 && shown[2] > 100, "{shown:?}");
    // and nothing changed
    let after = parent.open(&pgo.at("dossier/kopie")).await.unwrap();
    assert_eq!(after.html(), own.html());
    let page = parent.open(&pgo.at(&format!("kinderen/{number}"))).await.unwrap();
    let form = page.form_with_button("open", "dossier").unwrap();
    parent
        .submit(&page, &form, Some(("open", "dossier")), &[])
        .await
        .unwrap();
    let after = parent.open(&pgo.at("dossier/kopie")).await.unwrap();
    assert_eq!(after.html(), of_child.html());
    // a form that was made for one does nothing for the other
    goes_back(&mut parent, &pgo.network.start).await;
    let cookie = pgo.cookie(&parent);
    let stale = page_csrf(&page);
    let open = format!("/kinderen/{number}/openen");
    let answer = pgo
        .ask("POST", &open, cookie.as_bytes(), &format!("csrf={stale}&open=dossier"))
        .await;
    assert_eq!(answer.status, 303);
    let body = format!("csrf={stale}&sure=yes");
    let answer = pgo.ask("POST", "/ophalen/opnieuw", cookie.as_bytes(), &body).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    pgo.roles.stop().await;
}

fn page_csrf(page: &Page) -> String {
    let token = page.html().split("name=\"csrf\" value=\"").nth(1).unwrap();
    token.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ext_vert_a_child_that_grows_up_is_announced_closed_at_12_and_offered_at_16() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let roles = Roles::start_these(&network, &[Role::DvzaEen, Role::DvzaTwee])
        .await
        .unwrap();
    let clock = Arc::new(ManualClock::at(SystemTime::now()));
    let schedule = dvp::Schedule {
        clock: Arc::clone(&clock) as Arc<dyn medmij_types::Clock>,
        every: Duration::from_millis(100),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let running = dvp::start_by(&network.dvp, schedule, async { drop(stopped.await) })
        .await
        .unwrap();
    let running = tokio::spawn(running);
    let (mut browser, start) = (Browser::default(), network.start.clone());
    persoon::signs_in(&mut browser, &start).await.unwrap();
    let page = browser.open(&format!("{start}berichten")).await.unwrap();
    let mail = page
        .forms()
        .into_iter()
        .find(|form| form.action.ends_with("/melden"))
        .unwrap();
    browser.submit(&page, &mail, None, &[("mail", "yes")]).await.unwrap();
    let number = acts_for(&mut browser, &start).await;
    collects(&mut browser, &start, CHILD.2).await;
    let child = format!("{start}kinderen/{number}");
    let comes = |year: u16, month: u8, day: u8| {
        let day = CalendarDate::new(year, month, day).unwrap();
        clock.jump_to(AmsterdamTime::moment(day, 12, 30).unwrap());
    };
    // within 30 days of the twelfth birthday: in the app by name, outside it without
    comes(2031, 5, 10);
    let mut post = String::new();
    let begun = Instant::now();
    while !post.contains("Binnen 30 dagen verandert") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{post}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let letters = std::fs::read_dir(network.dvp.mail.as_ref().unwrap()).unwrap();
        post = letters
            .map(|letter| std::fs::read_to_string(letter.unwrap().path()).unwrap())
            .collect();
    }
    assert!(!post.contains(CHILD.0) && !post.contains("Wilg"), "{post}");
    let page = browser.open(&child).await.unwrap();
    assert!(
        page.html().contains("Op 3 juni 2031 wordt je kind 12 jaar."),
        "{}",
        page.html()
    );
    let page = browser.open(&format!("{start}dossier")).await.unwrap();
    assert!(page.html().contains("Dit gaat over"), "{}", page.html());
    // on the birthday the dossier closes, also for a session that is in it
    comes(2031, 6, 3);
    let page = browser.open(&format!("{start}dossier/kopie")).await.unwrap();
    assert!(
        page.without_query().ends_with(&format!("/kinderen/{number}")),
        "{}",
        page.without_query()
    );
    assert!(
        page.html().contains("Daarom halen we geen gegevens meer op."),
        "{}",
        page.html()
    );
    assert!(page.form_with_button("open", "dossier").is_err());
    // and the session is the Persoon's own again
    for path in [
        "dossier",
        "dossier/kopie",
        "ophalen",
        "gebeurd",
        "toestemmingen",
        "account",
    ] {
        let page = browser.open(&format!("{start}{path}")).await.unwrap();
        assert!(page.without_query().ends_with(path), "{path}: {}", page.without_query());
        assert!(
            !page.html().contains("Eczeem") && !page.html().contains("Dit gaat over"),
            "{path}"
        );
    }
    let page = browser.open(&format!("{child}/verwijderen")).await.unwrap();
    if let Some(form) = page
        .forms()
        .into_iter()
        .find(|form| form.action.ends_with("/verwijderen"))
    {
        browser.submit(&page, &form, None, &[("sure", "yes")]).await.unwrap();
    }
    // it is not the parent's to delete
    let page = browser.open(&format!("{start}kinderen")).await.unwrap();
    assert!(
        page.html().contains(CHILD.0) && page.html().contains("Je ziet dit dossier niet meer"),
        "{}",
        page.html()
    );
    // what the app does of itself comes at its next look
    let begun = Instant::now();
    for line in [
        "dat er iets verandert bij Noortje, op 3 juni 2031.",
        "We stopten met ophalen voor Noortje.",
    ] {
        let mut happened = browser.open(&format!("{start}gebeurd")).await.unwrap();
        while !happened.html().contains(line) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{line}: {}", happened.html());
            tokio::time::sleep(Duration::from_millis(100)).await;
            happened = browser.open(&format!("{start}gebeurd")).await.unwrap();
        }
    }
    comes(2035, 6, 3);
    let page = browser.open(&child).await.unwrap();
    assert!(page.html().contains("Zo krijgt je kind het dossier"), "{}", page.html());
    stop.send(()).unwrap();
    running.await.unwrap();
    roles.stop().await;
}
