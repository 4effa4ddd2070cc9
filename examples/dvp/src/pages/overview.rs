// SPDX-License-Identifier: AGPL-3.0-or-later
//! The overview: what is in the dossier, what is going on, what can be done.

use crate::{
    App,
    account::seconds,
    automatic::{self, AutomaticError, Listed, Outcome},
    collecting::jobs,
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, count, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use medmij_dvp::person::PersonId;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    items: usize,
    collecting: Option<String>,
    codes_to_keep: bool,
    codes_left: usize,
    /// What came without asking in the last two days, or did not.
    automatic: Vec<String>,
    /// Where there is something new.
    news: Vec<String>,
}

pub(crate) async fn overview(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let person = signed_in.person();
    let items = async { app.dossier.of(person).await?.items().await };
    let (items, account) = match (items.await, app.accounts.account(person).await) {
        (Ok(items), Ok(account)) => (items.len(), account.content),
        (Err(error), _) => return html::outage(&visitor, &error),
        (_, Err(error)) => return html::outage(&visitor, &error),
    };
    let automatic = match recent(&app, person).await {
        Ok(automatic) => automatic,
        Err(error) => return html::outage(&visitor, &error),
    };
    let running = match jobs::of(&app, person).await {
        Ok(job) => job.filter(super::collect::is_going_on),
        Err(error) => return html::outage(&visitor, &error),
    };
    let news = match crate::messages::all(&app, person).await {
        Ok(mine) => mine
            .into_iter()
            .filter(|listed| listed.kept.news.is_some())
            .map(|listed| app.providers.of(&listed.kept.aanbieder).name)
            .collect::<std::collections::BTreeSet<_>>(),
        Err(error) => return html::outage(&visitor, &error),
    };
    let news = news.into_iter().collect();
    let filled = Overview {
        frame: Frame::new(&visitor, Nav::Overview),
        items,
        collecting: running.map(|job| job.provider),
        codes_to_keep: visitor
            .session
            .as_ref()
            .is_some_and(|session| !session.recovery_codes.is_empty()),
        codes_left: account.recovery_codes_left(),
        automatic,
        news,
    };
    page(StatusCode::OK, &filled)
}

/// core.gegevensuitwisseling.104 — what came without asking since two days, and what did not.
async fn recent(app: &App, person: PersonId) -> Result<Vec<String>, AutomaticError> {
    let from = seconds(app.automatic.schedule.clock.now()).saturating_sub(2 * 24 * 3600);
    let listed = automatic::all(app, person).await?;
    Ok(listed.iter().filter_map(|each| notice_of(app, each, from)).collect())
}

fn notice_of(app: &App, listed: &Listed, from: i64) -> Option<String> {
    let consent = &listed.consent;
    let name = app.providers.of(&consent.aanbieder).name;
    if consent.ended.is_some_and(|ended| ended >= from) {
        return Some(format!(
            "Je toestemming bij {name} is gestopt. We halen daar niets meer vanzelf op."
        ));
    }
    let last = consent.last.filter(|last| last.at >= from)?;
    Some(match (last.outcome, last.new) {
        (Outcome::Failed, _) => format!("Vanzelf ophalen bij {name} lukte de laatste keer niet."),
        (_, 0) => return None,
        (_, new) => {
            let new = count(new, "nieuw gegeven", "nieuwe gegevens");
            format!("We haalden vanzelf {new} op bij {name}.")
        }
    })
}
