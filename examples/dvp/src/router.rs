// SPDX-License-Identifier: AGPL-3.0-or-later
//! All routes, in one table, behind one gate.

use crate::{App, gate, html, pages};
use axum::{
    Router, middleware,
    routing::{MethodRouter, get, post},
};
use std::sync::Arc;

type Routes = Vec<(&'static str, MethodRouter<Arc<App>>)>;

fn routes() -> Routes {
    let mut routes: Routes = vec![
        ("/", get(pages::start::start)),
        ("/hulp", get(pages::start::help)),
        ("/toegankelijkheid", get(pages::start::accessibility)),
        ("/stijl.css", get(pages::files::stylesheet)),
        ("/sessie.css", get(pages::files::session_stylesheet)),
        ("/pgo.js", get(pages::files::script)),
        ("/icoon.svg", get(pages::files::icon)),
        ("/inloggen", get(pages::sign_in::form).post(pages::sign_in::sign_in)),
        (
            "/inloggen/zonder-app",
            get(pages::recover::lost_app).post(pages::recover::use_code),
        ),
        (
            "/inloggen/nieuwe-app",
            get(pages::recover::new_app).post(pages::recover::replace_app),
        ),
        (
            "/inloggen/nieuw-wachtwoord",
            get(pages::recover::lost_password).post(pages::recover::replace_password),
        ),
        (
            "/account-maken",
            get(pages::opening::form).post(pages::opening::prepare),
        ),
        (
            "/account-maken/app",
            get(pages::opening::app).post(pages::opening::open),
        ),
        ("/voorbeeldpersoon", post(pages::sign_in::demo)),
        ("/uitgelogd", get(pages::sign_in::signed_out)),
        ("/uitloggen", post(pages::sign_in::sign_out)),
        ("/sessie/einde", get(pages::sign_in::session_end)),
        ("/sessie/langer", get(pages::sign_in::longer)),
        ("/overzicht", get(pages::overview::overview)),
        ("/gebeurd", get(pages::happened::happened)),
    ];
    routes.extend(pages::account::routes());
    routes.extend(pages::automatic::routes());
    routes.extend(pages::collect::routes());
    routes.extend(pages::dossier::routes());
    routes.extend(pages::mail_code::routes());
    routes.extend(pages::messages::routes());
    routes.extend(pages::children::routes());
    routes.extend(pages::consents::routes());
    routes
}

/// The paths of all routes, for whoever tries them one by one.
pub fn paths() -> Vec<&'static str> {
    routes().into_iter().map(|(path, _)| path).collect()
}

pub(crate) fn router(app: Arc<App>) -> Router {
    let routes = routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routes
        .fallback(pages::start::not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), gate::gate))
        .layer(middleware::from_fn(html::headers))
        .with_state(app)
}
