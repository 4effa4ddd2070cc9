// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVZA and a DVP for the cases that run through the server itself.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use medmij_dvp::{Callback, Dvp, FlowRequest, ReceivedCode, Renewal, Tokens, group_by_endpoints};
use medmij_dvza::{
    Aanbieder, Aanbieders, Arrived, Authentication, Client, Clients, Dvza, LoginCallback, LoginOutcome, LoginRequest,
    LoginStart, Next, OfferedService, Persoon, Server, ServerConfig, SourceBirthDate, Submitted, SupplierError, Toets,
    ToetsOutcome, ToetsQuery, Visitor, store::DangerShiftClock,
};
use medmij_oauth::{
    ClientId, Function, RedirectUri,
    form::Form,
    policy::{ClientBinding, Lifetime},
    seal::{LocalKeyRing, SealingKey},
};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, Bsn, FrontchannelUri, GegevensdienstId, Hostname, Organisatienaam, OsEntropy,
    PeerNames, Release,
};

use crate::person::CONTRACT_BSN;

/// What a supplier would bring: one DVP more than is needed, one Aanbieder, a login that works.
pub(crate) struct Bundle<S: DangerShiftClock>(Arc<S>);

impl<S: DangerShiftClock> Dvza for Bundle<S> {
    type Store = Arc<S>;
    type Clients = Self;
    type Aanbieders = Self;
    type Authentication = Self;
    type Toets = Self;

    fn store(&self) -> &Arc<S> {
        &self.0
    }

    fn clients(&self) -> &Self {
        self
    }

    fn aanbieders(&self) -> &Self {
        self
    }

    fn authentication(&self) -> &Self {
        self
    }

    fn toets(&self) -> &Self {
        self
    }
}

impl<S: DangerShiftClock> Clients for Bundle<S> {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, SupplierError> {
        let name = Organisatienaam::parse("De Enige Echte PGO").expect("naam");
        Ok(["pgo.example.nl", "ander.example.nl"]
            .contains(&id.as_str())
            .then(|| Client::new(name, None)))
    }
}

impl<S: DangerShiftClock> Aanbieders for Bundle<S> {
    async fn aanbieder(&self, name: &Aanbiedernaam) -> Result<Option<Aanbieder>, SupplierError> {
        let services = vec![OfferedService::new(bgz(), Function::Verzamelen, "Basisgegevens Zorg")];
        Ok(Some(Aanbieder::new(
            name.clone(),
            "Praktijk",
            "https://praktijk.example.nl/privacy",
            services,
        )))
    }
}

impl<S: DangerShiftClock> Authentication for Bundle<S> {
    async fn begin(&self, login: &LoginRequest) -> Result<LoginStart, SupplierError> {
        Ok(LoginStart::new(format!("RelayState={}", login.flow)))
    }

    async fn finish(&self, _: &LoginCallback<'_>) -> Result<LoginOutcome, SupplierError> {
        Ok(LoginOutcome::LoggedIn(Persoon::new(
            Bsn::parse(CONTRACT_BSN).expect("bsn"),
        )))
    }
}

impl<S: DangerShiftClock> Toets for Bundle<S> {
    async fn toets(&self, _: &ToetsQuery<'_>) -> Result<ToetsOutcome, SupplierError> {
        Ok(ToetsOutcome::Available(vec![bgz()]))
    }

    async fn geboortedatum(&self, _: &Bsn, _: &Aanbieder) -> Result<Option<SourceBirthDate>, SupplierError> {
        Ok(SourceBirthDate::parse("19700901").ok())
    }
}

pub(crate) fn bgz() -> GegevensdienstId {
    GegevensdienstId::parse("48").expect("id")
}

pub(crate) fn peer(name: &str) -> PeerNames {
    PeerNames::new(None, [name])
}

/// The settings of these cases. Replicas share their keys, as they share their store.
pub(crate) fn config() -> ServerConfig {
    let keys = LocalKeyRing::new(1, SealingKey::from_bytes([1; 32]), SealingKey::from_bytes([2; 32]));
    let host = Hostname::parse("dvza.example.nl").expect("host");
    let mut config = ServerConfig::new(host, "DVZA", "088", Arc::new(keys));
    // so that a case need not wait between two uses of a refresh token
    config.lifetimes.refresh_race = Lifetime::new(Duration::ZERO).expect("lifetime");
    config
}

pub(crate) fn server_with<S: DangerShiftClock>(store: &Arc<S>, config: ServerConfig) -> Server<Bundle<S>> {
    Server::danger_example(Arc::new(Bundle(Arc::clone(store))), config)
}

