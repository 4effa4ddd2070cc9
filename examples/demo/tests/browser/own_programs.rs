// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/try-your-own.md`: the programs of the two guides in the place that the demo leaves free, walked through as the page
//! says. They are built from the page and the guides by `build.rs`.

use demo::{
    network::{DVZA_ONE, DVZA_TWO, Network},
    place::Place,
    roles::{Role, Roles},
};
use medmij_test::postgres::TestPostgres;
use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::browser::{
    chromium::{Browser, Driver},
    world::WITH_DOSSIER,
};

/// Starts a program in the folder of its place, and waits until a browser finds it.
async fn start(program: &str, place: &Place, arguments: &[&str], front: SocketAddr) -> Child {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&place.folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while TcpStream::connect(front).await.is_err() {
        assert!(child.try_wait().unwrap().is_none(), "{program} ended");
        assert!(begun.elapsed() < Duration::from_secs(60), "{program} does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child
}

/// The address of Beheren, as the page has it.
fn beheren(host: &str, front: SocketAddr, aanbieder: &str) -> String {
    let page = include_str!("../../../../docs/try-your-own.md");
    let written = page.split_once("/oauth/toestemmingen?").unwrap().1;
    let query = written.split(['`', '\n']).next().unwrap();
    let query = query.replace("ziekenhuisdelinde", aanbieder);
    format!("http://{host}:{}/oauth/toestemmingen?{query}", front.port())
}

async fn press(browser: &Browser, css: &str) {
    browser.find(css).await.click().await.unwrap();
}

/// Waits until the page holds this text.
async fn shows(browser: &Browser, text: &str) {
    let begun = Instant::now();
    while !browser.source().await.contains(text) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "no \"{text}\" on {}: {}",
            browser.url().await,
            browser.source().await
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dvp_of_the_guide_collects_in_the_place_that_the_demo_leaves_free() {
    let Some(driver) = Driver::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let roles = Roles::start_without_dvp(&network).await.unwrap();
    let place = Place::prepare(&network, Role::Dvp).unwrap();
    let front = network.dvp.address;
    let mut own = start(env!("CARGO_BIN_EXE_own_dvp"), &place, &[&front.to_string()], front).await;

    let browser = driver.browser().await;
    let start = format!("{}start", network.start);
    browser.open(&start).await;
    browser.log_in(WITH_DOSSIER).await;
    browser.at("Toestemming geven").await;
    // the name of the Gegevensdienstnamenlijst here too
    shows(&browser, "Basisgegevens Zorg").await;
    press(&browser, "#langdurig").await;
    browser.answer("yes").await;
    shows(&browser, "Basisgegevens Zorg: 25 resources").await;

    browser.open(&start).await;
    browser.log_in(WITH_DOSSIER).await;
    browser.at("Toestemming geven").await;
    browser.answer("no").await;
    shows(&browser, "NotGranted").await;

    let beheren = beheren(DVZA_TWO[0], network.dvzas[1].front, "huisartsdewilg");
    browser.open(&beheren).await;
    browser.answer("login").await;
    browser.at("Wie wilt u zijn?").await;
    press(&browser, &format!("button[name=persoon][value=\"{WITH_DOSSIER}\"]")).await;
    shows(&browser, "Voorbeeld-PGO").await;
    browser.close().await;
    own.kill().await.unwrap();
    roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dvza_of_the_guide_serves_the_pgo_of_the_demo_and_keeps_its_consents_in_postgresql() {
    let Some(driver) = Driver::start().await else { return };
    let Some(postgres) = TestPostgres::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let roles = Roles::start_these(&network, &[Role::DvzaTwee, Role::Dvp])
        .await
        .unwrap();
    let place = Place::prepare(&network, Role::DvzaEen).unwrap();
    let (front, back) = (network.dvzas[0].front, network.dvzas[0].back);
    let (database, program) = (postgres.create_database().unwrap(), env!("CARGO_BIN_EXE_own_dvza"));
    let arguments = [&front.to_string(), &back.to_string(), &*database];
    let mut own = start(program, &place, &arguments, front).await;

    let browser = driver.browser().await;
    browser.open(&network.start).await;
    press(&browser, "button[name=demo][value=sign-in]").await;
    browser.at("Hallo Voorbeeldpersoon").await;
    browser
        .open(&format!("{}ophalen/bij/ziekenhuisdelinde", network.start))
        .await;
    press(&browser, "button[name=collect][value=start]").await;
    browser.at("Gegevens van").await;
    browser.answer("login").await;
    browser.at("Wie ben je?").await;
    press(&browser, "button[name=ik]").await;
    browser.at("Toestemming geven").await;
    for name in ["Basisgegevens Zorg", "Basisgegevens GGZ", "Ziekenhuis De Linde"] {
        shows(&browser, name).await;
    }
    press(&browser, "#langdurig").await;
    browser.answer("yes").await;
    shows(&browser, "Alles is er: 1").await;

    // another process on the same database
    own.kill().await.unwrap();
    let mut own = start(program, &place, &arguments, front).await;
    let beheren = beheren(DVZA_ONE[0], front, "ziekenhuisdelinde");
    browser.open(&beheren).await;
    browser.answer("login").await;
    browser.at("Wie ben je?").await;
    press(&browser, "button[name=ik]").await;
    shows(&browser, "Voorbeeld-PGO").await;
    browser.answer("stop").await;
    browser.at("Toestemming stoppen").await;
    browser.answer("yes").await;
    shows(&browser, "class=\"done\"").await;
    assert!(!browser.source().await.contains("value=\"stop\""));
    let left = postgres.sql(&database, "SELECT count(*) FROM medmij.grants").unwrap();
    assert_eq!(left.trim(), "0");
    browser.close().await;
    own.kill().await.unwrap();
    roles.stop().await;
}
