// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R15: a new version comes in beside the old one on one PostgreSQL, behind one address, under load; and goes back again.
//!
//! `MEDMIJ_OLD_DVZA` names a program `dvza` of an earlier version; without it the old version is this one. Either way the schema
//! goes one version further in between, as a later program takes it: what is new is added, and what is old stays.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

use bytes::Bytes;
use demo::{
    browser::Browser,
    network::{DVP, DVZA_TWO, Network},
    persoon,
    roles::{Role, Roles},
};
use medmij_dvp::{
    Callback, Dvp, FlowRequest, PendingFlows, Renewal, Tokens,
    lists::{flow_groups, resource_endpoints},
    person::ActiveAccount,
};
use medmij_log::InitiatedBy;
use medmij_node::{Node, NodeList};
use medmij_test::postgres::TestPostgres;
use medmij_types::{OsEntropy, Release};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::replicas::{Pair, Program, today};

/// How many Personen are at it at once.
const CROWD: usize = 4;
/// How many whole rounds go by before each step of the upgrade.
const ROUNDS: usize = 8;

/// What the version after this one would add; nothing of it is taken away or changed for the one before.
const EXPAND: &str = "
BEGIN;
ALTER TABLE medmij.grants ADD COLUMN later text;
CREATE TABLE medmij.later (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE FUNCTION medmij.later(p_id text) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO medmij.later (id) VALUES (p_id) ON CONFLICT DO NOTHING $$;
INSERT INTO medmij.migrations (version) SELECT max(version) + 1 FROM medmij.migrations;
COMMIT";

/// What a version further on takes away, when no program is left that knows it.
const CONTRACT: &str = "
BEGIN;
DROP FUNCTION medmij.later(text);
DROP TABLE medmij.later;
ALTER TABLE medmij.grants DROP COLUMN later;
INSERT INTO medmij.migrations (version) SELECT max(version) + 1 FROM medmij.migrations;
COMMIT";

/// A DVP, with Personen.
struct Crowd {
    dvp: Dvp,
    node: Node,
    requests: AtomicUsize,
    rounds: AtomicUsize,
    over: AtomicBool,
    begun: Instant,
}

impl Crowd {
    async fn start(network: &Network) -> Arc<Self> {
        let config = network.dvp.node.clone().with_lists([NodeList::Zal, NodeList::Gnl]);
        Arc::new(Self {
            dvp: Dvp::new(DVP.parse().unwrap()),
            node: Node::start(config).await.unwrap(),
            requests: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            begun: Instant::now(),
        })
    }

    /// A Persoon: consents, collects and refreshes, again and again; every consent that was given, with its last token.
    async fn persoon(self: Arc<Self>) -> Result<Vec<Renewal>, String> {
        let mut kept = Vec::new();
        while !self.over.load(Ordering::SeqCst) {
            let mut renewal = self.consents().await?;
            for _ in 0..2 {
                renewal = self.refreshes(renewal).await?;
            }
            kept.push(renewal);
            self.rounds.fetch_add(1, Ordering::SeqCst);
        }
        Ok(kept)
    }

    async fn consents(&self) -> Result<Renewal, String> {
        let list = self.node.zal().current().unwrap();
        let (name, service) = ("huisartsdewilg@medmij".parse().unwrap(), "48".parse().unwrap());
        let (groups, _) = flow_groups(&list, &name, &"2".parse().unwrap(), &[service]);
        let redirect = format!(
            "https://{DVP}{}",
            self.dvp.redirect_path("/terug", &DVZA_TWO[0].parse().unwrap())
        );
        let asked = FlowRequest::verzamelen(Release::DEFAULT, name, &groups[0], redirect.parse().unwrap()).unwrap();
        let session = self.dvp.new_session().unwrap();
        let started = self
            .dvp
            .start(ActiveAccount::danger_unchecked(), asked, &session)
            .unwrap();
        let flows = PendingFlows::default();
        flows.insert(started.flow);
        let location = self.node.danger_loopback().rewrite_front(&started.location).unwrap();

        let mut browser = Browser::stopping_before(DVP, "/terug");
        let failed = |error: &dyn std::error::Error| format!("front channel: {error}");
        let landing = browser.open(&location).await.map_err(|error| failed(&error))?;
        let question = persoon::logs_in(&mut browser, landing)
            .await
            .map_err(|error| failed(&error))?;
        let form = question
            .form_with_button("answer", "yes")
            .map_err(|error| failed(&error))?;
        let (button, fields) = (Some(("answer", "yes")), [("langdurig", "yes")]);
        let answered = browser.submit(&question, &form, button, &fields).await;
        let back = answered
            .map_err(|error| failed(&error))?
            .location()
            .unwrap()
            .ok_or("no redirect")?;
        self.requests.fetch_add(7, Ordering::SeqCst);

        let (address, query) = back.split_once('?').ok_or("no query")?;
        let path = format!("/{}", address.splitn(4, '/').nth(3).unwrap_or_default());
        let callback = Callback::new(&session, &path, query);
        let received = self.dvp.finish(&flows, &callback).map_err(|error| error.to_string())?;
        let tokens = self.dvp.exchange(received, self.node.back_channel()).await;
        let tokens = tokens.map_err(|error| format!("token at {:?}: {error:?}", self.begun.elapsed()))?;
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.reads(&tokens).await?;
        tokens.renewal.ok_or_else(|| "no refresh token".to_owned())
    }

    async fn refreshes(&self, renewal: Renewal) -> Result<Renewal, String> {
        let account = ActiveAccount::danger_unchecked();
        let refreshed = self
            .dvp
            .refresh(account, renewal, InitiatedBy::Machine, self.node.back_channel());
        let tokens = refreshed
            .await
            .map_err(|error| format!("refresh at {:?}: {error:?}", self.begun.elapsed()))?;
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.reads(&tokens).await?;
        tokens.renewal.ok_or_else(|| "no next refresh token".to_owned())
    }

    async fn reads(&self, tokens: &Tokens) -> Result<(), String> {
        let (list, id) = (self.node.zal().current().unwrap(), "48".parse().unwrap());
        let endpoints = resource_endpoints(&list, &tokens.aanbieder, &"2".parse().unwrap(), &id).unwrap();
        let mut request = http::Request::get(format!("{}/Patient", endpoints[0].1))
            .body(Bytes::new())
            .unwrap();
        *request.headers_mut() = tokens.resource_headers(&OsEntropy).unwrap();
        let answer = self.node.back_channel().send(request).await;
        let status = answer.map_err(|error| format!("resource: {error}"))?.status();
        self.requests.fetch_add(1, Ordering::SeqCst);
        (status == 200)
            .then_some(())
            .ok_or_else(|| format!("resource: {status}"))
    }

    /// Waits until so many more rounds went by.
    async fn goes_on(&self, rounds: usize) {
        let (from, begun) = (self.rounds.load(Ordering::SeqCst), Instant::now());
        while self.rounds.load(Ordering::SeqCst) < from + rounds {
            assert!(begun.elapsed() < Duration::from_secs(120), "the crowd stands still");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// One replica after the other: out of the balancer, what leads to it ends, another program, in again.
async fn roll(pair: &mut Pair, crowd: &Crowd, program: Program<'_>) {
    for number in [0, 1] {
        pair.front.take_out(number, true);
        pair.back.take_out(number, true);
        let begun = Instant::now();
        // nobody is left who was just connecting to it
        crowd.goes_on(2 * CROWD).await;
        // what a browser asks for ends soon; Nodes keep their connections until the program tells them that it goes
        while pair.front.open(number) > 0 && begun.elapsed() < Duration::from_secs(30) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        pair.replicas[number].replace(program).await;
        pair.front.take_out(number, false);
        pair.back.take_out(number, false);
        crowd.goes_on(ROUNDS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r15_versions_change_places_under_load_and_no_request_fails_and_no_consent_is_lost() {
    let Some(postgres) = TestPostgres::shared() else { return };
    let named: Option<PathBuf> = std::env::var_os("MEDMIJ_OLD_DVZA").map(PathBuf::from);
    let old: Program<'_> = match &named {
        Some(path) => (path, &[]),
        None => today(),
    };
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let roles = Roles::start_these(&network, &[Role::DvzaEen]).await.unwrap();
    let mut pair = Pair::start(&network, postgres, old).await;
    let crowd = Crowd::start(&network).await;
    let personen: Vec<_> = (0..CROWD).map(|_| tokio::spawn(Arc::clone(&crowd).persoon())).collect();

    crowd.goes_on(ROUNDS).await;
    // forth: each on a schema that the old program does not know
    postgres.sql(&pair.database, EXPAND).unwrap();
    crowd.goes_on(ROUNDS).await;
    roll(&mut pair, &crowd, today()).await;
    // back, and forth again
    roll(&mut pair, &crowd, old).await;
    roll(&mut pair, &crowd, today()).await;
    // nobody is left who needs what goes
    postgres.sql(&pair.database, CONTRACT).unwrap();
    crowd.goes_on(ROUNDS).await;

    crowd.over.store(true, Ordering::SeqCst);
    let mut kept = Vec::new();
    for persoon in personen {
        kept.extend(persoon.await.unwrap().unwrap());
    }
    let consents = kept.len();
    for renewal in kept {
        crowd.refreshes(renewal).await.unwrap();
    }
    let written = "SELECT kind, count(*) FROM medmij.audit GROUP BY kind ORDER BY kind";
    println!(
        "audit log: {}",
        postgres.sql(&pair.database, written).unwrap().replace('\n', " ")
    );
    println!(
        "{} requests, 0 failed; {consents} consents, 0 lost; six replicas changed",
        crowd.requests.load(Ordering::SeqCst)
    );
    roles.stop().await;
}
