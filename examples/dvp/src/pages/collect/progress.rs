// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far it is, for each gegevensdienst, and an honest end.

use super::choice::login_origins;
use crate::{
    App,
    collecting::{Job, Line, State as Stand, Why, jobs},
    gate::{SignedIn, Visitor},
    html::{self, Frame, Nav, count},
};
use askama::Template;
use axum::{extract::State, response::Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    frame: Frame,
    title: String,
    /// The sentence that is spoken.
    said: String,
    provider: String,
    busy: bool,
    lines: Vec<Shown>,
    /// What the next login is for, where there is one.
    next: Option<String>,
    login: usize,
    logins: usize,
    again: bool,
    not_granted: bool,
    something_came: bool,
}

struct Shown {
    name: String,
    sign: &'static str,
    text: String,
    missing: Vec<String>,
    automatic: Option<bool>,
}

/// Whether something is coming in, or the Persoon has to log in.
pub(crate) fn is_going_on(job: &Job) -> bool {
    !job.waiting.is_empty() || job.lines.iter().any(|line| matches!(line.state, Stand::Running { .. }))
}

pub(super) async fn progress(State(app): State<Arc<App>>, signed_in: SignedIn, visitor: Visitor) -> Response {
    let job = match jobs::of(&app, signed_in.person()).await {
        Ok(Some(job)) => job,
        Ok(None) => return html::redirect("/ophalen"),
        Err(error) => return html::outage(&visitor, &error),
    };
    let origins = login_origins(&app, &job.offerings);
    html::page_leading_to(&shown(Frame::new(&visitor, Nav::Collect), &job), &origins)
}

fn shown(frame: Frame, job: &Job) -> ProgressPage {
    let busy = job.lines.iter().any(|line| matches!(line.state, Stand::Running { .. }));
    let next = job.waiting.front().filter(|_| !busy).map(|group| {
        let names: Vec<String> = group.iter().map(|id| job.offerings.name_of(id)).collect();
        names.join(", ")
    });
    let items: usize = job.lines.iter().map(|line| came(&line.state)).sum();
    let over = !busy && next.is_none();
    let any = |test: fn(&Stand) -> bool| job.lines.iter().any(|line| test(&line.state));
    let failed = any(|state| matches!(state, Stand::Failed { .. }));
    let partial = any(|state| matches!(state, Stand::Partial { .. }));
    let not_granted = any(|state| matches!(state, Stand::NotGranted));
    let all_not_granted = job.lines.iter().all(|line| line.state == Stand::NotGranted);
    let provider = &job.provider;
    let (title, said) = if busy {
        let done = job.lines.iter().filter(|line| came(&line.state) > 0).count();
        let said = format!("We halen je gegevens op. {done} van {} is klaar.", job.lines.len());
        (format!("Ophalen bij {provider}"), said)
    } else if let Some(next) = &next {
        let said = format!("Dit deel is klaar. Log nog een keer in voor {next}.");
        (format!("Nog een keer inloggen voor {provider}"), said)
    } else if all_not_granted {
        let said = "Er is niets opgehaald. Je koos nee, of er viel niets te delen.".to_owned();
        ("Er is niets opgehaald".to_owned(), said)
    } else if items == 0 && failed {
        let said = "Het is niet gelukt. Er is niets opgehaald.".to_owned();
        ("Het ophalen is niet gelukt".to_owned(), said)
    } else if failed || partial || not_granted {
        let said = format!(
            "We hebben {} bewaard. Nog niet alles is er.",
            count(items, "gegeven", "gegevens")
        );
        ("Een deel is opgehaald".to_owned(), said)
    } else if items == 0 {
        let said = "Er stond niets klaar. Alles is gevraagd en beantwoord.".to_owned();
        ("Er zijn geen gegevens".to_owned(), said)
    } else {
        let said = format!(
            "Alles is er. We hebben {} bewaard.",
            count(items, "gegeven", "gegevens")
        );
        ("Alles is opgehaald".to_owned(), said)
    };
    ProgressPage {
        frame,
        title,
        said,
        provider: provider.clone(),
        busy,
        lines: job.lines.iter().map(line).collect(),
        login: job.logins - job.waiting.len() + usize::from(next.is_some()),
        logins: job.logins,
        next,
        again: over && job.lines.iter().any(|line| line.state.is_to_ask_again()),
        not_granted: over && not_granted,
        something_came: items > 0,
    }
}

const fn came(state: &Stand) -> usize {
    match state {
        Stand::Whole { items } | Stand::Partial { items, .. } => *items,
        _ => 0,
    }
}

fn line(line: &Line) -> Shown {
    let (sign, text, missing) = match &line.state {
        Stand::Waiting => ("…", "Hiervoor log je nog in.".to_owned(), Vec::new()),
        Stand::Running { answers: 0 } => ("→", "We vragen je gegevens op.".to_owned(), Vec::new()),
        Stand::Running { answers } => {
            let answers = count(*answers, "antwoord", "antwoorden");
            ("→", format!("We halen op: {answers} binnen."), Vec::new())
        }
        Stand::Whole { items: 0 } => ("✓", "Klaar. Er stond niets klaar voor jou.".to_owned(), Vec::new()),
        Stand::Whole { items } => {
            let items = count(*items, "gegeven", "gegevens");
            ("✓", format!("Klaar. Alles is er: {items}."), Vec::new())
        }
        Stand::Partial { items, missing, later } => {
            let items = count(*items, "gegeven", "gegevens");
            let end = if *later {
                "De rest kwam nu niet. Later lukt het misschien wel."
            } else {
                "De rest gaf de zorgaanbieder niet, of konden we niet lezen."
            };
            ("!", format!("We bewaarden {items}. {end}"), missing.clone())
        }
        Stand::NotGranted => ("–", "Niet opgehaald.".to_owned(), Vec::new()),
        Stand::Failed { why } => {
            let why = match why {
                Why::Expired => "De aanvraag was verlopen.",
                Why::AtAanbieder => "Er was een storing bij de zorgaanbieder.",
                Why::AtUs => "Er was een storing bij ons.",
                Why::BrokenOff => "Het ophalen is afgebroken. Probeer het nog eens.",
            };
            ("!", format!("Niet gelukt. {why}"), Vec::new())
        }
    };
    Shown {
        name: line.name.clone(),
        sign,
        text,
        missing,
        automatic: line.automatic,
    }
}
