// SPDX-License-Identifier: AGPL-3.0-or-later
//! Beheren toestemmingen: at which zorgaanbieders consents may stand, the way there, what stays here and what stops there.

use super::collect;
use crate::{
    App, STEP, automatic,
    collecting::{self, Offerings, flows},
    form::Fields,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav},
    messages,
};
use askama::Template;
use axum::{
    extract::{OriginalUri, Path, RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use http::{Method, StatusCode};
use medmij_dvp::{Callback, FlowGroup, FlowRequest, dossier::Origin};
use medmij_oauth::RedirectUri;
use medmij_types::{Aanbiedernaam, Clock as _, FrontchannelUri, Release, SystemClock};
use std::{collections::BTreeSet, error::Error, sync::Arc};

/// The routes of Beheren.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/toestemmingen", get(overview)),
        ("/toestemmingen/bij/{provider}/{place}", post(there)),
        ("/toestemmingen/terug/{server}", get(back)),
    ]
}

/// One place where the Persoon logs in to manage consents.
pub(crate) struct Place {
    pub(crate) provider: String,
    pub(crate) services: String,
    /// Where the form of the way there goes.
    pub(crate) action: String,
    /// To which origin that leads.
    pub(crate) origin: Option<String>,
}

#[derive(Template)]
#[template(path = "consents.html")]
struct ConsentsPage {
    frame: Frame,
    places: Vec<Place>,
    /// The Persoon came back from there.
    back: bool,
    /// It did not work.
    failed: bool,
}

async fn overview(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    signed_in: SignedIn,
    visitor: Visitor,
) -> Response {
    match places(&app, &signed_in).await {
        Ok(places) => {
            let origins = origins(&places);
            let filled = ConsentsPage {
                frame: Frame::new(&visitor, Nav::None),
                places,
                back: query.as_deref() == Some("terug"),
                failed: query.as_deref() == Some("storing"),
            };
            html::page_leading_to(&filled, &origins)
        }
        Err(error) => html::outage(&visitor, &*error),
    }
}

/// The origins to which the forms of these places lead.
pub(crate) fn origins(places: &[Place]) -> Vec<String> {
    let origins: BTreeSet<&String> = places.iter().filter_map(|place| place.origin.as_ref()).collect();
    origins.into_iter().cloned().collect()
}

/// Every place at which something was collected or asked, by the name of its zorgaanbieder.
pub(crate) async fn places(app: &App, signed_in: &SignedIn) -> Result<Vec<Place>, Box<dyn Error + Send + Sync>> {
    let known = providers(app, signed_in).await?;
    let mut places = Vec::new();
    for offerings in collecting::offered(app).unwrap_or_default() {
        if !known.contains(&offerings.aanbieder) {
            continue;
        }
        for (number, group) in groups(&offerings).into_iter().enumerate() {
            let names: Vec<String> = group.gegevensdiensten.iter().map(|id| offerings.name_of(id)).collect();
            places.push(Place {
                provider: app.providers.of(&offerings.aanbieder).name,
                services: names.join(", "),
                action: format!("/toestemmingen/bij/{}/{number}", offerings.aanbieder.short()),
                origin: collect::origin_of(app, group.authorization_endpoint.as_ref()),
            });
        }
    }
    places.sort_by(|one, two| (&one.provider, &one.action).cmp(&(&two.provider, &two.action)));
    Ok(places)
}

fn groups(offerings: &Offerings) -> Vec<FlowGroup> {
    let flows = offerings.plan(|_| true).into_flows();
    flows.into_iter().map(|(_, group)| group).collect()
}

/// Where something came from, and where messages are on.
async fn providers(app: &App, signed_in: &SignedIn) -> Result<BTreeSet<Aanbiedernaam>, Box<dyn Error + Send + Sync>> {
    let mut known = BTreeSet::new();
    for item in app.dossier.of(signed_in.person()).await?.items().await? {
        if let Origin::Unchanged(from) | Origin::Changed(from) = item.entry.origin() {
            known.insert(from.source().clone());
        }
    }
    let consents = automatic::all(app, signed_in.person()).await?;
    known.extend(consents.into_iter().map(|listed| listed.consent.aanbieder));
    if signed_in.child().is_none() {
        let messages = messages::all(app, signed_in.account()).await?;
        known.extend(messages.into_iter().map(|listed| listed.kept.aanbieder));
    }
    Ok(known)
}

