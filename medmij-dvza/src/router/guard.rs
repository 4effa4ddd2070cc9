// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.rscint.200, RFC 6750 — the guard as a layer around the routes of a resource server.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use medmij_types::{GegevensdienstId, PeerNames};

use super::answer::secure;
use crate::server::{Dvza, Server};

/// What a route needs: the token of which gegevensdienst.
pub struct Guard<D: Dvza> {
    server: Server<D>,
    gegevensdienst: GegevensdienstId,
}

impl<D: Dvza> Guard<D> {
    /// A guard for one gegevensdienst.
    #[must_use]
    pub fn new(server: Server<D>, gegevensdienst: GegevensdienstId) -> Self {
        Self { server, gegevensdienst }
    }
}

impl<D: Dvza> Clone for Guard<D> {
    fn clone(&self) -> Self {
        Self {
            server: self.server.clone(),
            gegevensdienst: self.gegevensdienst.clone(),
        }
    }
}

impl<D: Dvza> std::fmt::Debug for Guard<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard")
            .field("gegevensdienst", &self.gegevensdienst)
            .finish_non_exhaustive()
    }
}

/// Lets a request through with a [`Verleend`](crate::server::Verleend) as an extension, or answers it by RFC 6750. The
/// names of the client certificate are the extension [`PeerNames`].
///
/// ```no_run
/// # use medmij_dvza::{Dvza, Server, Verleend, router::{Guard, guard}};
/// # fn mount<D: Dvza>(server: Server<D>) -> Result<axum::Router, Box<dyn std::error::Error>> {
/// use axum::{Extension, Router, middleware::from_fn_with_state, routing::get};
///
/// async fn patient(Extension(verleend): Extension<Verleend>) -> String {
///     format!("data of {}", verleend.aanbieder)
/// }
///
/// let bgz = Guard::new(server, medmij_types::GegevensdienstId::parse("48")?);
/// let router: Router = Router::new().route("/fhir/Patient", get(patient)).layer(from_fn_with_state(bgz, guard));
/// # Ok(router)
/// # }
/// ```
pub async fn guard<D: Dvza>(State(state): State<Guard<D>>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<PeerNames>()
        .cloned()
        .unwrap_or_else(|| PeerNames::new(None, []));
    let judged = state
        .server
        .guard(request.headers(), request.uri().query(), &peer, &state.gegevensdienst)
        .await;
    match judged {
        Ok(verleend) => {
            request.extensions_mut().insert(verleend);
            next.run(request).await
        }
        Err(error) => {
            let mut response = error.to_http().map(Body::from);
            secure(response.headers_mut());
            response
        }
    }
}
