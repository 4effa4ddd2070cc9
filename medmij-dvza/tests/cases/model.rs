// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.tknint.203 – 205, core.authint.207, Beheren toestemmingen — random sequences of events against a model of the rules
//! that is small enough to be read: single use, lifetimes, whose token, what it covers, page or redirect.

mod events;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use medmij_dvza::{Arrived, Next, Submitted, ToetsOutcome, Visitor, store::DangerShiftClock as _};
use medmij_oauth::form::Form;
use medmij_test::ManualClock;
use medmij_types::PeerNames;
use proptest::prelude::*;

use self::events::{ANSWERS, BACK, End, Event, LANGDURIG, LOGIN, NO, STOP, YES, event};
pub(crate) use self::events::{CLIENTS, PERSONEN, SCOPES};
use crate::cases::{
    dvza::{Login, Setup, setup},
    rules::Rules,
    whole_flow::{id, json},
};

proptest! {
    // more with PROPTEST_CASES
    #![proptest_config(ProptestConfig {
        cases: std::env::var_os("PROPTEST_CASES").map_or(40, |_| ProptestConfig::default().cases),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn core_tknint_203_204_205_core_authint_207_the_server_follows_the_model(
        events in proptest::collection::vec(event(), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(ManualClock::starting_now());
            let setup = setup(|config| config.clock = Arc::clone(&clock) as _);
            let mut run = Run { setup, clock, rules: Rules::default(), visitors: Vec::new(), codes: Vec::new(),
                refresh: Vec::new(), access: Vec::new() };
            for event in events {
                for (step, expected, seen) in run.event(event).await {
                    prop_assert_eq!(seen, expected, "{:?}", step);
                }
            }
            Ok(())
        })?;
    }
}

/// The server, and the secrets that the rules know by number.
struct Run {
    setup: Setup,
    /// Of the server; the store has its own.
    clock: Arc<ManualClock>,
    rules: Rules,
    visitors: Vec<(Visitor, String)>,
    codes: Vec<String>,
    refresh: Vec<String>,
    access: Vec<String>,
}

/// What happened, what the rules expect, what the server did.
type Compared = (Event, String, String);

impl Run {
    async fn event(&mut self, event: Event) -> Vec<Compared> {
        let Event::Through {
            client,
            scope,
            persoon,
            end,
        } = event
        else {
            return Vec::from_iter(self.one(event).await);
        };
        let flow = self.visitors.len();
        let answer = |answer| Event::Answer {
            flow,
            answer,
            fresh_form: true,
            own_cookie: true,
        };
        let token = Event::Token {
            code: self.codes.len(),
            client,
            peer: client,
            own_redirect: true,
        };
        let beheren = matches!(end, End::Withdrawn);
        let mut events = vec![
            Event::Authorize {
                client,
                scope: if beheren { scope % 2 } else { scope },
                own_redirect: true,
                beheren,
            },
            answer(LOGIN),
            Event::Login {
                flow,
                how: if matches!(end, End::NoData) { 5 } else { 0 },
                persoon,
            },
        ];
        events.extend(match end {
            End::Token { langdurig: true } => vec![answer(LANGDURIG), token],
            End::Token { langdurig: false } => vec![answer(YES), token],
            End::Code => vec![answer(YES)],
            End::Refused => vec![answer(NO)],
            End::NoData => vec![answer(BACK)],
            End::Withdrawn => vec![answer(STOP), answer(YES), answer(BACK)],
        });
        let mut compared = Vec::new();
        for event in events {
            // without a flow there is nothing to go on with
            if matches!(event, Event::Authorize { .. }) || self.visitors.len() > flow {
                compared.extend(self.one(event).await);
            }
        }
        compared
    }

