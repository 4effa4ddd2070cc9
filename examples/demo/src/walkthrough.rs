// SPDX-License-Identifier: AGPL-3.0-or-later
//! One flow, message by message, as a page: `docs/walkthrough.md`. A DVP of a few lines takes the place of that of the demo, so
//! that each message passes through here; the DVZA is that of the demo.

mod error;
mod record;

pub use error::WalkError;

use crate::{
    browser::{Browser, Exchange},
    network::{DVP, Network},
    persoon,
    roles::Roles,
};
use bytes::Bytes;
use http::{Request, Response};
use medmij_dvp::{
    Callback, Dvp, FlowRequest, PendingFlows,
    lists::{flow_groups, resource_endpoints},
    person::ActiveAccount,
};
use medmij_fhir::{Channel, Collection, Drive, Gegevensdienst, ResourceEndpoints, SendError};
use medmij_log::InitiatedBy;
use medmij_net::BackChannel;
use medmij_node::{Node, NodeList};
use medmij_types::{Aanbiedernaam, GegevensdienstId, InterfaceversieId, Release};
use record::Page;
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const INTRODUCTION: &str = "\
# One flow, message by message

Made from a run of the demo, by `cargo run -p demo -- walkthrough docs/walkthrough.md`; a test says when it is stale, and `cargo xtask bless` makes it anew. A Persoon collects Basisgegevens Zorg at a practice, for an indefinite time, and withdraws that later. What is another value at each run (tokens, codes, ids, sessions) has a word in its place, the same word wherever the same value stands. In the demo names under `.localhost` lead to ports of one machine; here they stand as they would in production. Of the headers those are shown that say something.

The front channel is a browser that speaks https. The back channel is mutual TLS: each side shows a PKIoverheid certificate, and asks the Whitelist whether the other is a Node (core.tls.314, core.whl.307); who is not gets no answer (core.whl.309). Every message of the back channel carries a `MedMij-Request-ID` of its own and the `X-Correlation-ID` of its chain; the authorization request has both in its query.

Before the first message the DVP and the DVZA fetched their lists from the Stelselnode: the DVP knows from the Zorgaanbiederslijst where the endpoints are (core.alst.100), the DVZA from the OAuth Client List who the DVP is (core.ocl.300), and both from the Gegevensdienstnamenlijst what 48 is called (core.gnl.100).
";

/// Runs the flow in a network of its own in this folder; the page.
///
/// # Errors
///
/// [`WalkError`] with the message that did not come.
pub async fn run(folder: &Path) -> Result<String, WalkError> {
    let network = Network::build(folder)?;
    let roles = Roles::start_without_dvp(&network).await?;
    let text = tell(&network).await;
    roles.stop().await;
    text
}

async fn tell(network: &Network) -> Result<String, WalkError> {
    let config = network.dvp.node.clone().with_lists([NodeList::Zal, NodeList::Gnl]);
    let node = Node::start(config).await?;
    let mut walk = Walk {
        page: Page::default(),
        dvp: Dvp::new(DVP.parse().map_err(|_| WalkError::Own("client_id"))?),
        browser: Browser::stopping_before(DVP, "/terug").recorded(),
        back: Recorded {
            channel: node.back_channel().clone(),
            exchanges: Mutex::default(),
        },
        node,
    };
    walk.page.push(INTRODUCTION);
    let query = walk.authorizes().await?;
    let (flows, path, session) = query.1;
    let renewal = walk.collects(&flows, &Callback::new(&session, &path, &query.0)).await?;
    let renewal = walk.refreshes(renewal).await?;
    walk.withdraws().await?;
    walk.is_refused(renewal).await?;
    Ok(walk.page.finish())
}

struct Walk {
    page: Page,
    dvp: Dvp,
    node: Node,
    browser: Browser,
    back: Recorded,
}

/// What the DVP keeps while the Persoon is away: its flows, where the browser comes back, and the session of the browser.
type Kept = (PendingFlows, String, String);

