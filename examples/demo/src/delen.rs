// SPDX-License-Identifier: AGPL-3.0-or-later
//! Delen: after collecting, the Persoon gives a measurement of the practice to the hospital, and sees what was taken.
//!
//! The PGO's side of it is in the DVP of the examples (`dvp::delen`); here is the flow around it, with a Node of its
//! own on the back channel of the DVP.

use crate::{
    browser::{Browser, BrowserError},
    network::Network,
    persoon::{self, PersoonError},
};
use dvp::delen::{DelenError, SharedEntry, share_measurement};
use medmij_dvp::{
    Callback, CallbackError, Dvp, ExchangeError, FlowRequest, FlowRequestError, PendingFlows, Tokens,
    dossier::{Context, StoredEntry},
    group_by_endpoints,
    person::ActiveAccount,
};
use medmij_fhir::ResourceEndpoints;
use medmij_net::NetError;
use medmij_node::{Node, NodeError, NodeList};
use medmij_oauth::{ClientId, OauthError, RedirectUri, Scope};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, EntropyError, FrontchannelUri, GegevensdienstId, InterfaceversieId, Release,
    Systeemrolcode, Weergavenaam,
};
use std::{path::Path, time::SystemTime};

/// Where the measurement was collected, and where it goes.
const FROM: &str = "huisartsdewilg";
const TO: &str = "ziekenhuisdelinde";
/// The measurement and the Patient in the copy of the dossier.
const MEASUREMENT: &str = "Observation-gewicht-2.json";
const PATIENT: &str = "Patient-willemijn-hofstra.json";

/// Shares a measurement out of the copy of the dossier; what became of each entry.
///
/// # Errors
///
/// [`ShareFlowError`] with the step that did not go as it should.
pub async fn shares_a_measurement(network: &Network, copy: &Path) -> Result<Vec<SharedEntry>, ShareFlowError> {
    tracing::info!(target: stelselnode::STEP, "Delen met {TO}");
    let mut config = network.dvp.node.clone().with_lists([NodeList::Zal]);
    config.folder = network.folder.join("bewaard-delen");
    let node = Node::start(config).await?;
    let dvp = Dvp::new(ClientId::from(network.dvp.client_id.clone()));
    let offer = offer(&node)?;
    let tokens = flow(network, &node, &dvp, &offer).await?;
    let patient = stored_entry(copy, PATIENT)?;
    let measurement = stored_entry(copy, MEASUREMENT)?;
    let entries = share_measurement(
        &dvp,
        node.back_channel(),
        &tokens,
        ResourceEndpoints::from_uris(offer.resource_endpoints).map_err(|_| ShareFlowError::NotOffered)?,
        &patient,
        &measurement,
    )
    .await?;
    for entry in &entries {
        let status = entry
            .status
            .map_or_else(|| "geen status".to_owned(), |status| status.to_string());
        let outcome = if entry.accepted { "aangenomen" } else { "geweigerd" };
        tracing::info!(
            target: stelselnode::STEP, role = network.dvp.role, rule = "core.delen",
            "deelt {}: {outcome} ({status})", entry.resource_type,
        );
    }
    Ok(entries)
}

/// Where gegevensdienst 53 of the hospital is, from the list.
struct Offer {
    id: GegevensdienstId,
    aanbieder: Aanbiedernaam,
    authorization_endpoint: FrontchannelUri,
    token_endpoint: BackchannelUri,
    resource_endpoints: Vec<(Systeemrolcode, BackchannelUri)>,
}

fn offer(node: &Node) -> Result<Offer, ShareFlowError> {
    let missing = || ShareFlowError::NotOffered;
    let zal = node.zal().current().ok_or_else(missing)?;
    let aanbieder = Aanbiedernaam::parse(TO).map_err(|_| ShareFlowError::NotOffered)?;
    let id = GegevensdienstId::parse("53").map_err(|_| ShareFlowError::NotOffered)?;
    let version =
        InterfaceversieId::parse(&Release::DEFAULT.major().to_string()).map_err(|_| ShareFlowError::NotOffered)?;
    let is_it = |name: &Aanbiedernaam| *name == aanbieder;
    let entry = zal
        .zorgaanbieders()
        .find(|entry| entry.name().is_ok_and(|name| is_it(&name)));
    let services = entry
        .and_then(|entry| entry.interfaceversie(&version))
        .ok_or_else(missing)?;
    let offered = services
        .gegevensdiensten()
        .find(|service| service.id().is_ok_and(|of| of == id));
    let offered = offered.ok_or_else(missing)?;
    let unusable = |_| ShareFlowError::NotOffered;
    let roles = offered.systeemrollen();
    let roles = roles.map(|role| {
        Ok((
            role.code().map_err(unusable)?,
            role.resource_endpoint().map_err(unusable)?,
        ))
    });
    Ok(Offer {
        authorization_endpoint: offered.authorization_endpoint().map_err(unusable)?,
        token_endpoint: offered.token_endpoint().map_err(unusable)?,
        resource_endpoints: roles.collect::<Result<_, ShareFlowError>>()?,
        id,
        aanbieder,
    })
}

