// SPDX-License-Identifier: AGPL-3.0-or-later
//! Collecting: find a zorgaanbieder, read what will be asked, log in there, see how far it is and how it ended.

use crate::{
    App, STEP,
    account::events::Event,
    collecting::{self, CollectError, Offerings, State, Why, collect_all, flows, jobs, not_collected},
    form::Fields,
    gate::{SignedIn, Visitor},
    html,
};
use axum::{
    extract::{OriginalUri, State as Has},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use http::{Method, StatusCode};
use medmij_dvp::{Callback, FlowGroup, FlowRequest};
use medmij_oauth::{OauthError, RedirectUri, Vertegenwoordiging, wire::Geboortedatum};
use medmij_types::{Clock as _, GegevensdienstId, Release, SystemClock};
use std::sync::Arc;

mod choice;
mod progress;

pub(crate) use choice::{login_origins, origin_of};
pub(crate) use progress::is_going_on;

/// The routes of collecting.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/ophalen", get(choice::providers)),
        ("/ophalen/bij/{provider}", get(choice::plan).post(start)),
        ("/ophalen/verder", post(proceed)),
        ("/ophalen/opnieuw", post(again)),
        ("/ophalen/voortgang", get(progress::progress)),
        ("/terug/{server}", get(back)),
    ]
}

/// What the Persoon ticked is asked, and nothing else.
async fn start(
    Has(app): Has<Arc<App>>,
    axum::extract::Path(provider): axum::extract::Path<String>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    let Some(offered) = collecting::offered(&app) else {
        return html::message(&visitor, StatusCode::SERVICE_UNAVAILABLE, &html::OUTAGE);
    };
    let Some(offerings) = offered.into_iter().find(|each| each.aanbieder.short() == provider) else {
        return html::redirect("/ophalen");
    };
    let ticked: Vec<&str> = fields.all("service").collect();
    // for a child nothing is collected without asking
    let wanted = fields.is_ticked("automatic") && signed_in.child().is_none();
    // core.gegevensuitwisseling.101: the tick is the order, and is beside what it means
    if wanted && let Err(error) = agree(&app, &signed_in).await {
        return html::outage(&visitor, &error);
    }
    let ticked = |id: &GegevensdienstId| ticked.contains(&id.as_str());
    begin(&app, &signed_in, &visitor, offerings, ticked, wanted).await
}

async fn agree(app: &App, signed_in: &SignedIn) -> Result<(), crate::account::vault::VaultError> {
    let person = signed_in.person();
    if !app.accounts.account(person).await?.content.automatic {
        app.accounts.change(person, |account| account.automatic = true).await?;
        app.record(person, Event::AutomaticChosen { on: true }).await;
    }
    Ok(())
}

/// What did not come is asked once more, from the list of today.
async fn again(Has(app): Has<Arc<App>>, signed_in: SignedIn, visitor: Visitor, _: Fields) -> Response {
    let job = match jobs::of(&app, signed_in.person()).await {
        Ok(Some(job)) => job,
        Ok(None) => return html::redirect("/ophalen"),
        Err(error) => return html::outage(&visitor, &error),
    };
    let missing: Vec<GegevensdienstId> = job
        .lines
        .iter()
        .filter(|line| line.state.is_to_ask_again())
        .map(|line| line.id.clone())
        .collect();
    let offered = collecting::offered(&app).unwrap_or_default();
    let Some(offerings) = offered
        .into_iter()
        .find(|each| each.aanbieder == job.offerings.aanbieder)
    else {
        return html::redirect("/ophalen");
    };
    let missing = |id: &GegevensdienstId| missing.contains(id);
    begin(&app, &signed_in, &visitor, offerings, missing, job.automatic).await
}

/// Begins to collect these services, in place of what went before.
pub(crate) async fn begin(
    app: &Arc<App>,
    signed_in: &SignedIn,
    visitor: &Visitor,
    offerings: Offerings,
    ticked: impl Fn(&GegevensdienstId) -> bool,
    automatic: bool,
) -> Response {
    let plan = offerings.plan(ticked);
    let services: Vec<String> = plan.services().map(|(_, id)| offerings.name_of(id)).collect();
    if services.is_empty() {
        return html::redirect(&format!("/ophalen/bij/{}?leeg", offerings.aanbieder.short()));
    }
    let groups: Vec<FlowGroup> = plan.into_flows().into_iter().map(|(_, group)| group).collect();
    let flows = match groups.len() {
        1 => "één flow".to_owned(),
        more => format!("{more} flows, één per DVZA"),
    };
    tracing::info!(
        target: STEP, role = app.role, rule = "core.alst.100, core.autorisatie.203",
        "Persoon kiest {}: {} gegevensdiensten, {flows}", offerings.aanbieder, services.len(),
    );
    let (person, provider) = (signed_in.person(), app.providers.of(&offerings.aanbieder).name);
    let begun = jobs::begin(app, person, (offerings, provider.clone()), groups, automatic);
    if let Err(error) = begun.await {
        return html::outage(visitor, &error);
    }
    app.record(person, Event::CollectionStarted { provider, services })
        .await;
    next_login(app, signed_in, visitor).await
}

