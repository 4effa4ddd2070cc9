// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load flow` — R11: whole Verzamelen flows over sockets, from the authorization request to the token: landing page,
//! login, consent, code, token. A browser over TLS, a DVP over mutual TLS, nine requests a flow.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Response;
use medmij_dvp::{Callback, Dvp, PendingFlows};

use crate::{
    measure::{Meter, Process, Timings, wait_for},
    mint::{self, SESSION},
    report::Row,
    socket::{Answer, Connection, Dialer},
    work::Failure,
    world::Folder,
};

/// How much load, and on whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that the server wrote its addresses into.
    #[arg(long)]
    folder: PathBuf,
    /// How many flows at once, each with two connections of its own.
    #[arg(long, default_value_t = 32)]
    flows: usize,
    /// For how long, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Flows a second; as many as go where it is not given.
    #[arg(long)]
    rate: Option<u32>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let plan = Plan {
        flows: args.flows.max(1),
        rate: args.rate,
        time: Duration::from_secs(args.seconds),
    };
    println!("{}", Row::HEAD);
    println!("{}", drive(&Folder::at(&args.folder), "server", plan).await?);
    Ok(())
}

/// How much load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) flows: usize,
    pub(crate) rate: Option<u32>,
    pub(crate) time: Duration,
}

/// Drives whole flows. The first failure ends it.
pub(crate) async fn drive(folder: &Folder, name: &str, plan: Plan) -> Result<Row, Failure> {
    let (addresses, tls) = (folder.addresses()?, folder.client()?);
    let (front, back) = (
        Dialer::new(Arc::clone(&tls), addresses.front),
        Dialer::new(tls, addresses.back),
    );
    let mut people = Vec::with_capacity(plan.flows);
    for _ in 0..plan.flows {
        people.push(Person::new(front.clone(), back.clone()).await?);
    }
    let server = Process::of(addresses.pid);
    let before = server.resident();
    let mut meter = Meter::of(server.clone());
    meter.start();
    let (since, begun) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = people
        .into_iter()
        .map(|mut person| {
            let begun = Arc::clone(&begun);
            tokio::spawn(async move {
                let (mut flows, mut tokens) = (Timings::default(), Timings::default());
                loop {
                    let at = begun.fetch_add(1, Ordering::Relaxed);
                    let due = match plan.rate {
                        None => Instant::now(),
                        Some(rate) => since + Duration::from_secs_f64(at as f64 / f64::from(rate)),
                    };
                    if due >= since + plan.time {
                        break;
                    }
                    wait_for(due).await;
                    tokens.add(person.one_flow().await?);
                    flows.add(due.elapsed());
                }
                Ok::<_, Failure>((flows, tokens))
            })
        })
        .collect();
    let (mut flows, mut tokens) = (Timings::default(), Timings::default());
    for task in tasks {
        let (flow, token) = task.await??;
        flows.merge(flow);
        tokens.merge(token);
    }
    meter.stop();
    let tokens = tokens.summary(meter.elapsed());
    Ok(Row {
        name: name.to_owned(),
        what: plan.rate.map_or_else(
            || "whole flow, closed loop".to_owned(),
            |rate| format!("whole flow, {rate}/s"),
        ),
        connections: plan.flows,
        summary: flows.summary(meter.elapsed()),
        shares: meter.shares(),
        resident: (before, server.resident()),
        note: format!("token requests in it: {}", tokens.latencies()),
    })
}

/// A Persoon with a browser, and the DVP that serves this Persoon.
pub(crate) struct Person {
    dialers: (Dialer, Dialer),
    front: Connection,
    back: Connection,
    dvp: Dvp,
    pending: PendingFlows,
}

impl Person {
    pub(crate) async fn new(front: Dialer, back: Dialer) -> Result<Self, Failure> {
        Ok(Self {
            front: front.dial().await?,
            back: back.dial().await?,
            dialers: (front, back),
            dvp: mint::dvp()?,
            pending: PendingFlows::new(1),
        })
    }

