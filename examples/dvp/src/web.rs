// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages of the DVP.
//!
//! The routes: `/` the choice of a zorgaanbieder, `/verzamelen` the start of its first flow, `/verder` of the next one,
//! `/terug/{server}` where the authorization server sends the browser (a path of its own for each, so that one server
//! cannot pass for another), `/resultaat` what came of it, `/gegevens` the dossier to take along.

use crate::STEP;
use crate::{
    App,
    offerings::{self, Offerings},
    verzamelen::{CollectError, CollectResult, Job, collect_all},
};
use askama::Template;
use axum::{
    Form, Router,
    extract::{OriginalUri, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use medmij_dvp::{Callback, FlowGroup, FlowRequest};
use medmij_oauth::RedirectUri;
use medmij_types::{Aanbiedernaam, Release};
use serde::Deserialize;
use std::sync::Arc;

const COOKIE: &str = "pgo";

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(choice))
        .route("/verzamelen", post(verzamelen))
        .route("/verder", post(proceed))
        .route("/terug/{server}", get(back))
        .route("/resultaat", get(result))
        .route("/gegevens", get(data))
        .with_state(app)
}

#[derive(Template)]
#[template(path = "keuze.html")]
struct Choice {
    csrf: String,
    offerings: Vec<Offerings>,
    volgnummer: String,
}

