// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages of the DVP.
//!
//! The routes: `/` the choice of a zorgaanbieder, `/verzamelen` the start of its first flow, `/verder` of the next one,
//! `/terug/{server}` where the authorization server sends the browser (a path of its own for each, so that one server
//! cannot pass for another), `/resultaat` what came of it, `/gegevens` the dossier to take along.

use crate::STAP;
use crate::{
    App,
    aanbod::{self, Aanbod},
    verzamelen::{Opdracht, Resultaat, VerzamelError, verzamel},
};
use askama::Template;
use axum::{
    Form, Router,
    extract::{OriginalUri, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use medmij_dvp::{Aanvraag, Callback, FlowGroup};
use medmij_oauth::RedirectUri;
use medmij_types::{Aanbiedernaam, Release};
use serde::Deserialize;
use std::sync::Arc;

const COOKIE: &str = "pgo";

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(keuze))
        .route("/verzamelen", post(verzamelen))
        .route("/verder", post(verder))
        .route("/terug/{server}", get(terug))
        .route("/resultaat", get(resultaat))
        .route("/gegevens", get(gegevens))
        .with_state(app)
}

#[derive(Template)]
#[template(path = "keuze.html")]
struct Keuze {
    csrf: String,
    aanbod: Vec<Aanbod>,
    volgnummer: String,
}

