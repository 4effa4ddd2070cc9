// SPDX-License-Identifier: AGPL-3.0-or-later
//! The frame of all pages, and the fixed headers of all answers (U/PW.02, U/PW.03: no `unsafe-inline`).

use crate::gate::Visitor;
use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use medmij_types::{AmsterdamTime, CalendarDate};
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// The parts of the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nav {
    None,
    Overview,
    Collect,
    Dossier,
    Happened,
    Account,
}

/// A link of the navigation.
pub(crate) struct NavLink {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
    pub(crate) current: bool,
}

/// What is around every page: `frame` in the templates.
pub(crate) struct Frame {
    /// How the Persoon is called, where somebody is signed in.
    pub(crate) name: Option<String>,
    /// The token of every form: `<input type="hidden" name="csrf" value="{{ frame.csrf }}">`.
    pub(crate) csrf: String,
    pub(crate) demo: bool,
    pub(crate) email_code: bool,
    /// The child for whom the Persoon acts: number and name.
    pub(crate) child: Option<(String, String)>,
    source_code: Arc<str>,
    active: Nav,
}

impl Frame {
    pub(crate) fn new(visitor: &Visitor, active: Nav) -> Self {
        Self {
            name: visitor.signed_in().map(|signed_in| signed_in.name().to_owned()),
            csrf: visitor.csrf.clone(),
            demo: visitor.demo,
            email_code: visitor.email_code,
            child: visitor
                .signed_in()
                .and_then(|signed_in| signed_in.child())
                .map(|child| (child.number(), child.name.clone())),
            source_code: Arc::clone(&visitor.source_code),
            active,
        }
    }

    /// The links of the navigation.
    pub(crate) fn nav(&self) -> Vec<NavLink> {
        let all = [
            ("/overzicht", "Overzicht", Nav::Overview),
            ("/ophalen", "Ophalen", Nav::Collect),
            ("/dossier", "Dossier", Nav::Dossier),
            ("/gebeurd", "Wat er gebeurde", Nav::Happened),
            ("/account", "Mijn account", Nav::Account),
        ];
        // for a child there is its dossier, and no account
        let shown = |nav: &Nav| self.child.is_none() || ![Nav::Overview, Nav::Account].contains(nav);
        let link = |(path, text, nav)| NavLink {
            path,
            text,
            current: nav == self.active,
        };
        all.into_iter().filter(|(.., nav)| shown(nav)).map(link).collect()
    }

    /// Where the source of this version is (AGPL-3.0, section 13).
    pub(crate) fn source(&self) -> &str {
        &self.source_code
    }

    /// Which version this is.
    pub(crate) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// A page in its frame.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            plain_outage()
        }
    }
}

/// A page whose forms end at these origins as well: a login elsewhere that one of our forms leads to.
pub(crate) fn page_leading_to(template: &impl Template, origins: &[String]) -> Response {
    let mut response = page(StatusCode::OK, template);
    let policy = POLICY.replace(
        "form-action 'self'",
        &format!("form-action 'self' {}", origins.join(" ")),
    );
    if let Ok(policy) = HeaderValue::from_str(policy.trim()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// RFC 9110 section 15.4.4: after this, the browser uses GET.
pub(crate) fn redirect(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return plain_outage();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// What a page says when something is not as it should be.
pub(crate) struct Message {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) link: (&'static str, &'static str),
}

pub(crate) const FOREIGN_FORM: Message = Message {
    title: "Dit formulier is verlopen",
    text: "Deze pagina stond te lang open. We hebben niets veranderd. Begin opnieuw.",
    link: ("/", "Ga naar het begin"),
};

pub(crate) const OUTAGE: Message = Message {
    title: "Het lukt nu niet",
    text: "Er ging iets mis bij ons. Je gegevens staan er nog. Probeer het straks nog eens.",
    link: ("/", "Ga naar het begin"),
};

pub(crate) const NOT_FOUND: Message = Message {
    title: "Deze pagina is er niet",
    text: "Het adres klopt niet, of de pagina is verplaatst.",
    link: ("/", "Ga naar het begin"),
};

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: Frame,
    message: &'a Message,
}

pub(crate) fn message(visitor: &Visitor, status: StatusCode, message: &Message) -> Response {
    let frame = Frame::new(visitor, Nav::None);
    page(status, &MessagePage { frame, message })
}

/// The same for somebody who has just gone.
pub(crate) fn message_signed_out(visitor: &Visitor, message: &Message) -> Response {
    let mut frame = Frame::new(visitor, Nav::None);
    (frame.name, frame.child) = (None, None);
    page(StatusCode::OK, &MessagePage { frame, message })
}

/// Something broke at our side.
pub(crate) fn outage(visitor: &Visitor, error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "a page cannot be given");
    message(visitor, StatusCode::SERVICE_UNAVAILABLE, &OUTAGE)
}

/// An outage before anybody is known.
pub(crate) fn plain_outage() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        OUTAGE.text,
    )
        .into_response()
}

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Headers that every answer has.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Sets them, where a handler has none of its own.
pub(crate) async fn headers(request: Request<Body>, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in ALWAYS {
        response
            .headers_mut()
            .entry(name)
            .or_insert_with(|| HeaderValue::from_static(value));
    }
    response
}

/// A moment for people: "14 september 2026, 9.05 uur".
pub(crate) fn moment(millis: i64) -> String {
    let moment = AmsterdamTime::of(UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default()));
    format!(
        "{}, {}.{:02} uur",
        moment.date().in_dutch(),
        moment.hour(),
        moment.minute()
    )
}

/// A day for people: "14 september 2026".
pub(crate) fn date(date: CalendarDate) -> String {
    date.in_dutch()
}

/// So many of something: "1 gegeven", "12 gegevens".
pub(crate) fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_people_do_in_dutch_time() {
        assert_eq!(moment(1_789_369_500_000), "14 september 2026, 9.05 uur");
        assert_eq!(moment(1_798_757_999_000), "31 december 2026, 23.59 uur");
        assert_eq!(count(1, "gegeven", "gegevens"), "1 gegeven");
    }
}