impl Walk {
    /// From the choice of the Persoon to the code; the query with which the browser comes back.
    async fn authorizes(&mut self) -> Result<(String, Kept), WalkError> {
        let (started, path, session) = self.starts()?;
        let flows = PendingFlows::default();
        flows.insert(started.flow);
        let location = self.local(&started.location)?;

        let landing = self.browser.open(&location).await?;
        let question = persoon::logs_in(&mut self.browser, landing).await?;
        let form = question.form_with_button("answer", "yes")?;
        let fields = [("langdurig", "yes")];
        let button = Some(("answer", "yes"));
        let answered = self.browser.submit(&question, &form, button, &fields).await?;
        let back = answered.location()?.ok_or(WalkError::Missing("redirect"))?;
        let query = back.split_once('?').map_or("", |(_, query)| query).to_owned();

        let mut seen = self.browser.exchanges().into_iter();
        let mut next = || seen.next().ok_or(WalkError::Missing("message of the browser"));
        let page = &mut self.page;
        page.message(
            "Authorization request",
            "Browser to the authorization server, front channel, sent there by the DVP",
            "core.authint.200, core.authint.201, core.authint.208, core.autorisatie.203",
            "The DVP answered the choice of the Persoon with a redirect to the authorization endpoint of the list. The scope is the name of one Aanbieder, `state` ties the answer to this session of this browser, and the two ids stand in the query. The server first looks whether client and `redirect_uri` belong together (core.authint.202); as long as that is not sure nothing is ever redirected (core.authint.207, exception 1a). Then it opens a flow, whose secret only this browser has.",
        );
        page.exchange(&next()?, |_| None);
        page.message(
            "Landing page",
            "Browser to the authorization server, front channel",
            "core.usrint.100",
            "Who sends the Persoon here and about which Aanbieder it is, before anything is asked. No page may be kept, framed, or leak its address.",
        );
        page.exchange(&next()?, heading);
        page.message(
            "To the login",
            "Browser to the authorization server, front channel",
            "core.authint.204",
            "The Persoon goes on. A form carries a token of its own, so that no other site can press its button. In the demo the login is a page with invented persons; in production DigiD or a broker is at this address, and gets the flow along.",
        );
        page.exchange(&next()?, |_| None);
        next()?; // the page of the login itself is none of MedMij's
        page.message(
            "Back from the login",
            "Browser to the authorization server, front channel",
            "core.authint.204, core.authint.205",
            "The flow comes back with who logged in: here a number of the demo, in production an artifact or a code that the server resolves at the login itself. Only the browser that has the session of the flow gets on. Now the Persoon is known, is old enough, and the Beschikbaarheidstoets says whether there is anything to share; whatever it says, what the browser sees next takes as long.",
        );
        page.exchange(&next()?, |_| None);
        page.message(
            "The question of consent",
            "Browser to the authorization server, front channel",
            "core.usrint.102",
            "Who gets what, from whom, until when: every gegevensdienst of this Aanbieder at this DVZA for which the Beschikbaarheidstoets found something. Nothing is ticked beforehand.",
        );
        page.exchange(&next()?, heading);
        page.message(
            "Consent, and the code",
            "Browser to the authorization server, front channel",
            "core.authint.205, core.autorisatie.204, core.autorisatie.205",
            "The Persoon ticks the box and says yes. In one transaction the flow ends, and the consent, its entry in the audit log and the code are there. The code works once, for 900 seconds, with this `redirect_uri` and this client. The browser takes it to the DVP; had the Persoon said no, `error=access_denied` would stand in its place, exactly as where there is nothing to share.",
        );
        page.exchange(&next()?, |_| None);
        Ok((query, (flows, path, session)))
    }

    /// A flow of the DVP, where the browser comes back, and the session of the browser.
    fn starts(&self) -> Result<(medmij_dvp::Started, String, String), WalkError> {
        let list = self.node.zal().current().ok_or(WalkError::Own("list"))?;
        let name = aanbieder()?;
        let (groups, _) = flow_groups(&list, &name, &version()?, &[service()?]);
        let group = groups.first().ok_or(WalkError::Own("offering"))?;
        let path = self
            .dvp
            .redirect_path("/terug", group.authorization_endpoint.hostname());
        let redirect = format!("https://{DVP}{path}");
        let redirect = redirect.parse().map_err(|_| WalkError::Own("redirect_uri"))?;
        let asked = FlowRequest::verzamelen(Release::DEFAULT, name, group, redirect);
        let asked = asked.map_err(|_| WalkError::Own("scope"))?.pinned_to(&list);
        let session = self.dvp.new_session().map_err(|_| WalkError::Own("session"))?;
        let started = self.dvp.start(ActiveAccount::danger_unchecked(), asked, &session);
        Ok((started.map_err(|_| WalkError::Own("flow"))?, path, session))
    }

