// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the Persoon does: choose a zorgaanbieder at the DVP, log in and consent at the DVZA, look at the result.

use crate::{
    browser::{Browser, BrowserError, Page},
    kopie,
    netwerk::AANBOD,
};
use std::path::Path;

/// The target and the role of the steps that the Persoon takes.
const ROL: &str = "Persoon";

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
    pub documenten: usize,
}

/// Collects at every zorgaanbieder of the network, as the first person of the login stub.
///
/// # Errors
///
/// [`PersoonError`] with the step that did not go as it should.
pub async fn verzamelt_overal(start: &str) -> Result<Summary, PersoonError> {
    verzamelt(&mut Browser::default(), start).await
}

/// The same, and takes a copy along: a folder of files.
///
/// # Errors
///
/// [`PersoonError`], as [`verzamelt_overal`], and where the folder cannot be written.
pub async fn verzamelt_en_bewaart(start: &str, folder: &Path) -> Result<Summary, PersoonError> {
    let mut browser = Browser::default();
    let summary = verzamelt(&mut browser, start).await?;
    let copy = browser.open(&format!("{start}gegevens")).await?;
    let files = kopie::write(folder, copy.html()).map_err(PersoonError::Kopie)?;
    vertel(
        "core.dossier.102",
        &format!("bewaart een kopie: {files} bestanden, elk met bron en context"),
    );
    Ok(summary)
}

async fn verzamelt(browser: &mut Browser, start: &str) -> Result<Summary, PersoonError> {
    let mut summary = Summary::default();
    let mut aanbieders: Vec<&str> = AANBOD.iter().map(|(aanbieder, ..)| *aanbieder).collect();
    aanbieders.dedup();
    for aanbieder in aanbieders {
        tracing::info!(target: stelselnode::STAP, "Verzamelen bij {aanbieder}");
        let mut page = kiest(browser, start, aanbieder).await?;
        loop {
            page = geeft_toestemming(browser, page).await?;
            summary.flows += 1;
            match page.form_with_button("stap", "verder") {
                Ok(form) => page = browser.submit(&page, &form, Some(("stap", "verder")), &[]).await?,
                Err(_) => break,
            }
        }
        let (resources, documenten) = telt(&page)?;
        summary.zorgaanbieders += 1;
        summary.resources += resources;
        summary.documenten += documenten;
    }
    Ok(summary)
}

/// Opens the DVP and chooses a zorgaanbieder; ends on the landingspagina of its DVZA.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn kiest(browser: &mut Browser, start: &str, aanbieder: &str) -> Result<Page, PersoonError> {
    let page = browser.open(start).await?;
    let form = page.form_with_button("kies", aanbieder)?;
    Ok(browser.submit(&page, &form, Some(("kies", aanbieder)), &[]).await?)
}

/// Goes from the landingspagina through login and consent back to the DVP.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn geeft_toestemming(browser: &mut Browser, landing: Page) -> Result<Page, PersoonError> {
    let consent = logt_in(browser, landing).await?;
    vertel("core.usrint.102", &format!("leest \"{}\" en zegt ja", title(&consent)));
    antwoordt(browser, &consent, "ja").await
}

/// Goes from the landingspagina through the login stub; ends on the question of consent.
///
/// # Errors
///
/// [`PersoonError`], where a page or button is missing.
pub async fn logt_in(browser: &mut Browser, landing: Page) -> Result<Page, PersoonError> {
    vertel(
        "core.usrint.100",
        &format!("leest \"{}\" en gaat inloggen", title(&landing)),
    );
    let stub = antwoordt(browser, &landing, "inloggen").await?;
    let form = stub.form_with_button("persoon", "0")?;
    vertel("", "kiest op de inlogstub wie te zijn (verzonnen persoon, test-BSN)");
    Ok(browser.submit(&stub, &form, Some(("persoon", "0")), &[]).await?)
}

/// Presses the button with that answer on a page of the DVZA.
///
/// # Errors
///
/// [`PersoonError`], where there is no such button.
pub async fn antwoordt(browser: &mut Browser, page: &Page, antwoord: &str) -> Result<Page, PersoonError> {
    let form = page.form_with_button("antwoord", antwoord)?;
    Ok(browser.submit(page, &form, Some(("antwoord", antwoord)), &[]).await?)
}

/// Counts what the result page lists.
fn telt(page: &Page) -> Result<(usize, usize), PersoonError> {
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
            _ => return Err(PersoonError::NietGelukt(item)),
        }
    }
    if counted.0 == 0 {
        return Err(PersoonError::NietGelukt(title(page)));
    }
    Ok(counted)
}

fn title(page: &Page) -> String {
    page.text_of("h1")
        .unwrap_or_else(|| format!("een pagina met status {}", page.status()))
}

fn vertel(regel: &str, text: &str) {
    tracing::info!(target: stelselnode::STAP, rol = ROL, regel, "{text}");
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
    Kopie(std::io::Error),
    /// The DVP says that it did not work.
    #[error("the DVP reports: {0}")]
    NietGelukt(String),
}
