// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVP of the test, with the name and the certificate of the example: for the functions that the example does not have.

use std::{convert::Infallible, path::Path, sync::Arc};

use bytes::Bytes;
use demo::{
    browser::Browser,
    network::{DVP, DVP_NODE, DVZA_ONE, DVZA_TWO, Network},
    persoon,
};
use http::{HeaderMap, Request, Response};
use medmij_abonneren::{
    AboPolicy, Abonnement, AbonnementId, AbonnementRegister as _, AbonnementRow, AbonnementSource, Notificatie,
    NotificatieReceiver, NotificationLog,
};
use medmij_dvp::{
    Callback, Dvp, FlowGroup, FlowRequest, PendingFlows, Tokens, group_by_endpoints,
    person::ActiveAccount,
    vault::{RefreshTokens, VaultKey},
};
use medmij_log::InitiatedBy;
use medmij_node::{ChainLog, LogConfig, Node};
use medmij_oauth::{
    ClientId, RedirectUri, Scope,
    seal::{KeyRing as _, LocalKeyRing},
    wire::RequestIds,
};
use medmij_store_sqlite::{SqliteOptions, SqliteVault};
use medmij_types::{
    Aanbiedernaam, BackchannelUri, CalendarDate, Clock as _, FrontchannelUri, GegevensdienstId, OsEntropy, PeerNames,
    Release, SystemClock,
};
use medmij_whitelist::HostPolicy;

/// Where it asks.
pub(crate) const PRACTICE: &str = "huisartsdewilg";
/// The secret of a session at the DVP.
pub(crate) const SESSION: &str = "planted-secret-of-a-session-7Hq2";
/// What the DVP calls an account.
pub(crate) const ACCOUNT: &str = "planted-account-of-a-persoon-5Wd1";
/// A token that nobody gave out.
const NO_TOKEN: &str = "planted-token-that-nobody-gave-out-9Kx4";
/// A `state` of a request that is wrong.
const STATE: &str = "planted-state-of-a-wrong-request-3Vz8";

pub(crate) struct Own {
    dvp: Dvp,
    flows: PendingFlows,
    node: Node,
    log: ChainLog,
    vault: RefreshTokens<SqliteVault>,
    browser: Browser,
    secrets: Vec<String>,
}

impl Own {
    pub(crate) fn start(network: &Network, folder: &Path) -> Self {
        let hosts = [DVZA_ONE[1], DVZA_TWO[1]].map(|host| host.parse().unwrap());
        let node = Node::with_policy(network.dvp.node.clone(), HostPolicy::danger_fixed(hosts)).unwrap();
        let logs = folder.join("ketenlog").join("eigen");
        let config = LogConfig::in_folder(logs.join("spool")).delivered_to(logs.join("geleverd").to_string_lossy());
        let log = node.start_log(&config).unwrap();
        let vault = SqliteVault::open(SqliteOptions::new(folder.join("kluis.db"))).unwrap();
        let keys = Arc::new(LocalKeyRing::ephemeral(&OsEntropy).unwrap());
        let client_id = ClientId::from(network.dvp.client_id.clone());
        Self {
            dvp: Dvp::new(client_id).with_observer(log.observer()),
            flows: PendingFlows::default(),
            node,
            log,
            vault: RefreshTokens::new(vault, keys, Arc::new(OsEntropy)),
            browser: Browser::stopping_before(network.dvp.client_id.as_str(), "/terug/"),
            secrets: vec![NO_TOKEN.to_owned(), STATE.to_owned()],
        }
    }

    /// Ends its log; what it knew, and its browser.
    pub(crate) async fn stop(self) -> Vec<String> {
        self.log.stop().await;
        [self.secrets, self.browser.secrets()].concat()
    }

    pub(crate) fn practice(&self) -> Aanbiedernaam {
        Aanbiedernaam::parse(PRACTICE).unwrap()
    }

    pub(crate) fn id(&self, id: &str) -> GegevensdienstId {
        GegevensdienstId::parse(id).unwrap()
    }

    fn group(&self, id: &str) -> FlowGroup {
        let [front, back] = DVZA_TWO;
        let front = FrontchannelUri::parse(&format!("https://{front}{}", dvza::AUTHORIZE)).unwrap();
        let back = BackchannelUri::parse(&format!("https://{back}{}", dvza::TOKEN)).unwrap();
        group_by_endpoints([(self.id(id), front, back)]).remove(0)
    }

    pub(crate) fn request(&self, scope: Scope, id: &str) -> FlowRequest {
        let group = self.group(id);
        let path = self
            .dvp
            .redirect_path("/terug", group.authorization_endpoint.hostname());
        let redirect = RedirectUri::parse(&format!("https://{}{path}", self.dvp.client_id())).unwrap();
        FlowRequest::new(self.practice(), scope, &group, redirect)
    }