async fn choice(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (Some(zal), Some(gnl)) = (app.zal.current(), app.gnl.current()) else {
        return outage();
    };
    let known = session(&headers).and_then(|secret| Some((app.sessions.csrf(secret)?, None)));
    let (csrf, fresh) = match known {
        Some(known) => known,
        None => match app.sessions.start() {
            Ok(secret) => (app.sessions.csrf(&secret).unwrap_or_default(), Some(secret)),
            Err(_) => return outage(),
        },
    };
    let volgnummer = zal.header().volgnummer().to_string();
    let mut response = page(
        StatusCode::OK,
        &Choice {
            csrf,
            offerings: offerings::all(&zal, &gnl),
            volgnummer,
        },
    );
    if let Some(secret) = fresh
        && let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax"))
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[derive(Deserialize)]
struct Chosen {
    csrf: String,
    aanbieder: Aanbiedernaam,
}

async fn verzamelen(State(app): State<Arc<App>>, headers: HeaderMap, Form(form): Form<Chosen>) -> Response {
    let Some(secret) = own_form(&app, &headers, &form.csrf) else {
        return foreign_form();
    };
    let (Some(zal), Some(gnl)) = (app.zal.current(), app.gnl.current()) else {
        return outage();
    };
    let Some(offerings) = offerings::all(&zal, &gnl)
        .into_iter()
        .find(|each| each.aanbieder == form.aanbieder)
    else {
        return redirect_to("/");
    };
    let mut wait = offerings.flows();
    let count = offerings.gegevensdiensten.len();
    let flows = if wait.len() == 1 {
        "één flow".to_owned()
    } else {
        format!("{} flows, één per DVZA", wait.len())
    };
    tracing::info!(
        target: STEP, role = app.role, rule = "core.alst.100, core.autorisatie.203",
        "Persoon kiest {}: {count} gegevensdiensten, {flows}", offerings.aanbieder,
    );
    let first = wait.pop_front();
    let response = first.map(|group| begin(&app, secret, &offerings, &group));
    app.sessions.begin(
        secret,
        Job {
            offerings,
            wait,
            results: Vec::new(),
        },
    );
    response.unwrap_or_else(|| redirect_to("/"))
}

#[derive(Deserialize)]
struct Proceed {
    csrf: String,
}

async fn proceed(State(app): State<Arc<App>>, headers: HeaderMap, Form(form): Form<Proceed>) -> Response {
    let Some(secret) = own_form(&app, &headers, &form.csrf) else {
        return foreign_form();
    };
    let next = app
        .sessions
        .with(secret, |job| Some((job.offerings.clone(), job.wait.pop_front()?)));
    match next.flatten() {
        Some((offerings, group)) => begin(&app, secret, &offerings, &group),
        None => redirect_to("/resultaat"),
    }
}

/// Sends the browser to the authorization server of a flow.
fn begin(app: &App, secret: &str, offerings: &Offerings, group: &FlowGroup) -> Response {
    let server = group.authorization_endpoint.hostname();
    let path = app.dvp.redirect_path("/terug", server);
    let started = RedirectUri::parse(&format!("https://{}{path}", app.dvp.client_id()))
        .map_err(|error| error.to_string())
        .and_then(|redirect_uri| {
            let flow_request =
                FlowRequest::verzamelen(Release::DEFAULT, offerings.aanbieder.clone(), group, redirect_uri);
            let flow_request = flow_request
                .map_err(|error| error.to_string())?
                .from_list(offerings.volgnummer);
            let account = app.sessions.account(secret).ok_or("the session has ended")?;
            let account = account.map_err(|error| error.to_string())?;
            app.dvp
                .start(account, flow_request, secret)
                .map_err(|error| error.to_string())
        });
    let location = started.and_then(|started| {
        app.flows.insert(started.flow);
        app.node
            .danger_loopback()
            .rewrite_front(&started.location)
            .map_err(|error| error.to_string())
    });
    match location {
        Ok(location) => {
            tracing::info!(
                target: STEP, role = app.role, rule = "core.authint.200, core.authint.208",
                "stuurt de Persoon naar {server} met het autorisatieverzoek",
            );
            redirect_to(&location)
        }
        Err(error) => {
            tracing::error!(error, "the flow cannot start");
            outage()
        }
    }
}

async fn back(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Response {
    // axum answers HEAD with the same handler; who only looks must not spend the code
    if method != Method::GET {
        return StatusCode::OK.into_response();
    }
    let Some(secret) = session(&headers) else {
        return redirect_to("/");
    };
    let callback = Callback::new(secret, uri.path(), uri.query().unwrap_or_default());
    let received = app.dvp.finish(&app.flows, &callback);
    let known = app.sessions.with(secret, |job| job.offerings.clone());
    let (Some(offerings), Some(person)) = (known, app.sessions.person(secret)) else {
        return redirect_to("/");
    };
    let outcome = match received {
        Ok(received) => {
            tracing::info!(target: STEP, role = app.role, rule = "core.tknint.202", "herkent het antwoord aan de eigen state en heeft een code");
            collect_all(&app, person, &offerings, received).await
        }
        Err(error) => Err(CollectError::from(error)),
    };
    let results = outcome.unwrap_or_else(|error| {
        tracing::info!(target: STEP, role = app.role, rule = "", "krijgt geen gegevens: {error}");
        vec![CollectResult::Failed {
            user_message: error.user_message(),
        }]
    });
    app.sessions.with(secret, |job| job.results.extend(results));
    // a redirect, so that the code does not stay in the address bar
    redirect_to("/resultaat")
}

#[derive(Template)]
#[template(path = "resultaat.html")]
struct ResultPage {
    csrf: String,
    aanbieder: String,
    results: Vec<CollectResult>,
    next_step: Option<String>,
}

async fn result(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some((secret, csrf)) = session(&headers).and_then(|secret| Some((secret, app.sessions.csrf(secret)?))) else {
        return redirect_to("/");
    };
    let filled = app.sessions.with(secret, |job| {
        let names = |group: &FlowGroup| {
            group
                .gegevensdiensten
                .iter()
                .map(|id| job.offerings.name_of(id))
                .collect::<Vec<_>>()
                .join(", ")
        };
        ResultPage {
            csrf,
            aanbieder: job.offerings.aanbieder.to_string(),
            results: job.results.clone(),
            next_step: job.wait.front().map(names),
        }
    });
    filled.map_or_else(|| redirect_to("/"), |filled| page(StatusCode::OK, &filled))
}

/// What the Persoon has here, to take along; nobody else's.
async fn data(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(person) = session(&headers).and_then(|secret| app.sessions.person(secret)) else {
        return redirect_to("/");
    };
    match app.dossier.download(person).await {
        Ok(lines) => {
            let headers = [
                (header::CONTENT_TYPE, "application/x-ndjson"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"gegevens.ndjson\""),
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, lines).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the dossier cannot be read");
            outage()
        }
    }
}

#[derive(Template)]
#[template(path = "melding.html")]
struct MessagePage {
    user_message: &'static str,
}

fn outage() -> Response {
    let user_message = "Het lukt nu niet door een fout bij ons. Probeer het later nog eens.";
    page(StatusCode::SERVICE_UNAVAILABLE, &MessagePage { user_message })
}

fn foreign_form() -> Response {
    page(
        StatusCode::FORBIDDEN,
        &MessagePage {
            user_message: "Dit formulier hoort niet bij uw sessie. Begin opnieuw.",
        },
    )
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (status, headers, html).into_response()
}

/// RFC 9110 section 15.4.4: after this, the browser uses GET.
fn redirect_to(location: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
    )
        .into_response()
}

fn own_form<'a>(app: &App, headers: &'a HeaderMap, csrf: &str) -> Option<&'a str> {
    session(headers).filter(|secret| app.sessions.is_own_form(secret, csrf))
}

fn session(headers: &HeaderMap) -> Option<&str> {
    // pair by pair: a cookie of another application that cannot be read is none of ours
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}
