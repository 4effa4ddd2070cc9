// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.200, RFC 6750 — the guard as a layer around the routes of a resource server.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use medmij_oauth::Function;
use medmij_types::{Aanbiedernaam, GegevensdienstId, PeerNames};

use super::answer::secure;
use crate::server::{Dvza, Server};

/// What a route serves: the data of which Aanbieder, for which gegevensdienst. A token of another Aanbieder does not pass.
///
/// ```no_run
/// # use medmij_dvza::{Dvza, Server, GrantedAccess, router::Guard};
/// # fn mount<D: Dvza>(server: Server<D>) -> Result<axum::Router, Box<dyn std::error::Error>> {
/// use axum::{Extension, Router, routing::get};
///
/// async fn patient(Extension(granted_access): Extension<GrantedAccess>) -> String {
///     format!("data of {}", granted_access.aanbieder)
/// }
///
/// let bgz = Guard::new(server.clone(), "huisartsdelinde@medmij".parse()?, "48".parse()?);
/// let linde: Router = bgz.protect(Router::new().route("/fhir/Patient", get(patient)));
///
/// // one route for many: /fhir/{aanbieder}/{gegevensdienst}/…
/// let by_path = Guard::by_request(server, |request| {
///     let mut parts = request.uri().path().split('/').skip(2);
///     Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
/// });
/// let routes = Router::new().route("/fhir/{aanbieder}/{gegevensdienst}/Patient", get(patient));
/// # Ok(by_path.protect(routes).merge(linde))
/// # }
/// ```
pub struct Guard<D: Dvza> {
    server: Server<D>,
    route: Route,
}

#[derive(Clone)]
enum Route {
    One(Aanbiedernaam, GegevensdienstId),
    ByRequest(ByRequest),
}

type ByRequest = Arc<dyn Fn(&Request) -> Option<(Aanbiedernaam, GegevensdienstId)> + Send + Sync>;

impl<D: Dvza> Guard<D> {
    /// A guard for a route of one Aanbieder and gegevensdienst.
    #[must_use]
    pub fn new(server: Server<D>, aanbieder: Aanbiedernaam, gegevensdienst: GegevensdienstId) -> Self {
        let route = Route::One(aanbieder, gegevensdienst);
        Self { server, route }
    }

    /// A guard for a route that serves several: the function says of a request what it is for. Where it says `None` nothing is
    /// served there: 404.
    #[must_use]
    pub fn by_request(
        server: Server<D>,
        what: impl Fn(&Request) -> Option<(Aanbiedernaam, GegevensdienstId)> + Send + Sync + 'static,
    ) -> Self {
        let route = Route::ByRequest(Arc::new(what));
        Self { server, route }
    }

    /// Puts the guard before the routes of a resource server. A request comes through with a
    /// [`GrantedAccess`](crate::server::GrantedAccess) as an extension, or is answered by RFC 6750. The names of the client
    /// certificate are the extension [`PeerNames`].
    pub fn protect<S: Clone + Send + Sync + 'static>(self, routes: Router<S>) -> Router<S> {
        routes.layer(from_fn_with_state(self, guard))
    }

    fn route_of(&self, request: &Request) -> Option<(Aanbiedernaam, GegevensdienstId)> {
        match &self.route {
            Route::One(aanbieder, gegevensdienst) => Some((aanbieder.clone(), gegevensdienst.clone())),
            Route::ByRequest(what) => what(request),
        }
    }
}

impl<D: Dvza> Clone for Guard<D> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            route: self.route.clone(),
        }
    }
}

impl<D: Dvza> std::fmt::Debug for Guard<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Guard");
        if let Route::One(aanbieder, gegevensdienst) = &self.route {
            shown
                .field("aanbieder", aanbieder)
                .field("gegevensdienst", gegevensdienst);
        }
        shown.finish_non_exhaustive()
    }
}

async fn guard<D: Dvza>(State(state): State<Guard<D>>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<PeerNames>()
        .cloned()
        .unwrap_or_else(|| PeerNames::new(None, []));
    let Some((aanbieder, gegevensdienst)) = state.route_of(&request) else {
        let mut response = StatusCode::NOT_FOUND.into_response();
        secure(response.headers_mut());
        return response;
    };
    let to = (&aanbieder, &gegevensdienst);
    let judged = state
        .server
        .guard_request(&[Function::Verzamelen, Function::Delen], &request, &peer, to)
        .await;
    state.server.flush_audit_soon();
    match judged {
        Ok(granted_access) => {
            request.extensions_mut().insert(granted_access.clone());
            let response = next.run(request).await;
            state.server.answered(&granted_access, response.status());
            response
        }
        Err(error) => {
            let mut response = error.to_http().map(Body::from);
            secure(response.headers_mut());
            response
        }
    }
}
