// SPDX-License-Identifier: AGPL-3.0-or-later
//! "Voor mijn kind": the children of an account, adding one, opening its dossier, and what is there when it is too old.

use crate::{
    App,
    account::vault::VaultError,
    automatic,
    children::{self, AddError, Child, today},
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
    routing::{MethodRouter, get, post},
};
use http::StatusCode;
use medmij_dvp::{
    dossier::{DeletionScope, DeletionTexts},
    person::{RepresentationPage, RepresentationTexts},
};
use medmij_types::CalendarDate;
use std::sync::Arc;

/// The routes of representation.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/kinderen", get(list)),
        ("/kinderen/toevoegen", get(form).post(add)),
        ("/kinderen/terug", post(back)),
        ("/kinderen/{child}", get(child)),
        ("/kinderen/{child}/openen", post(open)),
        ("/kinderen/{child}/verwijderen", get(confirm).post(delete)),
    ]
}

#[derive(Template)]
#[template(path = "children/list.html")]
struct ListPage {
    frame: Frame,
    children: Vec<Line>,
}

struct Line {
    number: String,
    name: String,
    born: String,
    open: bool,
}

async fn list(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let (today, parent) = (today(&app), signed_in.account());
    let found = async {
        children::sweep(&app, parent, today).await?;
        Ok::<_, automatic::AutomaticError>(children::all(&app.accounts.vault, parent).await?)
    };
    match found.await {
        Ok(all) => {
            let line = |child: &Child| Line {
                number: child.number(),
                name: child.name.clone(),
                born: html::date(child.born),
                open: child.page(today).is_none(),
            };
            let filled = ListPage {
                frame: Frame::new(&visitor, Nav::None),
                children: all.iter().map(line).collect(),
            };
            page(StatusCode::OK, &filled)
        }
        Err(error) => html::outage(&visitor, &error),
    }
}

#[derive(Template)]
#[template(path = "children/add.html")]
struct AddPage {
    frame: Frame,
    name: String,
    born: String,
    problem: Option<(&'static str, &'static str)>,
}

async fn form(_: SignedIn, visitor: Visitor) -> Response {
    page(StatusCode::OK, &filled_in(&visitor, "", "", None))
}

fn filled_in(visitor: &Visitor, name: &str, born: &str, problem: Option<(&'static str, &'static str)>) -> AddPage {
    AddPage {
        frame: Frame::new(visitor, Nav::None),
        name: name.to_owned(),
        born: born.to_owned(),
        problem,
    }
}

async fn add(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor, fields: Fields) -> Response {
    let (name, typed) = (fields.text("name"), fields.text("born"));
    let again = |field, text| {
        let form = filled_in(&visitor, name, typed, Some((field, text)));
        page(StatusCode::UNPROCESSABLE_ENTITY, &form)
    };
    let Some(born) = day_of(typed) else {
        return again("born", "Vul een datum in, zoals 3-6-2019.");
    };
    if !fields.is_ticked("parent") {
        return again("parent", "Zet hier een vinkje. Je kunt dit alleen voor je eigen kind.");
    }
    match children::add(&app, signed_in.account(), name, born).await {
        Ok(child) => html::redirect(&format!("/kinderen/{}", child.number())),
        Err(AddError::Name) => again("name", "Vul de voornaam van je kind in."),
        Err(AddError::NotBorn) => again("born", "Deze datum is nog niet geweest."),
        Err(AddError::Full) => again("name", "Je hebt hier al 10 kinderen. Meer kan niet."),
        Err(AddError::Age(RepresentationPage::Handover)) => html::message(&visitor, StatusCode::OK, &GROWN_UP),
        Err(AddError::Age(_)) => html::message(&visitor, StatusCode::OK, &NOT_YET),
        Err(error) => html::outage(&visitor, &error),
    }
}

/// From 12 to 15 nobody collects: not the parent, and not the young person.
const NOT_YET: html::Message = html::Message {
    title: "Dat kan nog niet",
    text: "Je kind is 12 jaar of ouder. Een ouder kan dan geen gegevens meer ophalen. Je kind kan het zelf vanaf 16 jaar. \
           Wil je nu iets weten? Vraag het aan de zorgverlener.",
    link: ("/kinderen", "Ga terug"),
};

const GROWN_UP: html::Message = html::Message {
    title: "Je kind kan dit zelf",
    text: "Je kind is 16 jaar of ouder. Je kind maakt zelf een account. Jij kunt dan niet meer voor je kind ophalen.",
    link: ("/kinderen", "Ga terug"),
};

/// A day as people type it: day, month, year.
fn day_of(typed: &str) -> Option<CalendarDate> {
    let mut parts = typed.trim().split(['-', '/', '.', ' ']).filter(|part| !part.is_empty());
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let born = CalendarDate::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    (born.year() >= 1900).then_some(born)
}

