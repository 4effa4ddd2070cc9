// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the Persoon does: choose a zorgaanbieder at the DVP, log in and consent at the DVZA, look at the result.

use crate::{
    browser::{Browser, BrowserError, Page},
    dossier_copy,
    network::OFFERINGS,
};
use std::path::Path;

/// The target and the role of the steps that the Persoon takes.
const ROLE: &str = "Persoon";

/// What a run brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Zorgaanbieders at which something was collected.
    pub zorgaanbieders: usize,
    /// Authorization flows.
    pub flows: usize,
    /// Resources in the dossier.
    pub resources: usize,
    /// Documents in the dossier.
    pub documents: usize,
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
    let copy = browser.open(&format!("{start}gegevens")).await?;
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
            summary.flows += 1;
            match page.form_with_button("stap", "verder") {
                Ok(form) => page = browser.submit(&page, &form, Some(("stap", "verder")), &[]).await?,
                Err(_) => break,
            }
        }
        let (resources, documents) = counts(&page)?;
        summary.zorgaanbieders += 1;
        summary.resources += resources;
        summary.documents += documents;
    }
    Ok(summary)
}

/// Opens the DVP and chooses a zorgaanbieder; ends on the landingspagina of its DVZA.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn chooses(browser: &mut Browser, start: &str, aanbieder: &str) -> Result<Page, PersoonError> {
    let page = browser.open(start).await?;
    let form = page.form_with_button("kies", aanbieder)?;
    Ok(browser.submit(&page, &form, Some(("kies", aanbieder)), &[]).await?)
}

/// Goes from the landingspagina through login and consent back to the DVP.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn gives_toestemming(browser: &mut Browser, landing: Page) -> Result<Page, PersoonError> {
    let consent = logs_in(browser, landing).await?;
    narrate("core.usrint.102", &format!("leest \"{}\" en zegt ja", title(&consent)));
    answers(browser, &consent, "ja").await
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
    let stub = answers(browser, &landing, "inloggen").await?;
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
    let form = page.form_with_button("antwoord", answer)?;
    Ok(browser.submit(page, &form, Some(("antwoord", answer)), &[]).await?)
}

/// Counts what the result page lists.
fn counts(page: &Page) -> Result<(usize, usize), PersoonError> {
    let mut counted = (0, 0);
    for item in page.items() {
        let words: Vec<&str> = item.split_whitespace().collect();
        let before = |word| {
            let at = words.iter().position(|each| each.starts_with(word))?;
            words.get(at.checked_sub(1)?)?.parse::<usize>().ok()
        };
        match (before("resources"), before("documenten")) {
            (Some(resources), Some(documents)) if !item.contains("niet volledig") => {
                counted = (counted.0 + resources, counted.1 + documents);
            }
            _ => return Err(PersoonError::Unsuccessful(item)),
        }
    }
    if counted.0 == 0 {
        return Err(PersoonError::Unsuccessful(title(page)));
    }
    Ok(counted)
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