    /// From the authorization request to the token; how long the token request took.
    pub(crate) async fn one_flow(&mut self) -> Result<Duration, Failure> {
        self.dialers.0.renew(&mut self.front).await?;
        self.dialers.1.renew(&mut self.back).await?;
        let started = mint::start(&self.dvp)?;
        self.pending.insert(started.flow);
        let mut cookies = Cookies::default();
        let authorize = path_of(&started.location)?.to_owned();

        let flow = self
            .get(&authorize, &mut cookies)
            .await?
            .expect(302)?
            .location()?
            .to_owned();
        let landing = self.get(&flow, &mut cookies).await?.expect(200)?;
        let form = format!("csrf={}&answer=login", csrf(&landing)?);
        let login = self
            .post(&flow, &form, &mut cookies)
            .await?
            .expect(303)?
            .location()?
            .to_owned();
        let back = self
            .get(&login, &mut cookies)
            .await?
            .expect(302)?
            .location()?
            .to_owned();
        let flow = self.get(&back, &mut cookies).await?.expect(302)?.location()?.to_owned();
        let consent = self.get(&flow, &mut cookies).await?.expect(200)?;
        let form = format!("csrf={}&answer=yes", csrf(&consent)?);
        let redirect = self.post(&flow, &form, &mut cookies).await?.expect(303)?;

        let (path, query) = redirect.location()?.split_once('?').ok_or("redirect has no query")?;
        let received = self.dvp.finish(&self.pending, &Callback::new(SESSION, path, query))?;
        let (request, exchange) = self.dvp.token_request(received)?;
        let mut headers = String::new();
        for (name, value) in request.headers() {
            if name.as_str().contains("-id") {
                headers.push_str(&format!("{name}: {}\r\n", value.to_str()?));
            }
        }
        let since = Instant::now();
        let form = std::str::from_utf8(request.body())?;
        let answer = self.back.post(request.uri().path(), &headers, form).await?;
        let took = since.elapsed();
        if answer.last {
            self.back = self.dialers.1.dial().await?;
        }
        let answer = answer.expect(200)?;
        let response = Response::builder()
            .header("content-type", "application/json")
            .body(Bytes::from(answer.body))?;
        self.dvp.tokens(exchange, &response)?;
        Ok(took)
    }

    async fn get(&mut self, path: &str, cookies: &mut Cookies) -> Result<Answer, Failure> {
        let answer = self.front.get(path, &cookies.header()).await?;
        self.seen(answer, cookies).await
    }

    async fn post(&mut self, path: &str, form: &str, cookies: &mut Cookies) -> Result<Answer, Failure> {
        let headers = format!(
            "cookie: {}\r\norigin: null\r\nsec-fetch-site: same-origin\r\n",
            cookies.header()
        );
        let answer = self.front.post(path, &headers, form).await?;
        self.seen(answer, cookies).await
    }

    async fn seen(&mut self, answer: Answer, cookies: &mut Cookies) -> Result<Answer, Failure> {
        cookies.take(&answer);
        if answer.last {
            self.front = self.dialers.0.dial().await?;
        }
        Ok(answer)
    }
}

#[derive(Default)]
struct Cookies(Vec<(String, String)>);

impl Cookies {
    fn take(&mut self, answer: &Answer) {
        for (name, value) in &answer.cookies {
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.0.push((name.clone(), value.clone()));
            }
        }
    }

    fn header(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

fn csrf(page: &Answer) -> Result<&str, Failure> {
    let (_, rest) = page
        .text()
        .split_once("name=\"csrf\" value=\"")
        .ok_or("page has no form")?;
    Ok(rest.split('"').next().unwrap_or_default())
}

fn path_of(url: &str) -> Result<&str, Failure> {
    let (_, rest) = url.split_once("://").ok_or("no absolute address")?;
    let (host, _) = rest.split_once('/').ok_or("no path")?;
    Ok(rest.get(host.len()..).unwrap_or_default())
}
