// SPDX-License-Identifier: AGPL-3.0-or-later
//! The authorization server as routers for axum: one for the front channel, one for the back channel.
//!
//! The two run on different listeners: the front channel is public web, the back channel is mutual TLS. The back channel
//! takes the names of the client certificate from a request extension of type [`PeerNames`](medmij_types::PeerNames), which
//! the listener of the application puts there; without it no client is trusted.
//!
//! A whole DVZA, with a login that always fails:
//!
//! ```
//! use std::sync::Arc;
//!
//! use medmij_dvza::router::{RouterOptions, back_channel, front_channel};
//! use medmij_oauth::seal::LocalKeyRing;
//! use medmij_dvza::{
//!     Aanbieder, Aanbieders, Authentication, Client, Clients, OfferedService, Dvza, LoginCallback, LoginOutcome, LoginRequest,
//!     LoginStart, Server, ServerConfig, SourceBirthDate, SupplierError, Toets, ToetsOutcome, ToetsQuery,
//! };
//! use medmij_dvza::store::MemoryStore;
//! use medmij_oauth::{ClientId, Function};
//! use medmij_types::{Aanbiedernaam, Bsn, GegevensdienstId, Hostname, Organisatienaam, OsEntropy};
//!
//! #[derive(Default)]
//! struct Ziekenhuis {
//!     store: MemoryStore,
//! }
//!
//! impl Dvza for Ziekenhuis {
//!     type Store = MemoryStore;
//!     type Clients = Self;
//!     type Aanbieders = Self;
//!     type Authentication = Self;
//!     type Toets = Self;
//!     fn store(&self) -> &MemoryStore { &self.store }
//!     fn clients(&self) -> &Self { self }
//!     fn aanbieders(&self) -> &Self { self }
//!     fn authentication(&self) -> &Self { self }
//!     fn toets(&self) -> &Self { self }
//! }
//!
//! impl Clients for Ziekenhuis {
//!     async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
//!         let name = Organisatienaam::parse("De Enige Echte PGO").map_err(|e| SupplierError::new("ocl", e))?;
//!         Ok((id.as_str() == "pgo.example.nl").then(|| Client::new(name, None)))
//!     }
//! }
//!
//! impl Aanbieders for Ziekenhuis {
//!     async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
//!         let bgz = GegevensdienstId::parse("48").map_err(|e| SupplierError::new("diensten", e))?;
//!         let services = vec![OfferedService::new(bgz, Function::Verzamelen, "Basisgegevens Zorg")];
//!         let dit = Aanbieder::new(name.clone(), "Ziekenhuis Een", "https://ziekenhuis.example.nl/privacy", services);
//!         Ok((name.short() == "ziekenhuiseen").then_some(dit))
//!     }
//! }
//!
//! impl Authentication for Ziekenhuis {
//!     async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
//!         Ok(LoginStart::new(format!("https://login.example.nl/?RelayState={}", login.flow)))
//!     }
//!     async fn finish(&self, _: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
//!         Ok(LoginOutcome::Failed)
//!     }
//! }
//!
//! impl Toets for Ziekenhuis {
//!     async fn toets(&self, query: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
//!         Ok(ToetsOutcome::Available(query.gegevensdiensten.to_vec()))
//!     }
//!     async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
//!         Ok(None) // of the source system: without one nobody gets on
//!     }
//! }
//!
//! let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy)?);
//! let config = ServerConfig::new(Hostname::parse("dvza.example.nl")?, "DVZA Een", "088 000 00 00", keys);
//! let server = Server::danger_example(Arc::new(Ziekenhuis::default()), config);
//!
//! let front: axum::Router = front_channel(server.clone(), RouterOptions::at("/oauth"));
//! let back: axum::Router = back_channel(server, RouterOptions::at("/oauth"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod body;
mod cookie;
mod guard;
mod handlers;
mod html;
mod limits;
mod options;
mod peer_address;

use axum::{
    Router,
    middleware::{from_fn_with_state, map_response_with_state},
    routing::{any, get, post},
};

pub use self::{
    guard::Guard,
    html::{ExampleScreens, RenderContext, Screens},
    options::RouterOptions,
    peer_address::PeerAddress,
};
use crate::server::{Dvza, Server};

/// The front channel: under the base of the options `/authorize`, `/toestemmingen`, `/flow/{id}`, `/login` and
/// `/style.css`; any other address under it is answered with a page that says so. With the empty base that page is the fallback of
/// the router.
///
/// The address of the authorization endpoint, as the Zorgaanbiederslijst has it, is `https://` + host name + base +
/// `/authorize`; the login sends the browser back to `/login`.
pub fn front_channel<D: Dvza>(server: Server<D>, options: RouterOptions) -> Router {
    let base = options.base().to_owned();
    let state = handlers::Mounted::new(server, options);
    // what starts a flow, and what goes on with one: a made-up cookie costs a look-up too
    let limited = from_fn_with_state(state.clone(), limits::front::<D>);
    let pages = from_fn_with_state(state.clone(), limits::pages::<D>);
    let authorize = any(handlers::authorize::<D>).layer(limited.clone());
    let toestemmingen = any(handlers::toestemmingen::<D>).layer(limited);
    // other routes of the application may be beside ours: only what is under the base is ours to answer
    let router = if base.is_empty() {
        Router::new().fallback(handlers::not_found::<D>)
    } else {
        Router::new().route(&format!("{base}/{{*rest}}"), any(handlers::not_found::<D>))
    };
    router
        .route(&format!("{base}/authorize"), authorize)
        .route(&format!("{base}/toestemmingen"), toestemmingen)
        .route(
            &format!("{base}/flow/{{id}}"),
            get(handlers::page::<D>)
                .head(handlers::look)
                .post(handlers::submit::<D>)
                .layer(pages.clone()),
        )
        .route(
            &format!("{base}/login"),
            get(handlers::login::<D>)
                .head(handlers::look)
                .post(handlers::login_posted::<D>)
                .layer(pages),
        )
        .route(&format!("{base}/style.css"), get(handlers::stylesheet))
        // around everything, what is not found and not allowed too
        .layer(map_response_with_state(state.clone(), handlers::finish::<D>))
        .with_state(state)
}

/// The back channel: `/token` under the base of the options. Mount it on the mutual-TLS listener only.
pub fn back_channel<D: Dvza>(server: Server<D>, options: RouterOptions) -> Router {
    let base = options.base().to_owned();
    let state = handlers::Mounted::new(server, options);
    Router::new()
        .route(
            &format!("{base}/token"),
            post(handlers::token::<D>)
                .fallback(handlers::token::<D>)
                .layer(from_fn_with_state(state.clone(), limits::back::<D>)),
        )
        // around everything, what is not found and not allowed too
        .layer(map_response_with_state(state.clone(), handlers::finish::<D>))
        .with_state(state)
}