/// Where consents are managed. No list of MedMij says it: it is beside the authorization endpoint.
fn beside(authorize: &FrontchannelUri) -> Option<FrontchannelUri> {
    let place = authorize.as_ref().strip_suffix("/authorize")?;
    FrontchannelUri::parse(&format!("{place}/toestemmingen")).ok()
}

async fn there(
    State(app): State<Arc<App>>,
    Path((provider, place)): Path<(String, String)>,
    signed_in: SignedIn,
    visitor: Visitor,
    _: Fields,
) -> Response {
    let offered = collecting::offered(&app).unwrap_or_default();
    let offerings = offered.into_iter().find(|each| each.aanbieder.short() == provider);
    let found = offerings.and_then(|offerings| {
        let group = groups(&offerings).into_iter().nth(place.parse().ok()?)?;
        Some((offerings, group))
    });
    let Some((offerings, group)) = found else {
        return html::message(&visitor, StatusCode::NOT_FOUND, &html::NOT_FOUND);
    };
    match location(&app, &signed_in, &visitor, &offerings, &group).await {
        Ok(location) => {
            tracing::info!(
                target: STEP, role = app.role, rule = "Beheren toestemmingen",
                "stuurt de Persoon naar {} om toestemmingen te beheren", group.authorization_endpoint.hostname(),
            );
            html::redirect(&location)
        }
        Err(error) => {
            tracing::error!(error, "consents cannot be managed");
            html::redirect("/toestemmingen?storing")
        }
    }
}

async fn location(
    app: &App,
    signed_in: &SignedIn,
    visitor: &Visitor,
    offerings: &Offerings,
    group: &FlowGroup,
) -> Result<String, String> {
    let text = |error: &dyn Error| error.to_string();
    let path = app
        .dvp
        .redirect_path("/toestemmingen/terug", group.authorization_endpoint.hostname());
    let redirect_uri =
        RedirectUri::parse(&format!("https://{}{path}", app.dvp.client_id())).map_err(|error| text(&error))?;
    let mut group = group.clone();
    group.authorization_endpoint =
        beside(&group.authorization_endpoint).ok_or("where consents are managed is not known")?;
    let request = FlowRequest::verzamelen(Release::DEFAULT, offerings.aanbieder.clone(), &group, redirect_uri)
        .map_err(|error| text(&error))?
        .from_list(offerings.volgnummer);
    let request = collect::on_behalf(signed_in, request).map_err(|error| text(&error))?;
    let now = SystemClock::default().now();
    let account = app.accounts.active(signed_in.account(), now).await;
    let account = account.map_err(|error| text(&error))?;
    let account = account.ok_or("the account is not active (core.account.100)")?;
    let started = app.dvp.start(account, request, &visitor.binding);
    let started = started.map_err(|error| text(&error))?;
    flows::keep(app, signed_in.person(), &started.flow)
        .await
        .map_err(|error| text(&error))?;
    let loopback = app.node.danger_loopback();
    loopback.rewrite_front(&started.location).map_err(|error| text(&error))
}

/// The Persoon comes back; what was done there is not told to us.
async fn back(
    State(app): State<Arc<App>>,
    method: Method,
    signed_in: SignedIn,
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
) -> Response {
    if method != Method::GET {
        return StatusCode::OK.into_response();
    }
    let query = uri.query().unwrap_or_default();
    let callback = Callback::new(&visitor.binding, uri.path(), query);
    let flows = match flows::take(&app, signed_in.person(), &visitor.binding, query).await {
        Ok(flows) => flows,
        Err(error) => return html::outage(&visitor, &error),
    };
    match app.dvp.returned(&flows, &callback) {
        Ok(_) => html::redirect("/toestemmingen?terug"),
        Err(error) => {
            tracing::info!(%error, "nobody waits for this answer");
            html::redirect("/toestemmingen")
        }
    }
}
