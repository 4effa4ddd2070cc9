// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.100, core.dossier.104 — the dossier: what came, in plain Dutch, with where it came from at each of it.
//!
//! It is unsealed for one request and for the Persoon of its session. An address names an item of that dossier; one of
//! another dossier is not there.

mod beside;
mod delete;
mod document;
mod entry;
mod export;
mod line;
mod locked;
mod opened;
mod overview;
mod own;
mod print;
mod report;
mod search;
mod section;
mod timeline;

use crate::{
    App,
    gate::{SignedIn, Visitor},
    html,
};
use axum::{
    response::Response,
    routing::{MethodRouter, get, post},
};
use http::StatusCode;
use opened::Opened;
use std::sync::Arc;

/// The routes of the dossier.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/dossier", get(overview::overview)),
        ("/dossier/onderdeel/{section}", get(section::section)),
        ("/dossier/gegeven/{item}", get(entry::entry)),
        ("/dossier/document/{item}/{number}", get(document::document)),
        ("/dossier/tijdlijn", get(timeline::timeline)),
        ("/dossier/zoeken", get(search::search)),
        ("/dossier/naast-elkaar", get(beside::beside)),
        ("/dossier/afdrukken", get(print::print)),
        ("/dossier/toevoegen", get(own::form).post(own::add)),
        (
            "/dossier/verwijderen/gegeven/{item}",
            get(delete::item).post(delete::delete_item),
        ),
        (
            "/dossier/verwijderen/ophaling/{collection}",
            get(delete::collection).post(delete::delete_collection),
        ),
        ("/dossier/kopie", get(export::copy)),
        ("/dossier/meenemen", get(export::export)),
        ("/dossier/meenemen/met-wachtwoord", post(locked::locked)),
        ("/dossier/meenemen/rapport", get(report::report)),
        ("/dossier/meenemen/{part}", get(export::download)),
    ]
}

/// Opens the dossier of whoever is signed in, or says that it cannot be.
async fn open(app: &App, signed_in: &SignedIn, visitor: &Visitor) -> Result<Opened, Response> {
    let items = async { app.dossier.of(signed_in.person()).await?.items().await };
    match items.await {
        Ok(items) => Ok(Opened::of(&app.providers, items)),
        Err(error) => Err(html::outage(visitor, &error)),
    }
}

/// What is not in this dossier, whether it is in another or nowhere.
fn not_there(visitor: &Visitor) -> Response {
    html::message(visitor, StatusCode::NOT_FOUND, &NOT_THERE)
}

const NOT_THERE: html::Message = html::Message {
    title: "Dit staat niet in je dossier",
    text: "Misschien heb je het verwijderd. Kijk in je dossier wat er wel is.",
    link: ("/dossier", "Ga naar je dossier"),
};
