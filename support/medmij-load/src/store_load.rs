// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load store`: the operations of a store, one kind after another, from many tasks.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use medmij_dvza::store::{FlowId, Granted, RedeemedCode, Store};
use medmij_oauth::storage::SecretHash;

use crate::{
    measure::{Summary, Timings, usage},
    target::{Counted, Target, Work},
    work::{self, Code, Failure},
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The stores: memory, sqlite:PATH or postgres:CONNECTION.
    #[arg(long = "store", required = true)]
    stores: Vec<Target>,
    /// How many of each operation.
    #[arg(long, default_value_t = 20_000)]
    count: usize,
    /// How many tasks at once.
    #[arg(long, default_value_t = 64)]
    tasks: usize,
    /// Langdurige toestemming: a refresh token is written with each access token.
    #[arg(long)]
    langdurig: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    for target in &args.stores {
        println!("{target}, {} tasks, langdurig: {}", args.tasks, args.langdurig);
        println!("{:<12}{}", "", Summary::HEAD);
        target.open(Load { args: &args }).await?;
        if let Some((processor, kilobytes)) = usage() {
            println!("this process so far: {processor:.1?} of processor time, {kilobytes} KiB at most\n");
        }
    }
    Ok(())
}

struct Load<'a> {
    args: &'a Args,
}

impl Work for Load<'_> {
    type Output = ();

    async fn on<S: Counted>(self, store: Arc<S>) -> Result<(), Failure> {
        let (count, tasks, langdurig) = (self.args.count, self.args.tasks, self.args.langdurig);
        let at = Arc::clone(&store);
        let opened = each("open_flow", tasks, vec![(); count], move |()| {
            let store = Arc::clone(&at);
            async move {
                let flow = work::flow()?;
                let (id, since) = (flow.id.clone(), Instant::now());
                store.open_flow(flow).await?;
                Ok((id, since.elapsed()))
            }
        });
        let flows: Vec<FlowId> = opened.await?;

        let at = Arc::clone(&store);
        let granted = each("grant", tasks, flows, move |flow| {
            let store = Arc::clone(&at);
            async move {
                let (new, code) = work::grant(flow, langdurig)?;
                let since = Instant::now();
                let granted = store.grant(new).await?;
                let took = since.elapsed();
                expect(granted == Granted::Done, "a grant was refused")?;
                Ok((code, took))
            }
        });
        let codes: Vec<Code> = granted.await?;

        let at = Arc::clone(&store);
        let taken = each("take_code", tasks, codes, move |code| {
            let store = Arc::clone(&at);
            async move {
                let redeem = work::redeem(code.binding)?;
                let since = Instant::now();
                let taken = store.take_code(&code.code, &redeem).await?;
                let took = since.elapsed();
                expect(matches!(taken, RedeemedCode::Fresh(_)), "a code was not fresh")?;
                Ok((redeem.access.token, took))
            }
        });
        let tokens: Vec<SecretHash> = taken.await?;

        let read = each("access", tasks, tokens, move |token| {
            let store = Arc::clone(&store);
            async move {
                let since = Instant::now();
                let access = store.access(&token).await?;
                let took = since.elapsed();
                expect(access.is_some(), "a token has no row")?;
                Ok(((), took))
            }
        });
        read.await.map(drop)
    }
}

/// Does the same with each item, so many at once, and prints how long it took.
async fn each<I, O, F, R>(name: &str, tasks: usize, items: Vec<I>, one: F) -> Result<Vec<O>, Failure>
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(O, Duration), Failure>> + Send,
{
    let since = Instant::now();
    let items = Arc::new(Mutex::new(items.into_iter()));
    let running: Vec<_> = (0..tasks.max(1))
        .map(|_| {
            let (items, one) = (Arc::clone(&items), one.clone());
            tokio::spawn(async move {
                let (mut done, mut timings) = (Vec::new(), Timings::default());
                loop {
                    let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(item) = next else { break };
                    let (out, took) = one(item).await?;
                    done.push(out);
                    timings.add(took);
                }
                Ok::<_, Failure>((done, timings))
            })
        })
        .collect();
    let (mut done, mut timings) = (Vec::new(), Timings::default());
    for task in running {
        let (part, took) = task.await??;
        done.extend(part);
        timings.merge(took);
    }
    println!("{name:<12}{}", timings.summary(since.elapsed()));
    Ok(done)
}

fn expect(good: bool, or: &'static str) -> Result<(), Failure> {
    if good { Ok(()) } else { Err(or.into()) }
}