#[derive(Template)]
#[template(path = "children/child.html")]
struct ChildPage {
    frame: Frame,
    number: String,
    name: String,
    born: String,
    items: usize,
    /// The day from which the parent sees nothing any more, where it is near.
    ends: Option<String>,
    /// What is there in place of the dossier.
    closed: Option<String>,
    /// The child is old enough to take it over.
    offered: bool,
}

/// A child of this account.
async fn of(app: &App, signed_in: &SignedIn, number: &str) -> Result<Option<Child>, VaultError> {
    children::find(&app.accounts.vault, signed_in.account(), number).await
}

async fn child(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let child = found!(visitor, of(&app, &signed_in, &number).await);
    let today = today(&app);
    let closed = child.page(today);
    let items = match closed {
        // what is closed is not counted either
        Some(_) => 0,
        None => {
            let items = async { app.dossier.of(child.person).await?.items().await };
            match items.await {
                Ok(items) => items.len(),
                Err(error) => return html::outage(&visitor, &error),
            }
        }
    };
    let filled = ChildPage {
        frame: Frame::new(&visitor, Nav::None),
        number: child.number(),
        name: child.name.clone(),
        born: html::date(child.born),
        items,
        ends: child.ends(today).map(html::date),
        offered: closed.is_some() && child.born.age_on(today) >= 16,
        closed: closed.map(|page| RepresentationTexts::example().text(page).to_owned()),
    };
    page(StatusCode::OK, &filled)
}

async fn open(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    let child = found!(visitor, of(&app, &signed_in, &number).await);
    if child.page(today(&app)).is_some() {
        return html::redirect(&format!("/kinderen/{}", child.number()));
    }
    let to = match fields.text("open") {
        "collect" => "/ophalen",
        "happened" => "/gebeurd",
        "consents" => "/toestemmingen",
        _ => "/dossier",
    };
    match app.accounts.act_for(&visitor.secret, Some(child.person)).await {
        Ok(()) => html::redirect(to),
        Err(error) => html::outage(&visitor, &error),
    }
}

async fn back(State(app): State<Arc<App>>, _: SignedIn, visitor: Visitor, _: Fields) -> Response {
    match app.accounts.act_for(&visitor.secret, None).await {
        Ok(()) => html::redirect("/overzicht"),
        Err(error) => html::outage(&visitor, &error),
    }
}

#[derive(Template)]
#[template(path = "children/delete.html")]
struct DeletePage {
    frame: Frame,
    number: String,
    name: String,
    text: String,
    unticked: bool,
}

async fn confirm(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    let child = found!(visitor, of(&app, &signed_in, &number).await);
    if child.page(today(&app)).is_some() {
        return html::redirect(&format!("/kinderen/{}", child.number()));
    }
    confirmation(&app, &visitor, &child, StatusCode::OK).await
}

async fn confirmation(app: &App, visitor: &Visitor, child: &Child, status: StatusCode) -> Response {
    let announced = async {
        app.dossier
            .of(child.person)
            .await?
            .announce(DeletionScope::Account)
            .await
    };
    match announced.await {
        Ok(deletion) => {
            let filled = DeletePage {
                frame: Frame::new(visitor, Nav::None),
                number: child.number(),
                name: child.name.clone(),
                text: deletion.text(&DeletionTexts::example()),
                unticked: status != StatusCode::OK,
            };
            page(status, &filled)
        }
        Err(error) => html::outage(visitor, &error),
    }
}

/// A dossier that was closed waits for the child, and is not the parent's to delete.
async fn delete(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    let child = found!(visitor, of(&app, &signed_in, &number).await);
    if child.page(today(&app)).is_some() {
        return html::redirect(&format!("/kinderen/{}", child.number()));
    }
    if !fields.is_ticked("sure") {
        return confirmation(&app, &visitor, &child, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match erase(&app, &child).await {
        Ok(()) => {
            let name = child.name;
            let event = crate::account::events::Event::ChildRemoved { name };
            app.record(signed_in.account(), event).await;
            if let Err(error) = app.accounts.act_for(&visitor.secret, None).await {
                return html::outage(&visitor, &error);
            }
            html::redirect("/kinderen")
        }
        Err(error) => html::outage(&visitor, &*error),
    }
}

/// Erases the dossier of a child with its keys.
pub(crate) async fn erase(app: &App, child: &Child) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    automatic::forget_all(app, child.person).await?;
    let dossier = app.dossier.of(child.person).await?;
    let deletion = dossier.announce(DeletionScope::Account).await?.confirmed();
    app.dossier.erase(child.person, deletion).await?;
    Ok(children::remove(&app.accounts.vault, child).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_people_type_it() {
        for typed in ["3-6-2019", "03-06-2019", " 3/6/2019 ", "3 6 2019", "3.6.2019"] {
            assert_eq!(day_of(typed), CalendarDate::new(2019, 6, 3), "{typed}");
        }
        for typed in [
            "",
            "3-6",
            "3-6-19",
            "31-2-2019",
            "3-6-2019-1",
            "2019-06-03",
            "3-6-1799",
            "morgen",
        ] {
            assert_eq!(day_of(typed), None, "{typed}");
        }
    }
}