pub(crate) fn server<S: DangerShiftClock>(store: &Arc<S>, binding: ClientBinding) -> Server<Bundle<S>> {
    let mut config = config();
    config.binding = binding;
    server_with(store, config)
}

pub(crate) fn start() -> (medmij_dvp::PendingFlow, String) {
    let group = group_by_endpoints([(
        bgz(),
        FrontchannelUri::parse("https://dvza.example.nl/authorize").expect("uri"),
        BackchannelUri::parse("https://dvza.example.nl/token").expect("uri"),
    )]);
    let name = Aanbiedernaam::parse("eenofanderezorgaanbieder").expect("naam");
    let redirect = RedirectUri::parse("https://pgo.example.nl/cb").expect("uri");
    let group = group.first().expect("one group");
    let flow_request = FlowRequest::verzamelen(Release::DEFAULT, name, group, redirect).expect("aanvraag");
    let started = dvp()
        .start(medmij_dvp::person::ActiveAccount::danger_unchecked(), flow_request, "s")
        .expect("start");
    (started.flow, started.location)
}

pub(crate) fn dvp() -> Dvp {
    Dvp::new(ClientId::parse("pgo.example.nl").expect("client"))
}

pub(crate) async fn submit<S: DangerShiftClock>(server: &Server<Bundle<S>>, visitor: &Visitor, form: &str) -> Next {
    let form = Form::parse(form.as_bytes()).expect("form");
    server
        .submit(visitor, &Submitted::new(&form, "https://dvza.example.nl/login"))
        .await
}

pub(crate) async fn at_consent<S: DangerShiftClock>(server: &Server<Bundle<S>>, location: &str) -> (Visitor, String) {
    let query = location.split_once('?').expect("query").1;
    log_in(server, server.authorize(query, &HeaderMap::new()).await).await
}

/// At the Toestemmingsoverzicht.
pub(crate) async fn start_beheren<S: DangerShiftClock>(server: &Server<Bundle<S>>) -> (Visitor, String) {
    let (_, location) = start();
    let query = location.split_once('?').expect("query").1;
    log_in(server, server.beheren(query, &HeaderMap::new()).await).await
}

async fn log_in<S: DangerShiftClock>(server: &Server<Bundle<S>>, arrived: Arrived) -> (Visitor, String) {
    let Arrived::Flow(visitor) = arrived else {
        panic!("no flow: {arrived:?}")
    };
    let csrf = server.page(&visitor).await.csrf.expect("form");
    let next = submit(server, &visitor, &format!("csrf={csrf}&answer=login")).await;
    let Next::Login { visitor, location, .. } = next else {
        panic!("no login: {next:?}")
    };
    let next = server.login(&visitor, location.as_str()).await;
    let Next::Flow(visitor) = next else {
        panic!("no way back: {next:?}")
    };
    let csrf = server.page(&visitor).await.csrf.expect("form");
    (visitor, csrf)
}

pub(crate) async fn code<S: DangerShiftClock>(server: &Server<Bundle<S>>, langdurig: bool) -> (Dvp, ReceivedCode) {
    let (flow, location) = start();
    let (visitor, csrf) = at_consent(server, &location).await;
    let choice = if langdurig { "&langdurig=yes" } else { "" };
    let next = submit(server, &visitor, &format!("csrf={csrf}&answer=yes{choice}")).await;
    let Next::Away(back) = next else {
        panic!("no code: {next:?}")
    };
    let query = back.split_once('?').expect("query").1;
    let received = flow
        .finish(&Callback::new("s", "/cb", query), std::time::SystemTime::now())
        .expect("code");
    (dvp(), received)
}

pub(crate) async fn refresh<S: DangerShiftClock>(
    server: &Server<Bundle<S>>,
    dvp: &Dvp,
    renewal: Renewal,
) -> Option<Tokens> {
    let (request, exchange): (Request<Bytes>, _) = dvp
        .refresh_request(
            medmij_dvp::person::ActiveAccount::danger_unchecked(),
            renewal,
            medmij_log::InitiatedBy::Machine,
        )
        .expect("request");
    dvp.tokens(exchange, &server.token(&request, &peer("pgo.example.nl")).await)
        .ok()
}

pub(crate) async fn is_covered<S: DangerShiftClock>(server: &Server<Bundle<S>>, tokens: &Tokens, node: &str) -> bool {
    let headers = tokens.resource_headers(&OsEntropy).expect("headers");
    server
        .guard(&headers, None, &peer(node), (&super::fixtures::name(), &bgz()))
        .await
        .is_ok()
}

pub(crate) fn error_of(response: &Response<Bytes>) -> String {
    medmij_oauth::wire::ErrorResponse::parse(response.body())
        .map(|error| error.error.to_string())
        .unwrap_or_default()
}