    fn local(&self, location: &str) -> Result<String, WalkError> {
        let local = self.node.danger_loopback().rewrite_front(location);
        local.map_err(|_| WalkError::Own("address"))
    }

    /// The back channel: token and resources.
    async fn collects(
        &mut self,
        flows: &PendingFlows,
        callback: &Callback<'_>,
    ) -> Result<medmij_dvp::Renewal, WalkError> {
        let received = self.dvp.finish(flows, callback)?;
        let (request, exchange) = self.dvp.token_request(received).map_err(|_| WalkError::Own("id"))?;
        let answer = self.back.pass(request).await?;
        let tokens = self.dvp.tokens(exchange, &answer)?;
        self.page.message(
            "Token request and token",
            "DVP to the token endpoint, back channel",
            "core.tknint.200, core.tknint.201, core.tknint.202, core.tknint.203, core.tknint.204, core.tknint.208",
            "The browser is back at the DVP. It recognises its own `state` in the session of this browser, takes the flow out of its memory so that it can be used once, and offers the code, once, whatever comes of it. The correlation id is that of the authorization request. The server takes the code with this offer (a second one ends what came of the first), and knows the DVP by its certificate, which is what the token is bound to. The scope of the answer says for which gegevensdiensten there is consent.",
        );
        let sent = self.back.taken();
        let first = sent.first().ok_or(WalkError::Missing("token request"))?;
        self.page.exchange(first, json);

        let (list, name, id) = (
            self.node.zal().current().ok_or(WalkError::Own("list"))?,
            aanbieder()?,
            service()?,
        );
        let endpoints = resource_endpoints(&list, &name, &version()?, &id).map_err(|_| WalkError::Own("endpoint"))?;
        let endpoints = ResourceEndpoints::from_uris(endpoints).map_err(|_| WalkError::Own("endpoint"))?;
        let known = Gegevensdienst::lookup(&id).ok_or(WalkError::Own("gegevensdienst"))?;
        let chain = tokens.correlation_id.clone().ok_or(WalkError::Own("id"))?;
        let collection = Collection::of(known, endpoints, tokens.access_token.clone(), chain);
        let mut collection = collection.map_err(|_| WalkError::Own("collection"))?;
        let driven = collection.drive(&self.back, Drive::default().at_once(1)).await;
        driven.map_err(|_| WalkError::Missing("answer of the resource server"))?;
        let sent = self.back.taken();
        let first = sent.first().ok_or(WalkError::Missing("resource request"))?;
        self.page.message(
            "Resource request and answer",
            "DVP to the resource server, back channel",
            "core.rscint.200, core.rscint.201, core.rscint.203",
            &format!(
                "The token travels in this header and in no other way. Nothing else says whose data it is: no BSN, no name. The server asks the store whether the token lives, belongs to this certificate and covers this gegevensdienst at this Aanbieder, and answers with a searchset. This is the first of {} requests: the queries of the gegevensdienst, and the pages that an answer points to.",
                sent.len()
            ),
        );
        self.page.exchange(first, searchset);
        tokens.renewal.ok_or(WalkError::Missing("refresh token"))
    }

    /// Half a year of it: a refresh.
    async fn refreshes(&mut self, renewal: medmij_dvp::Renewal) -> Result<medmij_dvp::Renewal, WalkError> {
        let account = ActiveAccount::danger_unchecked();
        let asked = self.dvp.refresh_request(account, renewal, InitiatedBy::Machine);
        let (request, exchange) = asked.map_err(|_| WalkError::Own("id"))?;
        let answer = self.back.pass(request).await?;
        let tokens = self.dvp.tokens(exchange, &answer)?;
        self.page.message(
            "Refresh",
            "DVP to the token endpoint, back channel",
            "core.tknint.200, core.autorisatie.208, core.gegevensuitwisseling.200",
            "Later, without the Persoon: the refresh token gives another access token, and its own successor. The chain is a new one, and the chain log says that a machine began it. [When a refresh token is used twice](refresh.md) tells what a lost answer costs (nothing) and a stolen token (the consent).",
        );
        let sent = self.back.taken();
        let first = sent.first().ok_or(WalkError::Missing("refresh"))?;
        self.page.exchange(first, json);
        tokens.renewal.ok_or(WalkError::Missing("refresh token"))
    }