    async fn one(&mut self, event: Event) -> Option<Compared> {
        let (expected, seen) = match event {
            Event::Authorize {
                client,
                scope,
                own_redirect,
                beheren,
            } => self.authorize(client, scope, own_redirect, beheren).await,
            Event::Answer {
                flow,
                answer,
                fresh_form,
                own_cookie,
            } => {
                let flow = pick(flow, self.visitors.len())?;
                self.answer(flow, ANSWERS[answer], fresh_form, own_cookie).await
            }
            Event::Login { flow, how, persoon } => {
                let flow = pick(flow, self.visitors.len())?;
                self.login(flow, how, persoon).await
            }
            Event::Token {
                code,
                client,
                peer,
                own_redirect,
            } => {
                let code = pick(code, self.codes.len())?;
                let expected = self.rules.token(code, client, peer, own_redirect);
                let path = if own_redirect { "cb" } else { "anders" };
                let issuer = CLIENTS[client];
                let body = format!(
                    "grant_type=authorization_code&code={}&client_id={issuer}&redirect_uri=https://{issuer}/{path}",
                    self.codes[code]
                );
                (expected, self.post(&body, peer).await)
            }
            Event::Refresh { token, client, peer } => {
                let token = recent(token, self.refresh.len())?;
                let expected = self.rules.refresh(token, client, peer);
                let body = format!(
                    "grant_type=refresh_token&refresh_token={}&client_id={}",
                    self.refresh[token], CLIENTS[client]
                );
                (expected, self.post(&body, peer).await)
            }
            Event::Guard { token, gegevensdienst } => {
                let token = recent(token, self.access.len())?;
                let gegevensdienst = ["42", "48", "53", "61"][gegevensdienst];
                let bearer = HeaderValue::from_str(&format!("Bearer {}", self.access[token])).unwrap();
                let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer)]);
                let peer = PeerNames::new(None, [CLIENTS[0]]);
                let seen = match self
                    .setup
                    .server
                    .guard(
                        &headers,
                        None,
                        &peer,
                        (&crate::cases::whole_flow::name(), &id(gegevensdienst)),
                    )
                    .await
                {
                    Ok(granted_access) => format!(
                        "{} of {}",
                        granted_access.persoon.bsn.expose(),
                        granted_access.client_id
                    ),
                    Err(error) => error.status().as_u16().to_string(),
                };
                (self.rules.guard(token, gegevensdienst), seen)
            }
            Event::Clock { seconds } => {
                self.rules.now += seconds;
                let by = Duration::from_secs(seconds);
                self.setup.dvza.store.danger_shift_clock(by).await.unwrap();
                self.clock.advance(by);
                return None;
            }
            Event::List { client, listed } => {
                self.rules.listed[client] = listed;
                let mut clients = self.setup.dvza.clients.lock().unwrap();
                clients.retain(|name| *name != CLIENTS[client]);
                if listed {
                    clients.push(CLIENTS[client]);
                }
                return None;
            }
            Event::Through { .. } => return None,
        };
        Some((event, expected, seen))
    }

    async fn authorize(&mut self, client: usize, scope: usize, own: bool, beheren: bool) -> (String, String) {
        let beheren = beheren && scope < 2;
        let state = format!("state-{}", self.visitors.len());
        let host = if own { CLIENTS[client] } else { "evil.example.nl" };
        let query = format!(
            "response_type=code&client_id={}&redirect_uri=https://{host}/cb&scope={}&state={state}",
            CLIENTS[client], SCOPES[scope]
        );
        let headers = HeaderMap::new();
        let arrived = if beheren {
            self.setup.server.beheren(&query, &headers).await
        } else {
            self.setup.server.authorize(&query, &headers).await
        };
        let seen = match arrived {
            Arrived::Flow(visitor) => {
                self.visitors.push((visitor, String::new()));
                "flow".to_owned()
            }
            Arrived::Redirect(url) => self.away(&url),
            Arrived::Page(page) => format!("page {}", page.status),
            _ => "something else".to_owned(),
        };
        (self.rules.authorize(client, scope, own, beheren, state), seen)
    }

    async fn answer(&mut self, flow: usize, answer: &str, fresh_form: bool, own_cookie: bool) -> (String, String) {
        let (own, last) = self.visitors[flow].clone();
        let shown = self.setup.server.page(&own).await;
        let good = shown.csrf.unwrap_or_default();
        let csrf = if fresh_form { good.clone() } else { last };
        // until the login comes back the earlier form is the same form
        let fresh_form = fresh_form || csrf == good;
        let mut visitor = own.clone();
        if !own_cookie {
            visitor.session = self.visitors[(flow + 1) % self.visitors.len()].0.session.clone();
        }
        let stolen = !own_cookie && self.visitors.len() > 1;
        let form = Form::parse(format!("csrf={csrf}&answer={answer}").as_bytes()).unwrap();
        let submitted = Submitted::new(&form, "https://dvza.example.nl/oauth/login");
        let next = self.setup.server.submit(&visitor, &submitted).await;
        let expected = if fresh_form && !stolen {
            self.rules.answer(flow, answer)
        } else {
            "page 403".to_owned()
        };
        let seen = self.next(flow, next);
        if seen != "page 403" {
            self.visitors[flow].1 = csrf;
        }
        (expected, seen)
    }

    async fn login(&mut self, flow: usize, how: usize, persoon: usize) -> (String, String) {
        let steer = match how {
            3 => Login::Cancelled,
            4 => Login::Failed,
            _ => Login::Succeeded(None),
        };
        *self.setup.dvza.login.lock().unwrap() = steer;
        *self.setup.dvza.bsn.lock().unwrap() = PERSONEN[persoon];
        *self.setup.dvza.outcome.lock().unwrap() = (how == 5).then_some(ToetsOutcome::Unavailable);
        let visitor = self.visitors[flow].0.clone();
        let query = format!("RelayState={}", visitor.flow);
        let next = self.setup.server.login(&visitor, query.as_str()).await;
        *self.setup.dvza.outcome.lock().unwrap() = None;
        (self.rules.login(flow, how, persoon), self.next(flow, next))
    }

    fn next(&mut self, flow: usize, next: Next) -> String {
        match next {
            Next::Flow(visitor) => {
                self.visitors[flow].0 = visitor;
                "on".to_owned()
            }
            Next::Login { visitor, location, .. } => {
                self.visitors[flow].0 = visitor;
                self.away(&location)
            }
            Next::Away(url) => self.away(&url),
            Next::Page(page) => format!("page {}", page.status),
            _ => "something else".to_owned(),
        }
    }

    /// Where a redirect goes, in words; a code is kept.
    fn away(&mut self, url: &str) -> String {
        if url.starts_with("https://login.example.nl/") {
            return "login".to_owned();
        }
        let (address, query) = url.split_once('?').unwrap();
        let form = Form::parse(query.as_bytes()).unwrap();
        let mut words = vec![address.to_owned()];
        for (name, value) in form.iter() {
            if name == "code" {
                assert!(!self.codes.iter().any(|code| code == value), "a code leaves once");
                self.codes.push(value.to_owned());
                words.push("code".to_owned());
            } else {
                words.push(format!("{name}={value}"));
            }
        }
        words.join(" ")
    }

    async fn post(&mut self, body: &str, peer: usize) -> String {
        let request = Request::post("https://dvza.example.nl/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        let names = PeerNames::new(None, [CLIENTS[peer]]);
        let response = self.setup.server.token(&request, &names).await;
        let json = json(&response);
        if response.status() != 200 {
            return format!("{} {}", response.status().as_u16(), json["error"].as_str().unwrap());
        }
        assert_eq!(json["expires_in"], 900);
        self.access.push(json["access_token"].as_str().unwrap().to_owned());
        let refresh = json["refresh_token"].as_str().map(str::to_owned);
        let words = format!(
            "{}{}",
            json["scope"].as_str().unwrap(),
            if refresh.is_some() { " and on" } else { "" }
        );
        self.refresh.extend(refresh);
        words
    }
}

/// One of the last four: most of the others are dead.
fn recent(n: usize, of: usize) -> Option<usize> {
    pick(n, of.min(4)).map(|back| of - 1 - back)
}

fn pick(n: usize, of: usize) -> Option<usize> {
    (of > 0).then(|| n % of)
}