async fn keuze(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (Some(zal), Some(gnl)) = (app.zal.current(), app.gnl.current()) else {
        return storing();
    };
    let known = session(&headers).and_then(|secret| Some((app.sessies.csrf(secret)?, None)));
    let (csrf, fresh) = match known {
        Some(known) => known,
        None => match app.sessies.start() {
            Ok(secret) => (app.sessies.csrf(&secret).unwrap_or_default(), Some(secret)),
            Err(_) => return storing(),
        },
    };
    let volgnummer = zal.header().volgnummer().to_string();
    let mut response = page(
        StatusCode::OK,
        &Keuze {
            csrf,
            aanbod: aanbod::alles(&zal, &gnl),
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
struct Gekozen {
    csrf: String,
    aanbieder: Aanbiedernaam,
}

async fn verzamelen(State(app): State<Arc<App>>, headers: HeaderMap, Form(form): Form<Gekozen>) -> Response {
    let Some(secret) = own_form(&app, &headers, &form.csrf) else {
        return vreemd_formulier();
    };
    let (Some(zal), Some(gnl)) = (app.zal.current(), app.gnl.current()) else {
        return storing();
    };
    let Some(aanbod) = aanbod::alles(&zal, &gnl)
        .into_iter()
        .find(|each| each.aanbieder == form.aanbieder)
    else {
        return naar("/");
    };
    let mut wacht = aanbod.flows();
    let aantal = aanbod.gegevensdiensten.len();
    let flows = if wacht.len() == 1 {
        "één flow".to_owned()
    } else {
        format!("{} flows, één per DVZA", wacht.len())
    };
    tracing::info!(
        target: STAP, rol = app.rol, regel = "core.alst.100, core.autorisatie.203",
        "Persoon kiest {}: {aantal} gegevensdiensten, {flows}", aanbod.aanbieder,
    );
    let first = wacht.pop_front();
    let response = first.map(|group| begin(&app, secret, &aanbod, &group));
    app.sessies.begin(
        secret,
        Opdracht {
            aanbod,
            wacht,
            resultaten: Vec::new(),
        },
    );
    response.unwrap_or_else(|| naar("/"))
}

#[derive(Deserialize)]
struct Verder {
    csrf: String,
}

async fn verder(State(app): State<Arc<App>>, headers: HeaderMap, Form(form): Form<Verder>) -> Response {
    let Some(secret) = own_form(&app, &headers, &form.csrf) else {
        return vreemd_formulier();
    };
    let next = app.sessies.with(secret, |opdracht| {
        Some((opdracht.aanbod.clone(), opdracht.wacht.pop_front()?))
    });
    match next.flatten() {
        Some((aanbod, group)) => begin(&app, secret, &aanbod, &group),
        None => naar("/resultaat"),
    }
}

/// Sends the browser to the authorization server of a flow.
fn begin(app: &App, secret: &str, aanbod: &Aanbod, group: &FlowGroup) -> Response {
    let server = group.authorization_endpoint.hostname();
    let path = app.dvp.redirect_path("/terug", server);
    let started = RedirectUri::parse(&format!("https://{}{path}", app.dvp.client_id()))
        .map_err(|error| error.to_string())
        .and_then(|redirect_uri| {
            let aanvraag = Aanvraag::verzamelen(Release::DEFAULT, aanbod.aanbieder.clone(), group, redirect_uri);
            let aanvraag = aanvraag
                .map_err(|error| error.to_string())?
                .from_list(aanbod.volgnummer);
            let account = app.sessies.account(secret).ok_or("the session has ended")?;
            let account = account.map_err(|error| error.to_string())?;
            app.dvp
                .start(account, aanvraag, secret)
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
                target: STAP, rol = app.rol, regel = "core.authint.200, core.authint.208",
                "stuurt de Persoon naar {server} met het autorisatieverzoek",
            );
            naar(&location)
        }
        Err(error) => {
            tracing::error!(error, "the flow cannot start");
            storing()
        }
    }
}

async fn terug(
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
        return naar("/");
    };
    let callback = Callback::new(secret, uri.path(), uri.query().unwrap_or_default());
    let received = app.dvp.finish(&app.flows, &callback);
    let known = app.sessies.with(secret, |opdracht| opdracht.aanbod.clone());
    let (Some(aanbod), Some(person)) = (known, app.sessies.person(secret)) else {
        return naar("/");
    };
    let outcome = match received {
        Ok(received) => {
            tracing::info!(target: STAP, rol = app.rol, regel = "core.tknint.202", "herkent het antwoord aan de eigen state en heeft een code");
            verzamel(&app, person, &aanbod, received).await
        }
        Err(error) => Err(VerzamelError::from(error)),
    };
    let resultaten = outcome.unwrap_or_else(|error| {
        tracing::info!(target: STAP, rol = app.rol, regel = "", "krijgt geen gegevens: {error}");
        vec![Resultaat::Mislukt {
            melding: error.melding(),
        }]
    });
    app.sessies
        .with(secret, |opdracht| opdracht.resultaten.extend(resultaten));
    // a redirect, so that the code does not stay in the address bar
    naar("/resultaat")
}

#[derive(Template)]
#[template(path = "resultaat.html")]
struct ResultaatPage {
    csrf: String,
    aanbieder: String,
    resultaten: Vec<Resultaat>,
    volgende: Option<String>,
}

async fn resultaat(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some((secret, csrf)) = session(&headers).and_then(|secret| Some((secret, app.sessies.csrf(secret)?))) else {
        return naar("/");
    };
    let filled = app.sessies.with(secret, |opdracht| {
        let namen = |group: &FlowGroup| {
            group
                .gegevensdiensten
                .iter()
                .map(|id| opdracht.aanbod.naam_van(id))
                .collect::<Vec<_>>()
                .join(", ")
        };
        ResultaatPage {
            csrf,
            aanbieder: opdracht.aanbod.aanbieder.to_string(),
            resultaten: opdracht.resultaten.clone(),
            volgende: opdracht.wacht.front().map(namen),
        }
    });
    filled.map_or_else(|| naar("/"), |filled| page(StatusCode::OK, &filled))
}

/// What the Persoon has here, to take along; nobody else's.
async fn gegevens(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(person) = session(&headers).and_then(|secret| app.sessies.person(secret)) else {
        return naar("/");
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
            storing()
        }
    }
}

#[derive(Template)]
#[template(path = "melding.html")]
struct MeldingPage {
    melding: &'static str,
}

fn storing() -> Response {
    let melding = "Het lukt nu niet door een fout bij ons. Probeer het later nog eens.";
    page(StatusCode::SERVICE_UNAVAILABLE, &MeldingPage { melding })
}

fn vreemd_formulier() -> Response {
    page(
        StatusCode::FORBIDDEN,
        &MeldingPage {
            melding: "Dit formulier hoort niet bij uw sessie. Begin opnieuw.",
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
fn naar(location: &str) -> Response {
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
    session(headers).filter(|secret| app.sessies.is_own_form(secret, csrf))
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
