// SPDX-License-Identifier: AGPL-3.0-or-later
//! Find a zorgaanbieder by what people know, and read what will be asked before anything starts.

use crate::{
    App,
    collecting::{self, Explained, Offerings, Provider},
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::StatusCode;
use std::{collections::BTreeSet, sync::Arc};

#[derive(Template)]
#[template(path = "providers.html")]
struct ProvidersPage {
    frame: Frame,
    typed: String,
    found: Vec<Found>,
}

struct Found {
    short: String,
    provider: Provider,
    services: String,
}

pub(super) async fn providers(
    State(app): State<Arc<App>>,
    _: SignedIn,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(offered) = collecting::offered(&app) else {
        return html::message(&visitor, StatusCode::SERVICE_UNAVAILABLE, &html::OUTAGE);
    };
    let query = query.unwrap_or_default();
    let typed = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "search")
        .map_or_else(String::new, |(_, value)| value.chars().take(100).collect());
    let mut found: Vec<Found> = offered.iter().map(|offerings| found(&app, offerings)).collect();
    found.retain(|each| each.provider.is_found_by(&typed));
    found.sort_by(|a, b| a.provider.name.cmp(&b.provider.name));
    // more than fit on a page: typing more makes them fewer
    found.truncate(50);
    let filled = ProvidersPage {
        frame: Frame::new(&visitor, Nav::Collect),
        typed,
        found,
    };
    page(StatusCode::OK, &filled)
}

fn found(app: &App, offerings: &Offerings) -> Found {
    let names: Vec<&str> = offerings
        .gegevensdiensten
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    Found {
        short: offerings.aanbieder.short().to_owned(),
        provider: app.providers.of(&offerings.aanbieder),
        services: names.join(", "),
    }
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    frame: Frame,
    action: String,
    provider: Provider,
    logins: Vec<Login>,
    nothing_ticked: bool,
    /// Whether the tick for collecting without asking is there already: the Persoon came from the page about it.
    automatic: bool,
}

/// One time that the Persoon logs in, with what it is for.
struct Login {
    services: Vec<Asked>,
}

struct Asked {
    id: String,
    name: String,
    explained: Explained,
}

pub(super) async fn plan(
    State(app): State<Arc<App>>,
    Path(short): Path<String>,
    _: SignedIn,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let offered = collecting::offered(&app).unwrap_or_default();
    let Some(offerings) = offered.into_iter().find(|each| each.aanbieder.short() == short) else {
        return html::redirect("/ophalen");
    };
    let logins = offerings
        .plan(|_| true)
        .logins()
        .map(|login| Login {
            services: login
                .gegevensdiensten
                .iter()
                .map(|id| Asked {
                    id: id.to_string(),
                    name: offerings.name_of(id),
                    explained: collecting::explained(id),
                })
                .collect(),
        })
        .collect();
    let filled = PlanPage {
        frame: Frame::new(&visitor, Nav::Collect),
        action: format!("/ophalen/bij/{short}"),
        provider: app.providers.of(&offerings.aanbieder),
        logins,
        nothing_ticked: query.as_deref() == Some("leeg"),
        automatic: query.as_deref() == Some("vanzelf"),
    };
    html::page_leading_to(&filled, &login_origins(&app, &offerings))
}

/// The origins to which a form of ours may lead: where the Persoon logs in for this provider, and nowhere else.
pub(crate) fn login_origins(app: &App, offerings: &Offerings) -> Vec<String> {
    let origins: BTreeSet<String> = offerings
        .login_addresses()
        .filter_map(|address| origin_of(app, address.as_ref()))
        .collect();
    origins.into_iter().collect()
}

/// The origin of an address on the front channel of another server.
pub(crate) fn origin_of(app: &App, address: &str) -> Option<String> {
    let address = app.node.danger_loopback().rewrite_front(address).ok()?;
    let uri: http::Uri = address.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}
