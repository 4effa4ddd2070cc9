// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pages for everybody: what this is, help, accessibility, and what is not there.

use crate::{
    gate::Visitor,
    html::{self, Frame, Nav, page},
};
use askama::Template;
use axum::response::Response;
use http::StatusCode;

#[derive(Template)]
#[template(path = "start.html")]
struct Start {
    frame: Frame,
}

pub(crate) async fn start(visitor: Visitor) -> Response {
    if visitor.signed_in().is_some() {
        return html::redirect("/overzicht");
    }
    let frame = Frame::new(&visitor, Nav::None);
    page(StatusCode::OK, &Start { frame })
}

#[derive(Template)]
#[template(path = "help.html")]
struct Help {
    frame: Frame,
}

pub(crate) async fn help(visitor: Visitor) -> Response {
    let frame = Frame::new(&visitor, Nav::None);
    page(StatusCode::OK, &Help { frame })
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Accessibility {
    frame: Frame,
}

pub(crate) async fn accessibility(visitor: Visitor) -> Response {
    let frame = Frame::new(&visitor, Nav::None);
    page(StatusCode::OK, &Accessibility { frame })
}

pub(crate) async fn not_found(visitor: Visitor) -> Response {
    html::message(&visitor, StatusCode::NOT_FOUND, &html::NOT_FOUND)
}