    /// Beheren toestemmingen.
    async fn withdraws(&mut self) -> Result<(), WalkError> {
        let (started, ..) = self.starts()?;
        let location = self.local(&started.location)?;
        let address = location.replace("/oauth/authorize?", "/oauth/toestemmingen?");
        let landing = self.browser.open(&address).await?;
        let overview = persoon::logs_in(&mut self.browser, landing).await?;
        self.browser.exchanges();
        let question = persoon::answers(&mut self.browser, &overview, "stop").await?;
        persoon::answers(&mut self.browser, &question, "yes").await?;
        let seen = self.browser.exchanges();
        let [.., withdrawn, after] = seen.as_slice() else {
            return Err(WalkError::Missing("withdrawal"));
        };
        self.page.message(
            "Withdrawal",
            "Browser to the authorization server, front channel",
            "Beheren toestemmingen, core.autorisatie.208",
            "The DVP sent the Persoon to `/oauth/toestemmingen` at the DVZA, with the parameters of an authorization request; there the Persoon logged in as before, saw what was given to whom, pressed \"Toestemming stoppen\" and is asked once more. With the yes the consent, its tokens and what waits for them are gone, in one transaction with its entry in the audit log; so is any access token that still lived.",
        );
        self.page.exchange(withdrawn, |_| None);
        self.page.exchange(after, heading);
        Ok(())
    }

    /// The DVP learns it at its next refresh.
    async fn is_refused(&mut self, renewal: medmij_dvp::Renewal) -> Result<(), WalkError> {
        let account = ActiveAccount::danger_unchecked();
        let asked = self.dvp.refresh_request(account, renewal, InitiatedBy::Machine);
        let (request, exchange) = asked.map_err(|_| WalkError::Own("id"))?;
        let answer = self.back.pass(request).await?;
        if self.dvp.tokens(exchange, &answer).is_ok() {
            return Err(WalkError::Missing("refusal"));
        }
        self.page.message(
            "After the withdrawal",
            "DVP to the token endpoint, back channel",
            "core.tknint.207",
            "The next refresh is refused. `invalid_grant` is the only answer that ends what a DVP keeps: it forgets the token, and asks the Persoon at the next visit.",
        );
        let sent = self.back.taken();
        let first = sent.first().ok_or(WalkError::Missing("refusal"))?;
        self.page.exchange(first, json);
        Ok(())
    }
}

/// A back channel that keeps what passes.
struct Recorded {
    channel: BackChannel,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorded {
    async fn pass(&self, request: Request<Bytes>) -> Result<Response<Bytes>, WalkError> {
        Channel::send(self, request).await.map_err(WalkError::Send)
    }

    fn taken(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.exchanges.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Channel for Recorded {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let kept = request.clone();
        let answer = Channel::send(&self.channel, request).await?;
        let exchange = Exchange {
            request: kept,
            answer: answer.clone(),
        };
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchange);
        Ok(answer)
    }

    async fn wait(&self, time: Duration) {
        Channel::wait(&self.channel, time).await;
    }
}

fn aanbieder() -> Result<Aanbiedernaam, WalkError> {
    Aanbiedernaam::parse("huisartsdewilg@medmij").map_err(|_| WalkError::Own("Aanbiedernaam"))
}

fn service() -> Result<GegevensdienstId, WalkError> {
    GegevensdienstId::parse("48").map_err(|_| WalkError::Own("gegevensdienst"))
}

fn version() -> Result<InterfaceversieId, WalkError> {
    InterfaceversieId::parse("2").map_err(|_| WalkError::Own("Interfaceversie"))
}

/// Of a page its heading.
fn heading(body: &[u8]) -> Option<String> {
    let html = String::from_utf8_lossy(body);
    let text = html.split_once("<h1>")?.1.split_once("</h1>")?.0;
    Some(format!("<h1>{text}</h1> …"))
}

fn json(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

/// Of a searchset what it is, and what is in it.
fn searchset(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let kinds: Vec<&str> = value
        .get("entry")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.pointer("/resource/resourceType")?.as_str())
        .collect();
    let total = value.get("total").and_then(serde_json::Value::as_u64)?;
    Some(format!(
        "{{ \"resourceType\": \"Bundle\", \"type\": \"searchset\", \"total\": {total}, \"entry\": [ {} … ] }}",
        kinds.join(", ")
    ))
}