/// The authorization flow: the Persoon logs in, confirms, and the DVP has a token.
async fn flow(network: &Network, node: &Node, dvp: &Dvp, offer: &Offer) -> Result<Tokens, ShareFlowError> {
    let endpoints = (
        offer.id.clone(),
        offer.authorization_endpoint.clone(),
        offer.token_endpoint.clone(),
    );
    let groups = group_by_endpoints([endpoints]);
    let group = groups.first().ok_or(ShareFlowError::NotOffered)?;
    let path = dvp.redirect_path("/terug", offer.authorization_endpoint.hostname());
    let redirect_uri = RedirectUri::parse(&format!("https://{}{path}", dvp.client_id()))?;
    let scope = Scope::delen(Release::DEFAULT, offer.aanbieder.clone(), offer.id.clone())?;
    let request = FlowRequest::new(offer.aanbieder.clone(), scope, group, redirect_uri);
    let session = dvp.new_session()?;
    // the accounts of the Personen are in the DVP, not here
    let started = dvp.start(ActiveAccount::danger_unchecked(), request, &session)?;
    let flows = PendingFlows::default();
    flows.insert(started.flow);
    let address = node
        .danger_loopback()
        .rewrite_front(&started.location)
        .map_err(|_| ShareFlowError::NotOffered)?;
    let mut browser = Browser::stopping_before(network.dvp.client_id.as_str(), "/terug");
    let landing = browser.open(&address).await?;
    let stopped = persoon::gives_toestemming(&mut browser, landing).await?;
    let location = stopped.location()?.ok_or(ShareFlowError::NoAnswer)?;
    let (_, query) = location.split_once('?').ok_or(ShareFlowError::NoAnswer)?;
    let received = dvp.finish(&flows, &Callback::new(&session, &path, query))?;
    let (request, exchange) = dvp.token_request(received)?;
    let response = node.back_channel().send(request).await?;
    Ok(dvp.tokens(exchange, &response)?)
}

/// A resource of the copy, with where it came from: the copy is by Aanbieder and gegevensdienst.
fn stored_entry(copy: &Path, file: &str) -> Result<StoredEntry, ShareFlowError> {
    let bytes = std::fs::read(copy.join(FROM).join("48").join(file)).map_err(ShareFlowError::DossierCopy)?;
    let own = |_| ShareFlowError::NotOffered;
    let source = Aanbiedernaam::parse(FROM).map_err(own)?;
    let context = Context::new(
        GegevensdienstId::parse("48").map_err(|_| ShareFlowError::NotOffered)?,
        Weergavenaam::parse("Basisgegevens Zorg").map_err(|_| ShareFlowError::NotOffered)?,
    );
    Ok(StoredEntry::collected(bytes, source, context, SystemTime::now(), []))
}

/// Why nothing was shared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShareFlowError {
    /// The list does not offer it, or not so that it can be used.
    #[error("gegevensdienst 53 of the hospital is not on the list")]
    NotOffered,
    /// The browser did not come back with an answer.
    #[error("the DVZA did not send the browser back")]
    NoAnswer,
    /// The copy of the dossier does not hold the measurement.
    #[error("copy of the dossier: {0}")]
    DossierCopy(std::io::Error),
    /// The Node does not start.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The flow does not start.
    #[error(transparent)]
    FlowRequest(#[from] FlowRequestError),
    /// A value of the protocol.
    #[error(transparent)]
    Oauth(#[from] OauthError),
    /// A page did not come.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// The Persoon got stuck.
    #[error(transparent)]
    Persoon(#[from] PersoonError),
    /// The browser came back without a code.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The code gave no token.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The other Node could not be reached.
    #[error(transparent)]
    Net(#[from] NetError),
    /// It was not shared.
    #[error(transparent)]
    Delen(#[from] DelenError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}
