// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.dossier.105, core.dossier.106 — deleting an item or a collection: what goes is read first, then confirmed.

use super::{not_there, open, opened::collection_of};
use crate::{
    App,
    account::events::Event,
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use medmij_dvp::dossier::{DeletionScope, DeletionTexts};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "dossier/delete.html")]
struct DeletePage {
    frame: Frame,
    text: String,
    what: String,
    back: String,
    /// Of how many items it is made.
    parts: usize,
    unticked: bool,
}

pub(super) async fn item(
    State(app): State<Arc<App>>,
    Path(address): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    confirm(&app, &signed_in, &visitor, &address, scope_of_item, false).await
}

pub(super) async fn delete_item(
    State(app): State<Arc<App>>,
    Path(address): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    delete(&app, &signed_in, &visitor, &address, scope_of_item, &fields).await
}

pub(super) async fn collection(
    State(app): State<Arc<App>>,
    Path(address): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    confirm(&app, &signed_in, &visitor, &address, scope_of_collection, false).await
}

pub(super) async fn delete_collection(
    State(app): State<Arc<App>>,
    Path(address): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    delete(&app, &signed_in, &visitor, &address, scope_of_collection, &fields).await
}

/// What would go, in words and as scopes: an entry of several items goes whole.
type Scopes = fn(&super::Opened, &str) -> Option<(String, String, Vec<DeletionScope>)>;

fn scope_of_item(opened: &super::Opened, address: &str) -> Option<(String, String, Vec<DeletionScope>)> {
    let (_, entry) = opened.find(address)?;
    let items = entry.resources().iter().filter_map(|index| opened.items.get(*index));
    let scopes = items.map(|item| DeletionScope::Item(item.id)).collect();
    Some((
        entry.calm_title().to_owned(),
        format!("/dossier/gegeven/{address}"),
        scopes,
    ))
}

fn scope_of_collection(opened: &super::Opened, address: &str) -> Option<(String, String, Vec<DeletionScope>)> {
    let id = collection_of(address)?;
    let index = opened.items.iter().position(|item| item.collection == id)?;
    let source = opened.view.entry_of(index)?.source().to_owned();
    Some((source, "/dossier".to_owned(), vec![DeletionScope::Collection(id)]))
}

async fn confirm(
    app: &App,
    signed_in: &SignedIn,
    visitor: &Visitor,
    address: &str,
    scopes: Scopes,
    unticked: bool,
) -> Response {
    let opened = match open(app, signed_in, visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let Some((what, back, scopes)) = scopes(&opened, address) else {
        return not_there(visitor);
    };
    let Some(first) = scopes.first().copied() else {
        return not_there(visitor);
    };
    let announced = async { app.dossier.of(signed_in.person()).await?.announce(first).await };
    match announced.await {
        Ok(deletion) => {
            let filled = DeletePage {
                frame: Frame::new(visitor, Nav::Dossier),
                text: deletion.text(&DeletionTexts::example()),
                what,
                back,
                parts: scopes.len(),
                unticked,
            };
            page(StatusCode::OK, &filled)
        }
        Err(error) => html::outage(visitor, &error),
    }
}

async fn delete(
    app: &App,
    signed_in: &SignedIn,
    visitor: &Visitor,
    address: &str,
    scopes: Scopes,
    fields: &Fields,
) -> Response {
    if !fields.is_ticked("sure") {
        return confirm(app, signed_in, visitor, address, scopes, true).await;
    }
    let opened = match open(app, signed_in, visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let Some((_, _, scopes)) = scopes(&opened, address) else {
        return not_there(visitor);
    };
    let deleted = async {
        let dossier = app.dossier.of(signed_in.person()).await?;
        let mut items = 0;
        for scope in scopes {
            items += dossier.delete(dossier.announce(scope).await?.confirmed()).await?;
        }
        Ok::<usize, medmij_dvp::dossier::DossierError>(items)
    };
    match deleted.await {
        Ok(items) => {
            app.record(signed_in.person(), Event::ItemsDeleted { items }).await;
            html::redirect("/dossier?weg")
        }
        Err(error) => html::outage(visitor, &error),
    }
}
