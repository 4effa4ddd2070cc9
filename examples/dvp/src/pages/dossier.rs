// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dossier, and a copy of it to take along.

use crate::{
    App,
    account::events::Event,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use http::{StatusCode, header};
use std::{collections::BTreeMap, sync::Arc};

/// The routes of the dossier.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![("/dossier", get(dossier)), ("/dossier/kopie", get(copy))]
}

#[derive(Template)]
#[template(path = "dossier.html")]
struct DossierPage {
    frame: Frame,
    sources: Vec<Source>,
}

struct Source {
    provider: String,
    service: String,
    items: usize,
}

async fn dossier(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let items = async { app.dossier.of(signed_in.person()).await?.items().await };
    let items = match items.await {
        Ok(items) => items,
        Err(error) => return html::outage(&visitor, &error),
    };
    let mut sources: BTreeMap<(String, String), usize> = BTreeMap::new();
    for item in &items {
        let (provider, service) = item.kept.share().origin.map_or_else(
            || ("Jijzelf".to_owned(), "Wat je zelf toevoegde".to_owned()),
            |(source, context)| (app.providers.of(source).name, context.name().to_string()),
        );
        *sources.entry((provider, service)).or_default() += 1;
    }
    let sources = sources.into_iter().map(|((provider, service), items)| Source {
        provider,
        service,
        items,
    });
    let filled = DossierPage {
        frame: Frame::new(&visitor, Nav::Dossier),
        sources: sources.collect(),
    };
    page(StatusCode::OK, &filled)
}

/// What the Persoon has here, to take along; nobody else's.
async fn copy(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    match app.dossier.download(signed_in.person()).await {
        Ok(lines) => {
            app.record(signed_in.person(), Event::CopyTaken).await;
            let headers = [
                (header::CONTENT_TYPE, "application/x-ndjson"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"gegevens.ndjson\""),
            ];
            (headers, lines).into_response()
        }
        Err(error) => html::outage(&visitor, &error),
    }
}