    pub(crate) fn verzamelen(&self) -> FlowRequest {
        let scope = Scope::verzamelen(Release::DEFAULT, self.practice(), &[self.id("48")]).unwrap();
        self.request(scope, "48")
    }

    /// To the page after the login, and the query that comes back with an answer.
    async fn answers(&mut self, request: FlowRequest, fields: &[(&str, &str)]) -> Option<String> {
        let started = self
            .dvp
            .start(ActiveAccount::danger_unchecked(), request, SESSION)
            .unwrap();
        self.secrets.push(started.flow.state().expose().to_owned());
        self.flows.insert(started.flow);
        let address = self.node.danger_loopback().rewrite_front(&started.location).unwrap();
        let landing = self.browser.open(&address).await.unwrap();
        let consent = persoon::logs_in(&mut self.browser, landing).await.unwrap();
        let form = consent.form_with_button("answer", "yes").ok()?;
        let pressed = Some(("answer", "yes"));
        let back = self.browser.submit(&consent, &form, pressed, fields).await.unwrap();
        back.location().unwrap()
    }

    pub(crate) async fn authorizes(&mut self, request: FlowRequest, fields: &[(&str, &str)]) -> Option<Tokens> {
        let back = self.answers(request, fields).await?;
        let (address, query) = back.split_once('?').unwrap();
        let path = format!("/{}", address.splitn(4, '/').nth(3).unwrap());
        let received = self
            .dvp
            .finish(&self.flows, &Callback::new(SESSION, &path, query))
            .ok()?;
        let (request, exchange) = self.dvp.token_request(received).unwrap();
        let sent = request.clone();
        let response = self.node.back_channel().send(request).await.unwrap();
        let tokens = self.dvp.tokens(exchange, &response).unwrap();
        self.keep(&tokens);
        // the same code once more, on behalf of who does not ask again
        if tokens.renewal.is_none() {
            self.node.back_channel().send(sent).await.unwrap();
        }
        Some(tokens)
    }

    fn keep(&mut self, tokens: &Tokens) {
        self.secrets.push(tokens.access_token.expose().to_owned());
        let renewal = tokens.renewal.iter();
        self.secrets
            .extend(renewal.map(|renewal| renewal.refresh_token.expose().to_owned()));
    }

    pub(crate) async fn collects(&mut self, fields: &[(&str, &str)]) -> (Tokens, HeaderMap) {
        let request = self.verzamelen();
        let tokens = self.authorizes(request, fields).await.unwrap();
        assert!(tokens.renewal.is_some(), "a langdurige toestemming");
        let headers = tokens.resource_headers(&OsEntropy).unwrap();
        (tokens, headers)
    }

    /// A resource request with its answer in the chain log.
    pub(crate) async fn asks(&self, tokens: &Tokens, rest: &str) -> Response<Bytes> {
        let mut request = get(rest);
        *request.headers_mut() = tokens.resource_headers(&OsEntropy).unwrap();
        let log = self.dvp.resource_log(tokens, &self.id("48"));
        log.over(self.node.back_channel()).send(request).await.unwrap()
    }

    pub(crate) async fn refreshes(&mut self, tokens: &Tokens, by: InitiatedBy) {
        let renewal = tokens.renewal.clone().unwrap();
        let (request, exchange) = self
            .dvp
            .refresh_request(ActiveAccount::danger_unchecked(), renewal, by)
            .unwrap();
        let response = self.node.back_channel().send(request).await.unwrap();
        let next = self.dvp.tokens(exchange, &response).unwrap();
        self.keep(&next);
        self.asks(&next, "/Patient").await;
        let key = VaultKey::of(ACCOUNT, next.renewal.as_ref().unwrap());
        self.vault.keep(&key, next.renewal.as_ref().unwrap()).await.unwrap();
    }

    /// From the vault, as a schedule does at night.
    pub(crate) async fn collects_automatically(&mut self, tokens: &Tokens) {
        let key = VaultKey::of(ACCOUNT, tokens.renewal.as_ref().unwrap());
        let channel = self.node.back_channel().clone();
        let send = async |request| channel.send(request).await;
        let account = ActiveAccount::danger_unchecked();
        let next = self
            .vault
            .refresh(account, &self.dvp, &key, InitiatedBy::Machine, send)
            .await
            .unwrap();
        self.keep(&next);
        assert_eq!(self.asks(&next, "/MedicationStatement").await.status(), 200);
    }