/// A second press, or a reload, goes on where the first one went.
async fn proceed(Has(app): Has<Arc<App>>, signed_in: SignedIn, visitor: Visitor, _: Fields) -> Response {
    next_login(&app, &signed_in, &visitor).await
}

/// Sends the browser to the authorization server of the next flow.
async fn next_login(app: &App, signed_in: &SignedIn, visitor: &Visitor) -> Response {
    let person = signed_in.person();
    let job = match jobs::of(app, person).await {
        Ok(Some(job)) => job,
        Ok(None) => return html::redirect("/ophalen"),
        Err(error) => return html::outage(visitor, &error),
    };
    let Some(group) = job.next() else {
        return html::redirect("/ophalen/voortgang");
    };
    match location(app, signed_in, visitor, &job.offerings, &group).await {
        Ok(location) => {
            tracing::info!(
                target: STEP, role = app.role, rule = "core.authint.200, core.authint.208",
                "stuurt de Persoon naar {} met het autorisatieverzoek", group.authorization_endpoint.hostname(),
            );
            html::redirect(&location)
        }
        Err(error) => {
            tracing::error!(error, "the flow cannot start");
            let failed = State::Failed { why: Why::AtUs };
            jobs::with(app, person, job.number(), |job| {
                job.came_back(&group.gegevensdiensten, &failed);
            })
            .await;
            html::redirect("/ophalen/voortgang")
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
    let text = |error: &dyn std::error::Error| error.to_string();
    // a path of its own for each server, so that one cannot pass for another
    let path = app.dvp.redirect_path("/terug", group.authorization_endpoint.hostname());
    let redirect_uri =
        RedirectUri::parse(&format!("https://{}{path}", app.dvp.client_id())).map_err(|error| text(&error))?;
    let flow_request = FlowRequest::verzamelen(Release::DEFAULT, offerings.aanbieder.clone(), group, redirect_uri)
        .map_err(|error| text(&error))?
        .from_list(offerings.volgnummer);
    let flow_request = on_behalf(signed_in, flow_request).map_err(|error| text(&error))?;
    let now = SystemClock::default().now();
    let account = app
        .accounts
        .active(signed_in.account(), now)
        .await
        .map_err(|error| text(&error))?;
    let account = account.ok_or("the account is not active (core.account.100)")?;
    let started = app
        .dvp
        .start(account, flow_request, &visitor.binding)
        .map_err(|error| text(&error))?;
    flows::keep(app, signed_in.person(), &started.flow)
        .await
        .map_err(|error| text(&error))?;
    app.node
        .danger_loopback()
        .rewrite_front(&started.location)
        .map_err(|error| text(&error))
}

/// ext.vert.authint.200 — for a child by parental authority, with its birth date, which the other side compares.
pub(crate) fn on_behalf(signed_in: &SignedIn, request: FlowRequest) -> Result<FlowRequest, OauthError> {
    let Some(child) = signed_in.child() else {
        return Ok(request);
    };
    let born = child.born.to_string().replace('-', "");
    request.on_behalf_of(Vertegenwoordiging::ParentalAuthority, Geboortedatum::parse(&born)?)
}

/// The Persoon comes back: the answer is taken here, and what follows goes on by itself while the page shows it.
async fn back(
    Has(app): Has<Arc<App>>,
    method: Method,
    signed_in: SignedIn,
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
) -> Response {
    // axum answers HEAD with the same handler; who only looks must not spend the code
    if method != Method::GET {
        return StatusCode::OK.into_response();
    }
    let person = signed_in.person();
    let callback = Callback::new(&visitor.binding, uri.path(), uri.query().unwrap_or_default());
    let query = uri.query().unwrap_or_default();
    let found = async {
        let flows = flows::take(&app, person, &visitor.binding, query).await?;
        Ok::<_, crate::account::vault::VaultError>((flows, jobs::of(&app, person).await?))
    };
    let (flows, job) = match found.await {
        Ok(found) => found,
        Err(error) => return html::outage(&visitor, &error),
    };
    let received = app.dvp.finish(&flows, &callback);
    let Some(job) = job else {
        return html::redirect("/ophalen");
    };
    match received {
        Ok(received) => {
            tracing::info!(
                target: STEP, role = app.role, rule = "core.tknint.202",
                "herkent het antwoord aan de eigen state en heeft een code",
            );
            let asked = received.flow().gegevensdiensten().to_vec();
            jobs::with(&app, person, job.number(), |job| {
                job.came_back(&asked, &State::Running { answers: 0 });
            })
            .await;
            let app = Arc::clone(&app);
            tokio::spawn(async move { collect_all(&app, person, &job, received).await });
        }
        Err(error) => {
            let error = CollectError::from(error);
            // of a flow that is not ours, or came back already, nothing changes
            if let Some(ids) = job.waiting.front().filter(|_| error.ends_the_flow()) {
                jobs::with(&app, person, job.number(), |job| job.came_back(ids, &error.state())).await;
                not_collected(&app, (person, job.number()), &job.provider, ids, &error).await;
            }
        }
    }
    // a redirect, so that the code does not stay in the address bar
    html::redirect("/ophalen/voortgang")
}
