// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the Persoon does: sign in and choose a zorgaanbieder at the DVP, log in and consent at the DVZA, look at the result.

use crate::{
    browser::{Browser, BrowserError, Page},
    dossier_copy,
    network::OFFERINGS,
};
use std::{path::Path, time::Duration};

/// The target and the role of the steps that the Persoon takes.
const ROLE: &str = "Persoon";

/// What a run brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Zorgaanbieders at which something was collected.
    pub zorgaanbieders: usize,
    /// Authorization flows.
    pub flows: usize,
    /// Resources and documents that came into the dossier.
    pub items: usize,
}

/// Collects at every zorgaanbieder of the network, as the first person of the login stub.
///
/// # Errors
///
/// [`PersoonError`] with the step that did not go as it should.
pub async fn collects_everywhere(start: &str) -> Result<Summary, PersoonError> {
    collects(&mut Browser::default(), start).await
}

/// The same, and takes a copy along: a folder of files.
///
/// # Errors
///
/// [`PersoonError`], as [`collects_everywhere`], and where the folder cannot be written.
pub async fn collects_and_stores(start: &str, folder: &Path) -> Result<Summary, PersoonError> {
    let mut browser = Browser::default();
    let summary = collects(&mut browser, start).await?;
    let copy = browser.open(&format!("{start}dossier/kopie")).await?;
    let files = dossier_copy::write(folder, copy.html()).map_err(PersoonError::DossierCopy)?;
    narrate(
        "core.dossier.102",
        &format!("bewaart een kopie: {files} bestanden, elk met bron en context"),
    );
    Ok(summary)
}

async fn collects(browser: &mut Browser, start: &str) -> Result<Summary, PersoonError> {
    let mut summary = Summary::default();
    let mut aanbieders: Vec<&str> = OFFERINGS.iter().map(|(aanbieder, ..)| *aanbieder).collect();
    aanbieders.dedup();
    for aanbieder in aanbieders {
        tracing::info!(target: stelselnode::STEP, "Verzamelen bij {aanbieder}");
        let mut page = chooses(browser, start, aanbieder).await?;
        loop {
            page = gives_toestemming(browser, page).await?;
            page = waits(browser, page).await?;
            summary.flows += 1;
            match page.form_with_button("step", "next") {
                Ok(form) => page = browser.submit(&page, &form, Some(("step", "next")), &[]).await?,
                Err(_) => break,
            }
        }
        summary.zorgaanbieders += 1;
        summary.items += count(&page)?;
    }
    Ok(summary)
}

/// Signs in at the DVP, with the one press of a demo, unless somebody is signed in.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn signs_in(browser: &mut Browser, start: &str) -> Result<Page, PersoonError> {
    let page = browser.open(start).await?;
    let Ok(form) = page.form_with_button("demo", "sign-in") else {
        return Ok(page);
    };
    narrate(
        "A.9.4.1",
        "logt in als voorbeeldpersoon: wachtwoord en code, door dezelfde poort",
    );
    Ok(browser.submit(&page, &form, Some(("demo", "sign-in")), &[]).await?)
}

/// Signs in at the DVP and chooses a zorgaanbieder, with everything it offers; ends on the landingspagina of its DVZA.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn chooses(browser: &mut Browser, start: &str, aanbieder: &str) -> Result<Page, PersoonError> {
    signs_in(browser, start).await?;
    let page = browser.open(&format!("{start}ophalen/bij/{aanbieder}")).await?;
    let form = page.form_with_button("collect", "start")?;
    Ok(browser.submit(&page, &form, Some(("collect", "start")), &[]).await?)
}

/// Looks at the progress until nothing more comes.
///
/// # Errors
///
/// [`PersoonError`], where the page does not come.
pub async fn waits(browser: &mut Browser, mut page: Page) -> Result<Page, PersoonError> {
    while page.html().contains("data-live=\"busy\"") {
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = browser.open(page.without_query()).await?;
    }
    Ok(page)
}

/// Goes from the landingspagina through login and consent back to the DVP.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn gives_toestemming(browser: &mut Browser, landing: Page) -> Result<Page, PersoonError> {
    let consent = logs_in(browser, landing).await?;
    narrate("core.usrint.102", &format!("leest \"{}\" en zegt ja", title(&consent)));
    answers(browser, &consent, "yes").await
}

/// Goes from the landingspagina through the login stub; ends on the question of consent.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn logs_in(browser: &mut Browser, landing: Page) -> Result<Page, PersoonError> {
    narrate(
        "core.usrint.100",
        &format!("leest \"{}\" en gaat inloggen", title(&landing)),
    );
    let stub = answers(browser, &landing, "login").await?;
    let form = stub.form_with_button("persoon", "0")?;
    narrate("", "kiest op de inlogstub wie te zijn (verzonnen persoon, test-BSN)");
    Ok(browser.submit(&stub, &form, Some(("persoon", "0")), &[]).await?)
}

/// Presses the button with that answer on a page of the DVZA.
///
/// # Errors
///
/// [`PersoonError`], where there is no such button.
pub async fn answers(browser: &mut Browser, page: &Page, answer: &str) -> Result<Page, PersoonError> {
    let form = page.form_with_button("answer", answer)?;
    Ok(browser.submit(page, &form, Some(("answer", answer)), &[]).await?)
}

/// Counts what the page lists, all of which has to be whole.
///
/// # Errors
///
/// [`PersoonError`], where something is not whole or there is nothing.
pub fn count(page: &Page) -> Result<usize, PersoonError> {
    let mut items = 0;
    for item in page
        .items()
        .iter()
        .filter(|item| item.contains("Klaar.") || item.contains("gelukt"))
    {
        let number = item
            .split_once("Alles is er: ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse::<usize>().ok());
        items += number.ok_or_else(|| PersoonError::Unsuccessful(item.clone()))?;
    }
    if items == 0 || title(page) != "Alles is opgehaald" {
        return Err(PersoonError::Unsuccessful(title(page)));
    }
    Ok(items)
}

fn title(page: &Page) -> String {
    page.text_of("h1")
        .unwrap_or_else(|| format!("een pagina met status {}", page.status()))
}

fn narrate(rule: &str, text: &str) {
    tracing::info!(target: stelselnode::STEP, role = ROLE, rule, "{text}");
}

/// Why the Persoon got stuck.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PersoonError {
    /// A page did not come, or lacks what should be on it.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// The copy cannot be written.
    #[error("copy of the dossier: {0}")]
    DossierCopy(std::io::Error),
    /// The DVP says that it did not work.
    #[error("the DVP reports: {0}")]
    Unsuccessful(String),
}