    /// Notifications of both kinds, taken by a register on disk; one is refused, for nobody knows its Abonnement.
    pub(crate) async fn is_notified(&self, folder: &Path) {
        let clock = Arc::new(SystemClock::default());
        let today = CalendarDate::in_amsterdam(clock.now());
        let log = |host: &str| NotificationLog::new(self.log.observer(), clock.clone(), host.parse().unwrap());
        let keys = LocalKeyRing::ephemeral(&OsEntropy).unwrap();
        let owner = keys.fingerprint("account", ACCOUNT.as_bytes()).unwrap();
        let register = SqliteVault::open(SqliteOptions::new(folder.join("abonnementen.db"))).unwrap();
        let id = AbonnementId::random(&OsEntropy).unwrap();
        let (end, service) = (today.plus(60), self.id("48"));
        let source = AbonnementSource::new(
            [DVZA_TWO[1].parse().unwrap()],
            self.practice(),
            service.clone(),
            owner,
            end,
        );
        register.add(&id, source, 10).await.unwrap();
        let receiver = NotificatieReceiver::new(register, AboPolicy::default()).with_log(log(DVP));
        let client = self.dvp.client_id().clone();
        let row = AbonnementRow::new(
            Abonnement::new(id.clone(), end),
            owner,
            client,
            self.practice(),
            service,
        );
        let endpoint = BackchannelUri::parse(&format!("https://{DVP_NODE}/notificaties")).unwrap();
        let peer = PeerNames::new(Some(DVZA_TWO[1]), [DVZA_TWO[1]]);
        let unknown = AbonnementId::random(&OsEntropy).unwrap();
        for notification in [
            Notificatie::data(id.clone()),
            Notificatie::abonnement(id, today.plus(30), today, 90).unwrap(),
            Notificatie::data(unknown),
        ] {
            let request = notification.to_http(&endpoint, Some(&RequestIds::random(&OsEntropy).unwrap()));
            let send = async |request| Ok::<_, Infallible>(receiver.receive(&request, &peer, today).await.0);
            log(DVZA_TWO[0]).send(&row, &notification, request, send).await.unwrap();
        }
    }

    pub(crate) async fn withdraws(&mut self) {
        let mut request = self.verzamelen();
        let address = format!("https://{}/oauth/toestemmingen", DVZA_TWO[0]);
        request.authorization_endpoint = FrontchannelUri::parse(&address).unwrap();
        let started = self
            .dvp
            .start(ActiveAccount::danger_unchecked(), request, SESSION)
            .unwrap();
        self.secrets.push(started.flow.state().expose().to_owned());
        self.flows.insert(started.flow);
        let address = self.node.danger_loopback().rewrite_front(&started.location).unwrap();
        let landing = self.browser.open(&address).await.unwrap();
        let overview = persoon::logs_in(&mut self.browser, landing).await.unwrap();
        let sure = persoon::answers(&mut self.browser, &overview, "stop").await.unwrap();
        let stopped = persoon::answers(&mut self.browser, &sure, "yes").await.unwrap();
        persoon::answers(&mut self.browser, &stopped, "back").await.unwrap();
    }

    pub(crate) async fn fails(&self, headers: &HeaderMap, dvza: &Path) {
        let channel = self.node.back_channel();
        let bearer = |token: &str| format!("Bearer {token}").parse().unwrap();
        for (rest, token) in [
            ("/Patient?identifier=999910024", None),
            ("/Patient/willemijn-hofstra", None),
            ("/Patient?access_token=planted-token-that-nobody-gave-out-9Kx4", None),
            ("/Patient", Some(NO_TOKEN)),
        ] {
            let mut request = get(rest);
            *request.headers_mut() = headers.clone();
            if let Some(token) = token {
                request.headers_mut().insert("authorization", bearer(token));
            }
            channel.send(request).await.unwrap();
        }
        std::fs::write(dvza.join(format!("{PRACTICE}.bron.db")), b"broken").unwrap();
        let mut request = get("/Patient");
        *request.headers_mut() = headers.clone();
        assert!(channel.send(request).await.unwrap().status().is_server_error());
    }

    /// Requests that a server answers with a page (1a), and with a redirect (1b).
    pub(crate) async fn sends_wrong_authorization_requests(&mut self) {
        let good = self.verzamelen();
        let started = self
            .dvp
            .start(ActiveAccount::danger_unchecked(), good, SESSION)
            .unwrap();
        let address = self.node.danger_loopback().rewrite_front(&started.location).unwrap();
        let state = started.flow.state().expose().to_owned();
        for wrong in [
            address.replace("pgo.localhost", "kwaad.localhost"),
            address.replace("response_type=code", "response_type=token"),
            address.replace("scope=", "scope=999910024"),
        ] {
            assert_ne!(wrong, address);
            self.browser.open(&wrong.replace(&state, STATE)).await.ok();
        }
        self.secrets.push(state);
    }
}

fn get(rest: &str) -> Request<Bytes> {
    let address = format!("https://{}/fhir/{PRACTICE}/48{rest}", DVZA_TWO[1]);
    Request::get(address).body(Bytes::new()).unwrap()
}
